"""backtrader: events in Python. Entries are sized at the open, which its `cheat_on_open` shows to a strategy."""

import backtrader as bt

import cases
from cases import CASE, CASH, FEE, SETTINGS, measure


class Feed(bt.feeds.PandasData):
    lines = ("ticks",)
    params = (("ticks", "Ticks"), ("openinterest", None))


class Counting(bt.Strategy):
    """Counts what was traded."""

    def __init__(self):
        self.trades_closed, self.fills, self.fees = 0, 0, 0.0

    def notify_order(self, order):
        if order.status == order.Completed:
            self.fills += 1
            self.fees += order.executed.comm
            self.trades_closed += order.issell()


class Cross(Counting):
    params = (("pair", (cases.FAST, cases.SLOW)),)

    def __init__(self):
        super().__init__()
        values = self.data.close if CASE == "plain" else self.data.ticks
        self.fast, self.slow = (bt.ind.SMA(values, period=window) for window in self.p.pair)
        self.wanted = False

    def next(self):
        self.wanted = self.fast[0] > self.slow[0]

    def next_open(self):
        if self.position:
            if not self.wanted:
                self.close()
        elif self.wanted:
            self.buy(size=cases.units(self.broker.getcash(), self.data.open[0]))


class Reversion(Counting):
    def __init__(self):
        super().__init__()
        self.bands = bt.ind.BollingerBands(self.data.ticks, period=20, devfactor=2.0)
        self.strength = bt.ind.RSI(self.data.ticks, period=14, safediv=True)
        self.orders = []

    def next(self):
        ticks = self.data.ticks[0]
        if self.position:
            if ticks > self.bands.mid[0]:
                self.cancel(self.orders[1])  # and the target with it
                self.close()
        elif ticks < self.bands.bot[0] and self.strength[0] < 30:
            close = self.data.close[0]
            self.orders = self.buy_bracket(
                size=cases.UNITS, exectype=bt.Order.Market, stopprice=cases.level(close, -cases.STOP),
                limitprice=cases.level(close, cases.TARGET))


def run(frame, strategy, analyzers=(), **params):
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=strategy is Cross)
    cerebro.adddata(Feed(dataname=frame, open="Open", high="High", low="Low", close="Close", volume="Volume"))
    cerebro.broker.setcash(CASH)
    cerebro.broker.setcommission(commission=FEE)
    cerebro.addstrategy(strategy, **params)
    for analyzer in analyzers:
        cerebro.addanalyzer(analyzer)
    done = cerebro.run()[0]
    return done, {"trades": done.trades_closed, "fills": done.fills, "equity": cerebro.broker.getvalue(),
                  "fees": done.fees}


def swept(frame, pair):
    done, answer = run(frame, Cross, (bt.analyzers.SharpeRatio, bt.analyzers.DrawDown), pair=pair)
    return {**answer, "drawdown": -done.analyzers.drawdown.get_analysis().max.drawdown / 100}


def main():
    if CASE == "reversion" and SETTINGS.get("stop") != "signal":
        raise SystemExit("a bracket has its prices when it is ordered: stop=signal")
    frame = cases.bars()
    if CASE == "sweep":
        return measure(lambda: cases.total(swept(frame, pair) for pair in cases.pairs()), "backtrader")
    strategy = Reversion if CASE == "reversion" else Cross
    return measure(lambda: run(frame, strategy)[1], "backtrader")


if __name__ == "__main__":
    main()
