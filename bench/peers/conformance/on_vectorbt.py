"""vectorbt, with the kernels that Numba compiles. It has no orders that wait for a price but the stops of positions."""

import plan
from plan import CASE

import cases
import numpy as np
import on_vectorbt as bench


def calendar(frame):
    rows = np.arange(len(frame))
    return bench.simulated(frame, plan.enters(rows), plan.leaves(rows), size=plan.UNITS, sl_stop=plan.TRAIL,
                           sl_trail=True, open=frame["Open"], high=frame["High"], low=frame["Low"],
                           stop_entry_price=bench.StopEntryPrice.FillPrice,
                           stop_exit_price=bench.StopExitPrice.StopMarket)


def portfolio(frame):
    if CASE == "trailing":
        return calendar(frame)
    if CASE == "reversion":
        return bench.protected(frame, *cases.reversion(frame))["portfolio"]
    wanted = bench.averaged(frame)
    return bench.simulated(frame, wanted, ~wanted)


def main():
    done = portfolio(cases.bars())
    records = done.orders.records
    sign = np.where(records["side"] == 0, 1, -1)
    fills = zip(records["idx"], sign * records["size"], records["price"], records["fees"])
    plan.answer("vectorbt", fills, done.final_value())


if __name__ == "__main__":
    main()
