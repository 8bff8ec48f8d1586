//! Flows: what changed cash or units without a trade.

use dirigent_core::Timestamp;

use crate::corporate::Ratio;
use crate::order::SymbolId;
use crate::price::{Money, Price, Quantity, Rate};

/// One change of cash or units without a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// When.
    pub time: Timestamp,
    /// The symbol; none for cash itself.
    pub symbol: Option<SymbolId>,
    /// What happened.
    pub what: FlowKind,
    /// Units that came or, negative, went; for dividends, rolls and borrowing, the units held.
    pub units: Quantity,
    /// Cash that came or, negative, went.
    pub amount: Money,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// A split.
    Split(Ratio),
    /// Part of a lot that a split left was paid off at this price.
    CashInLieu(Price),
    /// A dividend of this much per unit.
    Dividend(Price),
    /// Trading ended; units were paid off at this price.
    Delisting(Price),
    /// A position went into the next contract of its series, at this price.
    Roll(Price),
    /// Funding of a swap, at this share of what the position is worth.
    Funding(Rate),
    /// Interest on cash, at this rate per year.
    Interest(Rate),
    /// Interest on cash that is owed, at this rate per year.
    MarginInterest(Rate),
    /// The fee for units that are short, at this rate per year.
    BorrowFee(Rate),
}

impl FlowKind {
    /// `split`, `cash_in_lieu`, `dividend`, `delisting`, `roll`, `funding`, `interest`,
    /// `margin_interest` or `borrow_fee`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Split(_) => "split",
            Self::CashInLieu(_) => "cash_in_lieu",
            Self::Dividend(_) => "dividend",
            Self::Delisting(_) => "delisting",
            Self::Roll(_) => "roll",
            Self::Funding(_) => "funding",
            Self::Interest(_) => "interest",
            Self::MarginInterest(_) => "margin_interest",
            Self::BorrowFee(_) => "borrow_fee",
        }
    }

    /// The ratio, the price per unit, the rate per year, or of funding the share.
    pub fn value(self) -> String {
        match self {
            Self::Split(ratio) => ratio.to_string(),
            Self::CashInLieu(price)
            | Self::Dividend(price)
            | Self::Delisting(price)
            | Self::Roll(price) => price.to_string(),
            Self::Funding(rate)
            | Self::Interest(rate)
            | Self::MarginInterest(rate)
            | Self::BorrowFee(rate) => rate.to_string(),
        }
    }
}
