//! How orders fill and what they cost, in the terms of the domain.

use std::sync::Arc;

use dirigent_core::Seed;
use dirigent_trading::{
    execution::{
        Commission, EntryBar, FillTiming, Intrabar, LimitFill, LimitGap, StandardCommission,
        StandardSlippage, StopsBefore, Tiered, TrailBy, WithSaleFees,
    },
    order::{EntryOrder, EntryPrice, Offset, TimeInForce},
    price::Rate,
};

use super::share;
use crate::config::workflow::{self as config, BasisPoints, Execution, Percent};

pub(super) fn fill(execution: &Execution) -> FillTiming {
    match execution.fill {
        config::Fill::NextOpen => FillTiming::NextOpen,
        config::Fill::SameClose => FillTiming::SameClose,
    }
}

/// Which extreme comes first is drawn from `seed`, where the file wants that.
pub(super) fn intrabar(execution: &Execution, seed: u64) -> Intrabar {
    match execution.intrabar {
        config::Intrabar::Pessimistic => Intrabar::Pessimistic,
        config::Intrabar::Optimistic => Intrabar::Optimistic,
        config::Intrabar::Nearest => Intrabar::Nearest,
        config::Intrabar::Random => Intrabar::Random(Seed::master(seed).child("intrabar")),
    }
}

pub(super) fn limit_fill(execution: &Execution) -> LimitFill {
    match execution.limit_fill {
        config::LimitFill::Touch => LimitFill::Touch,
        config::LimitFill::Through => LimitFill::Through,
    }
}

pub(super) fn stops_before(execution: &Execution) -> StopsBefore {
    match execution.stops_before {
        config::StopsBefore::Nothing => StopsBefore::Nothing,
        config::StopsBefore::Targets => StopsBefore::Targets,
        config::StopsBefore::Orders => StopsBefore::Orders,
    }
}

pub(super) fn entry_bar(execution: &Execution) -> EntryBar {
    match execution.entry_bar {
        config::EntryBar::Exits => EntryBar::Exits,
        config::EntryBar::MarketExits => EntryBar::MarketExits,
        config::EntryBar::NoExits => EntryBar::NoExits,
    }
}

pub(super) fn limit_gap(execution: &Execution) -> LimitGap {
    match execution.limit_gap {
        config::LimitGap::Open => LimitGap::Open,
        config::LimitGap::Level => LimitGap::Level,
    }
}

pub(super) fn trail_by(execution: &Execution) -> TrailBy {
    match execution.trail_by {
        config::TrailBy::Extreme => TrailBy::Extreme,
        config::TrailBy::Close => TrailBy::Close,
    }
}

pub(super) fn entry(execution: &Execution) -> EntryOrder {
    let away = |percent: Percent| Offset::Share(share(percent));
    match execution.entry {
        config::Entry::Market => EntryOrder::default(),
        config::Entry::AtClose => {
            EntryOrder { time_in_force: TimeInForce::AtClose, ..EntryOrder::default() }
        }
        config::Entry::Limit { offset_pct, time_in_force } => EntryOrder {
            at: EntryPrice::Limit(away(offset_pct)),
            time_in_force: force(time_in_force),
        },
        config::Entry::Stop { offset_pct, time_in_force } => EntryOrder {
            at: EntryPrice::Stop(away(offset_pct)),
            time_in_force: force(time_in_force),
        },
        config::Entry::StopLimit { offset_pct, limit_pct, time_in_force } => EntryOrder {
            at: EntryPrice::StopLimit { stop: away(offset_pct), limit: away(limit_pct) },
            time_in_force: force(time_in_force),
        },
    }
}

fn force(time_in_force: config::TimeInForce) -> TimeInForce {
    match time_in_force {
        config::TimeInForce::Gtc => TimeInForce::Gtc,
        config::TimeInForce::Day => TimeInForce::Day,
        config::TimeInForce::Ioc => TimeInForce::Ioc,
        config::TimeInForce::Fok => TimeInForce::Fok,
    }
}

pub(super) fn commission(execution: &Execution) -> Arc<dyn Commission> {
    let broker: Arc<dyn Commission> = match &execution.commission {
        config::Commission::Tiered { tiers, minimum } => {
            let tiers = tiers.iter().map(|tier| (tier.from, tier.value)).collect();
            Arc::new(Tiered { tiers, minimum: *minimum })
        }
        other => Arc::new(standard(other)),
    };
    match execution.sale_fees {
        None => broker,
        Some(config::SaleFees { bps: points, per_unit, per_unit_max }) => {
            Arc::new(WithSaleFees { broker, share: bps(points), per_unit, per_unit_max })
        }
    }
}

fn standard(commission: &config::Commission) -> StandardCommission {
    match *commission {
        config::Commission::None | config::Commission::Tiered { .. } => StandardCommission::None,
        config::Commission::Bps { value, minimum } => {
            StandardCommission::Bps { rate: bps(value), minimum }
        }
        config::Commission::PerShare { value: amount, minimum } => {
            StandardCommission::PerShare { amount, minimum }
        }
        config::Commission::MakerTaker { maker, taker } => {
            StandardCommission::MakerTaker { maker: bps(maker), taker: bps(taker) }
        }
        config::Commission::Fixed { value: amount } => StandardCommission::Fixed { amount },
    }
}

pub(super) fn slippage(execution: &Execution) -> StandardSlippage {
    match execution.slippage {
        config::Slippage::None => StandardSlippage::None,
        config::Slippage::Bps { value } => StandardSlippage::Bps { rate: bps(value) },
        config::Slippage::Ticks { value } => StandardSlippage::Ticks { amount: value },
        config::Slippage::Spread { value } => {
            StandardSlippage::Bps { rate: Rate::from_raw(bps(value).raw() / 2) }
        }
        config::Slippage::VolumeShare { value } => {
            StandardSlippage::VolumeShare { rate: bps(value) }
        }
        config::Slippage::SquareRoot { value } => StandardSlippage::SquareRoot { rate: bps(value) },
    }
}

fn bps(points: BasisPoints) -> Rate {
    Rate::from_raw(points.share_raw())
}
