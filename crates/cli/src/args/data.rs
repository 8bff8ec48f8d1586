//! Arguments of `dirigent data`.

use std::path::PathBuf;

use clap::Subcommand;
use dirigent::trading::data::Timeframe;

/// What to do with data files.
#[derive(Clone, Debug, Subcommand)]
pub enum DataAction {
    /// Check files as a run would, and tell everything that is wrong or worth a look
    #[command(after_help = "For each symbol: rows, times, gaps, duplicates, rows out of order, \
        outlying returns, zero volumes, stale stretches, suspected splits.\n\n\
        Exit codes: 0 a run would take the files as they are · 1 it would refuse rows · \
        2 a file cannot be read\n\nExamples:\n  \
        dirigent data check prices/*.csv\n  \
        dirigent data check ticks.parquet --timeframe 1m --html check.html")]
    Check(DataCheck),
}

/// Options of `data check`.
#[derive(Clone, Debug, clap::Args)]
pub struct DataCheck {
    /// CSV, Parquet or Arrow files with prices
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Length of a bar, such as `5m` or `1d`; found from the rows when left out
    #[arg(long, value_name = "LENGTH")]
    pub timeframe: Option<Timeframe>,
    /// Zone of times that name none, such as `America/New_York` [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// How dates are written, such as `%d/%m/%Y`, if it cannot be told
    #[arg(long, value_name = "PATTERN")]
    pub format: Option<String>,
    /// A column that is not recognized by itself: `close=px_last`; may be repeated
    #[arg(long = "column", value_name = "MEANING=NAME", value_parser = pair)]
    pub columns: Vec<(String, String)>,
    /// CSV file of splits, as `data.actions` names it: they explain jumps of their day
    #[arg(long, value_name = "FILE")]
    pub actions: Option<PathBuf>,
    /// From how many robust sigmas on a return is an outlier
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = sigmas)]
    pub sigmas: f64,
    /// Also write a page with pictures, gaps and outliers marked
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("write MEANING=NAME, such as `close=px_last`")?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

fn sigmas(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (1.0..=1e6).contains(number));
    number.ok_or_else(|| "give a number from 1 to 1000000".to_owned())
}
