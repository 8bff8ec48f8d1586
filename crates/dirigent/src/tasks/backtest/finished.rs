//! A simulation that has run, and the files of its result.

use std::{
    io::{self, Write},
    sync::Arc,
};

use dirigent_trading::backtest::{Options, Outcome, attribution::Part, sleeves::Account};
use serde_json::Value;

use super::{against::Against, attribution, load::Stock};

/// What one strategy, or several together, left behind.
#[derive(Debug)]
pub(super) enum Played {
    /// One with all the money.
    One(Box<Outcome>),
    /// Several in one account.
    Several(Box<Account>),
}

impl Played {
    /// The account as a whole.
    pub(in crate::tasks) fn outcome(&self) -> &Outcome {
        match self {
            Self::One(outcome) => outcome,
            Self::Several(account) => &account.outcome,
        }
    }

    /// Each strategy, if there are several.
    pub(super) fn account(&self) -> Option<&Account> {
        match self {
            Self::One(_) => None,
            Self::Several(account) => Some(account),
        }
    }
}

/// A simulation that has run.
#[derive(Debug)]
pub(in crate::tasks) struct Finished {
    /// What it ran on.
    pub(super) stock: Arc<Stock>,
    /// On which terms.
    pub(super) options: Options,
    /// What it left behind.
    pub(super) played: Played,
    /// What each part added, if that was asked for.
    pub(super) attribution: Option<Vec<Part>>,
    /// Equity at each time, as doubles.
    pub(in crate::tasks) equity: Vec<f64>,
    /// Worth of the same cash in the benchmark at each time.
    pub(super) benchmark: Option<Vec<f64>>,
    /// How it stands against the benchmark.
    pub(super) against: Option<Against>,
    /// Bars in a year.
    pub(super) periods_per_year: f64,
    /// Whether cash and units may change without a trade.
    pub(super) has_flows: bool,
    /// The result document.
    pub(in crate::tasks) result: Value,
}

/// A file of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResultFile {
    Trades,
    Orders,
    Equity,
    Flows,
    Fills,
    Strategies,
    Attribution,
}

impl ResultFile {
    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Trades => "trades.csv",
            Self::Orders => "orders.csv",
            Self::Equity => "equity.csv",
            Self::Flows => "flows.csv",
            Self::Fills => "fills.csv",
            Self::Strategies => "strategies.csv",
            Self::Attribution => "attribution.csv",
        }
    }
}

impl Finished {
    /// The account as a whole.
    pub(in crate::tasks) fn outcome(&self) -> &Outcome {
        self.played.outcome()
    }

    /// The files there are.
    pub(super) fn files(&self) -> Vec<ResultFile> {
        let mut files = vec![ResultFile::Trades, ResultFile::Orders, ResultFile::Equity];
        let more = [
            (self.has_flows, ResultFile::Flows),
            // What a fill met is worth telling where that is more than a bar, or comes late.
            (!self.options.venue.is_plain(), ResultFile::Fills),
            (self.played.account().is_some(), ResultFile::Strategies),
            (self.attribution.is_some(), ResultFile::Attribution),
        ];
        files.extend(more.into_iter().filter_map(|(is_there, file)| is_there.then_some(file)));
        files
    }

    /// Writes one of them.
    pub(super) fn write(&self, file: ResultFile, out: &mut dyn Write) -> io::Result<()> {
        let outcome = self.outcome();
        match (file, self.played.account()) {
            (ResultFile::Trades, None) => outcome.write_trades_csv(out),
            (ResultFile::Trades, Some(account)) => account.write_trades_csv(out),
            (ResultFile::Orders, None) => outcome.write_orders_csv(out),
            (ResultFile::Orders, Some(account)) => account.write_orders_csv(out),
            (ResultFile::Flows, None) => outcome.write_flows_csv(out),
            (ResultFile::Flows, Some(account)) => account.write_flows_csv(out),
            (ResultFile::Fills, _) => outcome.write_fills_csv(out),
            (ResultFile::Equity, _) => outcome.write_equity_csv(out),
            (ResultFile::Strategies, Some(account)) => account.write_strategies_csv(out),
            (ResultFile::Strategies, None) => Ok(()),
            (ResultFile::Attribution, _) => {
                let parts = self.attribution.as_deref().unwrap_or_default();
                attribution::write_csv(parts, &self.played, out)
            }
        }
    }

    /// What the user should know.
    pub(super) fn warnings(&self) -> Vec<String> {
        match &self.played {
            Played::One(outcome) => outcome.warnings.iter().map(ToString::to_string).collect(),
            Played::Several(account) => account.warnings(),
        }
    }
}
