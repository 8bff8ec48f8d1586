//! Causal labels of fitted detectors: fit on the past, label what follows, fit anew.
//!
//! Promises: the label of a row depends on no later row, whatever the detector: it is fitted on
//! rows before the block that it labels, and a detector labels a row from those up to it. A label
//! once given never changes.

use dirigent_core::Seed;

use super::samples::Samples;
use super::{Error, check_count};

/// What finds regimes in samples.
pub trait Detector {
    /// What it learns.
    type Model;

    /// Learns from samples, perhaps from where it stood before.
    ///
    /// # Errors
    /// Too few samples, or settings without sense.
    fn fit(
        &self,
        samples: Samples<'_>,
        previous: Option<&Self::Model>,
        seed: &Seed,
    ) -> Result<Self::Model, Error>;

    /// The labels of the rows from `from` on, each by the rows up to it alone.
    fn label(&self, model: &Self::Model, samples: Samples<'_>, from: usize) -> Vec<usize>;
}

/// Which past a detector is fitted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// All of it.
    #[default]
    Expanding,
    /// The last rows, as many as the first fit has.
    Rolling,
}

/// When a detector is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Rows of the first fit; no row before its end has a label.
    pub train: usize,
    /// Rows that are labeled between two fits.
    pub refit: usize,
    /// Where the past in so many parts has longer ones, their length in its place, so that long
    /// series do not take the square of their length.
    pub parts: Option<usize>,
    /// Which past is fitted on.
    pub window: Window,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { train: 504, refit: 63, parts: None, window: Window::Expanding }
    }
}

impl Schedule {
    /// Where the block ends that is labeled by a fit on the rows before `now`.
    pub(super) fn next(&self, now: usize) -> usize {
        let part = self.parts.map_or(0, |parts| now / parts.max(1));
        now.saturating_add(self.refit.max(part))
    }
}

/// Labels every row after the first fit. A block whose fit collapses is labeled by the model
/// before it, and has no labels if there is none.
///
/// # Errors
/// No row to fit on or to label between fits, or what the detector answers.
pub fn causal_labels<D: Detector>(
    detector: &D,
    samples: Samples<'_>,
    schedule: &Schedule,
    seed: &Seed,
) -> Result<Vec<Option<usize>>, Error> {
    check_count("rows of the first fit", schedule.train, 1)?;
    check_count("rows between fits", schedule.refit, 1)?;
    let mut labels = vec![None; schedule.train.min(samples.len())];
    let mut model: Option<D::Model> = None;
    while labels.len() < samples.len() {
        let now = labels.len();
        let start = match schedule.window {
            Window::Expanding => 0,
            Window::Rolling => now - schedule.train,
        };
        let own = seed.child(&format!("fit {now}"));
        model = match (detector.fit(samples.part(start, now), model.as_ref(), &own), model) {
            (Ok(fitted), _) => Some(fitted),
            (Err(Error::Collapsed { .. }), before) => before,
            (Err(error), _) => return Err(error),
        };
        let end = samples.len().min(schedule.next(now));
        match &model {
            Some(model) => {
                let block = detector.label(model, samples.part(start, end), now - start);
                labels.extend(block.into_iter().map(Some));
            }
            None => labels.resize(end, None),
        }
    }
    Ok(labels)
}
