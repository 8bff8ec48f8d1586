//! Pareto order of several costs: who dominates whom, and who stands alone.
//!
//! Source: Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic
//! algorithm: NSGA-II", 2002.

/// Whether `one` is nowhere worse than `other` and somewhere better.
fn dominates(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).all(|(a, b)| a <= b) && one.iter().zip(other).any(|(a, b)| a < b)
}

/// The places of the costs that no other dominates, in order.
pub fn front(costs: &[Vec<f64>]) -> Vec<usize> {
    // Those that dominate sort before those they dominate, so only the front is compared with.
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|a, b| compare(&costs[*a], &costs[*b]).then(a.cmp(b)));
    let mut front: Vec<usize> = Vec::new();
    for place in order {
        if !front.iter().any(|other| dominates(&costs[*other], &costs[place])) {
            front.push(place);
        }
    }
    front.sort_unstable();
    front
}

fn compare(one: &[f64], other: &[f64]) -> std::cmp::Ordering {
    let unequal = one.iter().zip(other).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
    unequal.unwrap_or(std::cmp::Ordering::Equal)
}

/// Front by front, from the best; each front by crowding distance, the loneliest first.
pub(super) fn ranked(costs: &[Vec<f64>]) -> Vec<Ranked> {
    let mut left: Vec<usize> = (0..costs.len()).collect();
    let mut ranked = Vec::with_capacity(costs.len());
    for rank in 0.. {
        if left.is_empty() {
            break;
        }
        let among: Vec<Vec<f64>> = left.iter().map(|place| costs[*place].clone()).collect();
        let best = front(&among);
        let distances = crowding(&best.iter().map(|i| among[*i].as_slice()).collect::<Vec<_>>());
        let mut members: Vec<Ranked> = best
            .iter()
            .zip(distances)
            .map(|(i, distance)| Ranked { place: left[*i], rank, distance })
            .collect();
        members.sort_by(|a, b| b.distance.total_cmp(&a.distance).then(a.place.cmp(&b.place)));
        ranked.extend(members);
        let mut index = 0;
        left.retain(|_| {
            index += 1;
            best.binary_search(&(index - 1)).is_err()
        });
    }
    ranked
}

/// A point's standing among others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ranked {
    pub(super) place: usize,
    pub(super) rank: usize,
    pub(super) distance: f64,
}

/// How far apart the neighbors of each point of a front are; infinite at its ends.
fn crowding(front: &[&[f64]]) -> Vec<f64> {
    let mut distances = vec![0.0; front.len()];
    for objective in 0..front.first().map_or(0, |costs| costs.len()) {
        let mut order: Vec<usize> = (0..front.len()).collect();
        order.sort_by(|a, b| front[*a][objective].total_cmp(&front[*b][objective]).then(a.cmp(b)));
        let (first, last) = (order[0], order[order.len() - 1]);
        let span = front[last][objective] - front[first][objective];
        distances[first] = f64::INFINITY;
        distances[last] = f64::INFINITY;
        for three in order.windows(3) {
            if span > 0.0 {
                let apart = front[three[2]][objective] - front[three[0]][objective];
                distances[three[1]] += apart / span;
            }
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_is_what_nothing_dominates() {
        let costs = [[1.0, 4.0], [2.0, 2.0], [4.0, 1.0], [3.0, 3.0], [2.0, 2.0], [1.0, 5.0]];
        let costs: Vec<Vec<f64>> = costs.iter().map(|c| c.to_vec()).collect();
        assert_eq!(front(&costs), [0, 1, 2, 4]);
        let ranks: Vec<(usize, usize)> =
            ranked(&costs).iter().map(|member| (member.place, member.rank)).collect();
        // Of two equal points the later one has the free side.
        assert_eq!(ranks, [(0, 0), (2, 0), (4, 0), (1, 0), (3, 1), (5, 1)]);
    }

    #[test]
    fn crowding_is_the_distance_of_the_neighbors() {
        let front: [&[f64]; 4] = [&[0.0, 10.0], &[1.0, 6.0], &[4.0, 5.0], &[10.0, 0.0]];
        let expected = [f64::INFINITY, 0.4 + 0.5, 0.9 + 0.6, f64::INFINITY];
        for (found, expected) in crowding(&front).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12 || found.total_cmp(&expected).is_eq());
        }
    }
}
