// The series and the one stretch of time that all charts show.
//
// Every change of the stretch goes through `show`, every move of the crosshair through `point`; both
// draw at most once per frame.

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
for (const name of ['equity', 'benchmark', 'drawdown', 'sharpe', 'gross', 'net']) {
  if (data[name]) series[name] = unpack(data[name]);
}
for (const name in data.lines) series[name] = unpack(data.lines[name]);
data.prices.forEach(unpack);
for (const prices of data.prices) {
  prices.v = prices.c;
  for (const column of prices.cols ?? []) if (column) column.t = prices.t;
}

// What made a fill happen, with its level in words.
const because = (reason, level = '') => data.reasons[reason].replaceAll('_', ' ')
  + (level && ` at ${level.replace(' gap_open', ' (the open was beyond it)')}`);
const LEG = (leg) => leg && { time: leg[0], price: leg[1], text: leg[2], reason: because(leg[3], leg[4]) };
const trades = data.trades.map((t) => ({
  number: t[0], symbol: t[1], side: t[2], quantity: t[3], pnl: t[4], profit: t[5], change: t[6],
  bars: t[7], entry: LEG(t[8]), exit: LEG(t[9]), against: t[10], ahead: t[11], made: t[12],
}));

let symbol = 0;
const specs = {
  equity: { height: 320, lines: ['benchmark', 'equity'], area: 'equity', axis: compact, print: two },
  drawdown: { height: 150, lines: ['drawdown'], area: 'drawdown', ceiling: 0,
    axis: (value, step) => percent(decimals(step * 100))(value), print: signed(percent(2)) },
  exposure: { height: 170, lines: ['net', 'gross'], area: 'gross', zero: true,
    axis: (value, step) => percent(decimals(step * 100))(value), print: percent(1) },
  sharpe: { height: 220, lines: ['sharpe'], zero: true, axis: (v, step) => plain(v, decimals(step)), print: two },
  price: { height: 340, lines: ['price'], axis: compact, print: price, hasTrades: true },
};

// Columns of the strategy: over the prices, or in panes of their own.
const OVER = [];
const PANES = new Set();
(data.columns ?? []).forEach(([, pane], index) => {
  if (pane === null) { OVER.push('col' + index); return; }
  PANES.add('pane' + pane);
  specs['pane' + pane] ??= { height: 130, lines: [], guides: data.guides[pane] ?? [],
    axis: (v, step) => plain(v, decimals(step)), print: (v) => plain(v, Math.abs(v) < 10 ? 4 : 2) };
  specs['pane' + pane].lines.push('col' + index);
});
specs.price.lines = ['price', ...OVER];

for (const chart in data.charts) Object.assign(specs[chart], { lines: data.charts[chart], area: null });

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
