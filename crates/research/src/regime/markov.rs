//! Markov chains: the distribution they tend to.

/// The stationary distribution of a transition matrix, by the elimination of Grassmann, Taksar
/// and Heyman (1985), which never subtracts; `None` if a state cannot be left towards the others.
pub(super) fn stationary(transition: &[Vec<f64>]) -> Option<Vec<f64>> {
    let mut rest = transition.to_vec();
    let count = rest.len();
    for last in (1..count).rev() {
        let leaving: f64 = rest[last][..last].iter().sum();
        if leaving <= 0.0 {
            return None;
        }
        let row = rest[last].clone();
        for from in &mut rest[..last] {
            from[last] /= leaving;
            let through = from[last];
            from[..last].iter_mut().zip(&row).for_each(|(x, step)| *x += through * step);
        }
    }
    let mut shares = vec![1.0; count];
    for state in 1..count {
        shares[state] = (0..state).map(|from| shares[from] * rest[from][state]).sum();
    }
    let total: f64 = shares.iter().sum();
    (total > 0.0 && total.is_finite()).then(|| shares.iter().map(|x| x / total).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_changes_nothing_in_the_stationary_distribution() {
        let chain = vec![vec![0.9, 0.08, 0.02], vec![0.1, 0.85, 0.05], vec![0.0, 0.3, 0.7]];
        let shares = stationary(&chain).unwrap();
        for to in 0..3 {
            let after: f64 = (0..3).map(|from| shares[from] * chain[from][to]).sum();
            assert!((after - shares[to]).abs() < 1e-15);
        }
        assert_eq!(stationary(&[vec![0.5, 0.5], vec![0.0, 1.0]]), None);
        assert_eq!(stationary(&[vec![1.0]]), Some(vec![1.0]));
    }
}
