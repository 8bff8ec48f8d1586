"""backtesting.py: a strategy in Python, bar by bar."""

import warnings

import backtesting
from backtesting import Backtest, Strategy

import cases
from cases import AT_CLOSE, CASE, CASH, FEE, SETTINGS, measure

warnings.filterwarnings("ignore")
backtesting.backtesting._tqdm = lambda steps, **_: steps  # no progress bar


class Cross(Strategy):
    pair = (cases.FAST, cases.SLOW)

    def init(self):
        values = cases.prices(self.data.df)
        # One column of conditions: where it is not known yet it is false, and bars count from the first.
        self.wanted = self.I(lambda: cases.above(values, *self.pair).astype(float))

    def next(self):
        if self.position:
            if not self.wanted[-1]:
                self.position.close()
        elif self.wanted[-1]:
            self.buy()


class Reversion(Strategy):
    def init(self):
        entries, exits = cases.reversion(self.data.df)
        self.entry = self.I(lambda: entries.astype(float))
        self.exit = self.I(lambda: exits.astype(float))

    def next(self):
        if self.position:
            if self.exit[-1]:
                self.position.close()
        elif self.entry[-1]:
            close = self.data.Close[-1]
            self.buy(size=cases.UNITS, sl=cases.level(close, -cases.STOP), tp=cases.level(close, cases.TARGET))


def told(stats):
    still = len(stats["_strategy"].trades)
    return {"trades": int(stats["# Trades"]), "fills": 2 * int(stats["# Trades"]) + still,
            "equity": stats["Equity Final [$]"], "fees": stats["Commissions [$]"]}


def main():
    if CASE == "reversion" and SETTINGS.get("stop") != "signal":
        raise SystemExit("its stops are set when the order is given: stop=signal")
    strategy = Reversion if CASE == "reversion" else Cross
    backtest = Backtest(cases.bars(), strategy, cash=CASH, commission=FEE, trade_on_close=AT_CLOSE)
    if CASE == "sweep":
        return measure(lambda: cases.total(swept(backtest.run(pair=pair)) for pair in cases.pairs()), "backtesting")
    return measure(lambda: told(backtest.run()), "backtesting")


def swept(stats):
    returns = stats["_equity_curve"]["Equity"].pct_change().dropna()
    sharpe = returns.mean() / returns.std() if returns.std() > 0 else 0
    return {**told(stats), "drawdown": stats["Max. Drawdown [%]"] / 100, "sharpe": sharpe}


if __name__ == "__main__":
    main()
