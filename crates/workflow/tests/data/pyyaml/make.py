"""Writes the fixtures of the config hash: small YAML files, and what PyYAML makes of them.

    pip install pyyaml==6.0.3
    python make.py              # rewrites the fixtures in this folder
    python make.py random 1000 7 DIR   # 1000 random files from seed 7 into DIR, for a local check

For each case NAME: NAME.yaml is the input, NAME.dump is
yaml.dump(yaml.safe_load(input), sort_keys=True, default_flow_style=False), and hashes.txt holds
its SHA-256.
"""

import datetime
import hashlib
import pathlib
import random
import sys

import yaml

LONG = "the quick brown fox jumps over the lazy dog while the market opens with a gap " * 3

CASES = {
    "backtest": """\
version: "1.0.0"
name: sma-cross
workflow: {type: backtest, execution_mode: TRADITIONAL, timeout_seconds: 3600}
data:
  source: csv
  path: data/daily/{symbol}.csv
  symbols: [AAPL, MSFT]
  timeframe: 1d
  start_date: 2005-01-01
  end_date: 2012-12-31
strategy:
  type: rules
  params: {fast: 10, slow: 30}
  let: {f: "sma(close, $fast)", s: "sma(close, $slow)"}
  entry: cross_above(f, s)
  exit: cross_below(f, s)
portfolio: {initial_cash: 100000, sizing: {type: percent_equity, percent: 95}, fractional: false}
execution: {fill: next_open, commission: {type: bps, value: 1}, slippage: {type: bps, value: 0.5}}
risk: {max_position_pct: 25, max_drawdown_pct: 20, stop_loss_pct: 5}
""",
    "four_phases": """\
# A multi-phase workflow
workflow:
  type: "multi_phase"
  phases:
    - name: "parameter_discovery"
      container_count: 1000  # trials
    - name: "regime_analysis"
      inputs: ["parameter_discovery.best_params"]
    - name: "validation"
      inputs:
      - "ensemble_optimization.final_weights"
      config: {}
""",
    "coordinator": """\
coordinator:
  execution_mode: "AUTO"
  reproducibility:
    master_seed: 42
    deterministic_order: true
  resources: {max_memory_gb: 32, cpu: 0.1, memory_per_container: "512MB"}
""",
    "key_order": "b: 1\na: 2\nB: 3\n_: 4\nz: {y: 1, x: 2}\n",
    "crlf": "a: 1\r\nb:\r\n  - x\r\n  - y\r\n",
    "comments": "# head\na: 1 # tail\n\n# between\nb: 2\n",
    "flags": "a: [yes, No, on, OFF, true, False, y, n, Y, N, 'yes', \"no\"]\n",
    "flag_keys": "yes: 1\nno: 2\n",
    "on_key": "notifications:\n- on: [workflow_completed]\n  webhook: ${URL}\n",
    "on_key_sorted_alone": "on: [a, b]\n",
    "nulls": "a: null\nb: ~\nc:\nd: Null\ne: 'null'\nf: ''\n",
    "null_key": "null: 1\n",
    "wholes": "a: [0, 1, -1, +7, 1_000, 0x1F, 0b101, 010, 0777, 08, 12345678901234567890123]\n",
    "whole_text": "a: ['0', '1', '-1', '0x1F', '010', '1_000', '0o17', 0o17, 1e3]\n",
    "floats": "a: [1.0, 0.1, -2.50, 1.0e+3, 1e3, 1.5e3, 1.5e+3, 1.e+2, .5, -.5, 5., 1_0.5]\n",
    "float_forms": "a: [1.0e+16, 1.0e+15, 0.0001, 0.00001, 1.0e-7, 123456789.125, 1.0e+22, -0.0]\n",
    "float_digits": "a: [0.30000000000000004, 2.2250738585072014e-308, 1.7976931348623157e+308]\n",
    "infinite": "a: [.inf, -.inf, .nan, +.INF]\n",
    "base_60": "a: [1:30, 190:20:30, '1:30', 9:60, -1:30]\nopen: 09:30\nclose: 16:00\n",
    "dates": "a: [2005-01-01, '2005-01-01', 2005-1-1, 2005-12-31]\n",
    "moments": "a: [2001-12-14t21:59:43.10-05:00, 2001-12-14 21:59:43, 2001-12-15T02:59:43.1Z]\n",
    "moment_zones": "a: [2001-12-14 21:59:43.123456789 +5, 2001-12-14 21:59:43 -00:00]\n",
    "texts": "a: [plain, 'single', \"double\", with space, a-b, a_b, 1d, 5m, AAPL, ^GSPC, BRK.B]\n",
    "colons": "a: ['x: y', 'x:y', ':x', 'x:', ': x', 'http://h/p', '::']\n",
    "marks": "a: ['#x', 'x #y', 'x#y', '-', '- x', '-x', '?', '? x', '?x', '--', '---x', '...']\n",
    "brackets": "a: ['[x]', 'x[0]', '{x}', 'a{symbol}', 'a, b', ',a', ']', '}']\n",
    "sigils": "a: ['&x', '*x', '!x', '|x', '>x', '%x', '@x', '`x', '=x', '=', '<<', 'a&b', '$x']\n",
    "quotes": "a: [\"it's\", 'say \"hi\"', \"'q'\", '\"q\"', \"a'b\\\"c\"]\n",
    "spaces": "a: [' x', 'x ', ' ', '  ', 'x  y', \"\\tx\", \"x\\ty\", \"x\\t\"]\n",
    "unicode": "a: [é, 日本, '€', \"\\u00a0\", \"\\U0001F600\", \"\\u2028\", \"\\x07\", \"\\e\", \"\\0\"]\n",
    "unicode_keys": "é: 1\n日本: 2\nz: 3\n",
    "lines": "a: \"one\\ntwo\\n\"\nb: \"one\\n\\ntwo\"\nc: \"\\n\"\nd: \"one\\n two\"\ne: \"one \\ntwo\"\n",
    "literal": "a: |\n  one\n  two\n\nb: |-\n  one\n  two\nc: >\n  folded\n  text\n\n  next\nd: |+\n  kept\n\n",
    "multi_line_plain": "a: one\n  two\n  three\nb: 'one\n  two'\n",
    "long_plain": f"a: {LONG}\nb:\n  c:\n    - {LONG}\n",
    "long_single": f"a: '{LONG}: x'\nb: [\"{LONG} #1\"]\n",
    "long_double": f"a: \"{LONG}\\t\"\nb:\n- \"é {LONG}\"\n- \"{'é' * 100}\"\n",
    "long_word": f"a: {'x' * 200}\nb: {'y' * 79} {'z' * 10} w\nc: '{'x' * 90}  two  {'y' * 90}'\n",
    "long_keys": f"{'k' * 122}: 1\n{'l' * 123}: 2\n? {'m' * 200}\n: [1, 2]\n? {'n' * 140}\n: {{a: 1}}\n",
    "nested_lists": "a: [[1, 2], [], [[3]], {}]\nb:\n- - 1\n  - 2\n- c: 3\n  d: [4]\n",
    "deep": "a: {b: {c: {d: [{e: {f: []}}, {g: {}}]}}}\n",
    "empty_parts": "a: {}\nb: []\nc: ''\nd: {e: {}, f: []}\n",
    "anchors": "base: &b {x: 1, y: [1, 2]}\nleft: *b\nright: *b\n",
    "anchored_list": "z: &l [1, 2]\na: *l\nm: {k: *l}\n",
    "anchored_scalars": "a: &t text\nb: *t\nc: &d 2005-01-01\nd: *d\ne: &n 1.5\nf: *n\n",
    "nested_anchors": "a: &o {i: &i [1]}\nb: *o\nc: *i\nd: [*o, *i]\n",
    "whole_keys": "10: a\n9: b\n1.5: c\n-1: d\n",
    "mixed_keys": "b: 1\n10: 2\na: 3\n",
    "date_keys": "2005-01-02: a\n2005-01-01: b\n",
    "root_list": "- b\n- a\n- {d: 1, c: 2}\n",
    "json": '{"b": [1, 2.5, "x", null, true], "a": {"k": "v"}}\n',
    "document_marks": "---\na: 1\n...\n",
    "range_text": "fast: \"range(10, 50, 1)\"\nslow: {min: 20, max: 100, step: 10}\nlog: {min: 1.0e-4, max: 1, log: true}\n",
    "paths": "a: /data/x.csv\nb: C:\\data\\x.csv\nc: ./x\nd: ~/x\ne: ../x y/z.csv\nf: s3://b/k?x=1&y=2\n",
    "percent": "a: 95%\nb: 5 %\nc: -5%\nd: +5\n",
    "versions": "a: 1.0\nb: 1.0.0\nc: '1.0'\nd: v1\n",
}

PIECES = (
    "a b c x y z AAPL sma close 0 1 9 10 007 1.5 2005-01-01 yes no on null ~ true : - ? , . .. ... --- "
    "# [ ] { } & * ! | > ' \" % @ ` = << \\ $x é 日 \u00a0 \U0001f600 \t \n \n\n _ 1_0 1:30 0x1f "
    "1e3 .5 +1 -1 e + .inf word another longer_word_here"
).split(" ") + [" ", "  ", "   "]


def dump(text):
    return yaml.dump(yaml.safe_load(text), sort_keys=True, default_flow_style=False)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def write_fixtures(folder):
    for old in folder.glob("*.yaml"):
        old.unlink()
    for old in folder.glob("*.dump"):
        old.unlink()
    hashes = []
    for name, text in sorted(CASES.items()):
        dumped = dump(text)
        (folder / f"{name}.yaml").write_bytes(text.encode())
        (folder / f"{name}.dump").write_bytes(dumped.encode())
        hashes.append(f"{digest(dumped)}  {name}\n")
    (folder / "hashes.txt").write_text("".join(hashes))


def random_text(rng):
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(PIECES)
    if kind == 1:
        return "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 6)))
    if kind == 2:
        return " ".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 60)))
    return " ".join(rng.choice(["word", "another", "x", "longer_word_here"]) for _ in range(40))


def random_value(rng, depth):
    kind = rng.randrange(10 if depth < 4 else 8)
    if kind < 4:
        return random_text(rng)
    if kind == 4:
        return rng.choice([0, 1, -5, 10**6, 10**25])
    if kind == 5:
        return rng.choice([0.1, 1.0, 1e16, 1e-5, rng.random(), rng.uniform(-1e9, 1e9)])
    if kind == 6:
        return rng.choice([True, False, None])
    if kind == 7:
        return datetime.date(2005, rng.randrange(1, 13), rng.randrange(1, 28))
    if kind == 8:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(5))]
    return random_map(rng, depth + 1)


def random_map(rng, depth):
    keys = (random_text(rng) for _ in range(rng.randrange(6)))
    return {key or "k": random_value(rng, depth) for key in keys}


def write_random(count, seed, folder):
    rng = random.Random(seed)
    for index in range(count):
        text = yaml.dump(
            random_map(rng, 0),
            default_flow_style=rng.choice([True, False, None]),
            width=rng.choice([20, 80, 1000]),
            allow_unicode=rng.choice([True, False]),
        )
        (folder / f"r{index}.yaml").write_bytes(text.encode())
        (folder / f"r{index}.dump").write_bytes(dump(text).encode())


if __name__ == "__main__":
    if sys.argv[1:2] == ["random"]:
        write_random(int(sys.argv[2]), int(sys.argv[3]), pathlib.Path(sys.argv[4]))
    else:
        write_fixtures(pathlib.Path(__file__).parent)
