//! Regimes of a run: the section `regimes` of a file, laid over bars.
//!
//! Promises: the label at bar t depends on bars up to t alone; tests cut the future off. Labels
//! have a fixed order, calm before wild and falling before rising, and names that fit into JSON and
//! YAML. Same settings, bars and seed, same labels.
//! Formulas: `docs/concepts/regimes.md`.
//! Not here: how regimes are found, see `dirigent_research::regime`; what is done about them.

mod detector;

use dirigent_core::{Seed, Timestamp};
use dirigent_research::regime::{
    self, ChangeLevels, Detector, Features, Hmm, HmmFit, KMeansFit, Levels, Rules, Samples,
    Schedule, Series, Window, causal_labels, change_levels, features, fit_hmm,
};
use dirigent_trading::{Bars, corporate::Action};

use crate::config::workflow::{FitWindow, RegimeMethod, Regimes};

pub use detector::{DETECTOR, Tried, score, space, tried};

/// Rows that a fit takes for each of its states.
const FIT_ROWS: usize = 15;
/// A long past is fitted anew only when it has grown by one of so many parts.
const PARTS: usize = 20;
/// Where a model without one before it is looked for.
const STARTS: usize = 5;
/// How models are looked for: less than a thousandth of a nat is no better model.
const HMM: HmmFit = HmmFit { states: 2, starts: 1, iterations_max: 500, tolerance: 1e-3 };

/// Why there are no regimes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`regimes` of method `{method}` cannot be found: {source}")]
pub struct Error {
    /// How they were looked for.
    pub method: &'static str,
    /// Why.
    pub source: regime::Error,
}

impl Error {
    fn of(settings: &Regimes) -> impl Fn(regime::Error) -> Self {
        let method = settings.method.name();
        move |source| Self { method, source }
    }
}

/// What kind of market it was at each bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// What the labels mean, by number: calm before wild, falling before rising.
    pub names: Vec<String>,
    /// The bars of the series that was looked at; a label is known at the close of its bar.
    pub times: Vec<Timestamp>,
    /// The number of the regime at each of them; none while too little is known.
    pub labels: Vec<Option<u8>>,
}

impl Labels {
    /// The last label known at the close of the bar at `time`, or of the last before it.
    pub fn at(&self, time: Timestamp) -> Option<u8> {
        let end = self.times.partition_point(|own| *own <= time);
        self.labels[..end].iter().rev().find_map(|label| *label)
    }

    /// What the regime at `time` is called.
    pub fn name_at(&self, time: Timestamp) -> Option<&str> {
        self.at(time).map(|label| self.names[usize::from(label)].as_str())
    }

    /// The last label known at each of `times`, which rise.
    pub fn along(&self, times: &[Timestamp]) -> Vec<Option<usize>> {
        let mut own = self.times.iter().zip(&self.labels).peekable();
        let mut last = None;
        let known = |time: &Timestamp| {
            while let Some((_, label)) = own.next_if(|(at, _)| *at <= time) {
                last = label.map(usize::from).or(last);
            }
            last
        };
        times.iter().map(known).collect()
    }

    /// The labels as the domain counts them.
    pub fn numbers(&self) -> Vec<Option<usize>> {
        self.labels.iter().map(|label| label.map(usize::from)).collect()
    }
}

/// The regimes that `settings` find in `bars`; splits and dividends among `actions` are no falls.
///
/// # Errors
/// A symbol that is not there, or a method that cannot be applied.
pub fn labels(
    settings: &Regimes,
    bars: &[Bars],
    actions: &[Action],
    seed: &Seed,
) -> Result<Labels, Error> {
    Ok(of_bars(settings, (bars, actions), seed, &|| false)?.0)
}

/// The regimes, and the log returns of the series in which they were found; before each fit `stop`
/// is asked whether to go on.
///
/// # Errors
/// As [`labels`], and [`regime::Error::Stopped`].
pub fn of_bars(
    settings: &Regimes,
    (bars, actions): (&[Bars], &[Action]),
    seed: &Seed,
    stop: Stop<'_>,
) -> Result<(Labels, Vec<f64>), Error> {
    let symbol = settings.symbol.as_deref();
    let series = Series::of(symbol, bars, actions).map_err(Error::of(settings))?;
    let mut found =
        find(settings, &series, &seed.child("regimes"), stop).map_err(Error::of(settings))?;
    let first = size(settings.min_history).min(found.len());
    found[..first].fill(None);
    let label = |label: usize| u8::try_from(label).unwrap_or(u8::MAX);
    let labels = found.into_iter().map(|found| found.map(label)).collect();
    Ok((Labels { names: names(settings), times: series.times, labels }, series.returns))
}

fn find(
    settings: &Regimes,
    series: &Series,
    seed: &Seed,
    stop: Stop<'_>,
) -> Result<Vec<Option<usize>>, regime::Error> {
    match settings.method {
        RegimeMethod::Volatility | RegimeMethod::Trend | RegimeMethod::VolatilityTrend => {
            rules(settings).labels(&series.closes())
        }
        RegimeMethod::Hmm => hmm(settings, series, seed, stop),
        RegimeMethod::Kmeans => kmeans(settings, series, seed, stop),
        RegimeMethod::ChangePoints => change_points(settings, series),
    }
}

fn rules(settings: &Regimes) -> Rules {
    let with_levels = settings.method != RegimeMethod::Trend;
    let with_trend = settings.method != RegimeMethod::Volatility;
    let states = f64::from(settings.states);
    let top = settings.threshold.unwrap_or((states - 1.0) / states);
    let cut = |level: u8| top * f64::from(level) / (states - 1.0);
    let cuts = if with_levels { (1..settings.states).map(cut).collect() } else { Vec::new() };
    Rules {
        // A close is at its own mean: without trend there is but one.
        trend_bars: if with_trend { size(settings.trend_lookback) } else { 1 },
        trend_band: if with_trend { settings.trend_band } else { 0.0 },
        volatility_bars: size(settings.lookback),
        levels: Levels::Quantiles { cuts, history_bars: size(settings.history) },
    }
}

fn hmm(
    settings: &Regimes,
    series: &Series,
    seed: &Seed,
    stop: Stop<'_>,
) -> Result<Vec<Option<usize>>, regime::Error> {
    // The first bar has no return.
    let returns: Vec<f64> = series.returns.iter().skip(1).map(|x| 100.0 * x).collect();
    let fit = HmmFit { states: usize::from(settings.states), ..HMM };
    let schedule = schedule(settings, 1, FIT_ROWS * fit.states);
    let found = causal_labels(
        &Watched { of: Hidden(fit), stop },
        Samples::new(&returns, 1)?,
        &schedule,
        seed,
    )?;
    Ok(std::iter::once(None).chain(found).collect())
}

/// Says whether to stop.
pub type Stop<'s> = &'s dyn Fn() -> bool;

/// A detector that is fitted until it is told to stop.
struct Watched<'s, D> {
    of: D,
    stop: Stop<'s>,
}

impl<D: Detector> Detector for Watched<'_, D> {
    type Model = D::Model;

    fn fit(
        &self,
        samples: Samples<'_>,
        previous: Option<&D::Model>,
        seed: &Seed,
    ) -> Result<D::Model, regime::Error> {
        match (self.stop)() {
            true => Err(regime::Error::Stopped),
            false => self.of.fit(samples, previous, seed),
        }
    }

    fn label(&self, model: &D::Model, samples: Samples<'_>, from: usize) -> Vec<usize> {
        self.of.label(model, samples, from)
    }
}

/// A hidden Markov model that goes on from the fit before it, which costs few iterations.
struct Hidden(HmmFit);

impl Detector for Hidden {
    type Model = Hmm;

    fn fit(
        &self,
        samples: Samples<'_>,
        previous: Option<&Hmm>,
        seed: &Seed,
    ) -> Result<Hmm, regime::Error> {
        let starts = if previous.is_some() { self.0.starts } else { STARTS };
        fit_hmm(samples, &HmmFit { starts, ..self.0 }, previous, seed)
    }

    fn label(&self, model: &Hmm, samples: Samples<'_>, from: usize) -> Vec<usize> {
        self.0.label(model, samples, from)
    }
}

fn kmeans(
    settings: &Regimes,
    series: &Series,
    seed: &Seed,
    stop: Stop<'_>,
) -> Result<Vec<Option<usize>>, regime::Error> {
    let look = Features {
        volatility_bars: size(settings.lookback),
        trend_bars: size(settings.trend_lookback),
    };
    let closes = series.closes();
    if closes.len() <= look.volatility_bars.max(look.trend_bars) {
        return Ok(vec![None; closes.len()]);
    }
    let (first, rows) = features(&closes, &look)?;
    let clusters = usize::from(settings.states);
    let fit = KMeansFit { clusters, ..KMeansFit::default() };
    let schedule = schedule(settings, first, FIT_ROWS * clusters);
    let watched = Watched { of: fit, stop };
    let found = causal_labels(&watched, Samples::new(&rows, 2)?, &schedule, seed)?;
    Ok(std::iter::repeat_n(None, first).chain(found).collect())
}

fn change_points(settings: &Regimes, series: &Series) -> Result<Vec<Option<usize>>, regime::Error> {
    let returns: Vec<f64> = series.returns.iter().skip(1).map(|x| 100.0 * x).collect();
    let min_size = size(settings.lookback);
    let levels = usize::from(settings.states);
    let look = ChangeLevels { levels, min_size, penalty: settings.penalty };
    let found = change_levels(&returns, &look, &schedule(settings, 1, 2 * min_size))?;
    Ok(std::iter::once(None).chain(found).collect())
}

/// When fits are made, if the first row is that of bar `first` and a fit takes `rows_min`.
fn schedule(settings: &Regimes, first: usize, rows_min: usize) -> Schedule {
    Schedule {
        train: size(settings.min_history).saturating_sub(first).max(rows_min),
        refit: size(settings.refit),
        parts: Some(PARTS),
        window: match settings.window {
            FitWindow::Expanding => Window::Expanding,
            FitWindow::Rolling => Window::Rolling,
        },
    }
}

/// What the labels of `settings` are called.
pub fn names(settings: &Regimes) -> Vec<String> {
    let levels = match settings.states {
        2 => vec!["calm".to_owned(), "wild".to_owned()],
        3 => vec!["calm".to_owned(), "normal".to_owned(), "wild".to_owned()],
        many => {
            let inner = (2..many).map(|level| format!("level_{level}"));
            std::iter::once("calm".to_owned()).chain(inner).chain(["wild".to_owned()]).collect()
        }
    };
    let trends: &[&str] = match settings.trend_band > 0.0 {
        true => &["falling", "flat", "rising"],
        false => &["falling", "rising"],
    };
    match settings.method {
        RegimeMethod::Trend => trends.iter().map(ToString::to_string).collect(),
        RegimeMethod::VolatilityTrend => trends
            .iter()
            .flat_map(|trend| levels.iter().map(move |level| format!("{trend}_{level}")))
            .collect(),
        _ => levels,
    }
}

fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
