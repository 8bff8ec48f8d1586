//! What can be wrong with a search.

/// Why a search cannot be set up, or cannot take what it was told.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A parameter is declared in a way that gives it no values.
    #[error("parameter `{parameter}` {problem}")]
    Parameter {
        /// Its name.
        parameter: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A space without a parameter.
    #[error("the space has no parameters; name at least one")]
    Empty,
    /// The constraints leave nothing.
    #[error("no point satisfies {constraints}: {tried}; widen the ranges or drop a constraint")]
    Unsatisfiable {
        /// The constraints, each in backticks.
        constraints: String,
        /// How that was found out.
        tried: String,
    },
    /// A method cannot work with its settings or with this space.
    #[error("`{method}` {problem}")]
    Method {
        /// Its name.
        method: &'static str,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A point that is not in the space.
    #[error("the point {point} does not fit the space: {problem}")]
    Point {
        /// Its text.
        point: String,
        /// What does not fit.
        problem: String,
    },
    /// A trial that was never asked for.
    #[error("trial {0} was told but never asked for")]
    NeverAsked(u64),
    /// A trial that already has an outcome.
    #[error("trial {0} was told twice")]
    ToldTwice(u64),
    /// An outcome with more or fewer values than there are objectives.
    #[error("trial {number} has {found} values, the search has {expected} objectives")]
    Values {
        /// The trial.
        number: u64,
        /// Values it was told with.
        found: usize,
        /// Objectives of the search.
        expected: usize,
    },
    /// Recorded trials that this search would not have made.
    #[error(
        "trial {number} is recorded as {recorded}, but this search proposes {proposed}; the space, \
         the method, the seed or the earlier values are not those of the record"
    )]
    Diverged {
        /// The first trial that differs.
        number: u64,
        /// Its recorded point.
        recorded: String,
        /// The point this search proposes.
        proposed: String,
    },
    /// Earlier trials came too late to start from.
    #[error("earlier trials can only be given before the first trial is asked for")]
    WarmTooLate,
}
