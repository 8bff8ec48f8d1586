//! From sleeves to the account: one list of symbols, orders, fills and trades.
//!
//! Orders and their steps stand strategy after strategy, each in its own order, and are numbered
//! anew; fills, trades and flows stand in the order they happened, those of one moment by strategy.

use std::collections::BTreeMap;

use super::{Account, Member, Sleeve, Together};
use crate::backtest::{Equity, Flow, History, Options, Outcome, Trade, Warning};
use crate::data::bars::Bars;
use crate::order::{Fill, OrderId, SymbolId};
use crate::portfolio::Sizing;
use crate::price::{Money, Quantity};
use crate::risk::{Stop, StopCause};

/// The symbols of the account, and which of them each sleeve has.
pub(super) struct Symbols {
    pub(super) names: Vec<String>,
    of: Vec<Vec<SymbolId>>,
}

impl Symbols {
    /// The places of each sleeve's symbols among `names`; the first that is not there otherwise.
    pub(super) fn of(names: &[String], members: &[Member<'_>]) -> Result<Self, String> {
        let places: BTreeMap<&str, usize> =
            names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        let id = |bars: &Bars| {
            let place = places.get(bars.symbol.as_str());
            place.map(|place| SymbolId::new(*place)).ok_or_else(|| bars.symbol.clone())
        };
        let own = |member: &Member<'_>| member.bars.iter().map(id).collect();
        let of = members.iter().map(own).collect::<Result<_, String>>()?;
        Ok(Self { names: names.to_vec(), of })
    }
}

/// What a sleeve is called, and how it was made.
pub(super) struct Label {
    name: String,
    weight: Quantity,
    sizing: Option<Sizing>,
}

impl Label {
    pub(super) fn of(member: &Member<'_>) -> Self {
        let Member { name, weight, sizing, .. } = member;
        Self { name: (*name).to_owned(), weight: *weight, sizing: *sizing }
    }
}

/// The account of sleeves that are at their end.
pub(super) fn account(
    together: Together<'_>,
    labels: Vec<Label>,
    symbols: &Symbols,
    options: &Options,
) -> Account {
    let Together { purses, times, stopped, transfers, equity, exposed, .. } = together;
    let rows = purses.into_iter().zip(labels).zip(&symbols.of);
    let sleeves: Vec<Sleeve> = rows
        .map(|((purse, label), own)| {
            let Label { name, weight, sizing } = label;
            let transferred = purse.engine.ledger.transfers();
            let (bars_exposed, mut equity, moved) = (purse.exposed, purse.account, purse.moved);
            equity.time = times.clone();
            let outcome = Outcome { equity, bars_exposed, ..purse.engine.finish() };
            Sleeve { name, weight, sizing, symbols: own.clone(), outcome, transferred, moved }
        })
        .collect();
    let (trades_of, trades) = in_order(&sleeves, trades, |trade| trade.exit_time);
    let (flows_of, flows) = in_order(&sleeves, flows, |flow| flow.time);
    let (_, fills) = in_order(&sleeves, fills, |fill| fill.time);
    let whole = Whole { fills, equity, exposed, stopped };
    let mut outcome = sum(&sleeves, whole, symbols, options);
    (outcome.trades, outcome.flows) = (trades, flows);
    Account { outcome, sleeves, transfers, trades_of, flows_of }
}

/// What was kept of the account at each time.
struct Whole {
    fills: Vec<Fill>,
    equity: Equity,
    exposed: usize,
    stopped: Option<Stop>,
}

/// Everything that is a sum or stands strategy after strategy.
fn sum(sleeves: &[Sleeve], whole: Whole, symbols: &Symbols, options: &Options) -> Outcome {
    let total = |of: fn(&Outcome) -> Money| sleeves.iter().map(|sleeve| of(&sleeve.outcome)).sum();
    let (mut orders, mut transitions, mut open_positions) = (Vec::new(), Vec::new(), Vec::new());
    let mut moves = Vec::new();
    for sleeve in sleeves {
        let before = orders.len() as u64;
        let own = &sleeve.outcome;
        orders.extend(own.orders().map(|mut record| {
            record.order.id = OrderId(record.order.id.0 + before);
            record.order.symbol = sleeve.symbol(record.order.symbol);
            record
        }));
        transitions.extend(own.transitions().map(|mut step| {
            step.order = OrderId(step.order.0 + before);
            step
        }));
        moves.extend(own.moves.iter().map(|step| {
            let mut step = *step;
            step.order = OrderId(step.order.0 + before);
            step
        }));
        open_positions.extend(own.open_positions.iter().map(|position| {
            let mut position = *position;
            position.symbol = sleeve.symbol(position.symbol);
            position
        }));
    }
    let stopped = whole.stopped.or_else(|| all_stopped(sleeves));
    Outcome {
        symbols: symbols.names.clone(),
        initial_cash: options.initial_cash,
        final_equity: total(|own| own.final_equity),
        trades: Vec::new(),
        history: History::of(orders, &transitions, &whole.fills),
        moves,
        fills: whole.fills,
        mets: Vec::new(),
        equity: whole.equity,
        open_positions,
        realized: total(|own| own.realized),
        fees: total(|own| own.fees),
        dividends: total(|own| own.dividends),
        interest: total(|own| own.interest),
        flows: Vec::new(),
        slippage_cost: total(|own| own.slippage_cost),
        traded_value: total(|own| own.traded_value),
        bars_exposed: whole.exposed,
        rejected: sleeves.iter().map(|sleeve| sleeve.outcome.rejected).sum(),
        stopped,
        warnings: warnings(sleeves, stopped),
    }
}

/// Where all were ruined one by one, the account stopped with the last of them.
fn all_stopped(sleeves: &[Sleeve]) -> Option<Stop> {
    let stops: Option<Vec<Stop>> = sleeves.iter().map(|sleeve| sleeve.outcome.stopped).collect();
    stops?.into_iter().max_by_key(|stop| stop.time)
}

fn warnings(sleeves: &[Sleeve], stopped: Option<Stop>) -> Vec<Warning> {
    let own = sleeves.iter().flat_map(|sleeve| &sleeve.outcome.warnings);
    let rest = own.filter(|warning| !matches!(warning, Warning::Stopped(_))).copied();
    stopped.map(Warning::Stopped).into_iter().chain(rest).collect()
}

/// All rows of one kind with the places of their sleeves, in the order they happened.
fn in_order<T, K: Ord>(
    sleeves: &[Sleeve],
    rows: impl Fn(&Sleeve, u64) -> Vec<T>,
    time: impl Fn(&T) -> K,
) -> (Vec<usize>, Vec<T>) {
    let mut all: Vec<(usize, T)> = Vec::new();
    let mut before = 0;
    for (place, sleeve) in sleeves.iter().enumerate() {
        all.extend(rows(sleeve, before).into_iter().map(|row| (place, row)));
        before += sleeve.outcome.orders().len() as u64;
    }
    // The sort is stable, so that each strategy's rows stay in their order.
    all.sort_by_key(|(_, row)| time(row));
    all.into_iter().unzip()
}

fn trades(sleeve: &Sleeve, _before: u64) -> Vec<Trade> {
    let of = |trade: &Trade| Trade { symbol: sleeve.symbol(trade.symbol), ..*trade };
    sleeve.outcome.trades.iter().map(of).collect()
}

fn flows(sleeve: &Sleeve, _before: u64) -> Vec<Flow> {
    let symbol = |flow: &Flow| flow.symbol.map(|symbol| sleeve.symbol(symbol));
    sleeve.outcome.flows.iter().map(|flow| Flow { symbol: symbol(flow), ..*flow }).collect()
}

fn fills(sleeve: &Sleeve, before: u64) -> Vec<Fill> {
    let of = |fill: &Fill| {
        let mut fill = *fill;
        fill.symbol = sleeve.symbol(fill.symbol);
        fill.order = OrderId(fill.order.0 + before);
        fill
    };
    sleeve.outcome.fills.iter().map(of).collect()
}

impl Account {
    /// What the user should know, each strategy's with its name.
    pub fn warnings(&self) -> Vec<String> {
        let limit = |warning: &Warning| matches!(warning, Warning::Stopped(stop) if stop.cause == StopCause::DrawdownLimit);
        let whole = self.outcome.warnings.iter().filter(|warning| limit(warning));
        let own = self.sleeves.iter().flat_map(|sleeve| {
            let own = sleeve.outcome.warnings.iter().filter(|warning| !limit(warning));
            own.map(|warning| format!("`{}`: {warning}", sleeve.name))
        });
        whole.map(ToString::to_string).chain(own).collect()
    }
}

impl Sleeve {
    /// The account's number of a symbol of its own.
    pub fn symbol(&self, own: SymbolId) -> SymbolId {
        self.symbols[own.index()]
    }
}
