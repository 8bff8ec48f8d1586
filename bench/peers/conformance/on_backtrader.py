"""backtrader. Orders for one bar are taken back at the next close, as its days end by the clock of a session."""

import backtrader as bt

import plan
from plan import CASE

import cases
import on_backtrader as bench


class Telling(bt.Strategy):
    """Notes what is traded."""

    def notify_order(self, order):
        if order.status == order.Completed:
            self.told.append((order, len(self.data) - 1))


class Cross(Telling, bench.Cross):
    def __init__(self):
        super().__init__()
        self.told = []


class CrossAtClose(Telling):
    def __init__(self):
        self.fast, self.slow = (bt.ind.SMA(self.data.ticks, period=window) for window in (cases.FAST, cases.SLOW))
        self.told = []

    def next(self):
        wanted = self.fast[0] > self.slow[0]
        if self.position:
            if not wanted:
                self.close()
        elif wanted:
            self.buy(size=cases.units(self.broker.getcash(), self.data.close[0]))


class Reversion(Telling, bench.Reversion):
    def __init__(self):
        super().__init__()
        self.told = []


class Calendar(Telling):
    def __init__(self):
        self.told, self.waiting = [], []

    def next(self):
        row, close = len(self.data) - 1, self.data.close[0]
        if CASE == "limit_day" or plan.leaves(row):
            for order in self.waiting:
                self.cancel(order)
        if plan.leaves(row) and self.position:
            self.close()
        if plan.enters(row) and not self.position:
            self.waiting = self.order(close)

    def order(self, close):
        limit, stop = plan.level(plan.LIMIT, close), plan.level(plan.STOP, close)
        kind = {(False, False): bt.Order.Market, (True, False): bt.Order.Limit, (False, True): bt.Order.Stop,
                (True, True): bt.Order.StopLimit}[limit is not None, stop is not None]
        entry = dict(size=plan.UNITS, exectype=kind, price=stop or limit, plimit=limit if stop else None)
        if CASE == "trailing":
            return self.buy_bracket(**entry, limitexec=None, stopexec=bt.Order.StopTrail,
                                    stopargs={"trailpercent": plan.TRAIL, "price": close})
        if CASE in plan.LOSS:
            return self.buy_bracket(**entry, stopprice=plan.level(plan.LOSS, close),
                                    limitprice=plan.level(plan.GAIN, close))
        return [self.buy(**entry)]


def main():
    strategy = {"sma_open": Cross, "sma_close": CrossAtClose, "reversion": Reversion}.get(CASE, Calendar)
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=strategy is Cross)
    cerebro.adddata(bench.Feed(dataname=cases.bars(), open="Open", high="High", low="Low", close="Close",
                               volume="Volume"))
    cerebro.broker.setcash(cases.CASH)
    cerebro.broker.setcommission(commission=cases.FEE)
    cerebro.broker.set_coc(cases.AT_CLOSE)
    cerebro.addstrategy(strategy)
    done = cerebro.run()[0]
    # With `coc` it learns a bar later of a trade at the close.
    late = int(cases.AT_CLOSE)
    fills = [(row - late, order.executed.size, order.executed.price, order.executed.comm) for order, row in done.told]
    plan.answer("backtrader", fills, cerebro.broker.getvalue())


if __name__ == "__main__":
    main()
