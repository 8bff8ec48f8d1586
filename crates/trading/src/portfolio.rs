//! Portfolio: what is owned, what it is worth, and how much to trade.
//!
//! Invariant: the ledger balances to the last digit after every event (see `ledger`).
//! Not here: whether a trade is allowed; see `risk`.

mod account;
mod kelly;
mod ledger;
mod rebalance;
mod sizing;

pub use account::{AccountType, Margin, Requirement};
pub use kelly::Kelly;
pub(crate) use ledger::average;
pub use ledger::{Conversion, Ledger, Position};
pub use rebalance::{Move, Target, plan};
pub(crate) use sizing::floor_to;
pub use sizing::{Ask, Sizing, affordable, affordable_on};
