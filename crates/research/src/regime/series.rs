//! The series that regimes are found in.

use dirigent_core::Timestamp;
use dirigent_trading::{
    Bars,
    corporate::{Action, Event},
};

use super::{Error, check_count};

/// Log returns at the times of bars.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The bars of all symbols that are looked at, each time once.
    pub times: Vec<Timestamp>,
    /// What came at the close of each; 0 at the first.
    pub returns: Vec<f64>,
}

impl Series {
    /// The log returns of `symbol`; without, the mean of those of all symbols that have a bar at
    /// that time and one before it.
    ///
    /// # Errors
    /// The symbol is not among the bars, or there is no bar.
    pub fn of(symbol: Option<&str>, bars: &[Bars], actions: &[Action]) -> Result<Self, Error> {
        let chosen: Vec<&Bars> =
            bars.iter().filter(|own| symbol.is_none_or(|symbol| own.symbol == symbol)).collect();
        if let (Some(symbol), true) = (symbol, chosen.is_empty()) {
            return Err(Error::NoSymbol { symbol: symbol.to_owned() });
        }
        let mut steps: Vec<(Timestamp, Option<f64>)> = Vec::new();
        for own in chosen {
            let returns = log_returns(own, actions);
            steps.extend(own.time.iter().copied().zip(returns));
        }
        // Stable: the returns of a time are added in the order of the symbols.
        steps.sort_by_key(|(time, _)| *time);
        let mut series = Self::default();
        for same in steps.chunk_by(|a, b| a.0 == b.0) {
            let (mut sum, mut count) = (0.0, 0.0);
            for found in same.iter().filter_map(|(_, found)| *found) {
                sum += found;
                count += 1.0;
            }
            series.times.push(same[0].0);
            series.returns.push(if count > 0.0 { sum / count } else { 0.0 });
        }
        check_count("bars", series.times.len(), 1)?;
        Ok(series)
    }

    /// An index with these returns that begins at 100.
    pub fn closes(&self) -> Vec<f64> {
        let mut sum = 0.0;
        let close = |x: &f64| {
            sum += x;
            100.0 * libm::exp(sum)
        };
        self.returns.iter().map(close).collect()
    }
}

/// ln of what one unit at the close before is worth at each close, with what came of it by splits
/// and dividends; none at the first bar, and where a price is not above zero.
pub fn log_returns(bars: &Bars, actions: &[Action]) -> Vec<Option<f64>> {
    let mut own: Vec<&Action> =
        actions.iter().filter(|action| action.symbol == bars.symbol).collect();
    own.sort_by_key(|action| (action.date, matches!(action.event, Event::Dividend(_))));
    let mut own = own.into_iter().peekable();
    let first = bars.time.first().copied();
    while own.next_if(|action| Some(action.date) <= first).is_some() {}
    let step = |at: usize| {
        let before = bars.close[at.checked_sub(1)?].to_f64();
        let (mut units, mut paid) = (1.0, 0.0);
        while let Some(action) = own.next_if(|action| action.date <= bars.time[at]) {
            match action.event {
                Event::Split(ratio) => units *= ratio.to_f64(),
                Event::Dividend(per_unit) => paid += units * per_unit.to_f64(),
                Event::Funding(_) | Event::Roll { .. } | Event::Delisting(_) => {}
            }
        }
        let now = units * bars.close[at].to_f64() + paid;
        (before > 0.0 && now > 0.0).then(|| libm::log(now / before))
    };
    (0..bars.len()).map(step).collect()
}

#[cfg(test)]
mod tests {
    use dirigent_trading::Price;

    use super::*;

    const DAY: i64 = 86_400_000_000_000;

    fn bars(symbol: &str, from: i64, closes: &[&str]) -> Bars {
        let prices: Vec<Price> = closes.iter().map(|close| close.parse().unwrap()).collect();
        let days = from..from + i64::try_from(closes.len()).unwrap();
        Bars {
            symbol: symbol.into(),
            time: days.map(|day| Timestamp::from_nanos(day * DAY)).collect(),
            open: prices.clone(),
            high: prices.clone(),
            low: prices.clone(),
            volume: vec![1.0; prices.len()],
            close: prices,
        }
    }

    fn check(symbol: Option<&str>, bars: &[Bars], actions: &[Action], growth: &[f64]) {
        let found = Series::of(symbol, bars, actions).unwrap();
        let grown: Vec<f64> = found.returns.iter().map(|x| libm::exp(*x)).collect();
        assert_eq!(grown.len(), growth.len());
        let is_near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
        assert!(grown.iter().zip(growth).all(is_near), "{grown:?} is not {growth:?}");
    }

    #[test]
    fn symbols_that_begin_later_join_in() {
        let all = [bars("A", 0, &["100", "110", "99"]), bars("B", 1, &["10", "12.1", "24.2"])];
        // At day 2: A fell to 0.9, B rose to 1.21; at day 3 there is B alone.
        check(None, &all, &[], &[1.0, 1.1, (0.9_f64 * 1.21).sqrt(), 2.0]);
        check(Some("A"), &all, &[], &[1.0, 1.1, 0.9]);
        let missing = Series::of(Some("C"), &all, &[]);
        assert_eq!(missing, Err(Error::NoSymbol { symbol: "C".into() }));
        assert!(Series::of(None, &[], &[]).is_err());
    }

    #[test]
    fn splits_and_dividends_are_no_falls() {
        let action = |day: i64, event| Action {
            symbol: "A".into(),
            date: Timestamp::from_nanos(day * DAY),
            event,
        };
        let split = action(1, Event::Split("2".parse().unwrap()));
        let dividend = action(1, Event::Dividend("5".parse().unwrap()));
        let before = action(0, Event::Split("9".parse().unwrap()));
        let all = [bars("A", 0, &["100", "50", "55"])];
        check(None, &all, &[dividend, split, before], &[1.0, 1.1, 1.1]);
    }
}
