// Charts of trades that are not over time: how many had which return or length, and how far they went.

const BINS = {
  returns: { of: (trades, from, to) => `${from} to ${to}: ${trades}`,
    print: (edge, step) => signed(percent(decimals(step * 100)))(edge),
    className: (edge) => (edge < -1e-12 ? 'loss-bin' : 'gain-bin') },
  holding: { of: (trades, from, to, step) => `${step > 1 ? `${from} to ${plain(to - 1, 0)}` : from} bars: ${trades}`,
    print: (edge) => plain(edge, 0), className: () => 'holding-bin' },
};

class Bins extends Frame {
  constructor(figure, width) {
    super(figure, 220, width);
    this.bins = data[figure.dataset.chart];
    this.kind = BINS[figure.dataset.chart];
    this.step = this.bins.edges[1] - this.bins.edges[0];
    this.svg.setAttribute('role', 'img');
    this.svg.setAttribute('aria-label', figure.dataset.label);
    this.svg.addEventListener('pointermove', (event) => {
      const bin = Math.floor(this.place(event)[0] / this.right * this.bins.counts.length);
      const count = this.bins.counts[bin];
      const from = this.kind.print(this.bins.edges[bin] ?? 0, this.step);
      const to = this.kind === BINS.returns ? this.kind.print(this.bins.edges[bin + 1] ?? 0, this.step) : this.bins.edges[bin + 1];
      const trades = `${plain(count ?? 0, 0)} ${count === 1 ? 'trade' : 'trades'}`;
      this.when.textContent = count === undefined ? '' : this.kind.of(trades, from, to, this.step);
    });
    this.svg.addEventListener('pointerleave', () => { this.when.textContent = ''; });
  }

  draw() {
    const { edges, counts } = this.bins;
    const highest = Math.max(1, ...counts);
    const y = (count) => this.bottom - count / (highest * 1.05) * (this.bottom - TOP);
    const width = this.right / counts.length;
    const least = edges.length / Math.max(2, this.right / 60);
    const every = [1, 2, 5, 10].find((n) => n >= least) ?? 20;
    const zero = Math.max(0, edges.findIndex((edge) => Math.abs(edge) < 1e-12));
    const labels = edges.map((edge, i) => [i, this.kind.print(edge, this.step)])
      .filter(([i]) => (i - zero) % every === 0);
    const levels = ticks(0, highest, 4);
    levels.found = levels.found.filter(Number.isInteger);
    this.axes(levels, y, (count) => plain(count, 0), labels, (i) => i * width);
    this.plot.replaceChildren();
    counts.forEach((count, i) => node(this.plot, 'rect', {
      class: this.kind.className(edges[i]), x: fixed(i * width + 0.75), y: fixed(y(count)),
      width: fixed(Math.max(1, width - 1.5)), height: fixed(this.bottom - y(count)),
    }));
    if (edges[0] < 0 && edges.at(-1) > 0) {
      const at = fixed(zero * width);
      node(this.plot, 'line', { class: 'zero', x1: at, x2: at, y1: TOP, y2: this.bottom });
    }
  }
}

// The excursion of each trade, across, against its return, up.
class Scatter extends Frame {
  constructor(figure, width) {
    super(figure, 280, width);
    const isAgainst = figure.dataset.chart === 'mae';
    this.side = isAgainst ? -1 : 1;
    this.dots = trades.filter((trade) => trade.exit && trade.ahead !== undefined && trade.made !== null)
      .map((trade) => ({ trade, across: isAgainst ? -trade.against : trade.ahead, up: trade.made }));
    this.tip = element(figure, 'div', 'tip');
    this.tip.hidden = true;
    this.svg.setAttribute('role', 'img');
    this.svg.setAttribute('aria-label', figure.dataset.label);
    this.svg.addEventListener('pointermove', (event) => this.find(...this.place(event)));
    this.svg.addEventListener('pointerleave', () => this.find(-1e9, 0));
  }

  draw() {
    const most = Math.max(1e-4, ...this.dots.map((dot) => dot.across)) * 1.05;
    const low = Math.min(0, ...this.dots.map((dot) => dot.up));
    const high = Math.max(0, ...this.dots.map((dot) => dot.up));
    const air = (high - low) * 0.06 || 0.001;
    const x = (across) => across / most * this.right;
    const y = (up) => this.bottom - (up - low + air) / (high - low + 2 * air) * (this.bottom - TOP);
    const levels = ticks(low - air, high + air, 5);
    const across = ticks(0, most, Math.max(2, this.right / 70));
    const print = (step) => (value) => percent(decimals(step * 100))(value);
    this.axes(levels, y, (value, step) => print(step)(value),
      across.found.map((value) => [value, print(across.step)(this.side * value)]), x);
    this.plot.replaceChildren();
    for (const [at, className] of [[y(0), 'zero']]) {
      node(this.plot, 'line', { class: className, x1: 0, x2: this.right, y1: fixed(at), y2: fixed(at) });
    }
    const end = Math.min(most, this.side > 0 ? high + air : air - low);
    node(this.plot, 'path', { class: 'guide', d: `M0 ${fixed(y(0))}L${fixed(x(end))} ${fixed(y(this.side * end))}` });
    const shapes = { gain: '', loss: '' };
    for (const dot of this.dots) {
      dot.x = x(dot.across);
      dot.y = y(dot.up);
      shapes[dot.up > 0 ? 'gain' : 'loss'] += `M${fixed(dot.x)} ${fixed(dot.y)}h0`;
    }
    const many = this.dots.length > 400 ? ' many' : '';
    node(this.plot, 'path', { class: 'dots exit-loss' + many, d: shapes.loss });
    node(this.plot, 'path', { class: 'dots exit-gain' + many, d: shapes.gain });
  }

  find(x, y) {
    let best = null;
    let bestGap = TOUCH_PX;
    for (const dot of this.dots) {
      const gap = Math.hypot(dot.x - x, dot.y - y);
      if (gap < bestGap) [best, bestGap] = [dot, gap];
    }
    this.over.replaceChildren();
    this.tip.hidden = !best;
    if (!best) return;
    const { trade } = best;
    node(this.over, 'circle', { class: 'dot', r: 4, cx: fixed(best.x), cy: fixed(best.y) });
    this.tip.replaceChildren();
    const name = data.prices[trade.symbol]?.symbol ?? '';
    element(this.tip, 'p', '', `Trade ${trade.number} ${name}, ${trade.side > 0 ? 'long' : 'short'}`);
    element(this.tip, 'p', '', `${stamp(trade.entry.time)} – ${stamp(trade.exit.time)}`);
    const two = signed(percent(2));
    element(this.tip, 'p', '', `Worst ${two(trade.against)}, best ${two(trade.ahead)}`);
    element(this.tip, 'p', trade.pnl > 0 ? 'gain' : 'loss', `Result ${trade.profit} ${data.currency} (${trade.change})`);
    this.seat(this.tip, best.x, best.y);
  }
}
