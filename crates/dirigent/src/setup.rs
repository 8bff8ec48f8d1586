//! Setup: the configuration of a backtest in the terms of the domain.
//!
//! Invariant: pure translation; a value that reaches this module was checked by `config`.

mod execution;
pub(crate) mod found;
mod venue;
mod world;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::{
    backtest::{Financing, Options},
    currency::Currencies,
    data::{self, Request, Synthetic, Timeframe},
    instrument::{Instrument, Instruments},
    portfolio::{Kelly, Sizing},
    price::Rate,
    risk::{self, Limits},
    venue::Venue,
};
use dirigent_workflow::event::{Failure, Start};
use serde_json::Value;

use crate::{
    cast,
    config::workflow::{self as config, Data, Percent, Workflow},
};

/// The first day of made-up bars when the file names none.
const SYNTHETIC_START: (i64, u32, u32) = (2000, 1, 3);

/// Lays `overlay` over `config`, key by key.
pub(crate) fn lay_over(config: &mut Value, overlay: &Value) {
    match (config, overlay) {
        (Value::Object(config), Value::Object(overlay)) => {
            for (key, value) in overlay {
                lay_over(config.entry(key).or_insert(Value::Null), value);
            }
        }
        (config, overlay) => config.clone_from(overlay),
    }
}

/// The file that `start` recorded, with the `config` of a phase and what was `found` laid over it.
pub(crate) fn workflow(start: &Start, input: &Value) -> Result<Workflow, Failure> {
    let mut config = start.config.clone();
    if let Some(overlay) = input.get("config") {
        lay_over(&mut config, overlay);
    }
    for found in input["found"].as_array().into_iter().flatten() {
        let name = found["name"].as_str().unwrap_or_default();
        found::lay(&mut config, name, &found["value"]);
    }
    serde_json::from_value(config).map_err(|error| {
        failure("config_invalid", format!("the recorded configuration cannot be read: {error}"))
    })
}

/// A backtest, ready to be loaded and run.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) workflow: Workflow,
    pub(crate) data: Data,
    base: PathBuf,
    seed: u64,
}

impl Setup {
    /// The setup that `start` recorded, with the `config` of a phase and what was `found` laid over it.
    pub(crate) fn of(start: &Start, input: &Value) -> Result<Self, Failure> {
        Self::new(workflow(start, input)?, Path::new(&start.base), start.seed)
    }

    /// The setup of `workflow`, whose relative paths start at `base`.
    pub(crate) fn new(workflow: Workflow, base: &Path, seed: u64) -> Result<Self, Failure> {
        let missing = || failure("config_invalid", "Required field 'data' missing".into());
        let data = workflow.data.clone().ok_or_else(missing)?;
        Ok(Self { workflow, data, base: base.to_owned(), seed })
    }

    /// The same with another seed, for prices that are made from it.
    pub(crate) fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The setup of one of several strategies by itself: with all the money, on its own symbols.
    pub(crate) fn of_member(mut self, name: &str) -> Option<Self> {
        let own = std::mem::take(&mut self.workflow.strategies);
        let own = own.into_iter().find(|own| cast::name_of(own) == name)?;
        if let Some(symbols) = &own.strategy.symbols {
            self.data.symbols.retain(|symbol| symbols.contains(symbol));
        }
        self.workflow.portfolio.sizing = own.sizing.unwrap_or(self.workflow.portfolio.sizing);
        self.workflow.portfolio.rebalance = None;
        self.workflow.strategy = Some(own.strategy);
        Some(self)
    }

    /// What is equal for setups that load the same, with `foreign` symbols beside.
    pub(crate) fn data_key(&self, foreign: &[String]) -> String {
        let mut workflow = self.workflow.clone();
        (workflow.strategy, workflow.strategies) = (None, Vec::new());
        let all = (&workflow, &self.data, foreign, &self.base, self.seed);
        serde_json::to_string(&all).unwrap_or_default()
    }

    /// The seed of all that the run draws.
    pub(crate) fn master_seed(&self) -> Seed {
        Seed::master(self.seed)
    }

    /// The timeframe of the file.
    pub(crate) fn timeframe(&self) -> Option<Timeframe> {
        self.data.timeframe.parse().ok()
    }

    /// What to load for `symbols`.
    pub(crate) fn request(&self, symbols: Vec<String>) -> Request {
        let date = |text: &Option<String>| text.as_deref().and_then(date);
        let source = match (self.data.source.as_str(), &self.data.path) {
            ("synthetic", _) => data::Source::Synthetic(self.synthetic()),
            ("parquet", Some(path)) => data::Source::Parquet { path: self.absolute(path) },
            ("arrow", Some(path)) => data::Source::Arrow { path: self.absolute(path) },
            (_, path) => {
                data::Source::Csv { path: self.absolute(path.as_deref().unwrap_or_default()) }
            }
        };
        Request {
            timeframe: self.timeframe(),
            start_date: date(&self.data.warmup_start).or_else(|| date(&self.data.start_date)),
            end_date: date(&self.data.end_date),
            timezone: self.data.timezone.clone(),
            date_format: self.data.format.clone(),
            columns: self.data.columns.clone(),
            adjust: match self.data.adjust {
                config::Adjust::Auto => data::Adjust::Auto,
                config::Adjust::None => data::Adjust::None,
                config::Adjust::Splits => data::Adjust::Splits,
                config::Adjust::Total => data::Adjust::Total,
            },
            actions: self.data.actions.as_deref().map(|path| self.absolute(path).into()),
            on_error: match self.data.on_error {
                config::OnError::Fail => data::OnError::Fail,
                config::OnError::Drop => data::OnError::Drop,
                config::OnError::Repair => data::OnError::Repair,
            },
            bars: self.data.bars.map(config::BarRule::to_domain),
            session: self.data.session.as_ref().map(config::Session::to_domain),
            partial_bar: match self.data.partial_bar {
                config::PartialBar::Keep => data::PartialBar::Keep,
                config::PartialBar::Drop => data::PartialBar::Drop,
            },
            zero_volume: match self.data.zero_volume {
                config::ZeroVolume::Trade => data::ZeroVolume::Trade,
                config::ZeroVolume::Halt => data::ZeroVolume::Halt,
            },
            symbols,
            ..Request::new(source, &[])
        }
    }

    /// The first day that is traded, if the file says so.
    pub(crate) fn first_day(&self) -> Option<Timestamp> {
        self.data.start_date.as_deref().and_then(date)
    }

    /// How prices are adjusted, in the word of the file.
    pub(crate) fn adjust(&self) -> &'static str {
        match self.data.adjust {
            config::Adjust::Auto => "auto",
            config::Adjust::None => "none",
            config::Adjust::Splits => "splits",
            config::Adjust::Total => "total",
        }
    }

    /// `path` from the folder that relative paths start at.
    pub(crate) fn absolute(&self, path: &str) -> String {
        self.base.join(path).display().to_string()
    }

    fn synthetic(&self) -> Synthetic {
        let made_up = &self.data.synthetic;
        let (year, month, day) = SYNTHETIC_START;
        let start = self.data.start_date.as_deref().and_then(date);
        Synthetic {
            bars: usize::try_from(made_up.bars).unwrap_or(usize::MAX),
            start: start.or_else(|| Timestamp::from_date(year, month, day)).unwrap_or_default(),
            drift: made_up.drift,
            volatility: made_up.volatility,
            start_price: made_up.start_price.to_f64(),
            seed: Seed::master(made_up.seed.unwrap_or(self.seed)).child("synthetic"),
        }
    }

    /// How orders are sized, filled and limited.
    pub(crate) fn options(&self, bars_per_year: f64) -> Options {
        let workflow = &self.workflow;
        let lot = match (workflow.portfolio.lot_size, workflow.portfolio.fractional) {
            (Some(lot), _) => lot,
            (None, true) => Options::LOT_FRACTIONAL,
            (None, false) => Options::LOT_WHOLE,
        };
        let orders = &workflow.execution;
        Options {
            initial_cash: workflow.portfolio.initial_cash,
            fill: execution::fill(orders),
            entry: execution::entry(orders),
            fill_model: Arc::new(execution::intrabar(orders, self.seed)),
            limit_fill: execution::limit_fill(orders),
            stops_before: execution::stops_before(orders),
            entry_bar: execution::entry_bar(orders),
            limit_gap: execution::limit_gap(orders),
            trail_by: execution::trail_by(orders),
            participation: orders.max_volume_pct.map(share),
            commission: execution::commission(orders),
            slippage: Arc::new(execution::slippage(orders)),
            sizing: sizing(self.workflow.portfolio.sizing, bars_per_year),
            lot,
            instruments: self.instruments(),
            actions: Arc::default(),
            financing: self.financing(),
            account: world::account(self.workflow.portfolio.account),
            currencies: Currencies::default(),
            limits: self.limits(),
            first_bar: 0,
            venue: Venue {
                latency: venue::latency(orders, self.seed),
                queue: venue::queue(orders),
                ..Venue::default()
            },
        }
    }

    fn instruments(&self) -> Instruments {
        let all = self.workflow.instruments.iter().flatten();
        let mut by_symbol: BTreeMap<String, Instrument> = all
            .map(|(symbol, terms)| (symbol.clone(), world::instrument(terms, &self.workflow)))
            .collect();
        let default = by_symbol.remove(config::DEFAULT_TERMS).unwrap_or_default();
        Instruments { default, by_symbol }
    }

    fn financing(&self) -> Financing {
        let rates = self.workflow.portfolio.financing;
        rates.map_or_else(Financing::default, |rates| Financing {
            cash: rates.cash_rate,
            margin: rates.margin_rate,
            borrow: rates.borrow_rate,
        })
    }

    fn limits(&self) -> Limits {
        let risk = &self.workflow.risk;
        Limits {
            max_position: risk.max_position_pct.map(share),
            max_drawdown: risk.max_drawdown_pct.map(share),
            stop_loss: risk.stop_loss_pct.map(share),
            trailing_stop: risk.trailing_stop_pct.map(share),
            take_profit: risk.take_profit_pct.map(share),
            stop_reference: match risk.stop_reference {
                config::StopReference::EntryPrice => risk::StopReference::EntryPrice,
                config::StopReference::SignalClose => risk::StopReference::SignalClose,
            },
        }
    }
}

/// How large entries are.
pub(crate) fn sizing(written: config::Sizing, bars_per_year: f64) -> Sizing {
    match written {
        config::Sizing::PercentEquity { percent } => Sizing::PercentEquity(share(percent)),
        config::Sizing::FixedQuantity { quantity } => Sizing::FixedQuantity(quantity),
        config::Sizing::FixedCash { cash } => Sizing::FixedCash(cash),
        config::Sizing::VolatilityTarget { target_volatility_pct, lookback } => {
            Sizing::VolatilityTarget {
                target: share(target_volatility_pct),
                lookback_bars: usize::try_from(lookback).unwrap_or(usize::MAX),
                bars_per_year,
            }
        }
        config::Sizing::Kelly {
            fraction,
            min_trades,
            lookback_trades,
            start_percent,
            min_percent,
            max_percent,
        } => Sizing::Kelly(Kelly {
            fraction,
            trades_min: usize::try_from(min_trades).unwrap_or(usize::MAX),
            trades_max: usize::try_from(lookback_trades).unwrap_or(usize::MAX),
            start: share(start_percent),
            least: share(min_percent),
            most: share(max_percent),
        }),
    }
}

fn share(percent: Percent) -> Rate {
    Rate::from_raw(percent.share_raw())
}

/// Midnight UTC of `YYYY-MM-DD`.
fn date(text: &str) -> Option<Timestamp> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Timestamp::from_date(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// A failure without a hint.
pub(crate) fn failure(code: &str, message: String) -> Failure {
    Failure { code: code.to_owned(), message, hint: None }
}
