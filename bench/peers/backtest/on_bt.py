"""bt: target weights that are reached at the close they are decided at."""

import bt
import numpy as np
import pandas as pd

import cases
from cases import CASE, CASH, FEE, measure


def run(closes, weights):
    strategy = bt.Strategy("bench", [bt.algos.WeighTarget(weights), bt.algos.Rebalance()])
    backtest = bt.Backtest(strategy, closes, initial_capital=CASH, integer_positions=cases.WHOLE,
                           commissions=lambda quantity, price: abs(quantity) * price * FEE, progress_bar=False)
    backtest.run()
    fills = np.diff(backtest.positions.to_numpy(), axis=0, prepend=0) != 0
    return {"fills": int(fills.sum()), "equity": float(backtest.strategy.value),
            "fees": float(backtest.strategy.fees.sum())}


def cross(frame):
    wanted = pd.DataFrame({"X": cases.above(cases.prices(frame)).astype(float)}, index=frame.index)
    changes = wanted[wanted["X"].diff().fillna(wanted["X"]) != 0]
    answer = run(frame[["Close"]].set_axis(["X"], axis=1), changes)
    return {**answer, "trades": answer["fills"] // 2}


def rotation(closes):
    rows = cases.month_ends(closes.index)
    weights = pd.DataFrame(0.0, index=closes.index[rows], columns=closes.columns)
    for place, row in enumerate(rows):
        weights.iloc[place, cases.strongest(closes.to_numpy(), row)] = 1 / cases.TOP
    return run(closes, weights)


def main():
    if not cases.AT_CLOSE:
        raise SystemExit("it trades at the close: fill=close")
    if CASE == "rotation":
        closes = cases.panel()[1]
        return measure(lambda: rotation(closes), "bt")
    frame = cases.bars()
    return measure(lambda: cross(frame), "bt")


if __name__ == "__main__":
    main()
