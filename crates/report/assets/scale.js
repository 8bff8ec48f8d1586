// Numbers, times, and the round places on an axis. First of the scripts, which are one block.

const data = JSON.parse(document.getElementById('run-data').textContent);
const DAY = 86400e3;

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
