//! Ticks: bars from trades, by time, volume, value or count.
//!
//! A bar of volume, value or count ends with the trade that brings it to its size. That trade is
//! not split and what it brings beyond the size is not carried on, so a bar may be larger than its
//! size, and the next begins with nothing. Such bars are stamped with the time of the trade that
//! ended them, a nanosecond after the bar before if that would be the same; bars of time with their
//! start.
//! Promises: sizes and values are compared exactly: sizes with nine decimals, values with
//! eighteen. A bar depends on no trade after its last.
//! Not here: reading and checking trades; see `trades`.

use dirigent_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    bars::Bars,
    error::Error,
    resample::PartialBar,
    session::{Day, Grid, Slot},
};
use crate::price::{Money, Price, Quantity, SCALE};

/// When a bar of trades ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BarRule {
    /// With its time: the bars of the timeframe.
    Time,
    /// When so many units were traded.
    Volume(Quantity),
    /// When units for so much money were traded.
    Value(Money),
    /// After so many trades.
    Trades(u64),
}

/// One trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// When it happened.
    pub time: Timestamp,
    /// For how much each unit was traded.
    pub price: Price,
    /// How many units were traded.
    pub size: Quantity,
}

/// One bar of trades, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickBar {
    /// The time that the bar is known by.
    pub time: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Units traded, in steps of 10^-9.
    pub size_raw: i128,
    /// What was paid for them, in steps of 10^-18.
    pub value_raw: i128,
    /// How many trades there were.
    pub trades: u64,
}

/// The bars that were made of trades.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TickBars {
    /// The bars.
    pub bars: Vec<TickBar>,
    /// Trades outside of every session.
    pub outside: u64,
    /// Bars that ended with their session or the last trade before they reached their size.
    pub partial: u64,
}

impl TickBar {
    fn of(tick: &Tick, time: Timestamp) -> Self {
        let Tick { price, .. } = *tick;
        let (open, high, low, close) = (price, price, price, price);
        let bar = Self { time, open, high, low, close, size_raw: 0, value_raw: 0, trades: 0 };
        bar.with(tick)
    }

    /// The bar with one more trade.
    fn with(self, tick: &Tick) -> Self {
        let (price, size) = (i128::from(tick.price.raw()), i128::from(tick.size.raw()));
        Self {
            high: self.high.max(tick.price),
            low: self.low.min(tick.price),
            close: tick.price,
            size_raw: self.size_raw + size,
            // Only prices and sizes at the limit of their types saturate, beyond any bar's value.
            value_raw: self.value_raw.saturating_add(price * size),
            trades: self.trades + 1,
            ..self
        }
    }

    fn is_full(&self, rule: BarRule) -> bool {
        match rule {
            BarRule::Time => false,
            BarRule::Volume(size) => self.size_raw >= i128::from(size.raw()),
            BarRule::Value(value) => {
                self.value_raw >= value.raw().saturating_mul(i128::from(SCALE))
            }
            BarRule::Trades(count) => self.trades >= count,
        }
    }

    /// The units as a double, nearest to within its last digit.
    #[expect(clippy::cast_precision_loss, reason = "the volume of bars is a double")]
    fn volume(&self) -> f64 {
        let scale = i128::from(SCALE);
        (self.size_raw / scale) as f64 + (self.size_raw % scale) as f64 / SCALE as f64
    }
}

impl TickBars {
    /// The same as bars of `symbol`.
    pub(crate) fn into_bars(self, symbol: String) -> Bars {
        let column = |pick: fn(&TickBar) -> Price| self.bars.iter().map(pick).collect();
        Bars {
            symbol,
            time: self.bars.iter().map(|bar| bar.time).collect(),
            open: column(|bar| bar.open),
            high: column(|bar| bar.high),
            low: column(|bar| bar.low),
            close: column(|bar| bar.close),
            volume: self.bars.iter().map(TickBar::volume).collect(),
        }
    }
}

/// How trades become bars.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    pub(crate) rule: BarRule,
    pub(crate) grid: Grid,
    /// Whether bars end with their session, whatever their rule.
    pub(crate) has_session: bool,
    pub(crate) partial: PartialBar,
}

impl Cut {
    /// Cuts trades, in the order of their times, into bars.
    pub(crate) fn bars(mut self, ticks: impl Iterator<Item = Tick>) -> TickBars {
        let mut made = TickBars::default();
        let mut open: Option<(TickBar, Option<Place>)> = None;
        for tick in ticks {
            let Some(place) = self.place(tick.time) else {
                made.outside += 1;
                continue;
            };
            if let Some((bar, _)) = open.take_if(|(_, before)| *before != place) {
                self.end_early(&mut made, bar);
            }
            let bar = match open.take() {
                Some((bar, _)) => bar.with(&tick),
                None => TickBar::of(&tick, place.map_or(tick.time, Place::stamp)),
            };
            if bar.is_full(self.rule) {
                push(&mut made, TickBar { time: tick.time, ..bar });
            } else {
                let time = if self.rule == BarRule::Time { bar.time } else { tick.time };
                open = Some((TickBar { time, ..bar }, place));
            }
        }
        if let Some((bar, _)) = open {
            made.partial += 1;
            if self.partial == PartialBar::Keep {
                push(&mut made, bar);
            }
        }
        made
    }

    /// Where a trade belongs; `Some(None)` if that is anywhere, `None` outside of every session.
    fn place(&mut self, time: Timestamp) -> Option<Option<Place>> {
        match self.rule {
            BarRule::Time => self.grid.slot(time.as_nanos()).map(|slot| Some(Place::Slot(slot))),
            _ if self.has_session => {
                self.grid.day(time.as_nanos()).map(|day| Some(Place::Day(day)))
            }
            _ => Some(None),
        }
    }

    /// Ends a bar because its time or its session is over.
    fn end_early(&self, made: &mut TickBars, bar: TickBar) {
        if self.rule == BarRule::Time {
            return push(made, bar);
        }
        made.partial += 1;
        if self.partial == PartialBar::Keep {
            push(made, bar);
        }
    }
}

/// What a bar may not reach out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Slot(Slot),
    Day(Day),
}

impl Place {
    fn stamp(self) -> Timestamp {
        match self {
            Self::Slot(slot) => Timestamp::from_nanos(slot.stamp),
            Self::Day(day) => Timestamp::from_nanos(day.start),
        }
    }
}

fn push(made: &mut TickBars, bar: TickBar) {
    let next = made.bars.last().map(|last| Timestamp::from_nanos(last.time.as_nanos() + 1));
    made.bars.push(TickBar { time: next.map_or(bar.time, |next| next.max(bar.time)), ..bar });
}

/// Bars of trades that are in the order of their times, without sessions.
///
/// # Errors
/// The rule is time, which has no length here, or a size that no trade is needed for.
pub fn tick_bars(ticks: &[Tick], rule: BarRule, partial: PartialBar) -> Result<TickBars, Error> {
    check_rule(rule)?;
    if rule == BarRule::Time {
        return Err(Error::Setting {
            what: "bars of time need a timeframe".into(),
            hint: "load them with `data.timeframe`".into(),
        });
    }
    let grid = Grid::new(super::timeframe::Timeframe::DAILY, None)?;
    Ok(Cut { rule, grid, has_session: false, partial }.bars(ticks.iter().copied()))
}

/// Refuses sizes that are not above zero.
pub(crate) fn check_rule(rule: BarRule) -> Result<(), Error> {
    let is_right = match rule {
        BarRule::Time => true,
        BarRule::Volume(size) => size.is_positive(),
        BarRule::Value(value) => value.is_positive(),
        BarRule::Trades(count) => count > 0,
    };
    if is_right {
        return Ok(());
    }
    let what = "the size of bars is not above zero".into();
    Err(Error::Setting { what, hint: "set `data.bars.size`".into() })
}
