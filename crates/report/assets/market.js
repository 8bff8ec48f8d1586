// Orders and fills on the price chart: levels as lines from when an order was made to its end, fills
// beside those that open and close trades, and where orders were sent, refused or taken back.

const LEVELS_SEEN_MAX = 150;
const SENT_SEEN_MAX = 120;
const ROLES = ['plain', 'stop', 'target'];
const orders = (data.orders ?? []).map((o) => ({
  number: o[0], symbol: o[1], side: o[2], kind: data.reasons[o[3]], role: ROLES[o[4]], made: o[5], ended: o[6],
  quantity: o[7], filled: o[8], state: data.reasons[o[9]], why: o[10], levels: o[11].map(([t, level]) => [o[5] + t, level]),
}));
const fills = (data.fills ?? []).map((f) => ({
  order: f[0], symbol: f[1], side: f[2], time: f[3], quantity: f[4], price: f[5], reason: because(f[6], f[7]),
}));
const legs = new Set(trades.flatMap((t) => [t.entry, t.exit].filter(Boolean).map((leg) => `${t.symbol} ${leg.time}`)));
const layers = { orders: true };
// As many decimals as there are, eight at most.
const amount = (value) => plain(value, decimals(value));

// Levels that the range of the chart should hold: of few orders, all; of many, none.
function levelsInView() {
  if (!layers.orders) return [];
  const seen = orders.filter((o) => o.symbol === symbol && o.levels.length
    && o.made <= view.to && (o.ended ?? Infinity) >= view.from);
  return seen.length > 20 ? [] : seen.flatMap((o) => o.levels.map(([, level]) => level));
}

function drawOrders(chart) {
  chart.lanes = [];
  const shapes = { stop: '', target: '', plain: '', sent: '', gone: '' };
  const seen = layers.orders
    ? orders.filter((o) => o.symbol === symbol && o.made <= view.to && (o.ended ?? Infinity) >= view.from) : [];
  const waiting = seen.filter((order) => order.levels.length);
  const isFew = waiting.length <= LEVELS_SEEN_MAX;
  if (isFew) for (const order of waiting) shapes[order.role] += lane(chart, order);
  const line = data.prices[symbol];
  const sent = seen.filter((o) => o.made >= view.from && !o.levels.length && (o.state !== 'filled' || isClose(chart, line)));
  if (sent.length <= SENT_SEEN_MAX) {
    for (const order of sent) {
      const [x, y] = [chart.x(order.made), chart.y(line.c[nearest(line.t, order.made)])];
      shapes[order.state === 'filled' ? 'sent' : 'gone'] += order.state === 'filled' ? circle(x, y, 3) : cross(x, y, 3);
      chart.marks.push({ x, y, order });
    }
  }
  for (const role of ROLES) chart.path('level ' + role, shapes[role]);
  for (const order of isFew ? waiting.filter((o) => o.role === 'plain' && o.ended && o.state !== 'filled') : []) {
    const [x, y] = [chart.x(order.ended), chart.y(order.levels.at(-1)[1])];
    shapes.gone += cross(x, y, 3);
    chart.marks.push({ x, y, order });
  }
  chart.path('sent', shapes.sent);
  chart.path('gone', shapes.gone);
  if (!isFew) {
    chart.note.textContent += ` ${plain(waiting.length, 0)} waiting orders, stops and targets are in view; zoom in to see their levels.`;
  }
}

// Whether bars are so wide that what was sent and what was filled can be told apart.
function isClose(chart, line) {
  const [from, to] = within(line.t, view.from, view.to);
  return chart.right / Math.max(1, to - from) >= CANDLE_PX_MIN * 2;
}

const circle = (x, y, r) => `M${fixed(x - r)} ${fixed(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
const cross = (x, y, r) => `M${fixed(x - r)} ${fixed(y - r)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`;

// The steps of a level as a line, kept in `lanes` so that the pointer finds them.
function lane(chart, order) {
  const end = order.ended ?? full.to;
  let shape = '';
  order.levels.forEach(([time, level], i) => {
    const until = order.levels[i + 1]?.[0] ?? end;
    const [from, to, y] = [chart.x(time), Math.max(chart.x(until), chart.x(time) + 2), chart.y(level)];
    shape += `${i ? 'V' + fixed(y) : `M${fixed(from)} ${fixed(y)}`}H${fixed(to)}`;
    chart.lanes.push({ from, to, y, order, level });
  });
  return shape;
}

// Fills that neither open nor close a trade that is marked: parts, additions, reductions.
function drawFills(chart) {
  const seen = fills.filter((f) => f.symbol === symbol && f.time >= view.from && f.time <= view.to
    && !legs.has(`${f.symbol} ${f.time}`));
  const most = Math.floor(chart.right / MARK_PX);
  let shape = '';
  if (seen.length <= most) {
    for (const fill of seen) {
      const [x, y] = [chart.x(fill.time), chart.y(fill.price)];
      const foot = y + fill.side * 9;
      shape += `M${fixed(x)} ${fixed(y + fill.side * 2)}L${fixed(x - 3.5)} ${fixed(foot)}H${fixed(x + 3.5)}Z`;
      chart.marks.push({ x, y: (y + foot) / 2, fill });
    }
  } else if (seen.length) {
    chart.note.textContent += ` ${plain(seen.length, 0)} fills that only change a position are in view; zoom in to see them.`;
  }
  chart.path('fill', shape);
}

// The tooltip of an order or a fill.
function tellOf(tip, { order, fill, level }) {
  const name = data.prices[symbol].symbol;
  if (fill) {
    element(tip, 'p', '', `${fill.side > 0 ? 'Buy' : 'Sell'} ${amount(fill.quantity)} ${name} at ${amount(fill.price)}`);
    element(tip, 'p', '', `${stamp(fill.time)} · order ${fill.order}`);
    element(tip, 'p', '', `Reason: ${fill.reason}`);
    return;
  }
  const what = { stop: 'stop', target: 'target' }[order.role] ?? order.kind.replaceAll('_', ' ');
  const units = order.quantity ? ` ${amount(order.quantity)}` : '';
  element(tip, 'p', '', `Order ${order.number}: ${order.side > 0 ? 'buy' : 'sell'}${units} ${name}, ${what}`);
  if (order.levels.length) {
    const [first, now] = [order.levels[0][1], level ?? order.levels.at(-1)[1]];
    element(tip, 'p', '', first === now ? `Level ${amount(now)}` : `Level ${amount(now)}, at first ${amount(first)}`);
  }
  const end = order.ended === null ? 'still waits' : `${order.state.replaceAll('_', ' ')} ${stamp(order.ended)}`;
  element(tip, 'p', '', `Sent ${stamp(order.made)}, ${end}`);
  if (order.filled && order.filled < order.quantity) element(tip, 'p', '', `Filled ${amount(order.filled)} of it`);
  if (order.why) element(tip, 'p', '', `Why: ${order.why}`);
}

function layerTools(place, chart) {
  const toggle = (text, act) => {
    const made = button(place, text, () => {
      const isOn = made.getAttribute('aria-pressed') !== 'true';
      made.setAttribute('aria-pressed', String(isOn));
      act(isOn);
      isStale = true;
      schedule();
    });
    made.setAttribute('aria-pressed', 'true');
  };
  if (orders.length) toggle('Orders', (isOn) => { layers.orders = isOn; });
  if (!OVER.length && !PANES.size) return;
  toggle('Indicators', (isOn) => {
    chart.spec.lines = isOn ? ['price', ...OVER] : ['price'];
    for (const figure of document.querySelectorAll('[data-chart^="pane"]')) figure.hidden = !isOn;
  });
}
