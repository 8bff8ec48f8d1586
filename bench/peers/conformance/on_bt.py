"""bt: target weights that are reached at the close they are decided at."""

import plan

import cases
import numpy as np
import pandas as pd
import on_bt as bench


def main():
    frame = cases.bars()
    wanted = pd.DataFrame({"X": cases.above(cases.prices(frame)).astype(float)}, index=frame.index)
    changes = wanted[wanted["X"].diff().fillna(wanted["X"]) != 0]
    closes = frame[["Close"]].set_axis(["X"], axis=1)
    strategy = bench.bt.Strategy("bench", [bench.bt.algos.WeighTarget(changes), bench.bt.algos.Rebalance()])
    done = bench.bt.Backtest(strategy, closes, initial_capital=cases.CASH, integer_positions=True,
                             commissions=lambda quantity, price: abs(quantity) * price * cases.FEE, progress_bar=False)
    done.run()
    moves = np.diff(done.positions.to_numpy()[:, 0], prepend=0)
    # It puts a day before the first; the prices of its fills are the closes.
    rows = np.flatnonzero(moves)
    early = len(moves) - len(frame)
    fills = [(row - early, moves[row], frame["Close"].iloc[row - early], None) for row in rows]
    plan.answer("bt", fills, done.strategy.value)


if __name__ == "__main__":
    main()
