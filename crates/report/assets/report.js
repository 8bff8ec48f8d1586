// The charts and tables of the tear sheet, made live.
//
// Draws with SVG, so that theme, print and zoom of the browser need no code. All charts over time
// share one `view`; every change of it goes through `show`, every move of the crosshair through
// `point`, and both draw at most once per frame.
// Texts from the run enter the page through `textContent` only.
(() => {
  'use strict';

  const data = JSON.parse(document.getElementById('run-data').textContent);
  const NS = document.querySelector('svg').namespaceURI;
  const AXIS_RIGHT = 52;
  const AXIS_BOTTOM = 22;
  const TOP = 8;
  const DAY = 86400e3;
  const CANDLE_PX_MIN = 4;
  const TRIPS_MAX = 60;
  const TOUCH_PX = 16;

  // ---- numbers and times -------------------------------------------------------------------

  const digits = {};
  const plain = (value, decimals) => {
    digits[decimals] ??= new Intl.NumberFormat('en-US',
      { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    const text = digits[decimals].format(value).replace('-', '−');
    return /[1-9]/.test(text) ? text : text.replace('−', '');
  };
  const percent = (decimals) => (value) => plain(100 * value, decimals) + '%';
  const signed = (print) => (value) => {
    const text = print(value);
    return value > 0 && /[1-9]/.test(text) ? '+' + text : text;
  };
  const two = (value) => plain(value, 2);
  const price = (value) => plain(value, Math.abs(value) >= 10 ? 2 : 5);
  const pad = (number) => String(number).padStart(2, '0');
  const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

  function stamp(time) {
    const date = new Date(time);
    const day = `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
    return data.dates ? day : `${day} ${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  }

  // Decimals that tell the ticks of a step apart.
  function decimals(step) {
    let count = 0;
    while (count < 8 && Math.abs(step * 10 ** count - Math.round(step * 10 ** count)) > 1e-6) count++;
    return count;
  }

  function compact(value, step) {
    const size = Math.abs(value);
    for (const [unit, name] of [[1e12, 'T'], [1e9, 'B'], [1e6, 'M'], [1e4, 'k']]) {
      const scale = unit === 1e4 ? 1e3 : unit;
      if (size >= unit) return plain(value / scale, decimals(step / scale)) + name;
    }
    return plain(value, decimals(step));
  }

  function ticks(low, high, count) {
    const least = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((s) => s >= least * 0.999);
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high * (1 + 1e-12) + 1e-300; i++) found.push(i * step);
    return { step, found };
  }

  function logTicks(low, high) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      for (const factor of [1, 2, 5]) {
        const tick = factor * 10 ** power;
        if (tick >= low && tick <= high) found.push(tick);
      }
    }
    return found.length >= 3 ? { step: found[0], found } : ticks(low, high, 5);
  }

  const MINUTE = 60e3;
  const CLOCK_STEPS = [1, 5, 15, 30, 60, 180, 360, 720].map((n) => n * MINUTE);
  const DAY_STEPS = [1, 2, 5, 10].map((n) => n * DAY);
  const MONTH_STEPS = [1, 3, 6, 12, 24, 60, 120, 240, 600];

  function timeTicks(from, to, count) {
    const least = (to - from) / count;
    const step = [...CLOCK_STEPS, ...DAY_STEPS].find((s) => s >= least);
    const found = [];
    if (step && !(data.dates && step < DAY)) {
      for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
        const date = new Date(t);
        const isTime = step < DAY && t % DAY !== 0;
        found.push([t, isTime ? `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`
          : `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`]);
      }
      return found;
    }
    const months = data.dates && least < DAY ? 1
      : MONTH_STEPS.find((n) => n * 30.44 * DAY >= least) ?? 1200;
    const start = new Date(from);
    for (let m = Math.ceil((start.getUTCFullYear() * 12 + start.getUTCMonth()) / months) * months; ; m += months) {
      const t = Date.UTC(Math.floor(m / 12), m % 12);
      if (t > to) return found;
      const isYear = m % 12 === 0;
      if (t >= from) found.push([t, isYear ? String(Math.floor(m / 12)) : `${MONTHS[m % 12]} ${Math.floor(m / 12)}`]);
    }
  }

  // ---- series ------------------------------------------------------------------------------

  function unpack(series) {
    let now = 0;
    series.t = Float64Array.from(series.t, (step) => (now += Math.round(step * 1000)));
    return series;
  }

  // Index of the first time at or after `time`.
  function after(times, time) {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] < time) low = middle + 1; else high = middle;
    }
    return low;
  }

  function nearest(times, time) {
    const next = after(times, time);
    if (next === 0) return 0;
    if (next === times.length) return next - 1;
    return time - times[next - 1] <= times[next] - time ? next - 1 : next;
  }

  // The indexes to draw between two times, one more on each side so that lines reach the edge.
  const within = (times, from, to) =>
    [Math.max(0, after(times, from) - 1), Math.min(times.length, after(times, to) + 1)];

  const series = {};
  for (const name of ['equity', 'benchmark', 'drawdown', 'sharpe']) {
    if (data[name]) series[name] = unpack(data[name]);
  }
  data.prices.forEach(unpack);
  for (const prices of data.prices) prices.v = prices.c;

  const LEG = (leg) => leg && { time: leg[0], price: leg[1], text: leg[2], reason: data.reasons[leg[3]] };
  const trades = data.trades.map((t) => ({
    number: t[0], symbol: t[1], side: t[2], quantity: t[3], pnl: t[4], profit: t[5], change: t[6],
    bars: t[7], entry: LEG(t[8]), exit: LEG(t[9]),
  }));

  let symbol = 0;
  const specs = {
    equity: { height: 320, lines: ['benchmark', 'equity'], area: 'equity', axis: compact, print: two },
    drawdown: { height: 150, lines: ['drawdown'], area: 'drawdown', ceiling: 0,
      axis: (value, step) => percent(decimals(step * 100))(value), print: signed(percent(2)) },
    sharpe: { height: 220, lines: ['sharpe'], zero: true, axis: (v, step) => plain(v, decimals(step)), print: two },
    price: { height: 340, lines: ['price'], axis: compact, print: price, hasTrades: true },
  };

  // ---- the shared view ---------------------------------------------------------------------

  const full = { from: Infinity, to: -Infinity };
  for (const s of [...Object.values(series), ...data.prices]) {
    if (!s.t.length) continue;
    full.from = Math.min(full.from, s.t[0]);
    full.to = Math.max(full.to, s.t[s.t.length - 1]);
  }
  if (!(full.from < full.to)) {
    const only = Number.isFinite(full.from) ? full.from : 0;
    full.from = only - DAY;
    full.to = only + DAY;
  }
  const SPAN_MIN = (full.to - full.from) / 2000;
  const view = { ...full };
  const charts = [];
  let cursor = null;
  let frame = 0;
  let isStale = false;

  function schedule() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      for (const chart of charts) {
        if (isStale) chart.draw();
        chart.cross();
      }
      isStale = false;
    });
  }

  function show(from, to) {
    const span = Math.min(full.to - full.from, Math.max(SPAN_MIN, to - from));
    const middle = (from + to) / 2;
    view.from = Math.max(full.from, Math.min(full.to - span, middle - span / 2));
    view.to = view.from + span;
    const isWhole = span >= (full.to - full.from) * 0.9999;
    for (const button of document.querySelectorAll('.reset')) button.hidden = isWhole;
    isStale = true;
    schedule();
  }

  function zoom(factor, around) {
    show(around - (around - view.from) * factor, around + (view.to - around) * factor);
  }

  function pan(by) {
    show(view.from + by, view.to + by);
  }

  function reset() {
    show(full.from, full.to);
  }

  function point(time) {
    cursor = time;
    schedule();
  }

  // ---- charts ------------------------------------------------------------------------------

  function node(parent, name, attributes = {}) {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    parent.append(made);
    return made;
  }

  function element(parent, name, className = '', text = '') {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  }

  function button(parent, text, act, className = '') {
    const made = element(parent, 'button', className, text);
    made.type = 'button';
    made.addEventListener('click', act);
    return made;
  }

  const fixed = (number) => number.toFixed(1);

  // A frame that fits its figure: size, axes, and what all charts have in common.
  class Frame {
    constructor(figure, height, width) {
      this.figure = figure;
      this.height = height;
      this.svg = node(figure, 'svg', { class: 'live', tabindex: 0, role: 'group', 'aria-roledescription': 'chart' });
      figure.querySelector('.still').replaceWith(this.svg);
      this.grid = node(this.svg, 'g', { 'aria-hidden': true });
      const clip = node(node(this.svg, 'clipPath', { id: 'clip-' + figure.dataset.chart }), 'rect');
      this.clip = clip;
      this.plot = node(this.svg, 'g', { 'clip-path': `url(#clip-${figure.dataset.chart})`, 'aria-hidden': true });
      this.over = node(this.svg, 'g', { 'aria-hidden': true });
      this.when = figure.querySelector('.when');
      new ResizeObserver(() => this.fit()).observe(figure);
      this.measure(width);
    }

    measure(width) {
      this.width = Math.max(160, width);
      this.right = this.width - AXIS_RIGHT;
      this.bottom = this.height - AXIS_BOTTOM;
      this.svg.setAttribute('viewBox', `0 0 ${this.width} ${this.height}`);
      for (const [key, value] of Object.entries({ x: 0, y: 0, width: this.right, height: this.bottom + 1 })) {
        this.clip.setAttribute(key, value);
      }
    }

    fit() {
      const width = this.figure.clientWidth;
      if (width === 0 || Math.max(160, width) === this.width) return;
      this.measure(width);
      this.draw();
    }

    axes(levels, y, print, dates, x) {
      this.grid.replaceChildren();
      for (const level of levels.found) {
        const at = fixed(y(level));
        node(this.grid, 'line', { class: 'grid', x1: 0, x2: this.right, y1: at, y2: at });
        node(this.grid, 'text', { x: this.right + 8, y: at, dy: '0.35em' }).textContent = print(level, levels.step);
      }
      for (const [place, text] of dates) {
        const at = x(place);
        if (at < 16 || at > this.right - 8) continue;
        node(this.grid, 'text', { x: fixed(at), y: this.height - 5, 'text-anchor': 'middle' }).textContent = text;
      }
    }
  }

  class Chart extends Frame {
    constructor(figure, width) {
      const spec = specs[figure.dataset.chart];
      super(figure, innerWidth < 600 ? Math.min(spec.height, 240) : spec.height, width);
      this.spec = spec;
      this.isLog = false;
      this.svg.setAttribute('aria-label', figure.dataset.label
        + '. Arrow keys move the crosshair, with Shift the period; plus and minus zoom; 0 shows everything.');
      this.paths = {};
      this.values = figure.querySelectorAll('[data-line]:not([data-line=""])');
      this.tip = element(figure, 'div', 'tip');
      this.tip.hidden = true;
      this.marks = [];
      listen(this);
    }

    lines() {
      return this.spec.lines.map((name) => [name, name === 'price' ? data.prices[symbol] : series[name]])
        .filter(([, line]) => line);
    }

    path(name, shape) {
      this.paths[name] ??= node(this.plot, 'path', { class: name });
      this.paths[name].setAttribute('d', shape);
    }

    x(time) { return (time - view.from) / (view.to - view.from) * this.right; }

    time(x) { return view.from + x / this.right * (view.to - view.from); }

    y(value) {
      const scale = this.log ? Math.log : (v) => v;
      const [low, high] = this.domain.map(scale);
      return this.bottom - (scale(value) - low) / (high - low) * (this.bottom - TOP);
    }

    // The range of what is seen, with some air.
    range() {
      let low = Infinity;
      let high = -Infinity;
      for (const [, line] of this.lines()) {
        const [from, to] = within(line.t, view.from, view.to);
        for (let i = from; i < to; i++) {
          if (line.v[i] === null) continue;
          low = Math.min(low, line.l ? line.l[i] : line.v[i]);
          high = Math.max(high, line.h ? line.h[i] : line.v[i]);
        }
      }
      if (low > high) [low, high] = [0, 1];
      this.log = this.isLog && low > 0;
      if (this.log) return [low / (high / low) ** 0.03, high * (high / low) ** 0.05 * (low === high ? 1.01 : 1)];
      if (this.spec.ceiling !== undefined) high = this.spec.ceiling;
      if (this.spec.zero) { low = Math.min(low, 0); high = Math.max(high, 0); }
      const air = (high - low) * 0.05 || Math.abs(high) * 0.01 || 0.01;
      return [low - air, this.spec.ceiling === high ? high : high + air];
    }

    draw() {
      this.domain = this.range();
      const count = Math.max(3, Math.round(this.height / 50));
      const levels = this.log ? logTicks(...this.domain) : ticks(...this.domain, count);
      const dates = timeTicks(view.from, view.to, Math.max(2, this.right / 95));
      this.axes(levels, (v) => this.y(v), this.spec.axis, dates, (t) => this.x(t));
      if (this.spec.zero) {
        const at = fixed(this.y(0));
        node(this.grid, 'line', { class: 'zero', x1: 0, x2: this.right, y1: at, y2: at });
      }
      for (const [name, line] of this.lines()) {
        if (name === 'price') this.prices(line); else this.line(name, line);
      }
      if (this.spec.hasTrades) this.trades();
      this.cross();
    }

    line(name, line) {
      const [from, to] = within(line.t, view.from, view.to);
      const base = fixed(this.spec.ceiling === undefined ? this.bottom : this.y(this.spec.ceiling));
      let shape = '';
      let area = '';
      let start = null;
      for (let i = from; i <= to; i++) {
        const value = i < to ? line.v[i] : null;
        if (value === null) {
          if (start !== null) area += `L${fixed(this.x(line.t[i - 1]))} ${base}L${start} ${base}Z`;
          start = null;
          continue;
        }
        const x = fixed(this.x(line.t[i]));
        const at = `${x} ${fixed(this.y(value))}`;
        shape += (start === null ? 'M' : 'L') + at;
        area += (start === null ? 'M' : 'L') + at;
        start ??= x;
      }
      if (this.spec.area === name) this.path('area ' + name, area);
      this.path('line ' + name, shape);
    }

    prices(line) {
      const [from, to] = within(line.t, view.from, view.to);
      const gap = this.right / Math.max(1, to - from);
      const isWide = gap >= CANDLE_PX_MIN;
      const shapes = { up: '', down: '', close: '', top: '', under: '' };
      for (let i = from; i < to; i++) {
        const x = this.x(line.t[i]);
        const [open, high, low, close] = [line.o[i], line.h[i], line.l[i], line.c[i]].map((v) => this.y(v));
        if (isWide) {
          const half = Math.min(6, gap * 0.32);
          const [top, under] = [Math.min(open, close), Math.max(open, close, Math.min(open, close) + 0.5)];
          shapes[close <= open ? 'up' : 'down'] += `M${fixed(x)} ${fixed(high)}V${fixed(top)}M${fixed(x)} ${fixed(under)}V${fixed(low)}`
            + `M${fixed(x - half)} ${fixed(top)}H${fixed(x + half)}V${fixed(under)}H${fixed(x - half)}Z`;
        } else {
          shapes.close += `${i === from ? 'M' : 'L'}${fixed(x)} ${fixed(close)}`;
          shapes.top += `${i === from ? 'M' : 'L'}${fixed(x)} ${fixed(high)}`;
          shapes.under = `L${fixed(x)} ${fixed(low)}` + shapes.under;
        }
      }
      this.path('area price', shapes.top && shapes.top + shapes.under + 'Z');
      this.path('line price', shapes.close);
      this.path('candle up', shapes.up);
      this.path('candle down', shapes.down);
    }

    trades() {
      const seen = trades.filter((trade) => trade.symbol === symbol
        && trade.entry.time <= view.to && (trade.exit?.time ?? view.to) >= view.from);
      const room = this.right / Math.max(1, seen.length);
      const size = room >= 20 ? 5 : room >= 6 ? 3.6 : 2.4;
      const shapes = { long: '', short: '', gain: '', loss: '', gains: '', losses: '' };
      this.marks = [];
      for (const trade of seen) {
        const [x, y] = [this.x(trade.entry.time), this.y(trade.entry.price)];
        const tip = y + trade.side * (size + 2);
        const foot = tip + trade.side * size * 1.6;
        shapes[trade.side > 0 ? 'long' : 'short'] +=
          `M${fixed(x)} ${fixed(tip)}L${fixed(x - size)} ${fixed(foot)}H${fixed(x + size)}Z`;
        this.marks.push({ x, y: (tip + foot) / 2, trade, leg: trade.entry });
        if (!trade.exit) continue;
        const [end, level] = [this.x(trade.exit.time), this.y(trade.exit.price)];
        const isGain = trade.pnl > 0;
        const r = size * 0.8;
        if (isGain) shapes.gain += `M${fixed(end - r)} ${fixed(level)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
        else shapes.loss += `M${fixed(end - r)} ${fixed(level - r)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`;
        if (seen.length <= TRIPS_MAX) shapes[isGain ? 'gains' : 'losses'] += `M${fixed(x)} ${fixed(y)}L${fixed(end)} ${fixed(level)}`;
        this.marks.push({ x: end, y: level, trade, leg: trade.exit });
      }
      this.path('trip exit-gain', shapes.gains);
      this.path('trip exit-loss', shapes.losses);
      this.path('mark exit-loss', shapes.loss);
      this.path('mark exit-gain', shapes.gain);
      this.path('mark entry-long', shapes.long);
      this.path('mark entry-short', shapes.short);
    }

    // Crosshair, dots, and the values in the legend: at the crosshair, else at the end of the view.
    cross() {
      this.over.replaceChildren();
      const isSet = cursor !== null && cursor >= view.from && cursor <= view.to;
      const time = isSet ? cursor : view.to;
      if (isSet) {
        const x = fixed(this.x(time));
        node(this.over, 'line', { class: 'cross', x1: x, x2: x, y1: TOP, y2: this.bottom });
      }
      for (const [name, line] of this.lines()) {
        const index = line.t.length ? nearest(line.t, time) : -1;
        const value = line.v[index] ?? null;
        for (const shown of this.values) {
          if (shown.dataset.line === name) shown.textContent = value === null ? '–' : this.spec.print(value);
        }
        if (isSet && value !== null) {
          node(this.over, 'circle', { class: 'dot', r: 3, cx: fixed(this.x(line.t[index])), cy: fixed(this.y(value)) });
        }
      }
      this.when.textContent = isSet ? stamp(time) : `${stamp(view.from)} – ${stamp(view.to)}`;
      if (this.selection) {
        const [from, to] = this.selection;
        node(this.over, 'rect', { class: 'selection', x: fixed(Math.min(from, to)), width: fixed(Math.abs(to - from)), y: TOP, height: this.bottom - TOP });
      }
    }

    snap(x) {
      const [, line] = this.lines().at(-1) ?? [];
      const time = this.time(Math.max(0, Math.min(this.right, x)));
      return line?.t.length ? line.t[nearest(line.t, time)] : time;
    }

    // The tooltip of the marker near a place, if there is one.
    inspect(x, y) {
      let best = null;
      let bestGap = TOUCH_PX;
      for (const mark of this.marks) {
        const gap = Math.hypot(mark.x - x, mark.y - y);
        if (gap < bestGap) [best, bestGap] = [mark, gap];
      }
      this.explain(best);
    }

    explain(mark) {
      this.tip.hidden = !mark;
      if (!mark) return;
      const { trade, leg } = mark;
      const isEntry = leg === trade.entry;
      const name = data.prices[trade.symbol].symbol;
      const verb = isEntry === (trade.side > 0) ? 'Buy' : 'Sell';
      this.tip.replaceChildren();
      element(this.tip, 'p', '', `${verb} ${trade.quantity} ${name} at ${leg.text}`);
      element(this.tip, 'p', '', `${stamp(leg.time)} · ${isEntry ? 'entry' : 'exit'} of trade ${trade.number}, ${trade.side > 0 ? 'long' : 'short'}`);
      element(this.tip, 'p', '', `Reason: ${leg.reason}`);
      const state = trade.exit ? '' : ', still open';
      element(this.tip, 'p', trade.pnl > 0 ? 'gain' : trade.pnl < 0 ? 'loss' : '',
        `Result ${trade.profit} ${data.currency} (${trade.change})${state}`);
      const box = this.svg.getBoundingClientRect();
      const outer = this.figure.getBoundingClientRect();
      const left = Math.min(mark.x + 14, this.width - this.tip.offsetWidth);
      this.tip.style.left = `${Math.max(0, left)}px`;
      this.tip.style.top = `${box.top - outer.top + Math.max(0, mark.y - this.tip.offsetHeight - 10)}px`;
    }
  }

  // ---- pointer, touch and keys --------------------------------------------------------------

  function listen(chart) {
    const { svg } = chart;
    const down = new Map();
    let drag = null;
    const place = (event) => {
      const box = svg.getBoundingClientRect();
      return [(event.clientX - box.left) * chart.width / box.width, (event.clientY - box.top) * chart.height / box.height];
    };
    const pinch = () => {
      const [a, b] = [...down.values()];
      return { gap: Math.max(8, Math.abs(a - b)), at: chart.time((a + b) / 2) };
    };

    svg.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      const [x] = place(event);
      down.set(event.pointerId, x);
      if (event.pointerType === 'mouse') svg.setPointerCapture(event.pointerId);
      const isPan = event.pointerType !== 'mouse' || event.shiftKey;
      drag = down.size === 2 ? { kind: 'pinch', ...pinch() } : { kind: isPan ? 'pan' : 'select', x };
    });
    svg.addEventListener('pointermove', (event) => {
      const [x, y] = place(event);
      if (down.has(event.pointerId)) down.set(event.pointerId, x);
      if (drag?.kind === 'pinch' && down.size === 2) {
        const now = pinch();
        zoom(drag.gap / now.gap, drag.at);
        drag.gap = now.gap;
      } else if (drag?.kind === 'pan') {
        pan((drag.x - x) / chart.right * (view.to - view.from));
        drag.x = x;
      } else if (drag?.kind === 'select') {
        chart.selection = [drag.x, Math.max(0, Math.min(chart.right, x))];
      }
      point(chart.snap(x));
      chart.inspect(x, y);
    });
    const lift = (event) => {
      down.delete(event.pointerId);
      if (drag?.kind === 'select' && chart.selection) {
        const [a, b] = chart.selection;
        if (Math.abs(a - b) > 6) show(chart.time(Math.min(a, b)), chart.time(Math.max(a, b)));
      }
      chart.selection = null;
      drag = down.size ? drag : null;
      schedule();
    };
    svg.addEventListener('pointerup', lift);
    svg.addEventListener('pointercancel', lift);
    svg.addEventListener('pointerleave', () => {
      if (drag) return;
      chart.explain(null);
      point(null);
    });
    svg.addEventListener('dblclick', reset);
    // The wheel scrolls the page until the chart was clicked, so that reading on is never trapped.
    svg.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== svg) return;
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        pan(event.deltaX / chart.right * (view.to - view.from));
      } else {
        zoom(Math.exp(Math.max(-100, Math.min(100, event.deltaY)) * 0.004), chart.time(place(event)[0]));
      }
    }, { passive: false });
    svg.addEventListener('keydown', (event) => key(chart, event));
  }

  const live = element(document.body, 'p', 'hidden');
  live.setAttribute('aria-live', 'polite');

  function key(chart, event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const middle = cursor ?? (view.from + view.to) / 2;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step && event.shiftKey) pan(step * (view.to - view.from) / 10);
    else if (step) move(chart, step);
    else if (event.key === '+' || event.key === '=') zoom(0.7, middle);
    else if (event.key === '-') zoom(1 / 0.7, middle);
    else if (event.key === '0' || event.key === 'Escape') { point(null); reset(); }
    else return;
    event.preventDefault();
  }

  function move(chart, step) {
    const [, line] = chart.lines().at(-1) ?? [];
    if (!line?.t.length) return;
    const now = cursor === null ? after(line.t, view.from) : nearest(line.t, cursor) + step;
    const index = Math.max(0, Math.min(line.t.length - 1, now));
    const time = line.t[index];
    if (time < view.from || time > view.to) pan(time - (step > 0 ? view.to : view.from));
    point(time);
    const value = line.v[index];
    live.textContent = `${stamp(time)}: ${value === null ? 'no value' : chart.spec.print(value)}`;
  }

  // ---- distribution ------------------------------------------------------------------------

  class Bins extends Frame {
    constructor(figure, width) {
      super(figure, 220, width);
      this.svg.setAttribute('role', 'img');
      this.svg.setAttribute('aria-label', figure.dataset.label);
      this.svg.addEventListener('pointermove', (event) => {
        const box = this.svg.getBoundingClientRect();
        const bin = Math.floor((event.clientX - box.left) / box.width * this.width / this.right * data.bins.counts.length);
        const [from, to] = [data.bins.edges[bin], data.bins.edges[bin + 1]].map((e) => this.print(e ?? 0));
        const count = data.bins.counts[bin];
        this.when.textContent = count === undefined ? '' : `${from} to ${to}: ${count} ${count === 1 ? 'trade' : 'trades'}`;
      });
      this.svg.addEventListener('pointerleave', () => { this.when.textContent = ''; });
    }

    print(edge) {
      const step = data.bins.edges[1] - data.bins.edges[0];
      return signed(percent(decimals(step * 100)))(edge);
    }

    draw() {
      const { edges, counts } = data.bins;
      const highest = Math.max(1, ...counts);
      const y = (count) => this.bottom - count / (highest * 1.05) * (this.bottom - TOP);
      const width = this.right / counts.length;
      const every = Math.ceil(edges.length / Math.max(2, this.right / 60));
      const zero = Math.max(0, edges.findIndex((edge) => Math.abs(edge) < 1e-12));
      const labels = edges.map((edge, i) => [i, this.print(edge)]).filter(([i]) => (i - zero) % every === 0);
      const levels = ticks(0, highest, 4);
      levels.found = levels.found.filter(Number.isInteger);
      this.axes(levels, y, (count) => plain(count, 0), labels, (i) => i * width);
      this.plot.replaceChildren();
      counts.forEach((count, i) => node(this.plot, 'rect', {
        class: edges[i] < -1e-12 ? 'loss-bin' : 'gain-bin', x: fixed(i * width + 0.75), y: fixed(y(count)),
        width: fixed(Math.max(1, width - 1.5)), height: fixed(this.bottom - y(count)),
      }));
      if (edges[0] < 0 && edges.at(-1) > 0) {
        node(this.plot, 'line', { class: 'zero', x1: fixed(zero * width), x2: fixed(zero * width), y1: TOP, y2: this.bottom });
      }
    }
  }

  // ---- tables ------------------------------------------------------------------------------

  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const number = (text) => parseFloat(text.replace('−', '-').replace(/[^0-9.e-]/g, ''));
    heads.forEach((head, column) => {
      const isNumber = head.classList.contains('number');
      const name = head.textContent;
      head.textContent = '';
      button(head, name, () => {
        const isUp = head.getAttribute('aria-sort') !== 'ascending';
        for (const other of heads) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', isUp ? 'ascending' : 'descending');
        const keyed = [...body.rows].map((row) => {
          const text = row.cells[column].textContent;
          return [isNumber ? number(text) : text, row];
        });
        const isMissing = (k) => k === '' || Number.isNaN(k);
        keyed.sort(([a], [b]) => {
          if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b);
          return (a < b ? -1 : a > b ? 1 : 0) * (isUp ? 1 : -1);
        });
        body.append(...keyed.map(([, row]) => row));
      });
    });
  }

  // The number of a trade leads to its place on the price chart.
  function linkTrades(table) {
    const chart = charts.find((c) => c.spec.hasTrades);
    if (!chart) return;
    const known = new Map(trades.filter((t) => t.symbol >= 0).map((t) => [t.number, t]));
    for (const row of table.tBodies[0].rows) {
      const cell = row.cells[0];
      const trade = known.get(Number(cell.textContent));
      if (!trade) continue;
      cell.textContent = '';
      const go = button(cell, String(trade.number), () => {
        choose(trade.symbol);
        const end = trade.exit?.time ?? full.to;
        const air = Math.max(end - trade.entry.time, SPAN_MIN * 20) * 0.6;
        show(trade.entry.time - air, end + air);
        point(trade.entry.time);
        chart.svg.scrollIntoView({ block: 'center' });
        requestAnimationFrame(() => chart.explain(chart.marks.find((mark) => mark.trade === trade)));
      });
      go.setAttribute('aria-label', `Show trade ${trade.number} on the price chart`);
    }
  }

  // ---- the page ----------------------------------------------------------------------------

  let picker = null;
  function choose(index) {
    symbol = index;
    if (picker) picker.value = String(index);
    for (const name of document.querySelectorAll('[data-chart="price"] [data-line="price"]')) {
      name.previousElementSibling.textContent = data.prices[index].symbol;
    }
    isStale = true;
    schedule();
  }

  function tools(chart) {
    const place = chart.figure.closest('section').querySelector('.tools');
    if (chart.figure.dataset.chart === 'price' && data.prices.length > 1) {
      picker = element(place, 'select');
      picker.setAttribute('aria-label', 'Symbol');
      data.prices.forEach((prices, index) => { element(picker, 'option', '', prices.symbol).value = String(index); });
      picker.addEventListener('change', () => choose(Number(picker.value)));
    }
    button(place, 'Show all', reset, 'reset').hidden = true;
    if (chart.figure.dataset.chart === 'equity') {
      const group = element(place, 'div', 'group');
      group.setAttribute('role', 'group');
      group.setAttribute('aria-label', 'Scale');
      const set = (isLog) => {
        chart.isLog = isLog;
        [...group.children].forEach((b, i) => b.setAttribute('aria-pressed', String(isLog === (i === 1))));
        isStale = true;
        schedule();
      };
      button(group, 'Linear', () => set(false));
      button(group, 'Log', () => set(true));
      set(false);
      const hint = document.createElement('p');
      hint.className = 'hint';
      element(hint, 'span', 'fine', 'Drag to zoom, Shift-drag to pan, Ctrl-wheel (or click, then wheel) to zoom, double-click to show all. The charts move together.');
      element(hint, 'span', 'coarse', 'Pinch to zoom, drag to pan. The charts move together.');
      chart.figure.after(hint);
    }
  }

  function theme() {
    const root = document.documentElement;
    const order = ['auto', 'light', 'dark'];
    let stored = null;
    try { stored = localStorage.getItem('dirigent-theme'); } catch { /* Not allowed from a file: stay automatic. */ }
    const toggle = button(document.getElementById('page-tools'), '', () => {
      set(order[(order.indexOf(root.dataset.theme ?? 'auto') + 1) % order.length]);
    });
    const set = (name) => {
      if (name === 'auto') delete root.dataset.theme; else root.dataset.theme = name;
      toggle.textContent = `Theme: ${name}`;
      try { localStorage.setItem('dirigent-theme', name); } catch { /* As above. */ }
    };
    set(order.includes(stored) ? stored : 'auto');
    button(document.getElementById('page-tools'), 'Print', () => print());
  }

  theme();
  // All widths first: measuring between changes would lay out the page once per chart.
  const widths = [...document.querySelectorAll('[data-chart]')].map((figure) => [figure, figure.clientWidth]);
  for (const [figure, width] of widths) {
    if (figure.dataset.chart === 'bins') {
      new Bins(figure, width).draw();
    } else {
      const chart = new Chart(figure, width);
      charts.push(chart);
      tools(chart);
      chart.draw();
    }
  }
  for (const table of document.querySelectorAll('table.sortable')) {
    linkTrades(table);
    sortable(table);
  }
})();
