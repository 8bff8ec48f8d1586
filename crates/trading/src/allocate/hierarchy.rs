//! Hierarchical risk parity: assets that move together share one place in the portfolio.
//!
//! Source: López de Prado, "Building diversified portfolios that outperform out of sample", 2016,
//! with single linkage of the distances sqrt((1 - correlation) / 2), as PyPortfolioOpt has it.

use super::{Covariance, Error};

/// Weights by repeated halving of the assets, ordered so that similar ones are neighbors: each
/// half is weighted against the other by inverse variance.
///
/// # Errors
/// An asset without variance.
pub fn hierarchical_risk_parity(covariance: &Covariance) -> Result<Vec<f64>, Error> {
    let variances = covariance.variances()?;
    let distance = |a: usize, b: usize| {
        let correlation = covariance.row(a)[b] / (variances[a] * variances[b]).sqrt();
        ((1.0 - correlation) / 2.0).clamp(0.0, 1.0).sqrt()
    };
    let order = leaves(variances.len(), &spanning_tree(variances.len(), distance));
    let mut weights = vec![1.0; variances.len()];
    let mut clusters = vec![&order[..]];
    while let Some(cluster) = clusters.pop() {
        if cluster.len() < 2 {
            continue;
        }
        let (first, second) = cluster.split_at(cluster.len() / 2);
        let risk = [first, second].map(|half| cluster_variance(covariance, &variances, half));
        let share = 1.0 - risk[0] / (risk[0] + risk[1]);
        first.iter().for_each(|asset| weights[*asset] *= share);
        second.iter().for_each(|asset| weights[*asset] *= 1.0 - share);
        clusters.extend([first, second]);
    }
    Ok(weights)
}

/// The variance of a cluster whose assets are weighted by inverse variance.
fn cluster_variance(covariance: &Covariance, variances: &[f64], cluster: &[usize]) -> f64 {
    let mut weights = vec![0.0; variances.len()];
    let total: f64 = cluster.iter().map(|asset| variances[*asset].recip()).sum();
    for asset in cluster {
        weights[*asset] = variances[*asset].recip() / total;
    }
    covariance.variance_of(&weights)
}

/// An edge of the tree that joins all assets at the least total distance.
#[derive(Clone, Copy, Debug)]
struct Edge {
    from: usize,
    to: usize,
    distance: f64,
}

/// Prim's algorithm from asset 0; cutting its edges, shortest last, is single linkage.
fn spanning_tree(size: usize, distance: impl Fn(usize, usize) -> f64) -> Vec<Edge> {
    let mut nearest: Vec<Edge> =
        (1..size).map(|to| Edge { from: 0, to, distance: distance(0, to) }).collect();
    let mut tree = Vec::with_capacity(size);
    while let Some((index, &edge)) =
        nearest.iter().enumerate().min_by(|a, b| a.1.distance.total_cmp(&b.1.distance))
    {
        // Not `swap_remove`: equal distances go to the first asset.
        nearest.remove(index);
        tree.push(edge);
        for other in &mut nearest {
            let through = distance(edge.to, other.to);
            if through < other.distance {
                *other = Edge { from: edge.to, distance: through, ..*other };
            }
        }
    }
    tree.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    tree
}

/// The assets in the order of the merged clusters, the older cluster of each merge first.
fn leaves(size: usize, merges: &[Edge]) -> Vec<usize> {
    // Cluster `size + k` is born by merge k; `None` once it is part of a later one.
    let mut clusters: Vec<Option<Vec<usize>>> = (0..size).map(|asset| Some(vec![asset])).collect();
    let mut cluster_of: Vec<usize> = (0..size).collect();
    for merge in merges {
        let (a, b) = (cluster_of[merge.from], cluster_of[merge.to]);
        let mut merged = clusters[a.min(b)].take().unwrap_or_default();
        merged.extend(clusters[a.max(b)].take().unwrap_or_default());
        merged.iter().for_each(|asset| cluster_of[*asset] = clusters.len());
        clusters.push(Some(merged));
    }
    clusters.pop().flatten().unwrap_or_default()
}
