//! The tear sheet of a run: numbers in, one self-contained HTML file out.
//!
//! Promises: a pure function without I/O or clock, so the same input gives the same bytes; the
//! page makes no request of any kind, runs no code but its own (content security policy with
//! hashes), shows every text as text, and shows its essential numbers without JavaScript. What is
//! *drawn* is thinned out to named limits and the page says so; no number is computed from
//! thinned data.
//! Not here: performance metrics, drawdown and rolling figures, which are given; see
//! `dirigent_trading::metrics`.

mod analysis;
mod check;
mod compare;
mod csp;
mod figure;
mod format;
mod histogram;
mod html;
mod market;
mod monthly;
mod page;
mod payload;
mod search;
mod section;
mod sheet;
pub mod sparkline;
pub mod study;
mod thin;
mod validation;

pub use analysis::{Analysis, Breakdown, Bucket, Exposure, Post, Share, Shares};
pub use check::{CheckPage, CheckedFile, CheckedSymbol, render_check};
pub use compare::{
    Better, Compared, ComparedMetric, Comparison, Difference, RUNS_MAX, render_comparison,
};
pub use market::{ColumnSeries, FillMark, Market, OrderMark, Role};
pub use page::render;
pub use payload::CHARTED_SYMBOLS_MAX;
pub use search::{SearchAxis, SearchFront, SearchPoint, Searched, render_search};
pub use section::{
    attribution::{Part, Parts},
    sample::InSample,
    votes::{VotePath, VotePaths},
};
pub use sheet::{
    Benchmark, Curve, Exact, Format, Leg, Metric, PriceSeries, Rolling, Side, Source, TearSheet,
    Trade,
};
pub use validation::{
    Beside, Drawn, Finding, Reason, Stress, Surface, ValidationPage, Verdict, Walk, Window,
    render_validation,
};
