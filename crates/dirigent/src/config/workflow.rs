//! A checked workflow file as typed values.
//!
//! Invariant: made only from a document that passed every check, so each field is in its declared
//! range; the doc of a key is in `keys`.
//! Not here: secrets; they stay `${NAME}` until [`Secret::reveal`] is asked for them.

use std::{collections::BTreeMap, fmt};

pub use super::analysis::{Analysis, AnalysisPart};
pub use super::data::{BarKind, BarRule, PartialBar, Session, Synthetic, ZeroVolume};
pub use super::decimal::{BasisPoints, Percent};
pub use super::ensemble::Ensemble;
pub use super::execution::{
    Commission, Entry, EntryBar, Execution, Fill, Intrabar, LimitFill, LimitGap, SaleFees,
    Slippage, StopsBefore, Tier, TimeInForce, TrailBy,
};
pub use super::orchestrate::{
    AgentTask, Coordinator, FaultTolerance, Limits, Market, Mode, Monitoring, Notification,
    Orchestration, Phase, PhaseOverlay, Reproducibility, Resources, RetryStrategy, Stage, Task,
};
pub use super::portfolio::{Every, Rebalance};
pub use super::regimes::{FitWindow, RegimeMethod, Regimes};
pub use super::roll::{Roll, RollAdjust, RollBy};
pub use super::venue::{Latency, Queue};
pub use super::world::{Account, DEFAULT_TERMS, Financing, Fx, Instrument, InstrumentType};
use dirigent_trading::{Money, Quantity, Rate};
use dirigent_workflow::file::{Environment, Unset, expand, redact};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

/// A workflow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Workflow {
    /// `version`
    pub version: String,
    /// `name`
    pub name: String,
    /// `workflow`
    #[serde(rename = "workflow")]
    pub definition: Definition,
    /// `data`; absent only for types that need none.
    pub data: Option<Data>,
    /// `benchmark`: a symbol or a path.
    pub benchmark: Option<String>,
    /// `strategy`, or `workflow.backtest_config.strategy`.
    pub strategy: Option<Strategy>,
    /// `strategies`
    #[serde(default)]
    pub strategies: Vec<WeightedStrategy>,
    /// `regimes`; see [`Regimes::default`] for a file without.
    #[serde(default)]
    pub regimes: Option<Regimes>,
    /// `ensemble`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ensemble: Option<Ensemble>,
    /// `instruments`, by symbol or `default`.
    #[serde(default)]
    pub instruments: Option<BTreeMap<String, Instrument>>,
    /// `portfolio`
    pub portfolio: Portfolio,
    /// `execution`
    pub execution: Execution,
    /// `risk`
    pub risk: Risk,
    /// `metrics`
    pub metrics: Metrics,
    /// `coordinator`
    pub coordinator: Coordinator,
    /// `orchestration`
    pub orchestration: Orchestration,
    /// `market`
    pub market: Option<Market>,
    /// `notifications`
    pub notifications: Vec<Notification>,
    /// `cluster`
    pub cluster: Option<Secret>,
    /// `tasks`
    pub tasks: Vec<Task>,
    /// `stages`, by name, in the order of the day.
    #[serde(default)]
    pub stages: IndexMap<String, Stage>,
    /// `log_level`
    pub log_level: String,
}

/// `workflow`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Definition {
    /// `type`
    #[serde(rename = "type")]
    pub kind: String,
    /// `execution_mode`, or the coordinator's, or TRADITIONAL.
    pub execution_mode: Mode,
    /// `timeout_seconds`
    pub timeout_seconds: f64,
    /// `strict_inputs`
    pub strict_inputs: bool,
    /// `phases`
    pub phases: Vec<Phase>,
    /// `config`: what a registered type is told.
    #[serde(default)]
    pub config: Map<String, Value>,
    /// `optimization_config`, checked but not typed.
    pub optimization_config: Option<Map<String, Value>>,
    /// `validation_config`, checked but not typed.
    #[serde(default)]
    pub validation_config: Option<Map<String, Value>>,
    /// `analysis_config`; see [`Analysis::default`] for a file without.
    #[serde(default)]
    pub analysis_config: Option<Analysis>,
}

/// `data`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Data {
    /// `source`
    pub source: String,
    /// `path`, with `${NAME}` replaced and `{symbol}` still in it.
    pub path: Option<String>,
    /// `symbols`; never empty.
    pub symbols: Vec<String>,
    /// `timeframe`: a count from 1 to 1000 and s, m, h, d, w or M.
    pub timeframe: String,
    /// `start_date`: `YYYY-MM-DD`.
    pub start_date: Option<String>,
    /// `end_date`: `YYYY-MM-DD`.
    pub end_date: Option<String>,
    /// `warmup_start`: `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup_start: Option<String>,
    /// `out_of_sample_start`: `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_sample_start: Option<String>,
    /// `calendar`
    pub calendar: Option<String>,
    /// `timezone`
    pub timezone: Option<String>,
    /// `adjust`
    pub adjust: Adjust,
    /// `actions`, with `${NAME}` replaced.
    #[serde(default)]
    pub actions: Option<String>,
    /// `fx`, by currency.
    #[serde(default)]
    pub fx: BTreeMap<String, Fx>,
    /// `roll`, by symbol.
    #[serde(default)]
    pub roll: BTreeMap<String, Roll>,
    /// `sectors`, by symbol.
    #[serde(default)]
    pub sectors: BTreeMap<String, String>,
    /// `on_error`
    pub on_error: OnError,
    /// `columns`: our name to the name in the file.
    pub columns: BTreeMap<String, String>,
    /// `format`
    pub format: Option<String>,
    /// `universe`
    #[serde(default)]
    pub universe: Option<String>,
    /// `bars`
    #[serde(default)]
    pub bars: Option<BarRule>,
    /// `session`
    #[serde(default)]
    pub session: Option<Session>,
    /// `partial_bar`
    #[serde(default)]
    pub partial_bar: PartialBar,
    /// `zero_volume`
    #[serde(default)]
    pub zero_volume: ZeroVolume,
    /// `synthetic`
    pub synthetic: Synthetic,
}

impl Data {
    /// What is in files: symbols, or the contracts that they are made of.
    pub fn names_in_files(&self) -> impl Iterator<Item = &String> {
        self.symbols.iter().flat_map(|symbol| match self.roll.get(symbol) {
            Some(roll) => roll.contracts.iter(),
            None => std::slice::from_ref(symbol).iter(),
        })
    }

    /// The file of `symbol`; `None` for sources without files.
    pub fn path_of(&self, symbol: &str) -> Option<String> {
        self.path.as_ref().map(|path| path.replace("{symbol}", symbol))
    }
}

/// `data.adjust`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjust {
    /// Where the file has an adjusted close.
    Auto,
    /// Prices as they are.
    None,
    /// For splits.
    Splits,
    /// For splits and dividends.
    Total,
}

/// `data.on_error`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Refuse the file.
    Fail,
    /// Leave the row out.
    Drop,
    /// Correct the row.
    Repair,
}

/// `strategy`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Strategy {
    /// `type`
    #[serde(rename = "type")]
    pub kind: String,
    /// `params`
    pub params: Map<String, Value>,
    /// `let`: names and expressions, in the order of the file.
    #[serde(rename = "let")]
    pub terms: IndexMap<String, String>,
    /// `entry`
    pub entry: Option<String>,
    /// `exit`
    pub exit: Option<String>,
    /// `short_entry`
    pub short_entry: Option<String>,
    /// `short_exit`
    pub short_exit: Option<String>,
    /// `symbols`; `None` is all.
    pub symbols: Option<Vec<String>>,
}

/// One of `strategies`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WeightedStrategy {
    /// `name`
    pub name: Option<String>,
    /// `weight`, relative to the others.
    pub weight: Quantity,
    /// `sizing`; `None` is that of the portfolio.
    #[serde(default)]
    pub sizing: Option<Sizing>,
    /// The strategy itself.
    #[serde(flatten)]
    pub strategy: Strategy,
}

/// `portfolio`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Portfolio {
    /// `initial_cash`
    pub initial_cash: Money,
    /// `currency`
    #[serde(default = "dollars")]
    pub currency: String,
    /// `account`
    #[serde(default)]
    pub account: Account,
    /// `sizing`
    pub sizing: Sizing,
    /// `fractional`
    pub fractional: bool,
    /// `lot_size`
    pub lot_size: Option<Quantity>,
    /// `financing`
    #[serde(default)]
    pub financing: Option<Financing>,
    /// `rebalance`
    #[serde(default)]
    pub rebalance: Option<Rebalance>,
}

/// The currency of records that are older than the key.
fn dollars() -> String {
    "USD".to_owned()
}

/// `portfolio.sizing`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Sizing {
    /// A share of equity.
    PercentEquity {
        /// The share.
        percent: Percent,
    },
    /// The same quantity every time.
    FixedQuantity {
        /// The quantity.
        quantity: Quantity,
    },
    /// The same amount every time.
    FixedCash {
        /// The amount.
        cash: Money,
    },
    /// The share at which the position has this volatility.
    VolatilityTarget {
        /// Volatility per year.
        target_volatility_pct: Percent,
        /// Bars that it is measured over.
        lookback: u32,
    },
    /// What Kelly's rule makes of the trades so far.
    Kelly {
        /// How much of it.
        fraction: Rate,
        /// From how many trades on.
        min_trades: u32,
        /// How many trades.
        lookback_trades: u32,
        /// The share before.
        start_percent: Percent,
        /// The least share.
        min_percent: Percent,
        /// The largest share.
        max_percent: Percent,
    },
}

/// `risk`; what is `None` does not limit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Risk {
    /// `max_position_pct`
    pub max_position_pct: Option<Percent>,
    /// `max_drawdown_pct`
    pub max_drawdown_pct: Option<Percent>,
    /// `stop_loss_pct`
    pub stop_loss_pct: Option<Percent>,
    /// `trailing_stop_pct`
    #[serde(default)]
    pub trailing_stop_pct: Option<Percent>,
    /// `take_profit_pct`
    pub take_profit_pct: Option<Percent>,
    /// `stop_reference`
    pub stop_reference: StopReference,
}

/// `risk.stop_reference`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReference {
    /// The price the position was entered at.
    EntryPrice,
    /// The close at which the entry was decided.
    SignalClose,
}

/// `metrics`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metrics {
    /// `periods_per_year`; `None` is the timeframe's.
    pub periods_per_year: Option<f64>,
    /// `risk_free_rate` per year.
    pub risk_free_rate: f64,
    /// `prove_causal`: so many beginnings of the data are run anew.
    #[serde(default)]
    pub prove_causal: Option<u32>,
    /// `attribution`
    #[serde(default)]
    pub attribution: Option<bool>,
}

/// A secret as it was written, usually `${NAME}`; printing it shows `***`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, with `${NAME}` replaced.
    ///
    /// # Errors
    /// A variable is not set.
    pub fn reveal(&self, environment: &Environment) -> Result<String, Unset> {
        expand(&self.0, environment)
    }
}

impl Serialize for Secret {
    /// A bare `${NAME}` as it is, anything else as `***`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(redact(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
