"""backtesting.py. It has no orders for one bar: the strategy takes them back at the next close."""

import warnings

import plan
from plan import CASE

import cases
import on_backtesting as bench
from backtesting import Backtest, Strategy

warnings.filterwarnings("ignore")


class Calendar(Strategy):
    def init(self):
        self.rows = self.I(lambda: cases.np.arange(len(self.data)).astype(float))

    def next(self):
        row, close = int(self.rows[-1]), self.data.Close[-1]
        if CASE == "limit_day" or plan.leaves(row):
            for order in [order for order in self.orders if not order.is_contingent]:
                order.cancel()
        if plan.leaves(row):
            self.position.close()
        for trade in self.trades if CASE == "trailing" and not plan.leaves(row) else ():
            trade.sl = max(trade.sl, cases.level(close, -plan.TRAIL))
        if plan.enters(row) and not self.position:
            stop = cases.level(close, -plan.TRAIL) if CASE == "trailing" else plan.level(plan.LOSS, close)
            self.buy(size=plan.UNITS, limit=plan.level(plan.LIMIT, close), stop=plan.level(plan.STOP, close), sl=stop,
                     tp=plan.level(plan.GAIN, close))


def fills(trades):
    """The broker tells the bars and prices of trades, not the commission of each."""
    parts = []
    for trade in trades:
        parts.append((trade.entry_bar, 0, trade.size, trade.entry_price, None))
        if trade.exit_bar is not None:
            parts.append((trade.exit_bar, 1, -trade.size, trade.exit_price, None))
    return [(bar, *rest) for bar, _, *rest in sorted(parts, key=lambda part: part[0])]


def main():
    strategy = {"sma_open": bench.Cross, "sma_close": bench.Cross, "reversion": bench.Reversion}.get(CASE, Calendar)
    stats = Backtest(cases.bars(), strategy, cash=cases.CASH, commission=cases.FEE,
                     trade_on_close=cases.AT_CLOSE).run()
    done = stats["_strategy"]
    trades = [*done.closed_trades, *done.trades]
    plan.answer("backtesting", fills(trades), stats["Equity Final [$]"])


if __name__ == "__main__":
    main()
