// The page: sortable tables, tools and theme.

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const number = (text) => parseFloat(text.replace('−', '-').replace(/[^0-9.e-]/g, ''));
  heads.forEach((head, column) => {
    if (head.querySelector('.hidden')) return;
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
  table.addEventListener('click', (event) => {
    const trade = event.target.closest('td a') && known.get(Number(event.target.textContent));
    if (!trade) return;
    event.preventDefault();
    choose(trade.symbol);
    const end = trade.exit?.time ?? full.to;
    const air = Math.max(end - trade.entry.time, SPAN_MIN * 20) * 0.6;
    show(trade.entry.time - air, end + air);
    point(trade.entry.time);
    chart.svg.scrollIntoView({ block: 'center' });
    chart.svg.focus({ preventScroll: true });
    requestAnimationFrame(() => chart.explain(chart.marks.find((mark) => mark.trade === trade)));
  });
}

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
  if (chart.figure.dataset.chart === 'price') layerTools(place, chart);
  if (PANES.has(chart.figure.dataset.chart)) return;
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
    element(hint, 'span', 'fine', 'Drag to zoom, Shift-drag to pan, Ctrl-wheel (or click, then wheel) to zoom, '
      + 'double-click to show all. The charts move together.');
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
  const kind = figure.dataset.chart;
  if (kind in BINS) {
    new Bins(figure, width).draw();
  } else if (kind === 'mae' || kind === 'mfe') {
    new Scatter(figure, width).draw();
  } else {
    const chart = new Chart(figure, width);
    charts.push(chart);
    tools(chart);
    chart.draw();
  }
}
for (const table of document.querySelectorAll('table.sortable')) {
  if (table.classList.contains('trades')) linkTrades(table);
  sortable(table);
}
