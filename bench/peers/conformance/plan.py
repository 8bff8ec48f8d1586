"""What every peer trades, and what it answers: one line of JSON.

  PYTHON bench/peers/conformance/on_PEER.py CASE FILE BARS

The cases that `bench/peers/backtest` has (`sma_open` and `sma_close`: all cash in whole units while the average of 10
closes is above that of 30; `reversion`) are traded by its code. The others trade 100 units by the calendar: at the
close of bars 5, 25, 45 and so on they order as below, and 15 bars later they take back what waits and sell what is held.

  limit_day      buy limit 1 % below the close, for the next bar only
  stop_entry     buy stop 1 % above the close
  bracket_limit  buy limit 1 % below the close; then stop 4 % below and target 3 % above that close
  bracket_stop   buy stop 1 % above the close; then stop 1 % below and target 4 % above that close
  stop_limit     buy stop 1 % above the close, at most 1.5 % above it
  trailing       buy at the market; a stop that follows 5 % behind

Levels are whole ticks of 0.0001, so that everybody can hold them. Every trade costs 0.1 % of its value.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "backtest"))
SETTINGS = {"sma_close": ["fill=close"], "reversion": ["stop=signal"]}
sys.argv += SETTINGS.get(sys.argv[1], [])

import cases  # noqa: E402  it reads the words above

CASE = sys.argv[1]
UNITS, FEE, TICKS = cases.UNITS, cases.FEE, cases.TICKS
PERIOD_BARS, ENTRY_BAR, EXIT_BAR = 20, 5, 0
TRAIL = 0.05
# Basis points from the close of the decision.
LIMIT = {"limit_day": -100, "bracket_limit": -100, "stop_limit": 150}
STOP = {"stop_entry": 100, "bracket_stop": 100, "stop_limit": 100}
LOSS = {"bracket_limit": -400, "bracket_stop": -100}
GAIN = {"bracket_limit": 300, "bracket_stop": 400}


def enters(bar):
    return bar % PERIOD_BARS == ENTRY_BAR


def leaves(bar):
    return bar % PERIOD_BARS == EXIT_BAR


def level(offsets, close, case=CASE):
    """The price that far from `close`, in whole ticks; none where the case has none."""
    if case not in offsets:
        return None
    return (round(close * TICKS) * (10_000 + offsets[case]) + 5_000) // 10_000 / TICKS


def answer(package, fills, equity):
    """`fills` are (bar, units with sign, price, fee if told), in the order they happened."""
    told = [[int(bar), round(float(units), 9), round(float(price), 9), fee if fee is None else round(float(fee), 9)]
            for bar, units, price, fee in fills]
    print(json.dumps({"version": version(package), "equity": round(float(equity), 6), "fills": told}), flush=True)
