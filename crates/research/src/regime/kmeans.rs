//! k-means: rows near each other are one regime.
//!
//! Columns are scaled by mean and deviation of the training rows. Starts are drawn by k-means++
//! (Arthur and Vassilvitskii, 2007), improved by Lloyd's iteration; the best of several is kept.

use dirigent_core::Seed;
use dirigent_core::seed::Stream;

use super::causal::Detector;
use super::samples::Samples;
use super::{Error, check_count, position};

/// How clusters are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KMeansFit {
    /// The number of clusters.
    pub clusters: usize,
    /// How often to start.
    pub starts: usize,
    /// Where an iteration ends at the latest.
    pub iterations_max: usize,
    /// The column by whose mean clusters are numbered, from the lowest.
    pub order_by: usize,
}

impl Default for KMeansFit {
    fn default() -> Self {
        Self { clusters: 3, starts: 10, iterations_max: 300, order_by: 0 }
    }
}

/// Clusters.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    /// Mean and deviation of each column, which rows are scaled by.
    scale: Vec<(f64, f64)>,
    /// Centers of scaled rows.
    centers: Vec<Vec<f64>>,
    inertia: f64,
}

impl KMeans {
    /// The centers, in the units of the samples, by their number.
    pub fn centers(&self) -> Vec<Vec<f64>> {
        let back = |center: &Vec<f64>| {
            center
                .iter()
                .zip(&self.scale)
                .map(|(x, (mean, deviation))| mean + x * deviation)
                .collect()
        };
        self.centers.iter().map(back).collect()
    }

    /// The sum of squared distances of scaled training rows from their centers.
    pub fn inertia(&self) -> f64 {
        self.inertia
    }

    /// The number of the center nearest to a row.
    pub fn label(&self, row: &[f64]) -> usize {
        nearest(&self.centers, &scaled(row, &self.scale)).0
    }
}

/// Finds clusters.
///
/// # Errors
/// No cluster, start or iteration asked for, a column that does not exist, or fewer rows than
/// clusters.
pub fn fit_kmeans(samples: Samples<'_>, fit: &KMeansFit, seed: &Seed) -> Result<KMeans, Error> {
    check_count("clusters", fit.clusters, 1)?;
    check_count("starts", fit.starts, 1)?;
    check_count("iterations", fit.iterations_max, 1)?;
    check_count("columns of samples", samples.width(), fit.order_by.saturating_add(1))?;
    check_count("samples", samples.len(), fit.clusters)?;
    let deviation = |variance: f64| if variance > 0.0 { variance.sqrt() } else { 1.0 };
    let scale: Vec<(f64, f64)> =
        samples.moments().into_iter().map(|(mean, variance)| (mean, deviation(variance))).collect();
    let rows: Vec<Vec<f64>> = samples.rows().map(|row| scaled(row, &scale)).collect();
    let mut best: Option<(Vec<Vec<f64>>, f64)> = None;
    for start in 0..fit.starts {
        let mut stream = seed.child(&format!("kmeans {start}")).stream();
        let found = lloyd(&rows, spread_out(&rows, fit.clusters, &mut stream), fit.iterations_max);
        if best.as_ref().is_none_or(|(_, inertia)| found.1 < *inertia) {
            best = Some(found);
        }
    }
    let (mut centers, inertia) = best.expect("there is a start");
    // By one column, then by all, so that the order never depends on the start.
    centers.sort_by(|a, b| {
        let all = || a.iter().zip(b).map(|(x, y)| x.total_cmp(y)).find(|order| order.is_ne());
        a[fit.order_by]
            .total_cmp(&b[fit.order_by])
            .then_with(|| all().unwrap_or(std::cmp::Ordering::Equal))
    });
    Ok(KMeans { scale, centers, inertia })
}

impl Detector for KMeansFit {
    type Model = KMeans;

    fn fit(
        &self,
        samples: Samples<'_>,
        _previous: Option<&KMeans>,
        seed: &Seed,
    ) -> Result<KMeans, Error> {
        fit_kmeans(samples, self, seed)
    }

    fn label(&self, model: &KMeans, samples: Samples<'_>, from: usize) -> Vec<usize> {
        samples.rows().skip(from).map(|row| model.label(row)).collect()
    }
}

fn scaled(row: &[f64], scale: &[(f64, f64)]) -> Vec<f64> {
    row.iter().zip(scale).map(|(x, (mean, deviation))| (x - mean) / deviation).collect()
}

/// The nearest center and the squared distance to it.
fn nearest(centers: &[Vec<f64>], row: &[f64]) -> (usize, f64) {
    let distance =
        |center: &Vec<f64>| -> f64 { center.iter().zip(row).map(|(a, b)| (a - b) * (a - b)).sum() };
    let mut best = (0, f64::INFINITY);
    for (place, center) in centers.iter().enumerate() {
        let found = distance(center);
        if found < best.1 {
            best = (place, found);
        }
    }
    best
}

/// k-means++: each center is a row, drawn by its squared distance from those before.
fn spread_out(rows: &[Vec<f64>], clusters: usize, stream: &mut Stream) -> Vec<Vec<f64>> {
    let mut centers = vec![rows[position(stream.uniform(), rows.len())].clone()];
    while centers.len() < clusters {
        let distances: Vec<f64> = rows.iter().map(|row| nearest(&centers, row).1).collect();
        let mut left = stream.uniform() * distances.iter().sum::<f64>();
        let hit = distances.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        let row = hit.unwrap_or_else(|| position(stream.uniform(), rows.len()));
        centers.push(rows[row].clone());
    }
    centers
}

/// Moves centers to the means of their rows until none changes; answers with the inertia.
fn lloyd(
    rows: &[Vec<f64>],
    mut centers: Vec<Vec<f64>>,
    iterations_max: usize,
) -> (Vec<Vec<f64>>, f64) {
    let mut labels = vec![usize::MAX; rows.len()];
    for _ in 0..iterations_max {
        let found: Vec<usize> = rows.iter().map(|row| nearest(&centers, row).0).collect();
        if found == labels {
            break;
        }
        labels = found;
        for (place, center) in centers.iter_mut().enumerate() {
            move_to_mean(
                center,
                rows.iter().zip(&labels).filter(|(_, l)| **l == place).map(|(r, _)| r),
            );
        }
    }
    let inertia = rows.iter().map(|row| nearest(&centers, row).1).sum();
    (centers, inertia)
}

/// A center without rows stays where it is.
fn move_to_mean<'a>(center: &mut [f64], rows: impl Iterator<Item = &'a Vec<f64>>) {
    let (mut count, mut sums) = (0.0, vec![0.0; center.len()]);
    for row in rows {
        count += 1.0;
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    if count > 0.0 {
        center.iter_mut().zip(sums).for_each(|(x, sum)| *x = sum / count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regime::{Schedule, Window, causal_labels};

    /// Three clouds, taking turns of fifty rows.
    fn clouds() -> Vec<f64> {
        let mut stream = Seed::master(5).stream();
        let centers = [[5.0, 100.0], [-5.0, 200.0], [0.0, 0.0]];
        (0..600).flat_map(|i| centers[i / 50 % 3].map(|x| x + stream.normal())).collect()
    }

    #[test]
    fn trd_20_known_clusters_are_recovered_in_their_order() {
        let values = clouds();
        let samples = Samples::new(&values, 2).unwrap();
        let model = fit_kmeans(samples, &KMeansFit::default(), &Seed::master(1)).unwrap();
        let labels: Vec<usize> = samples.rows().map(|row| model.label(row)).collect();
        assert!(labels.iter().enumerate().all(|(i, label)| *label == [2, 0, 1][i / 50 % 3]));
        let other = fit_kmeans(samples, &KMeansFit::default(), &Seed::master(2)).unwrap();
        assert!((other.inertia() - model.inertia()).abs() < 1e-9 * model.inertia());
        assert!((model.centers()[0][1] - 200.0).abs() < 1.0);
        let by_second = KMeansFit { order_by: 1, ..KMeansFit::default() };
        let centers = fit_kmeans(samples, &by_second, &Seed::master(1)).unwrap().centers();
        assert!(centers[0][1] < centers[1][1] && centers[1][1] < centers[2][1]);
    }

    #[test]
    fn trd_20_no_label_knows_a_later_row() {
        let values = clouds();
        let fit = KMeansFit { starts: 3, ..KMeansFit::default() };
        for window in [Window::Expanding, Window::Rolling] {
            let schedule = Schedule { train: 160, refit: 30, parts: Some(9), window };
            let labels = |end: usize| {
                let samples = Samples::new(&values[..2 * end], 2).unwrap();
                causal_labels(&fit, samples, &schedule, &Seed::master(1)).unwrap()
            };
            let all = labels(600);
            assert_eq!((all[159], all[160].is_some()), (None, true));
            for end in [1, 160, 161, 190, 333, 599] {
                assert_eq!(labels(end), all[..end]);
            }
        }
    }

    #[test]
    fn rows_that_are_all_equal_are_one_place() {
        let samples = Samples::new(&[1.0; 20], 1).unwrap();
        let model = fit_kmeans(samples, &KMeansFit::default(), &Seed::master(1)).unwrap();
        assert_eq!((model.label(&[1.0]), model.inertia()), (0, 0.0));
        let many = KMeansFit { clusters: 21, ..KMeansFit::default() };
        assert!(fit_kmeans(samples, &many, &Seed::master(1)).is_err());
    }
}
