"""raptorbt: an engine in Rust that takes signals; all cash, fractions only."""

import numpy as np
import raptorbt as rb

import cases
from cases import AT_CLOSE, CASE, CASH, FAST, FEE, SLOW, measure

TIMING = "same_bar_close" if AT_CLOSE else "next_bar_open"
CONFIG = rb.BacktestConfig(initial_capital=CASH, fees=FEE, slippage=0.0, fill_timing=TIMING)


def arrays(frame):
    stamps = frame.index.as_unit("ns").asi8.astype(np.int64)
    columns = (frame[name].to_numpy(float).copy() for name in ("Open", "High", "Low", "Close", "Volume"))
    return dict(zip(("timestamps", "open", "high", "low", "close", "volume"), (stamps, *columns)))


def run(data, wanted):
    metrics = rb.run_single_backtest(**data, entries=wanted, exits=~wanted, direction=1, weight=1.0, symbol="X",
                                     config=CONFIG).metrics
    return {"trades": metrics.total_closed_trades, "fills": 2 * metrics.total_closed_trades + metrics.total_open_trades,
            "equity": metrics.end_value, "fees": metrics.total_fees_paid}, metrics


def averages(values, windows):
    return {window: np.asarray(rb.sma(values, window)) for window in windows}


def cross(data, values):
    by_window = averages(values, (FAST, SLOW))
    return run(data, by_window[FAST] > by_window[SLOW])[0]


def sweep(data, values, pairs):
    by_window = averages(values, {window for pair in pairs for window in pair})
    return cases.total(swept(data, by_window[fast] > by_window[slow]) for fast, slow in pairs)


def swept(data, wanted):
    answer, metrics = run(data, wanted)
    return {**answer, "drawdown": -metrics.max_drawdown_pct / 100}


def main():
    if cases.WHOLE:
        raise SystemExit("it trades fractions: lot=fraction")
    frame = cases.bars()
    data, values = arrays(frame), cases.prices(frame).to_numpy(float).copy()
    if CASE == "sweep":
        return measure(lambda: sweep(data, values, cases.pairs()), "raptorbt")
    by_window = averages(values, (FAST, SLOW))
    wanted = by_window[FAST] > by_window[SLOW]
    return measure(lambda: cross(data, values), "raptorbt", lambda: run(data, wanted))


if __name__ == "__main__":
    main()
