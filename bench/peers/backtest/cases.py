"""What every peer is given, and what it answers: one line of JSON.

  PYTHON bench/peers/backtest/on_PEER.py CASE FILE BARS [NAME=VALUE...]

The words are those of `crates/trading/examples/backtest_cases.rs`, which gives the same to Dirigent's engine.
CASE is `cross` (long while the average of 10 closes is above that of 30), `plain`, `sweep` (`cross` for each of
`pairs=FILE`, `count=` of them), `reversion` (100 units below the lower Bollinger band while the RSI is below 30,
until above the middle; a stop at -2 % and a target at +4 %) or `rotation` (at the end of a month the 20
of `symbols=` with the best return over 126 days). `fill=close` trades at the close of the decision, not at the
next open; `lot=fraction` trades fractions; `stop=signal` measures stops from the close of the decision, not
from the price of the entry; `fee=` is in basis points; `cold=yes` does it once, cold. The account has ten million and trades with all of it.

Averages are taken of whole ticks, whose sums are exact in doubles, so that averages which are equal are equal for
everybody; `plain` takes them of the closes as they are.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

CASE, FILE, BARS = sys.argv[1], sys.argv[2], int(sys.argv[3])
SETTINGS = dict(word.split("=", 1) for word in sys.argv[4:])
CASH = 10_000_000.0
FEE = int(SETTINGS.get("fee", 10)) / 1e4
AT_CLOSE = SETTINGS.get("fill") == "close"
WHOLE = SETTINGS.get("lot") != "fraction"
FAST, SLOW = 10, 30
UNITS, STOP, TARGET = 100, 0.02, 0.04
LOOKBACK, TOP = 126, 20
TICKS = 10_000
ROUNDS, ROUND_S_MIN, SLOW_S = 3, 0.2, 2
COLD = "cold" in SETTINGS
now = time.process_time


def bars(count=BARS):
    """The first bars of the file, with the close in ticks beside it."""
    frame = pd.read_csv(FILE, nrows=count, index_col="timestamp", parse_dates=True)
    frame = frame[["open", "high", "low", "close", "volume"]].rename(columns=str.capitalize)
    frame["Ticks"] = (frame["Close"] * TICKS).round()
    return frame


def panel():
    """Opens and closes by day and symbol."""
    frame = pd.read_csv(FILE, parse_dates=["timestamp"])
    return [frame.pivot(index="timestamp", columns="symbol", values=name) for name in ("open", "close")]


def pairs():
    lines = Path(SETTINGS["pairs"]).read_text().splitlines()[1:]
    chosen = [tuple(map(int, line.split(","))) for line in lines]
    return chosen[:int(SETTINGS.get("count", len(chosen)))]


def prices(frame):
    """What averages are taken of."""
    return frame["Close"] if CASE == "plain" else frame["Ticks"]


def above(values, fast=FAST, slow=SLOW):
    """Where the average of `fast` values is above that of `slow`; nowhere before there are so many."""
    return (values.rolling(fast).mean() > values.rolling(slow).mean()).to_numpy()


def strength(values, n=14):
    """The relative strength index of Wilder, whose averages start with the mean of the first `n` changes."""
    change = values.diff()
    gain, loss = (smoothed(part, n) for part in (change.clip(lower=0), -change.clip(upper=0)))
    return 100 * gain / (gain + loss)


def smoothed(values, n):
    later = values.iloc[n:].copy()
    later.iloc[0] = values.iloc[1:n + 1].mean()
    return later.ewm(alpha=1 / n, adjust=False).mean().reindex(values.index)


def reversion(frame):
    """(where to enter, where to leave)."""
    ticks = frame["Ticks"]
    middle = ticks.rolling(20).mean()
    lower = middle - 2 * ticks.rolling(20).std(ddof=0)
    return ((ticks < lower) & (strength(ticks) < 30)).to_numpy(), (ticks > middle).to_numpy()


def level(price, share):
    """A price moved by a share, to the nine decimals that everybody can hold."""
    return round(price * (1 + share), 9)


def units(cash, price):
    """As many whole units as the cash pays for, commission included."""
    return int(cash / (price * (1 + FEE)))


def month_ends(index):
    """The last session of each month that has 126 before it and one after it."""
    months = index.month.to_numpy()
    return [row for row in range(LOOKBACK, len(months) - 1) if months[row] != months[row + 1]]


def strongest(close, row):
    """The columns with the best return, the first of equals first."""
    return np.argsort(-(close[row] / close[row - LOOKBACK]), kind="stable")[:TOP]


def fastest(work):
    """(processor seconds of the best of three rounds, what it returned). A round lasts long enough to be told, as
    for Dirigent; who is slow, or shall be cold, has one."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun, times = now(), 0
        while times == 0 or (now() - begun < ROUND_S_MIN and not COLD):
            result = work()
            times += 1
        best = min(best, (now() - begun) / times)
        if COLD or best > SLOW_S:
            break
    return best, result


def measure(work, package, alone=None, after=None):
    """Carries out `work`, and answers with its processor seconds and what it returned.

    `alone` is the same without indicators, where the peer separates the two; `after` looks at the result."""
    seconds, result = fastest(work)
    more = after(result) if after else {}
    answer = {"seconds": seconds, "version": version(package), **result, **more}
    if alone and not COLD:
        answer["alone"] = fastest(alone)[0]
    print(json.dumps(answer, default=float), flush=True)


def total(results):
    """What all pairs of a sweep come to together."""
    results = list(results)
    return {"pairs": len(results)} | {name: sum(result[name] for result in results) for name in results[0]}
