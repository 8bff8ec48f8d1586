"""vectorbt: whole columns at once. `engine=rust` uses its kernels in Rust, else those that Numba compiles."""

import numpy as np
import vectorbt as vbt
from vectorbt.portfolio.enums import StopEntryPrice, StopExitPrice

import cases
from cases import AT_CLOSE, BARS, CASE, CASH, FAST, FEE, SETTINGS, SLOW, measure

ENGINE = SETTINGS.get("engine", "numba")
WARM_BARS = 1_000  # on so many everything is compiled before the clock starts
COLUMNS_AT_ONCE = 2_520_000  # bars times pairs: what fits into memory beside its copies


def account(**more):
    granularity = {"size_granularity": 1.0} if cases.WHOLE else {}
    return {"init_cash": CASH, "fees": FEE, "freq": "1D", "engine": ENGINE, **granularity, **more}


def moved(signals):
    """What is decided at a close waits for the next open."""
    return signals if AT_CLOSE else np.concatenate([np.zeros_like(signals[:1]), signals[:-1]])


def simulated(frame, entries, exits, **more):
    price = frame["Close"] if AT_CLOSE else frame["Open"]
    return vbt.Portfolio.from_signals(frame["Close"], moved(entries), moved(exits), price=price, **account(**more))


def told(portfolio):
    records = portfolio.orders.records_arr
    return {"trades": int(portfolio.trades.closed.count()), "fills": len(records),
            "equity": float(portfolio.final_value()), "fees": records["fees"].sum()}


def averaged(frame):
    values = cases.prices(frame)
    fast, slow = (vbt.MA.run(values, window, engine=ENGINE).ma.to_numpy() for window in (FAST, SLOW))
    return fast > slow


def cross(frame):
    wanted = averaged(frame)
    return told(simulated(frame, wanted, ~wanted))


def reversion(frame):
    return protected(frame, *cases.reversion(frame))


def protected(frame, entries, exits):
    portfolio = simulated(frame, entries, exits, size=cases.UNITS, sl_stop=cases.STOP, tp_stop=cases.TARGET,
                          open=frame["Open"], high=frame["High"], low=frame["Low"],
                          stop_entry_price=StopEntryPrice.FillPrice, stop_exit_price=StopExitPrice.StopMarket)
    return {**told(portfolio), "portfolio": portfolio}


def overtaken(frame, exits, portfolio):
    """Exits that waited for an open, where a stop or target within the same bar was traded before it:
    how many, and what the account has less for it."""
    records = portfolio.trades.closed.records
    rows, opens = records["exit_idx"].to_numpy(), frame["Open"].to_numpy()
    less = (opens[rows] - records["exit_price"].to_numpy()) * cases.UNITS * (1 - FEE)
    jumped = exits[rows - 1] & (less != 0)
    return {"overtaken": int(jumped.sum()), "overtaken_worth": less[jumped].sum()}


def sweep(frame, pairs):
    step = max(1, COLUMNS_AT_ONCE // len(frame))
    parts = [swept(frame, pairs[start:start + step]) for start in range(0, len(pairs), step)]
    return {**cases.total(parts), "pairs": len(pairs)}


def swept(frame, pairs):
    fast, slow = (vbt.MA.run(frame["Ticks"], list(windows), run_unique=True, engine=ENGINE).ma.to_numpy()
                  for windows in zip(*pairs))
    wanted = fast > slow
    portfolio = simulated(frame, wanted, ~wanted)
    return {"trades": portfolio.trades.closed.count().sum(), "fills": portfolio.orders.count().sum(),
            "equity": portfolio.final_value().sum(), "drawdown": portfolio.max_drawdown().sum(),
            "sharpe": np.nansum(portfolio.sharpe_ratio()) / 365 ** 0.5}


def rotation(opens, closes):
    weights = np.full(closes.shape, np.nan)
    for row in cases.month_ends(closes.index):
        chosen = cases.strongest(closes.to_numpy(), row)
        weights[row if AT_CLOSE else row + 1] = 0
        weights[row if AT_CLOSE else row + 1, chosen] = 1 / cases.TOP
    portfolio = vbt.Portfolio.from_orders(
        closes, size=weights, size_type="targetpercent", price=closes if AT_CLOSE else opens, cash_sharing=True,
        group_by=True, call_seq="auto", **account())
    return told(portfolio)


def main():
    if CASE == "rotation":
        opens, closes = cases.panel()
        rotation(opens.iloc[:200, :40], closes.iloc[:200, :40])
        return measure(lambda: rotation(opens, closes), "vectorbt")
    frame, few = cases.bars(), cases.bars(min(BARS, WARM_BARS))
    if CASE == "sweep":
        pairs = cases.pairs()
        sweep(few, pairs[:2])
        return measure(lambda: sweep(frame, pairs), "vectorbt")
    if cases.COLD:
        return measure(lambda: cross(frame), "vectorbt")
    if CASE == "reversion":
        return measure_reversion(frame, few)
    cross(few)
    wanted = averaged(frame)
    return measure(lambda: cross(frame), "vectorbt", lambda: told(simulated(frame, wanted, ~wanted)))


def measure_reversion(frame, few):
    if SETTINGS.get("stop") == "signal":
        raise SystemExit("its stops are measured from the fill or from the close of its bar")
    reversion(few)
    entries, exits = cases.reversion(frame)
    after = lambda result: overtaken(frame, exits, result.pop("portfolio"))
    measure(lambda: reversion(frame), "vectorbt", lambda: protected(frame, entries, exits), after)


if __name__ == "__main__":
    main()
