//! `execution` of a workflow file: how orders fill, and what they cost.
//!
//! What a later version added has a default here too, so that older records can be read.

use dirigent_trading::price::{Money, Price, Quantity};
use serde::{Deserialize, Serialize};

use super::decimal::{BasisPoints, Percent};
use super::venue::{Latency, Queue};

/// `execution`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Execution {
    /// `fill`
    pub fill: Fill,
    /// `commission`
    pub commission: Commission,
    /// `sale_fees`
    #[serde(default)]
    pub sale_fees: Option<SaleFees>,
    /// `slippage`
    pub slippage: Slippage,
    /// `intrabar`
    pub intrabar: Intrabar,
    /// `entry`
    #[serde(default)]
    pub entry: Entry,
    /// `limit_fill`
    #[serde(default)]
    pub limit_fill: LimitFill,
    /// `stops_before`
    #[serde(default)]
    pub stops_before: StopsBefore,
    /// `entry_bar`
    #[serde(default)]
    pub entry_bar: EntryBar,
    /// `limit_gap`
    #[serde(default)]
    pub limit_gap: LimitGap,
    /// `trail_by`
    #[serde(default)]
    pub trail_by: TrailBy,
    /// `max_volume_pct`
    #[serde(default)]
    pub max_volume_pct: Option<Percent>,
    /// `quotes`
    #[serde(default)]
    pub quotes: Option<String>,
    /// `trades`
    #[serde(default)]
    pub trades: Option<String>,
    /// `latency`
    #[serde(default)]
    pub latency: Option<Latency>,
    /// `queue`
    #[serde(default)]
    pub queue: Option<Queue>,
}

/// `execution.fill`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// At the next open.
    NextOpen,
    /// At the close of the decision.
    SameClose,
}

/// `execution.intrabar`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intrabar {
    /// Stops came first.
    Pessimistic,
    /// Limits came first.
    Optimistic,
    /// The extreme nearer to the open came first.
    Nearest,
    /// The seed draws which extreme came first.
    Random,
}

/// `execution.limit_fill`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitFill {
    /// At the price.
    #[default]
    Touch,
    /// Beyond the price.
    Through,
}

/// `execution.stops_before`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopsBefore {
    /// What the open reaches comes first.
    #[default]
    Nothing,
    /// A target that the open reaches.
    Targets,
    /// Also orders by signal.
    Orders,
}

/// `execution.entry_bar`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryBar {
    /// Exits trade in it.
    #[default]
    Exits,
    /// Those of market orders do.
    MarketExits,
    /// None do.
    NoExits,
}

/// `execution.limit_gap`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitGap {
    /// At the open.
    #[default]
    Open,
    /// At its level.
    Level,
}

/// `execution.trail_by`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailBy {
    /// The best price.
    #[default]
    Extreme,
    /// The close.
    Close,
}

/// `execution.entry`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    /// At the next fill point.
    #[default]
    Market,
    /// At the close of the next bar.
    AtClose,
    /// At a better price.
    Limit {
        /// How much better.
        offset_pct: Percent,
        /// How long.
        time_in_force: TimeInForce,
    },
    /// At a worse price.
    Stop {
        /// How much worse.
        offset_pct: Percent,
        /// How long.
        time_in_force: TimeInForce,
    },
    /// At a worse price, within a limit.
    StopLimit {
        /// How much worse.
        offset_pct: Percent,
        /// How much worse at most.
        limit_pct: Percent,
        /// How long.
        time_in_force: TimeInForce,
    },
}

/// `execution.entry.time_in_force`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until it is taken back.
    Gtc,
    /// To the end of the day.
    Day,
    /// At once, as much as there is.
    Ioc,
    /// At once and whole.
    Fok,
}

/// `execution.commission`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Commission {
    /// Nothing.
    None,
    /// A share of the traded value.
    Bps {
        /// The share.
        value: BasisPoints,
        /// The least per order.
        minimum: Money,
    },
    /// An amount per unit.
    PerShare {
        /// The amount.
        value: Price,
        /// The least per order.
        minimum: Money,
    },
    /// An amount per unit that falls with the units.
    Tiered {
        /// From how many units on which amount.
        tiers: Vec<Tier>,
        /// The least per order.
        minimum: Money,
    },
    /// A share of the traded value, less for makers.
    MakerTaker {
        /// The share for makers.
        maker: BasisPoints,
        /// The share for takers.
        taker: BasisPoints,
    },
    /// The same for every order.
    Fixed {
        /// The amount.
        value: Money,
    },
}

/// `execution.commission.tiers`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// From how many units on.
    pub from: Quantity,
    /// The amount per unit.
    pub value: Price,
}

/// `execution.sale_fees`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleFees {
    /// A share of the value sold.
    pub bps: BasisPoints,
    /// An amount per unit sold.
    pub per_unit: Price,
    /// The most of it per trade.
    pub per_unit_max: Money,
}

/// `execution.slippage`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Slippage {
    /// None.
    None,
    /// A share of the price.
    Bps {
        /// The share.
        value: BasisPoints,
    },
    /// An amount per unit.
    Ticks {
        /// The amount.
        value: Price,
    },
    /// Half of a spread.
    Spread {
        /// The whole spread.
        value: BasisPoints,
    },
    /// The square of the share in the volume.
    VolumeShare {
        /// What the whole volume moves.
        value: BasisPoints,
    },
    /// The square root of the share in the volume.
    SquareRoot {
        /// What the whole volume moves.
        value: BasisPoints,
    },
}
