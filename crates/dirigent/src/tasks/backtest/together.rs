//! Several strategies in one account: each on its symbols, with its part of the money.

use std::borrow::Cow;

use dirigent_core::Timestamp;
use dirigent_trading::{
    Bars,
    backtest::{
        self, Options,
        causality::{self, Proof, Unproven},
        sleeves::{self, Account, Member, Rebalancing, Sleeve},
    },
    strategy::Strategy,
};
use dirigent_workflow::port::{TaskError, Watch};
use serde_json::{Value, json};

use super::{
    load::Stock,
    simulate::{Eyes, performance},
};
use crate::{
    cast::{Cast, Role},
    setup::{Setup, failure, sizing},
};

/// What a strategy trades of the stock.
struct Lot<'s> {
    name: String,
    places: Vec<usize>,
    bars: Cow<'s, [Bars]>,
}

impl<'s> Lot<'s> {
    fn of(role: &Role, stock: &'s Stock) -> Result<Self, TaskError> {
        let is_own =
            |bars: &Bars| role.symbols.as_ref().is_none_or(|own| own.contains(&bars.symbol));
        let all = stock.bars.iter().enumerate();
        let places: Vec<usize> =
            all.filter(|(_, bars)| is_own(bars)).map(|(place, _)| place).collect();
        if places.is_empty() {
            let message = format!("strategy `{}` has no symbol with bars", role.name);
            return Err(TaskError::Failed(failure("data_invalid", message)));
        }
        let bars = match places.len() == stock.bars.len() {
            true => Cow::Borrowed(&stock.bars[..]),
            false => places.iter().map(|place| stock.bars[*place].clone()).collect(),
        };
        Ok(Self { name: role.name.clone(), places, bars })
    }

    /// The strategy for `bars`, its own or the beginning of them.
    fn strategy(
        &self,
        role: Role,
        stock: &Stock,
        options: &Options,
        (bars, cut): (&[Bars], Option<Timestamp>),
    ) -> Result<Box<dyn Strategy>, String> {
        let not_own = |(place, bars): (usize, &'_ Bars)| {
            (!self.places.contains(&place)).then(|| bars.clone())
        };
        let mut others: Vec<Bars> =
            stock.bars.iter().enumerate().filter_map(|(at, bars)| not_own((at, bars))).collect();
        for other in &mut others {
            *other = stock.with_history(other);
        }
        others.extend_from_slice(&stock.others);
        if let Some(cut) = cut {
            others = causality::prefix(&others, cut);
        }
        let strategy = role.chosen.strategy(&stock.history, bars, &others, &stock.known)?;
        Ok(match &stock.membership {
            None => strategy,
            Some(membership) => {
                let own = (&self.places[..], &self.bars[..]);
                Box::new(membership.leaving(strategy, own, options.fill))
            }
        })
    }
}

/// When cash moves between strategies.
fn rebalancing(setup: &Setup) -> Rebalancing {
    let written = setup.workflow.portfolio.rebalance;
    written.map_or_else(Rebalancing::default, |written| written.to_domain())
}

/// Runs all of them over their bars.
pub(super) fn play(
    setup: &Setup,
    roles: Vec<Role>,
    stock: &Stock,
    (options, periods_per_year): (&Options, f64),
    watch: &Watch,
) -> Result<Account, TaskError> {
    let invalid = |message| TaskError::Failed(failure("strategy_invalid", message));
    let lots = roles.iter().map(|role| Lot::of(role, stock)).collect::<Result<Vec<_>, _>>()?;
    let terms: Vec<_> = roles
        .iter()
        .map(|role| (role.weight, role.sizing.map(|own| sizing(own, periods_per_year))))
        .collect();
    let mut made = Vec::with_capacity(lots.len());
    for (role, lot) in roles.into_iter().zip(&lots) {
        let strategy = lot.strategy(role, stock, options, (&lot.bars, None));
        made.push(strategy.map_err(|why| invalid(format!("`{}`: {why}", lot.name)))?);
    }
    let rows = lots.iter().zip(terms).zip(&mut made);
    let member = |((lot, (weight, sizing)), strategy)| -> Member<'_> {
        let (lot, strategy): (&Lot<'_>, &mut Box<dyn Strategy>) = (lot, strategy);
        Member { name: &lot.name, weight, sizing, bars: &lot.bars, strategy: strategy.as_mut() }
    };
    let symbols: Vec<String> = stock.bars.iter().map(|bars| bars.symbol.clone()).collect();
    sleeves::run(&symbols, rows.map(member).collect(), options, rebalancing(setup), &Eyes(watch))
        .map_err(|error| match error {
            backtest::Error::Cancelled { .. } => TaskError::Stopped,
            backtest::Error::Strategy(message) => invalid(message),
            other => TaskError::Failed(failure("backtest_failed", other.to_string())),
        })
}

/// Runs beginnings of the data anew; `again` chooses the strategies once more.
pub(super) fn prove(
    setup: &Setup,
    stock: &Stock,
    (account, options): (&Account, &Options),
    cuts: &[Timestamp],
    watch: &Watch,
    again: &dyn Fn() -> Result<Cast, TaskError>,
) -> Result<Proof, Unproven> {
    let roles = || match again() {
        Ok(Cast::Several(roles)) => Ok(roles),
        _ => Err("it cannot be built again".to_owned()),
    };
    let broken = |why: String| Unproven::Run {
        cut: Timestamp::default(),
        error: backtest::Error::Strategy(why),
    };
    let lots = roles().map_err(broken)?;
    let lots = lots.iter().map(|role| Lot::of(role, stock)).collect::<Result<Vec<_>, _>>();
    let lots = lots.map_err(|_| broken("it has no bars any more".into()))?;
    let mut build = |place: usize, bars: &[Bars], cut| {
        let role = roles()?.swap_remove(place);
        lots[place].strategy(role, stock, options, (bars, Some(cut)))
    };
    let lists: Vec<&[Bars]> = lots.iter().map(|lot| &lot.bars[..]).collect();
    let with = (options, rebalancing(setup));
    sleeves::prove(&lists, account, with, cuts, &mut build, &Eyes(watch))
}

/// What became of each strategy, for the result.
pub(super) fn document(
    setup: &Setup,
    account: &Account,
    periods_per_year: f64,
) -> Result<Value, TaskError> {
    let all: f64 = account.sleeves.iter().map(|sleeve| sleeve.weight.to_f64()).sum();
    let rows = account.sleeves.iter().map(|sleeve| {
        let own = &sleeve.outcome;
        let (performance, _) = performance(setup, own, &levels(sleeve), None, periods_per_year)
            .map_err(|error| {
                TaskError::Failed(failure("backtest_failed", format!("{}: {error}", sleeve.name)))
            })?;
        let symbols: Vec<&String> =
            sleeve.symbols.iter().map(|id| &account.outcome.symbols[id.index()]).collect();
        Ok(json!({
            "name": sleeve.name,
            "share": sleeve.weight.to_f64() / all,
            "symbols": symbols,
            "initial_cash": own.initial_cash.to_f64(),
            "final_equity": own.final_equity.to_f64(),
            "transferred": sleeve.transferred.to_f64(),
            "stopped": own.stopped.map(|stop| stop.cause.as_str()),
            "metrics": performance,
        }))
    });
    rows.collect::<Result<Vec<Value>, TaskError>>().map(Value::Array)
}

/// Says whose each open position is.
pub(super) fn name_positions(rows: &mut Value, account: &Account) {
    let own = |sleeve: &Sleeve| vec![sleeve.name.clone(); sleeve.outcome.open_positions.len()];
    let names = account.sleeves.iter().flat_map(own);
    for (row, name) in rows.as_array_mut().into_iter().flatten().zip(names) {
        row["strategy"] = name.into();
    }
}

/// What the cash of the start would be worth if nothing had come or gone: returns follow each other
/// without the transfers.
pub(super) fn levels(sleeve: &Sleeve) -> Vec<f64> {
    let own = &sleeve.outcome;
    let equity = own.equity.iter().map(|money| money.to_f64());
    if sleeve.moved.is_empty() {
        return equity.collect();
    }
    let mut moved = sleeve.moved.iter().peekable();
    let start = own.initial_cash.to_f64();
    let (mut before, mut level) = (start, start);
    let next = |(t, equity): (usize, f64)| {
        let mut came = 0.0;
        while let Some((_, amount)) = moved.next_if(|(when, _)| *when == t) {
            came += amount.to_f64();
        }
        if before > 0.0 {
            level *= (equity - came) / before;
        }
        before = equity;
        level
    };
    equity.enumerate().map(next).collect()
}
