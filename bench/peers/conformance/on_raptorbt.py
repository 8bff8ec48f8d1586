"""raptorbt: all cash in fractions."""

import plan

import cases
import on_raptorbt as bench


def main():
    frame = cases.bars()
    data, values = bench.arrays(frame), cases.prices(frame).to_numpy(float).copy()
    by_window = bench.averages(values, (cases.FAST, cases.SLOW))
    wanted = by_window[cases.FAST] > by_window[cases.SLOW]
    result = bench.rb.run_single_backtest(**data, entries=wanted, exits=~wanted, direction=1, weight=1.0, symbol="X",
                                          config=bench.CONFIG)
    fills = []
    for trade in result.trades():
        fills.append((trade.entry_idx, trade.size, trade.entry_price, None))
        if "end" not in str(trade.exit_reason).lower():
            fills.append((trade.exit_idx, -trade.size, trade.exit_price, None))
    plan.answer("raptorbt", fills, result.metrics.end_value)


if __name__ == "__main__":
    main()
