//! Simulating: from bars and a strategy to the outcome and its result document.

use std::sync::Arc;

use dirigent_core::Timestamp;
use dirigent_trading::{
    Bars,
    backtest::{
        self, Options, Outcome,
        attribution::Part,
        causality::{self, Proof, Unproven},
    },
    corporate::{Action, Event},
    metrics::{self, Curve, Performance, TradeResult},
    strategy::Strategy,
};
use dirigent_workflow::{
    event::Failure,
    port::{TaskError, Watch},
};
use serde_json::{Value, json};

use super::{
    against::Against,
    attribution,
    finished::{Finished, Played},
    load::Stock,
    together,
};
use crate::{
    cast::Cast,
    setup::{Setup, failure},
    sheet::share,
    strategy::Chosen,
};

/// Runs the strategies over the bars; `again` chooses them once more.
pub(in crate::tasks) fn simulate(
    setup: &Setup,
    cast: Cast,
    stock: Arc<Stock>,
    watch: &Watch,
    again: &dyn Fn() -> Result<Cast, TaskError>,
) -> Result<Finished, TaskError> {
    let failed = |code: &str, message| TaskError::Failed(failure(code, message));
    let periods_per_year = periods_per_year(setup, &stock);
    let options = options(setup, &stock, periods_per_year);
    let with = (&options, periods_per_year);
    let played = match cast {
        Cast::One(chosen) => Played::One(Box::new(play(*chosen, &stock, &options, watch)?)),
        Cast::Several(roles) => {
            Played::Several(Box::new(together::play(setup, roles, &stock, with, watch)?))
        }
    };
    let outcome = played.outcome();
    let equity = outcome.equity.to_f64();
    let cash = outcome.initial_cash.to_f64();
    let benchmark = stock.benchmark().and_then(|bars| held(bars, &stock.actions, outcome, cash));
    let (performance, against) =
        performance(setup, outcome, &equity, benchmark.as_deref(), periods_per_year)
            .map_err(|error| failed("backtest_failed", error.to_string()))?;
    let mut result = result(setup, &stock, outcome, &performance);
    if let Some(count) = setup.workflow.metrics.prove_causal {
        result["causality"] = prove(setup, &stock, &played, &options, count, watch, again)?;
    }
    let attribution = parts(setup, &stock, &played, &options);
    if let Some(parts) = &attribution {
        result["attribution"] = attribution::document(parts, &played);
    }
    if let Some(account) = played.account() {
        result["strategies"] = together::document(setup, account, periods_per_year)?;
        together::name_positions(&mut result["open_positions"], account);
    }
    let has_flows = has_flows(setup);
    Ok(Finished {
        stock,
        options,
        played,
        attribution,
        equity,
        benchmark,
        against,
        periods_per_year,
        has_flows,
        result,
    })
}

/// Runs one strategy with all the money.
fn play(
    chosen: Chosen,
    stock: &Stock,
    options: &Options,
    watch: &Watch,
) -> Result<Outcome, TaskError> {
    let failed = |code: &str, message| TaskError::Failed(failure(code, message));
    let mut strategy = strategy(chosen, stock, options, &stock.bars, &stock.others)
        .map_err(|message| failed("strategy_invalid", message))?;
    let outcome = backtest::run(&stock.bars, &mut *strategy, options, &Eyes(watch));
    outcome.map_err(|error| match error {
        backtest::Error::Cancelled { .. } => TaskError::Stopped,
        backtest::Error::Strategy(message) => failed("strategy_invalid", message),
        other => failed("backtest_failed", other.to_string()),
    })
}

/// What each part added, if that is asked for or there are several strategies.
fn parts(setup: &Setup, stock: &Stock, played: &Played, options: &Options) -> Option<Vec<Part>> {
    match played {
        Played::Several(account) => Some(account.attribution(&stock.bars, options)),
        Played::One(outcome) => {
            let is_wanted = setup.workflow.metrics.attribution == Some(true);
            is_wanted.then(|| outcome.attribution(&stock.bars, options))
        }
    }
}

/// How orders fill, and what the world does to positions.
pub(in crate::tasks) fn options(setup: &Setup, stock: &Stock, periods_per_year: f64) -> Options {
    let own = setup.options(periods_per_year);
    Options {
        actions: Arc::clone(&stock.actions),
        currencies: stock.currencies.clone(),
        venue: stock.market.over(own.venue.clone()),
        ..own
    }
}

/// The strategy for `bars`, which are those of the stock or the beginning of them, and `others`.
fn strategy(
    chosen: Chosen,
    stock: &Stock,
    options: &Options,
    bars: &[Bars],
    others: &[Bars],
) -> Result<Box<dyn Strategy>, String> {
    let strategy = chosen.strategy(&stock.history, bars, others, &stock.known)?;
    Ok(match &stock.membership {
        None => strategy,
        // Who leaves the universe when is known in advance, as is the calendar.
        Some(membership) => {
            let places: Vec<usize> = (0..stock.bars.len()).collect();
            Box::new(membership.leaving(strategy, (&places, &stock.bars), options.fill))
        }
    })
}

/// What running `count` beginnings of the data anew has shown.
fn prove(
    setup: &Setup,
    stock: &Stock,
    played: &Played,
    options: &Options,
    count: u32,
    watch: &Watch,
    again: &dyn Fn() -> Result<Cast, TaskError>,
) -> Result<Value, TaskError> {
    // Before that, some symbols have no bar yet.
    let first = stock.bars.iter().filter_map(|bars| bars.time.first()).max();
    let outcome = played.outcome();
    let times = &outcome.equity.time;
    let from = times.partition_point(|time| Some(time) < first);
    let cuts = causality::cuts(&times[from..], count as usize, setup.master_seed());
    let mut build = |bars: &[Bars], cut| {
        let Ok(Cast::One(chosen)) = again() else { return Err("it cannot be built again".into()) };
        strategy(*chosen, stock, options, bars, &causality::prefix(&stock.others, cut))
    };
    let proof = match played {
        Played::One(outcome) => {
            causality::prove(&stock.bars, outcome, options, &cuts, &mut build, &Eyes(watch))
        }
        Played::Several(account) => {
            together::prove(setup, stock, (account, options), &cuts, watch, again)
        }
    };
    match proof {
        Ok(Proof { prefixes, steps }) => Ok(json!({"prefixes": prefixes, "steps": steps})),
        Err(Unproven::Run { error: backtest::Error::Cancelled { .. }, .. }) => {
            Err(TaskError::Stopped)
        }
        Err(error) => Err(TaskError::Hopeless(Failure {
            code: "looks_ahead".into(),
            message: format!("the strategy looks ahead: {error}"),
            hint: Some("see what it computes from bars after the one that closed".into()),
        })),
    }
}

/// Stops a simulation and passes its progress on.
pub(in crate::tasks) struct Eyes<'a>(pub(in crate::tasks) &'a Watch);

impl backtest::Watch for Eyes<'_> {
    fn cancelled(&self) -> bool {
        self.0.stopped()
    }

    fn progress(&self, done: usize, total: usize) {
        self.0.report(done as u64, total as u64);
    }
}

pub(crate) fn periods_per_year(setup: &Setup, stock: &Stock) -> f64 {
    let longest = stock.bars.iter().max_by_key(|bars| bars.len());
    let measured =
        || longest.map_or(metrics::SESSIONS_PER_YEAR, |bars| metrics::periods_per_year(&bars.time));
    setup.workflow.metrics.periods_per_year.unwrap_or_else(measured)
}

/// What `cash` in the benchmark would be worth at each time of the outcome, with its splits and
/// dividends; its first close counts for times before it.
pub(super) fn held(
    bars: &Bars,
    actions: &[Action],
    outcome: &Outcome,
    cash: f64,
) -> Option<Vec<f64>> {
    let times = &outcome.equity.time;
    let mut at = bars.time.partition_point(|time| time <= times.first().unwrap_or(time));
    at = at.saturating_sub(1);
    let first = bars.close.get(at)?.to_f64();
    let own = actions.iter().filter(|action| action.symbol == bars.symbol);
    let mut to_come: Vec<&Action> = own.filter(|action| action.date > bars.time[at]).collect();
    to_come.sort_by_key(|action| (action.date, matches!(action.event, Event::Dividend(_))));
    let mut to_come = to_come.into_iter().peekable();
    let (mut units, mut paid) = (cash / first, 0.0);
    let worth = |time| {
        while bars.time.get(at + 1).is_some_and(|next| next <= time) {
            at += 1;
            while let Some(action) = to_come.next_if(|action| action.date <= bars.time[at]) {
                match action.event {
                    Event::Split(ratio) => units *= ratio.to_f64(),
                    Event::Dividend(per_unit) => paid += units * per_unit.to_f64(),
                    Event::Funding(_) | Event::Roll { .. } | Event::Delisting(_) => {}
                }
            }
        }
        units * bars.close[at].to_f64() + paid
    };
    Some(times.iter().map(worth).collect())
}

pub(super) fn performance(
    setup: &Setup,
    outcome: &Outcome,
    equity: &[f64],
    benchmark: Option<&[f64]>,
    periods_per_year: f64,
) -> Result<(Performance, Option<Against>), metrics::Error> {
    let trades: Vec<TradeResult> = outcome
        .trades
        .iter()
        .map(|trade| TradeResult {
            net_pnl: trade.pnl.to_f64(),
            return_fraction: share(trade.pnl, trade.entry_value),
            bars: trade.bars_held(),
        })
        .collect();
    let time = &outcome.equity.time[..];
    let start = Start::of(outcome, equity, benchmark);
    let (time, equity, benchmark) = match &start {
        Some(start) => (&start.time[..], &start.equity[..], start.benchmark.as_deref()),
        None => (time, equity, benchmark),
    };
    let mut performance = Performance::of(&Curve {
        time,
        equity,
        exposure: &[],
        traded_notional: outcome.traded_value.to_f64(),
        fees: outcome.fees.to_f64(),
        slippage_cost: outcome.slippage_cost.to_f64(),
        trades: &trades,
        benchmark,
        periods_per_year: Some(periods_per_year),
        risk_free_rate: setup.workflow.metrics.risk_free_rate,
    })?;
    performance.exposure = Some(outcome.exposure());
    let against = benchmark.and_then(|levels| Against::of(equity, levels, periods_per_year));
    Ok((performance, against))
}

/// The curve with the initial cash as a point before the first bar, which a run needs whose first
/// bar traded already: else the gain and the costs of that bar would count for nothing.
struct Start {
    time: Vec<Timestamp>,
    equity: Vec<f64>,
    benchmark: Option<Vec<f64>>,
}

impl Start {
    fn of(outcome: &Outcome, equity: &[f64], benchmark: Option<&[f64]>) -> Option<Self> {
        let times = &outcome.equity.time;
        let first = *times.first()?;
        if outcome.equity.first() == Some(outcome.initial_cash) {
            return None;
        }
        let bar =
            times.get(1).map_or(1, |second| second.as_nanos().saturating_sub(first.as_nanos()));
        let before = Timestamp::from_nanos(first.as_nanos().saturating_sub(bar));
        let led = |first: f64, rest: &[f64]| [&[first], rest].concat();
        let cash = outcome.initial_cash.to_f64();
        Some(Self {
            time: [&[before], &times[..]].concat(),
            equity: led(cash, equity),
            benchmark: benchmark.map(|levels| led(levels.first().copied().unwrap_or(cash), levels)),
        })
    }
}

fn result(setup: &Setup, stock: &Stock, outcome: &Outcome, performance: &Performance) -> Value {
    let open: Vec<Value> = outcome
        .open_positions
        .iter()
        .map(|position| {
            json!({
                "symbol": outcome.symbols[position.symbol.index()],
                "quantity": position.quantity.to_f64(),
                "entry_time": position.entry_time,
                "entry_price": position.entry_price.to_f64(),
                "price": position.mark.to_f64(),
                "value": position.value.to_f64(),
                "unrealized_pnl": position.unrealized.to_f64(),
                "realized_pnl": position.realized.to_f64(),
                "fees": position.fees.to_f64(),
            })
        })
        .collect();
    let mut result = json!({
        "symbols": outcome.symbols,
        "bars": stock.bars.iter().map(Bars::len).sum::<usize>(),
        "initial_cash": outcome.initial_cash.to_f64(),
        "final_equity": outcome.final_equity.to_f64(),
        "open_positions": open,
        "metrics": performance,
    });
    if !stock.currencies.is_single() {
        result["currency"] = setup.workflow.portfolio.currency.as_str().into();
    }
    if !stock.rolls.is_empty() {
        result["rolls"] = super::rolls::facts(&stock.rolls);
    }
    if has_flows(setup) {
        result["dividends"] = outcome.dividends.to_f64().into();
        result["interest"] = outcome.interest.to_f64().into();
        for (row, position) in (0..).zip(&outcome.open_positions) {
            let row: usize = row;
            result["open_positions"][row]["dividends"] = position.dividends.to_f64().into();
        }
    }
    result
}

/// Whether cash and units of this run may change without a trade.
fn has_flows(setup: &Setup) -> bool {
    let terms = setup.workflow.instruments.iter().flatten();
    let mut terms = terms.map(|(_, terms)| terms);
    setup.data.actions.is_some()
        || !setup.data.roll.is_empty()
        || setup.workflow.portfolio.financing.is_some()
        || terms.any(|terms| terms.borrow_rate.is_some() || terms.expiry.is_some())
}
