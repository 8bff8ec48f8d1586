"""nautilus_trader: bars as four prices, the extreme nearer to the open first; money of nine decimals.

A market order that answers to a bar trades at its close. The levels of its orders are whole ticks. Its brackets have
no entries by stop. A stop that the price has passed already is rejected unless the venue says otherwise, and the
position stays without; here it trades."""

from decimal import Decimal

import plan
from plan import CASE

import cases
import on_nautilus as bench
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, OrderType, TrailingOffsetType
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

UNITS = Quantity.from_int(plan.UNITS)


def price(value):
    return None if value is None else Price(value, bench.DECIMALS)


class Telling(Strategy):
    """Notes what is traded."""

    def __init__(self, bar_type, instrument):
        super().__init__()
        self.bar_type, self.id_traded = bar_type, instrument.id
        self.told, self.row, self.held = [], -1, 0

    def on_start(self):
        self.subscribe_bars(self.bar_type)

    def on_bar(self, bar):
        self.row += 1
        self.decide(self.row, bar.close.as_double())

    def on_order_filled(self, event):
        sign = 1 if event.order_side == OrderSide.BUY else -1
        self.held += sign * int(event.last_qty)
        self.told.append((event.ts_event, sign * int(event.last_qty), event.last_px.as_double(),
                          event.commission.as_double()))

    def market(self, side, units):
        if units:
            self.submit_order(self.order_factory.market(self.id_traded, side, Quantity.from_int(units)))

    def cash(self):
        return self.portfolio.account(bench.VENUE).balance_total(bench.MONEY).as_double()


class Cross(Telling):
    def __init__(self, bar_type, instrument, wanted):
        super().__init__(bar_type, instrument)
        self.wanted = wanted

    def decide(self, row, close):
        if self.wanted[row] and not self.held:
            self.market(OrderSide.BUY, cases.units(self.cash(), close))
        elif self.held and not self.wanted[row]:
            self.market(OrderSide.SELL, self.held)


class Reversion(Telling):
    def __init__(self, bar_type, instrument, entries, exits):
        super().__init__(bar_type, instrument)
        self.entries, self.exits = entries, exits

    def decide(self, row, close):
        if self.held:
            if self.exits[row]:
                self.cancel_all_orders(self.id_traded)
                self.market(OrderSide.SELL, self.held)
        elif self.entries[row]:
            self.submit_order_list(self.order_factory.bracket(
                self.id_traded, OrderSide.BUY, UNITS, tp_post_only=False,
                sl_trigger_price=price(round(cases.level(close, -cases.STOP), bench.DECIMALS)),
                tp_price=price(round(cases.level(close, cases.TARGET), bench.DECIMALS))))


class Calendar(Telling):
    def decide(self, row, close):
        if CASE == "limit_day" or plan.leaves(row):
            self.cancel_all_orders(self.id_traded)
        if plan.leaves(row):
            self.market(OrderSide.SELL, self.held)
        if plan.enters(row) and not self.held:
            self.order(close)

    def order(self, close):
        limit, stop = price(plan.level(plan.LIMIT, close)), price(plan.level(plan.STOP, close))
        if CASE in plan.LOSS:
            return self.submit_order_list(self.order_factory.bracket(
                self.id_traded, OrderSide.BUY, UNITS, entry_order_type=OrderType.LIMIT, entry_price=limit,
                tp_post_only=False, sl_trigger_price=price(plan.level(plan.LOSS, close)),
                tp_price=price(plan.level(plan.GAIN, close))))
        make, words = self.order_factory, (self.id_traded, OrderSide.BUY, UNITS)
        if CASE == "trailing":
            order = make.market(*words)
        elif limit and stop:
            order = make.stop_limit(*words, price=limit, trigger_price=stop)
        else:
            order = make.limit(*words, price=limit) if limit else make.stop_market(*words, trigger_price=stop)
        self.entry = order.client_order_id
        self.submit_order(order)

    def on_order_filled(self, event):
        super().on_order_filled(event)
        if CASE != "trailing":
            return
        if event.client_order_id != self.entry:
            return self.cancel_all_orders(self.id_traded)
        self.submit_order(self.order_factory.trailing_stop_market(
            self.id_traded, OrderSide.SELL, UNITS, trailing_offset=Decimal(round(plan.TRAIL * 10_000)),
            trailing_offset_type=TrailingOffsetType.BASIS_POINTS, reduce_only=True))


def strategy(frame, *words):
    if CASE == "sma_close":
        return Cross(*words, cases.above(cases.prices(frame)))
    return Reversion(*words, *cases.reversion(frame)) if CASE == "reversion" else Calendar(*words)


def main():
    Currency.register(bench.FINE)
    frame, instrument = cases.bars(), bench.share()
    bar_type = BarType.from_str(f"{instrument.id}-1-DAY-LAST-EXTERNAL")
    data = frame.drop(columns="Ticks").rename(columns=str.lower).assign(volume=bench.DEEP).tz_localize("UTC")
    engine = BacktestEngine(config=BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True),
                                                        run_analysis=False))
    engine.add_venue(bench.VENUE, oms_type=OmsType.NETTING, account_type=AccountType.CASH, base_currency=bench.MONEY,
                     starting_balances=[Money(cases.CASH, bench.MONEY)], bar_adaptive_high_low_ordering=True,
                     reject_stop_orders=False)
    engine.add_instrument(instrument)
    engine.add_data(BarDataWrangler(bar_type, instrument).process(data))
    trader = strategy(frame, bar_type, instrument)
    engine.add_strategy(trader)
    engine.run()
    rows = {stamp: row for row, stamp in enumerate(data.index.as_unit("ns").asi8)}
    fills = [(rows[stamp], *rest) for stamp, *rest in trader.told]
    plan.answer("nautilus_trader", fills, trader.cash() + trader.held * frame["Close"].iloc[-1])


if __name__ == "__main__":
    main()
