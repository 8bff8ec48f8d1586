// A chart over time: drawing, crosshair, tooltip, and its pointers and keys.
//
// Draws with SVG, so that theme, print and zoom of the browser need no code. Texts from the run
// enter the page through `textContent` only.

const NS = document.querySelector('svg').namespaceURI;
const AXIS_RIGHT = 52;
const AXIS_BOTTOM = 22;
const TOP = 8;
const CANDLE_PX_MIN = 4;
const TRIPS_MAX = 60;
const TOUCH_PX = 16;
const MARK_PX = 7;

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

  // Where an event is, in units of the drawing.
  place(event) {
    const box = this.svg.getBoundingClientRect();
    const scale = this.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  // Puts a tooltip beside a point of the drawing.
  seat(tip, x, y) {
    const box = this.svg.getBoundingClientRect();
    const outer = this.figure.getBoundingClientRect();
    const left = x + 14 + tip.offsetWidth > this.width ? x - tip.offsetWidth - 14 : x + 14;
    tip.style.left = `${Math.max(0, left)}px`;
    tip.style.top = `${box.top - outer.top + Math.max(0, y - tip.offsetHeight - 10)}px`;
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
    if (spec.hasTrades) {
      this.note = document.createElement('p');
      this.note.className = 'hint';
      figure.querySelector('figcaption').before(this.note);
    }
    listen(this);
  }

  lines() {
    const own = data.prices[symbol];
    const line = (name) => (name === 'price' ? own : name.startsWith('col') ? own.cols?.[name.slice(3)] : series[name]);
    return this.spec.lines.map((name) => [name, line(name)]).filter(([, found]) => found);
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
        low = Math.min(low, line.l?.[i] ?? line.v[i]);
        high = Math.max(high, line.h?.[i] ?? line.v[i]);
      }
    }
    if (low > high) [low, high] = [0, 1];
    for (const level of this.spec.hasTrades ? levelsInView() : []) {
      low = Math.min(low, level);
      high = Math.max(high, level);
    }
    this.log = this.isLog && low > 0;
    if (this.log) return [low / (high / low) ** 0.03, high * (high / low) ** 0.05 * (low === high ? 1.01 : 1)];
    if (this.spec.ceiling !== undefined) high = this.spec.ceiling;
    for (const guide of this.spec.guides ?? []) { low = Math.min(low, guide); high = Math.max(high, guide); }
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
    for (const guide of this.spec.guides ?? []) {
      const at = fixed(this.y(guide));
      node(this.grid, 'line', { class: 'guide', x1: 0, x2: this.right, y1: at, y2: at });
    }
    for (const path of Object.values(this.paths)) path.setAttribute('d', '');
    for (const [name, line] of this.lines()) {
      if (name === 'price') this.prices(line); else this.line(name, line);
    }
    if (this.spec.hasTrades) {
      this.trades();
      drawOrders(this);
      drawFills(this);
    }
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
      // `h0` makes a dot of a point that stands alone.
      shape += start === null ? `M${at}h0` : 'L' + at;
      area += (start === null ? 'M' : 'L') + at;
      start ??= x;
    }
    if (this.spec.area === name) this.path('area ' + name, area);
    const tint = name.startsWith('col') ? ' c' + name.slice(3) % 8 : '';
    if (line.l) this.path('band' + tint, this.band(line, from, to));
    this.path(`line ${name}${tint}`, shape);
  }

  // The range of joined bars, as an area.
  band(line, from, to) {
    let top = '';
    let under = '';
    for (let i = from; i < to; i++) {
      if (line.h[i] === null) continue;
      const x = fixed(this.x(line.t[i]));
      top += `${top ? 'L' : 'M'}${x} ${fixed(this.y(line.h[i]))}`;
      under = `L${x} ${fixed(this.y(line.l[i]))}${under}`;
    }
    return top && `${top}${under}Z`;
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
        shapes[close <= open ? 'up' : 'down'] +=
          `M${fixed(x)} ${fixed(high)}V${fixed(top)}M${fixed(x)} ${fixed(under)}V${fixed(low)}`
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
    const total = seen.length;
    const most = Math.floor(this.right / MARK_PX);
    if (total > most) {
      seen.sort((a, b) => Math.abs(b.pnl) - Math.abs(a.pnl) || a.number - b.number).length = most;
    }
    this.note.textContent = total > most
      ? `Shown are the ${most} largest gains and losses of ${plain(total, 0)} in view; zoom in for more.`
      : '';
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
      if (isGain) {
        const half = `a${r} ${r} 0 1 0`;
        shapes.gain += `M${fixed(end - r)} ${fixed(level)}${half} ${2 * r} 0${half} ${-2 * r} 0Z`;
      } else {
        shapes.loss += `M${fixed(end - r)} ${fixed(level - r)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`;
      }
      if (seen.length <= TRIPS_MAX) {
        shapes[isGain ? 'gains' : 'losses'] += `M${fixed(x)} ${fixed(y)}L${fixed(end)} ${fixed(level)}`;
      }
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
        const [cx, cy] = [fixed(this.x(line.t[index])), fixed(this.y(value))];
        node(this.over, 'circle', { class: 'dot', r: 3, cx, cy });
      }
    }
    this.when.textContent = isSet ? stamp(time) : `${stamp(view.from)} – ${stamp(view.to)}`;
    if (this.selection) {
      const [from, to] = this.selection;
      const [x, width] = [fixed(Math.min(from, to)), fixed(Math.abs(to - from))];
      node(this.over, 'rect', { class: 'selection', x, width, y: TOP, height: this.bottom - TOP });
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
    this.explain(best ?? this.lanes?.find((lane) => Math.abs(lane.y - y) < 5 && lane.from <= x && x <= lane.to) ?? null, x);
  }

  explain(mark, x = mark?.x) {
    this.tip.hidden = !mark;
    if (!mark) return;
    this.tip.replaceChildren();
    if (mark.trade) this.tell(mark); else tellOf(this.tip, mark);
    this.seat(this.tip, x, mark.y);
  }

  tell({ trade, leg }) {
    const isEntry = leg === trade.entry;
    const name = data.prices[trade.symbol].symbol;
    const verb = isEntry === (trade.side > 0) ? 'Buy' : 'Sell';
    element(this.tip, 'p', '', `${verb} ${trade.quantity} ${name} at ${leg.text}`);
    const [end, side] = [isEntry ? 'entry' : 'exit', trade.side > 0 ? 'long' : 'short'];
    element(this.tip, 'p', '', `${stamp(leg.time)} · ${end} of trade ${trade.number}, ${side}`);
    element(this.tip, 'p', '', `Reason: ${leg.reason}`);
    const state = trade.exit ? '' : ', still open';
    element(this.tip, 'p', trade.pnl > 0 ? 'gain' : trade.pnl < 0 ? 'loss' : '',
      `Result ${trade.profit} ${data.currency} (${trade.change})${state}`);
  }
}

function listen(chart) {
  const { svg } = chart;
  const down = new Map();
  let drag = null;
  const place = (event) => chart.place(event);
  const pinch = () => {
    const [a, b] = [...down.values()];
    return { gap: Math.max(8, Math.abs(a - b)), at: chart.time((a + b) / 2) };
  };

  svg.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    const [x, y] = place(event);
    down.set(event.pointerId, x);
    if (event.pointerType === 'mouse') svg.setPointerCapture(event.pointerId);
    const isPan = event.pointerType !== 'mouse' || event.shiftKey;
    point(chart.snap(x));
    chart.inspect(x, y);
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
  svg.addEventListener('pointerleave', (event) => {
    if (drag || event.pointerType !== 'mouse') return;
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
