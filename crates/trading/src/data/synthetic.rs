//! Synthetic bars: a seeded random walk that is the same on every machine.
//!
//! Each bar multiplies the price by `1 + r`, or divides it by `1 − r` where r is negative, with
//! `r = drift / n + volatility · z / √n`, n bars per year, and z a sum of uniforms. Only
//! additions, products, quotients and square roots are used: IEEE 754 fixes their last bit.
//! Promises: prices are above zero with four decimals; high and low enclose open and close; a
//! symbol's bars depend on seed, symbol and settings, not on other symbols.
//! Not here: sessions. Daily bars skip weekends, intraday bars run day and night.

use dirigent_core::{Seed, Timestamp, seed::Stream};

use super::{
    bars::Bars,
    error::Error,
    timeframe::{DAY, Timeframe, Unit},
};
use crate::price::{Price, SCALE};

/// The most bars of one symbol.
pub const BARS_MAX: usize = 50_000_000;
/// Steps of the price: four decimals.
const TICK: i64 = SCALE / 10_000;
/// A bar moves the price by at most this part, whatever the volatility.
const MOVE_MAX: f64 = 0.9;
/// Prices stay below this: a walk that climbs on is held here.
const PRICE_MAX: f64 = 1e8;
const VOLUME_MEAN: f64 = 1_000_000.0;

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct Synthetic {
    /// How many bars.
    pub bars: usize,
    /// The first bar; a weekend moves to Monday for daily bars.
    pub start: Timestamp,
    /// The trend per year: 0.05 is five percent.
    pub drift: f64,
    /// The standard deviation per year: 0.2 is twenty percent.
    pub volatility: f64,
    /// The price before the first bar.
    pub start_price: f64,
    /// The seed; each symbol takes the child of its name.
    pub seed: Seed,
}

/// Generates the bars of `symbol`.
///
/// # Errors
/// A setting that is no finite number in its range.
pub(crate) fn generate(
    settings: &Synthetic,
    symbol: &str,
    timeframe: Timeframe,
) -> Result<Bars, Error> {
    check(settings)?;
    let times = times(settings, timeframe)?;
    let mut stream = settings.seed.child(symbol).stream();
    let per_year = bars_per_year(timeframe);
    let trend = settings.drift / per_year;
    let spread = settings.volatility / per_year.sqrt();
    let mut bars = Bars { symbol: symbol.to_owned(), time: times.into(), ..Bars::default() };
    let mut price = settings.start_price;
    for _ in 0..bars.time.len() {
        let open = moved(price, 0.2 * spread * stream.normal());
        let close = moved(open, trend + spread * stream.normal());
        let (above, below) = (reach(&mut stream, spread), reach(&mut stream, spread));
        push(
            &mut bars,
            [open, moved(open.max(close), above), moved(open.min(close), -below), close],
        );
        bars.volume.push((VOLUME_MEAN * (0.5 + stream.uniform())).floor());
        price = close;
    }
    Ok(bars)
}

/// How far a bar reaches beyond open and close.
fn reach(stream: &mut Stream, spread: f64) -> f64 {
    0.5 * spread * stream.normal().abs()
}

/// The price after a relative move, up and down in equal proportion.
fn moved(price: f64, step: f64) -> f64 {
    let step = step.clamp(-MOVE_MAX, MOVE_MAX);
    let moved = if step >= 0.0 { price * (1.0 + step) } else { price / (1.0 - step) };
    moved.min(PRICE_MAX)
}

fn push(bars: &mut Bars, prices: [f64; 4]) {
    let [open, high, low, close] = prices.map(on_tick);
    bars.open.push(open);
    bars.high.push(high);
    bars.low.push(low);
    bars.close.push(close);
}

/// The nearest price with four decimals, at least one step.
fn on_tick(price: f64) -> Price {
    let raw = Price::from_f64(price).map_or(TICK, Price::raw);
    Price::from_raw(((raw + TICK / 2) / TICK * TICK).max(TICK))
}

fn check(settings: &Synthetic) -> Result<(), Error> {
    let Synthetic { bars, drift, volatility, start_price, .. } = settings;
    let wrong = [
        ("bars", *bars == 0 || *bars > BARS_MAX, format!("1 to {BARS_MAX}")),
        ("drift", !(-10.0..=10.0).contains(drift), "-10 to 10".into()),
        ("volatility", !(0.0..=10.0).contains(volatility), "0 to 10".into()),
        ("start_price", !(0.0001..=PRICE_MAX).contains(start_price), "0.0001 to 1e8".into()),
    ];
    match wrong.into_iter().find(|(_, is_wrong, _)| *is_wrong) {
        None => Ok(()),
        Some((name, _, range)) => Err(Error::Setting {
            what: format!("`{name}` of the synthetic data is out of range"),
            hint: format!("give a number from {range}"),
        }),
    }
}

/// Bars in a year of 252 sessions, or of 365 days where bars run day and night.
fn bars_per_year(timeframe: Timeframe) -> f64 {
    let count = f64::from(timeframe.count());
    let units = match timeframe.unit() {
        Unit::Second => 365.0 * 86_400.0,
        Unit::Minute => 365.0 * 1_440.0,
        Unit::Hour => 365.0 * 24.0,
        Unit::Day => 252.0,
        Unit::Week => 52.0,
        Unit::Month => 12.0,
    };
    units / count
}

fn times(settings: &Synthetic, timeframe: Timeframe) -> Result<Vec<Timestamp>, Error> {
    let too_long = || Error::Setting {
        what: format!("{} bars of {timeframe} end after the year 2261", settings.bars),
        hint: "give fewer bars, a shorter timeframe or an earlier start".into(),
    };
    let mut times = Vec::with_capacity(settings.bars);
    let mut time = settings.start;
    if timeframe.is_dated() {
        time = Timestamp::from_nanos(time.as_nanos() - time.nanos_of_day());
    }
    let count = i64::from(timeframe.count());
    let first = time;
    for index in 0..settings.bars {
        time = match timeframe.unit() {
            Unit::Month => {
                let months = i64::try_from(index).ok().and_then(|i| i.checked_mul(count));
                months.and_then(|m| month_after(first, m)).ok_or_else(too_long)?
            }
            Unit::Day if count == 1 => on_weekday(time),
            _ => time,
        };
        times.push(time);
        if timeframe.unit() != Unit::Month && index + 1 < settings.bars {
            let next = time.as_nanos().checked_add(timeframe.nanos());
            time = next
                .filter(|n| *n < i64::MAX - 7 * DAY)
                .map(Timestamp::from_nanos)
                .ok_or_else(too_long)?;
        }
    }
    Ok(times)
}

/// The first of the month that many months later.
fn month_after(first: Timestamp, months: i64) -> Option<Timestamp> {
    let (year, month, _) = first.date();
    let index = year * 12 + month - 1 + months;
    Timestamp::from_date(index.div_euclid(12), u32::try_from(index.rem_euclid(12) + 1).ok()?, 1)
}

/// The date itself, or the Monday after a weekend.
fn on_weekday(time: Timestamp) -> Timestamp {
    // 1970-01-01 was a Thursday: day 2 of the week was a Saturday.
    match (time.as_nanos().div_euclid(DAY) + 3).rem_euclid(7) {
        5 => Timestamp::from_nanos(time.as_nanos() + 2 * DAY),
        6 => Timestamp::from_nanos(time.as_nanos() + DAY),
        _ => time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(bars: usize) -> Synthetic {
        Synthetic {
            bars,
            start: Timestamp::from_date(2000, 1, 1).unwrap(),
            drift: 0.05,
            volatility: 0.2,
            start_price: 100.0,
            seed: Seed::master(42),
        }
    }

    fn daily(settings: &Synthetic) -> Bars {
        generate(settings, "AAA", Timeframe::DAILY).unwrap()
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for wrong in [
            Synthetic { bars: 0, ..settings(1) },
            Synthetic { volatility: f64::NAN, ..settings(1) },
            Synthetic { volatility: -1.0, ..settings(1) },
            Synthetic { drift: f64::INFINITY, ..settings(1) },
            Synthetic { start_price: 0.0, ..settings(1) },
        ] {
            assert!(generate(&wrong, "AAA", Timeframe::DAILY).is_err(), "{wrong:?}");
        }
        assert!(generate(&settings(4_000), "AAA", "1M".parse().unwrap()).is_err());
    }

    #[test]
    fn the_walk_is_pinned() {
        let bars = daily(&settings(3));
        let found: Vec<String> = (0..3)
            .map(|t| {
                format!(
                    "{} {} {} {} {}",
                    bars.time[t], bars.open[t], bars.high[t], bars.low[t], bars.close[t]
                )
            })
            .collect();
        assert_eq!(found, PINNED);
        assert_ne!(bars.close, generate(&settings(3), "BBB", Timeframe::DAILY).unwrap().close);
    }

    const PINNED: [&str; 3] = [
        "2000-01-03T00:00:00Z 100.3359 101.098 98.3881 99.3832",
        "2000-01-04T00:00:00Z 99.207 99.6366 98.6899 99.1107",
        "2000-01-05T00:00:00Z 99.0321 99.1816 98.5724 99.1284",
    ];

    #[test]
    fn bars_are_consistent_and_as_volatile_as_asked() {
        let bars = daily(&settings(20_000));
        for t in 0..bars.len() {
            assert!(bars.high[t] >= bars.open[t].max(bars.close[t]));
            assert!(bars.low[t] <= bars.open[t].min(bars.close[t]) && bars.low[t].is_positive());
            assert!(t == 0 || bars.time[t] > bars.time[t - 1]);
        }
        let returns: Vec<f64> =
            bars.close.windows(2).map(|p| p[1].to_f64() / p[0].to_f64() - 1.0).collect();
        let mean = returns.iter().sum::<f64>() / 2e4;
        let deviation = (returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / 2e4).sqrt();
        let yearly = deviation * 252_f64.sqrt();
        assert!((yearly - 0.204).abs() < 0.01, "{yearly}"); // √(0.2² + 0.04²) with the overnight
    }

    #[test]
    fn months_start_on_the_first() {
        let bars = generate(&settings(14), "AAA", "1M".parse().unwrap()).unwrap();
        assert_eq!(bars.time[13].to_string(), "2001-02-01T00:00:00Z");
    }
}
