//! `instruments` and `portfolio.account` in the terms of the domain.

use dirigent_trading::{
    Price, Rate,
    corporate::{Action, Event},
    instrument::Instrument,
    portfolio::{AccountType, Margin, Requirement},
};

use super::{Setup, date, share};
use crate::config::workflow::{self as config, Percent, Workflow};

pub(super) fn account(account: config::Account) -> AccountType {
    let share_of = |percent| Requirement::Share(share(percent));
    match account {
        config::Account::Unlevered => AccountType::Unlevered,
        config::Account::Cash => AccountType::Cash,
        config::Account::Margin { initial_margin_pct, maintenance_margin_pct } => {
            AccountType::Margin(Margin {
                initial: share_of(initial_margin_pct),
                maintenance: share_of(maintenance_margin_pct),
            })
        }
        config::Account::Futures => {
            let whole = Requirement::Share(Rate::ONE);
            AccountType::Margin(Margin { initial: whole, maintenance: whole })
        }
    }
}

pub(super) fn instrument(terms: &config::Instrument, workflow: &Workflow) -> Instrument {
    let is_foreign = |currency: &&String| **currency != workflow.portfolio.currency;
    let currency = terms.currency.as_ref().filter(is_foreign);
    Instrument {
        multiplier: terms.multiplier,
        tick: terms.tick,
        lot: terms.lot,
        currency: currency.and_then(|currency| currency.parse().ok()),
        settles: is_settled(terms.kind),
        margin: margin(terms),
        borrow: terms.borrow_rate,
    }
}

const fn is_settled(kind: config::InstrumentType) -> bool {
    matches!(kind, config::InstrumentType::Future | config::InstrumentType::Perpetual)
}

/// Where only one of two is given, the other is the same.
fn margin(terms: &config::Instrument) -> Option<Margin> {
    let per_unit = |amount: Option<Price>| amount.map(Requirement::PerUnit);
    let of_value =
        |percent: Option<Percent>| percent.map(|percent| Requirement::Share(share(percent)));
    let initial = per_unit(terms.initial_margin).or(of_value(terms.initial_margin_pct));
    let maintenance = per_unit(terms.maintenance_margin).or(of_value(terms.maintenance_margin_pct));
    let initial = initial.or(maintenance)?;
    Some(Margin { initial, maintenance: maintenance.unwrap_or(initial) })
}

impl Setup {
    /// The ends of futures, as actions on the day of their last bar.
    pub(crate) fn expiries(&self) -> Vec<Action> {
        let all = self.workflow.instruments.iter().flatten();
        let of_one = |(symbol, terms): (&String, &config::Instrument)| {
            let date = terms.expiry.as_deref().and_then(date)?;
            Some(Action { symbol: symbol.clone(), date, event: Event::Delisting(None) })
        };
        all.filter_map(of_one).collect()
    }
}
