//! Why something could not be validated, or regimes could not be found.

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// NaN or an infinity among the numbers.
    #[error("{what} number {index} is `{value}`, which is not a finite number")]
    NotFinite {
        /// Which series.
        what: &'static str,
        /// Counted from 0.
        index: usize,
        /// What stands there.
        value: f64,
    },
    /// A price that is not above zero.
    #[error("close number {index} is `{value}`, but must be above zero")]
    NotPositive {
        /// Counted from 0.
        index: usize,
        /// What stands there.
        value: f64,
    },
    /// There is not enough to say anything.
    #[error("{found} {what} where at least {needed} are needed")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// There is more than the product takes on.
    #[error("{found} {what} where at most {limit} are allowed")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many it may be.
        limit: usize,
    },
    /// Columns that belong together have different lengths.
    #[error("column {column} has {found} returns where the first has {expected}")]
    Ragged {
        /// Counted from 0.
        column: usize,
        /// Its length.
        found: usize,
        /// The length of the first.
        expected: usize,
    },
    /// A series is not as long as it has to be.
    #[error("{what} has {found} values where {expected} are needed")]
    Length {
        /// Which series.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length it has to have.
        expected: usize,
    },
    /// The symbol to look at is not there.
    #[error("there are no bars of `{symbol}`")]
    NoSymbol {
        /// The symbol.
        symbol: String,
    },
    /// A setting makes no sense.
    #[error("`{value}` as {what}: must be {rule}")]
    Setting {
        /// Which setting.
        what: &'static str,
        /// What it was.
        value: f64,
        /// What it has to be.
        rule: &'static str,
    },
    /// All numbers are the same, so that there is no risk to measure against.
    #[error("{what} has no spread: all its values are equal")]
    NoSpread {
        /// Which series.
        what: &'static str,
    },
    /// Every start ended with a state that holds a single value over and over.
    #[error(
        "`{states}` states are too many for this series: one of them holds but one value; take fewer states or a longer series"
    )]
    Collapsed {
        /// How many states were asked for.
        states: usize,
    },
    /// Who asked no longer wants an answer.
    #[error("it was told to stop")]
    Stopped,
    /// The returns of regimes could not be measured.
    #[error("returns of regimes cannot be measured")]
    Metrics(#[from] dirigent_trading::metrics::Error),
}
