//! What holds for any bars, signals and options.

use std::sync::Arc;

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::backtest::{Financing, Options, Outcome, Unwatched, run};
use dirigent_trading::currency::Currencies;
use dirigent_trading::execution::{
    EntryBar, FillTiming, Intrabar, LimitFill, LimitGap, StandardCommission, StandardSlippage,
    StopsBefore, TrailBy,
};
use dirigent_trading::instrument::Instruments;
use dirigent_trading::order::{EntryOrder, EntryPrice, Offset, Side, TimeInForce};
use dirigent_trading::portfolio::{AccountType, Ledger, Sizing};
use dirigent_trading::risk::{Limits, StopReference};
use dirigent_trading::strategy::{SignalStrategy, Strategy, Window, Wishes};
use dirigent_trading::venue::Venue;
use dirigent_trading::{Bars, Money, Price, Quantity, Rate, Signal};
use proptest::prelude::*;

const DAY_NANOS: i64 = 86_400_000_000_000;
const CENT: i64 = 10_000_000;

/// A whole run, drawn from one number.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) bars: Vec<Bars>,
    pub(crate) columns: Vec<Arc<[Signal]>>,
    pub(crate) options: Options,
}

impl Case {
    pub(crate) fn new(seed: u64, symbols: usize, options: Options) -> Self {
        let bars: Vec<Bars> = (0..symbols).map(|n| random_bars(seed, n)).collect();
        let columns = bars.iter().map(|bars| random_signals(seed, bars)).collect();
        Self { bars, columns, options }
    }

    pub(crate) fn strategy(&self) -> SignalStrategy {
        SignalStrategy::new(self.columns.clone(), 0)
    }

    pub(crate) fn run(&self) -> Outcome {
        run(&self.bars, &mut self.strategy(), &self.options, &Unwatched).unwrap()
    }
}

/// Up to 120 days of a wild walk in whole cents; the second and later symbols miss some days.
pub(crate) fn random_bars(seed: u64, number: usize) -> Bars {
    let symbol = format!("S{number}");
    let mut random = Seed::master(seed).child(&symbol).stream();
    let mut bars = Bars { symbol, ..Bars::default() };
    let mut last = 100.0_f64;
    for day in 0..120_i64 {
        if number > 0 && random.uniform() < 0.2 {
            continue;
        }
        let mut price = |around: f64, spread: f64| {
            let cents = (around * (1.0 + spread * random.normal()) * 100.0).clamp(100.0, 1e6);
            Price::from_raw(Price::from_f64(cents.round()).unwrap().raw() / 1_000_000_000 * CENT)
        };
        let open = price(last, 0.02);
        let close = price(open.to_f64(), 0.03);
        let extremes = [price(open.to_f64(), 0.03), price(close.to_f64(), 0.03), open, close];
        last = close.to_f64();
        bars.time.push(Timestamp::from_nanos(day * DAY_NANOS));
        bars.open.push(open);
        bars.high.push(extremes.into_iter().max().unwrap());
        bars.low.push(extremes.into_iter().min().unwrap());
        bars.close.push(close);
        bars.volume.push(1.0);
    }
    bars
}

fn random_signals(seed: u64, bars: &Bars) -> Arc<[Signal]> {
    let mut random = Seed::master(seed).child(&bars.symbol).child("signals").stream();
    let wishes = [Signal::LONG_ENTRY, Signal::LONG_EXIT, Signal::SHORT_ENTRY, Signal::SHORT_EXIT];
    let signal = |_| {
        wishes.into_iter().fold(Signal::NONE, |all, wish| {
            if random.uniform() < 0.12 { all.with(wish) } else { all }
        })
    };
    (0..bars.len()).map(signal).collect()
}

/// One after the other `times` times, prices going on where they were.
pub(crate) fn repeated(bars: &Bars, times: usize) -> Bars {
    let mut all = bars.clone();
    for _ in 1..times {
        let after = all.time.last().unwrap().as_nanos() + DAY_NANOS;
        let shift = |time: &Timestamp| Timestamp::from_nanos(time.as_nanos() + after);
        bars.time.iter().map(shift).for_each(|time| all.time.push(time));
        all.open.extend_from_slice(&bars.open);
        all.high.extend_from_slice(&bars.high);
        all.low.extend_from_slice(&bars.low);
        all.close.extend_from_slice(&bars.close);
        all.volume.extend_from_slice(&bars.volume);
    }
    all
}

fn rate(percent: i32) -> Option<Rate> {
    (percent > 0).then(|| Rate::percent(percent))
}

prop_compose! {
    pub(crate) fn any_options()(
        cash in 1_000_i64..1_000_000,
        same_close: bool,
        intrabar in 0..4,
        through: bool,
        customs in 0..8,
        entry in 0..6,
        participation in -3_i32..4,
        signal_close: bool,
        fractional: bool,
        commission in 0..4,
        slippage_bps in 0..50,
        sizing in 0..4,
        percent in 1_i32..=100,
        limits in prop::array::uniform5(-40_i32..40),
    ) -> Options {
        let near = Offset::Share(Rate::bps(40));
        let far = Offset::Share(Rate::bps(90));
        Options {
            entry: match entry {
                0 => EntryOrder { at: EntryPrice::Limit(near), time_in_force: TimeInForce::Day },
                1 => EntryOrder { at: EntryPrice::Stop(near), time_in_force: TimeInForce::Gtc },
                2 => EntryOrder {
                    at: EntryPrice::StopLimit { stop: near, limit: far },
                    time_in_force: TimeInForce::Gtc,
                },
                _ => EntryOrder::default(),
            },
            limit_fill: if through { LimitFill::Through } else { LimitFill::Touch },
            stops_before: match customs {
                0 => StopsBefore::Orders,
                4 => StopsBefore::Targets,
                _ => StopsBefore::Nothing,
            },
            limit_gap: if customs == 5 { LimitGap::Level } else { LimitGap::Open },
            entry_bar: match customs {
                0 | 1 => EntryBar::NoExits,
                2 => EntryBar::MarketExits,
                _ => EntryBar::Exits,
            },
            trail_by: if customs == 3 { TrailBy::Close } else { TrailBy::Extreme },
            participation: (participation > 0).then(|| Rate::bps(participation * 30)),
            initial_cash: Money::from_raw(i128::from(cash) * 1_000_000_000),
            fill: if same_close { FillTiming::SameClose } else { FillTiming::NextOpen },
            fill_model: Arc::new(match intrabar {
                0 => Intrabar::Pessimistic,
                1 => Intrabar::Optimistic,
                2 => Intrabar::Nearest,
                _ => Intrabar::Random(Seed::master(7)),
            }),
            commission: Arc::new(match commission {
                0 => StandardCommission::None,
                1 => StandardCommission::Bps { rate: Rate::bps(7), minimum: Money::ZERO },
                2 => StandardCommission::PerShare {
                    amount: Price::from_raw(5_000_000),
                    minimum: Money::from_raw(1_000_000_000),
                },
                _ => StandardCommission::Fixed { amount: Money::from_raw(3_000_000_000) },
            }),
            slippage: Arc::new(StandardSlippage::Bps { rate: Rate::bps(slippage_bps) }),
            sizing: match sizing {
                0 => Sizing::FixedQuantity(Quantity::from_units(percent.into()).unwrap()),
                1 => Sizing::FixedCash(Money::from_raw(i128::from(cash) * 400_000_000)),
                2 => Sizing::VolatilityTarget {
                    target: Rate::percent(20),
                    lookback_bars: 10,
                    bars_per_year: 252.0,
                },
                _ => Sizing::PercentEquity(Rate::percent(percent)),
            },
            lot: if fractional { Options::LOT_FRACTIONAL } else { Options::LOT_WHOLE },
            limits: Limits {
                max_position: rate(limits[0]),
                max_drawdown: rate(limits[1]),
                stop_loss: rate(limits[2]),
                take_profit: rate(limits[3]),
                trailing_stop: rate(limits[4]),
                stop_reference: if signal_close {
                    StopReference::SignalClose
                } else {
                    StopReference::EntryPrice
                },
            },
            account: AccountType::default(),
            currencies: Currencies::default(),
            venue: Venue::default(),
            instruments: Instruments::default(),
            actions: Arc::default(),
            financing: Financing::default(),
            first_bar: 0,
        }
    }
}

/// The same decisions, but never quiet: every bar is a full step.
pub(crate) struct Wakeful(pub(crate) SignalStrategy);

impl Strategy for Wakeful {
    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        self.0.on_bar(window, ledger, wishes);
    }
}

pub(crate) fn check_books(outcome: &Outcome) {
    let mut cash = outcome.initial_cash;
    let mut fills = outcome.fills.iter().peekable();
    let mut flows = outcome.flows.iter().peekable();
    for (time, after) in outcome.equity.time.iter().zip(outcome.equity.cash()) {
        while let Some(fill) = fills.next_if(|fill| fill.time <= *time) {
            let value = if fill.side == Side::Buy { fill.value() } else { -fill.value() };
            cash = cash - value - fill.fee;
        }
        while let Some(flow) = flows.next_if(|flow| flow.time <= *time) {
            cash += flow.amount;
        }
        assert_eq!(after, cash, "{time}");
    }
    assert_eq!((fills.next(), flows.next()), (None, None));
    let worth: Money = outcome.open_positions.iter().map(|open| open.value).sum();
    let unrealized: Money = outcome.open_positions.iter().map(|open| open.unrealized).sum();
    let open_fees: Money = outcome.open_positions.iter().map(|open| open.fees).sum();
    let pnl: Money = outcome.trades.iter().map(|trade| trade.pnl).sum();
    let end = outcome.final_equity;
    assert_eq!(outcome.equity.last(), Some(end));
    assert_eq!(end, cash + worth);
    let paid = outcome.dividends + outcome.interest;
    assert_eq!(end, outcome.initial_cash + outcome.realized + unrealized - outcome.fees + paid);
    let taken: Money = outcome.open_positions.iter().map(|open| open.realized).sum();
    let dividends: Money = outcome.open_positions.iter().map(|open| open.dividends).sum();
    let open = taken + unrealized - open_fees + dividends;
    assert_eq!(end, outcome.initial_cash + pnl + open + outcome.interest);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_outcome_follows_from_its_fills_to_the_last_digit(
        seed: u64, symbols in 1_usize..4, options in any_options(),
    ) {
        let outcome = Case::new(seed, symbols, options).run();
        check_books(&outcome);
        prop_assert!(outcome.orders().all(|order| order.rejected.is_none()
            || order.filled.is_zero() || order.filled < order.order.quantity));
        prop_assert_eq!(outcome.equity.time.len(), outcome.equity.iter().count());
        prop_assert_eq!(outcome.equity.time.len(), outcome.equity.cash().count());
    }

    #[test]
    fn the_same_run_has_the_same_outcome(
        seed: u64, symbols in 1_usize..4, options in any_options(),
    ) {
        let case = Case::new(seed, symbols, options);
        prop_assert_eq!(case.run(), case.run());
    }

    #[test]
    fn skipping_quiet_bars_changes_nothing(seed: u64, options in any_options()) {
        let case = Case::new(seed, 1, options);
        let mut wakeful = Wakeful(case.strategy());
        let stepped = run(&case.bars, &mut wakeful, &case.options, &Unwatched).unwrap();
        prop_assert_eq!(case.run(), stepped);
    }

    #[test]
    fn what_comes_after_a_bar_changes_nothing_before_it(
        seed: u64, symbols in 1_usize..4, cut in 0_usize..119, options in any_options(),
    ) {
        let case = Case::new(seed, symbols, options);
        let whole = case.run();
        let cut_time = Timestamp::from_nanos(i64::try_from(cut).unwrap() * DAY_NANOS);
        let mut changed = Case { bars: case.bars.clone(), ..case };
        for bars in &mut changed.bars {
            let after = bars.time.partition_point(|time| *time <= cut_time);
            for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
                for price in &mut column[after..] {
                    *price = Price::from_raw(price.raw() * 3);
                }
            }
        }
        let other = changed.run();
        let before = whole.equity.time.partition_point(|time| *time <= cut_time);
        let cash = |outcome: &Outcome| outcome.equity.cash().take(before).collect::<Vec<_>>();
        prop_assert_eq!(cash(&whole), cash(&other));
        let equity = |run: &Outcome| run.equity.iter().take(before).collect::<Vec<_>>();
        prop_assert_eq!(equity(&whole), equity(&other));
        let fills = |outcome: &Outcome| {
            outcome.fills.iter().copied().filter(|fill| fill.time <= cut_time).collect::<Vec<_>>()
        };
        prop_assert_eq!(fills(&whole), fills(&other));
    }

    #[test]
    fn prices_and_cash_in_another_currency_scale_the_result(
        seed: u64, symbols in 1_usize..4, factor in 2_i64..9, percent in 1..=100,
        stop in 1_i32..20, bps in 0..20,
    ) {
        let options = |cash: i64| Options {
            initial_cash: Money::from_raw(i128::from(cash) * 1_000_000_000),
            commission: Arc::new(StandardCommission::Bps {
                rate: Rate::bps(bps),
                minimum: Money::ZERO,
            }),
            sizing: Sizing::PercentEquity(Rate::percent(percent)),
            limits: Limits { stop_loss: rate(stop), ..Limits::default() },
            ..Options::default()
        };
        let case = Case::new(seed, symbols, options(100_000));
        let mut bars = case.bars.clone();
        for bars in &mut bars {
            for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
                for price in column {
                    *price = Price::from_raw(price.raw() * factor);
                }
            }
        }
        let scaled = Case { bars, columns: case.columns.clone(), options: options(100_000 * factor) };
        let (plain, scaled) = (case.run(), scaled.run());
        let expected: dirigent_trading::price::Amounts =
            plain.equity.iter().map(|equity| equity.scaled(factor, 1)).collect();
        prop_assert_eq!(expected, scaled.equity.iter().collect());
    }
}
