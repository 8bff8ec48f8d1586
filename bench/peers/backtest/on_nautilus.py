"""nautilus_trader: events through its matching engine, a strategy in Python. A market order that answers to a bar
trades at its close. The money has nine decimals; with its dollar every commission is rounded to the cent."""

from decimal import Decimal

import cases
from cases import CASE, CASH, FEE, SETTINGS, measure
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, CurrencyType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

DECIMALS = 4
VENUE = Venue("SIM")
FINE = Currency("FINE", 9, 0, "Dollar of nine decimals", CurrencyType.CRYPTO)
MONEY = USD if SETTINGS.get("money") == "usd" else FINE
FEES = Decimal(SETTINGS.get("fee", "10")) / 10_000
DEEP = 1e9  # units at each price: an order is never filled in parts


def share():
    return Equity(instrument_id=InstrumentId(Symbol("X"), VENUE), raw_symbol=Symbol("X"), currency=MONEY,
                  price_precision=DECIMALS, price_increment=Price(10 ** -DECIMALS, DECIMALS),
                  lot_size=Quantity.from_int(1), maker_fee=FEES, taker_fee=FEES, ts_event=0, ts_init=0)


class Cross(Strategy):
    def __init__(self, bar_type, instrument, pair):
        super().__init__()
        self.bar_type, self.instrument = bar_type, instrument
        self.fast, self.slow = map(SimpleMovingAverage, pair)
        self.held, self.fills, self.trades, self.fees = 0, 0, 0, 0.0

    def on_start(self):
        self.subscribe_bars(self.bar_type)

    def on_bar(self, bar):
        close = bar.close.as_double()
        value = close if CASE == "plain" else round(close * cases.TICKS)
        self.fast.update_raw(value)
        self.slow.update_raw(value)
        if not self.slow.initialized:
            return
        wanted = self.fast.value > self.slow.value
        if wanted and not self.held:
            self.trade(OrderSide.BUY, cases.units(self.cash(), close))
        elif self.held and not wanted:
            self.trade(OrderSide.SELL, self.held)

    def cash(self):
        return self.portfolio.account(VENUE).balance_total(MONEY).as_double()

    def trade(self, side, units):
        if units:
            self.submit_order(self.order_factory.market(self.instrument.id, side, Quantity.from_int(units)))

    def on_order_filled(self, event):
        is_buy = event.order_side == OrderSide.BUY
        self.held = int(event.last_qty) if is_buy else 0
        self.fills += 1
        self.trades += not is_buy
        self.fees += event.commission.as_double()


def engine(bars, instrument):
    config = BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True), run_analysis=False)
    made = BacktestEngine(config=config)
    made.add_venue(VENUE, oms_type=OmsType.NETTING, account_type=AccountType.CASH, base_currency=MONEY,
                   starting_balances=[Money(CASH, MONEY)])
    made.add_instrument(instrument)
    made.add_data(bars)
    return made


def run(made, bar_type, instrument, last, pair=(cases.FAST, cases.SLOW)):
    made.reset()
    made.clear_strategies()
    strategy = Cross(bar_type, instrument, pair)
    made.add_strategy(strategy)
    made.run()
    return {"trades": strategy.trades, "fills": strategy.fills, "fees": strategy.fees,
            "equity": strategy.cash() + strategy.held * last}


def main():
    if not cases.AT_CLOSE:
        raise SystemExit("it trades at the close: fill=close")
    Currency.register(FINE)
    frame, instrument = cases.bars(), share()
    bar_type = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
    data = frame.drop(columns="Ticks").rename(columns=str.lower).assign(volume=DEEP).tz_localize("UTC")
    made = engine(BarDataWrangler(bar_type, instrument).process(data), instrument)
    last = frame["Close"].iloc[-1]
    if CASE == "sweep":
        return measure(lambda: cases.total(run(made, bar_type, instrument, last, pair) for pair in cases.pairs()),
                       "nautilus_trader")
    return measure(lambda: run(made, bar_type, instrument, last), "nautilus_trader")


if __name__ == "__main__":
    main()
