//! The account: from the gross result to the net one, and whose it is.

use crate::backtest::{FlowKind, Outcome};
use crate::order::SymbolId;
use crate::price::Money;

/// From what prices brought to what was left. Costs are positive where they took money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What the trades would have brought at reference prices, without any cost.
    pub gross: Money,
    /// Dividends, less those that short positions paid.
    pub dividends: Money,
    /// Funding of swaps that came, less what went.
    pub funding: Money,
    /// Interest on cash.
    pub interest: Money,
    /// Commissions.
    pub commission: Money,
    /// What fills cost against their reference prices.
    pub slippage: Money,
    /// Interest on cash that was owed.
    pub margin_interest: Money,
    /// Fees for units that were short.
    pub borrow_fees: Money,
    /// What came or, negative, went beside all of these.
    pub other: Money,
    /// The change of equity from start to end.
    pub net: Money,
}

impl Account {
    /// The account of a run.
    pub fn of(outcome: &Outcome) -> Self {
        let unrealized: Money = outcome.open_positions.iter().map(|held| held.unrealized).sum();
        let mut account = Self {
            gross: outcome.realized + unrealized + outcome.slippage_cost,
            dividends: outcome.dividends,
            commission: outcome.fees,
            slippage: outcome.slippage_cost,
            net: outcome.final_equity - outcome.initial_cash,
            ..Self::default()
        };
        for flow in &outcome.flows {
            match flow.what {
                FlowKind::Funding(_) => account.funding += flow.amount,
                FlowKind::Interest(_) => account.interest += flow.amount,
                FlowKind::MarginInterest(_) => account.margin_interest -= flow.amount,
                FlowKind::BorrowFee(_) => account.borrow_fees -= flow.amount,
                // Part of the dividends, of the commissions and of what positions brought.
                FlowKind::Split(_)
                | FlowKind::CashInLieu(_)
                | FlowKind::Dividend(_)
                | FlowKind::Roll(_)
                | FlowKind::Delisting(_) => {}
            }
        }
        account.other = account.net - account.explained();
        account
    }

    /// All costs together.
    pub fn costs(&self) -> Money {
        self.commission + self.slippage + self.margin_interest + self.borrow_fees
    }

    fn explained(&self) -> Money {
        self.gross + self.dividends + self.funding + self.interest - self.costs()
    }
}

/// What one symbol brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolShare {
    /// The symbol.
    pub symbol: SymbolId,
    /// Trades that were closed.
    pub trades: usize,
    /// Those with a profit after costs.
    pub wins: usize,
    /// What closed trades brought, after commissions and with dividends.
    pub closed: Money,
    /// What the position that is still open brought so far, likewise.
    pub open: Money,
    /// Commissions.
    pub fees: Money,
}

impl SymbolShare {
    /// What it brought in all.
    pub fn total(&self) -> Money {
        self.closed + self.open
    }
}

/// Whose the net result is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// The symbols that were traded, in the order of the run.
    pub symbols: Vec<SymbolShare>,
    /// What belongs to none of them: interest and what is like it.
    pub account: Money,
}

impl Attribution {
    /// Whose the net result of a run is.
    pub fn of(outcome: &Outcome) -> Self {
        let none = |index| SymbolShare {
            symbol: SymbolId::new(index),
            trades: 0,
            wins: 0,
            closed: Money::ZERO,
            open: Money::ZERO,
            fees: Money::ZERO,
        };
        let mut symbols: Vec<SymbolShare> = (0..outcome.symbols.len()).map(none).collect();
        for trade in &outcome.trades {
            let share = &mut symbols[trade.symbol.index()];
            share.trades += 1;
            share.wins += usize::from(trade.pnl.is_positive());
            share.closed += trade.pnl;
            share.fees += trade.fees;
        }
        for held in &outcome.open_positions {
            let share = &mut symbols[held.symbol.index()];
            share.open += held.unrealized + held.realized - held.fees + held.dividends;
            share.fees += held.fees;
        }
        let is_held = |share: &SymbolShare| {
            outcome.open_positions.iter().any(|held| held.symbol == share.symbol)
        };
        symbols.retain(|share| share.trades > 0 || is_held(share));
        let shared: Money = symbols.iter().map(SymbolShare::total).sum();
        Self { symbols, account: outcome.final_equity - outcome.initial_cash - shared }
    }
}
