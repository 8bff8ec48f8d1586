//! Ending: what a run leaves behind.

use crate::backtest::engine::Engine;
use crate::backtest::{History, OpenPosition, Outcome, Warning};
use crate::order::{OrderEvent, OrderKind, OrderState, Record, SymbolId};

impl Engine<'_> {
    pub(super) fn finish(mut self) -> Outcome {
        assert!(self.ledger.balances(), "the ledger does not balance: {:?}", self.ledger);
        self.withdraw(OrderEvent::Expired);
        let open_positions = self.open_positions();
        let warnings = self.warnings();
        let rejected = self.book.rejected();
        let (records, steps, moves) = self.book.close();
        Outcome {
            symbols: self.bars.iter().map(|bars| bars.symbol.clone()).collect(),
            initial_cash: self.options.initial_cash,
            final_equity: self.ledger.equity(),
            trades: self.trades,
            history: History::of(records, &steps, &self.fills),
            moves,
            fills: self.fills,
            equity: self.equity,
            open_positions,
            mets: self.desk.map(|desk| desk.mets).unwrap_or_default(),
            realized: self.ledger.realized(),
            fees: self.ledger.fees(),
            dividends: self.ledger.dividends(),
            interest: self.ledger.interest(),
            flows: self.world.flows,
            slippage_cost: self.slippage,
            traded_value: self.traded,
            bars_exposed: self.exposed,
            rejected,
            stopped: self.stopped,
            warnings,
        }
    }

    fn open_positions(&self) -> Vec<OpenPosition> {
        let symbols = (0..self.bars.len()).map(SymbolId::new);
        let open = symbols.filter_map(|symbol| {
            let position = self.ledger.position(symbol);
            let trip = self.trips.get(symbol)?;
            Some(OpenPosition {
                symbol,
                quantity: position.quantity(),
                entry_bar: trip.entry_bar,
                entry_time: trip.entry_time,
                entry_price: position.average_price()?,
                mark: position.mark(),
                value: position.value(),
                unrealized: position.value() - position.cost(),
                realized: trip.taken() + position.cost(),
                fees: trip.fees,
                dividends: trip.dividends,
            })
        });
        open.collect()
    }

    fn warnings(&self) -> Vec<Warning> {
        let stopped = self.stopped.map(Warning::Stopped);
        let called = self.calls.map(|(count, first)| Warning::MarginCall { count, first });
        let orders = self.book.records();
        let refused =
            orders.iter().find_map(|order| order.rejected.map(|reason| (order.changed, reason)));
        let count = self.book.rejected();
        let refused = refused.filter(|_| count > 0);
        let rejected = refused.map(|(first, reason)| Warning::Rejected { count, first, reason });
        let in_vain = |record: &&Record| {
            record.state == OrderState::Expired && record.order.kind == OrderKind::Market
        };
        let count = orders.iter().filter(in_vain).count();
        let expired = (count > 0).then_some(Warning::Expired { count });
        let idle = self.fills.is_empty().then_some(Warning::NoTrades);
        let count = self.delisted_later();
        let later = (count > 0).then_some(Warning::DelistedLater { count });
        [stopped, called, rejected, expired, later, idle].into_iter().flatten().collect()
    }
}
