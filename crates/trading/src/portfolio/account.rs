//! Accounts: what new exposure ties up, and what an account must keep to hold what it holds.
//!
//! Not here: the call that follows when it does not; see `backtest`.

use crate::price::{Money, Price, Quantity, Rate};

/// A thousand times: more than any exchange allows.
const LEVERAGE_MAX: Rate = Rate::percent(100_000);

/// What an account lets its owner hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountType {
    /// Long and short, each position paid for or covered in full: no leverage.
    #[default]
    Unlevered,
    /// Long only, paid for in full.
    Cash,
    /// Long and short on margin.
    Margin(Margin),
}

impl AccountType {
    /// The largest share of its equity that one position may be asked to be; what it may be is a
    /// matter of buying power.
    pub const fn share_max(self) -> Rate {
        match self {
            Self::Unlevered | Self::Cash => Rate::ONE,
            Self::Margin(_) => LEVERAGE_MAX,
        }
    }

    /// What positions tie up, if it may hold more than it is worth.
    pub const fn margin(self) -> Option<Margin> {
        match self {
            Self::Unlevered | Self::Cash => None,
            Self::Margin(margin) => Some(margin),
        }
    }
}

/// What a position ties up when it is entered, and what it must keep after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    /// To enter it.
    pub initial: Requirement,
    /// To hold it; at most as much.
    pub maintenance: Requirement,
}

/// How much of its own money an account must have for a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// A share of what the position is worth.
    Share(Rate),
    /// An amount per unit, in the currency of the price: what exchanges ask per contract.
    PerUnit(Price),
}

impl Requirement {
    /// What one unit ties up that is worth `worth`, where one unit of its currency is worth
    /// `exchange` in that of the account.
    pub fn of_unit(self, worth: Price, exchange: Rate) -> Price {
        match self {
            Self::Share(share) => share.times(worth),
            Self::PerUnit(amount) => exchange.times(amount),
        }
    }

    /// What a position of `units` ties up that is worth `value`.
    pub fn of(self, units: Quantity, value: Money, exchange: Rate) -> Money {
        match self {
            Self::Share(share) => share.of(value.abs()),
            Self::PerUnit(amount) => exchange.times(amount).notional(units.abs()),
        }
    }

    /// Its share or amount, for checks.
    pub(crate) const fn raw(self) -> i64 {
        match self {
            Self::Share(share) => share.raw(),
            Self::PerUnit(amount) => amount.raw(),
        }
    }
}
