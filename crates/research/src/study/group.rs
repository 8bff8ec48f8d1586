//! Groups: returns by what day, month or hour it was.

use super::Spread;

/// The returns of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Group {
    /// How many there are.
    pub count: usize,
    /// Their mean.
    pub mean: Option<f64>,
    /// How many standard errors their mean is from that of all others (Welch 1947).
    pub t: Option<f64>,
    /// Share of gains among those that are not zero.
    pub win_rate: Option<f64>,
}

/// The returns by group; `of` says to which of `count` groups the return at a place belongs.
pub fn groups(returns: &[f64], of: impl Fn(usize) -> usize, count: usize) -> Vec<Group> {
    let group = |at: usize| {
        let own = || returns.iter().enumerate().filter(|(place, _)| of(*place) == at);
        let rest = returns.iter().enumerate().filter(|(place, _)| of(*place) != at);
        let (own_spread, rest) =
            (Spread::of(own().map(|(_, x)| *x)), Spread::of(rest.map(|(_, x)| *x)));
        let wins = own().filter(|(_, x)| **x > 0.0).count();
        let moves = own().filter(|(_, x)| x.abs() > 0.0).count();
        Group {
            count: own().count(),
            mean: (own_spread.count > 0.0).then_some(own_spread.mean),
            t: welch(&own_spread, &rest),
            win_rate: (moves > 0).then(|| super::float(wins) / super::float(moves)),
        }
    };
    (0..count).map(group).collect()
}

/// The difference of two means in standard errors; `None` if one of them has none.
fn welch(own: &Spread, rest: &Spread) -> Option<f64> {
    let error = own.variance()? / own.count + rest.variance()? / rest.count;
    (error > 0.0).then(|| (own.mean - rest.mean) / error.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_held_against_all_others() {
        let returns = [0.01, 0.03, -0.01, 0.0, -0.03, -0.02];
        let found = groups(&returns, |at| at / 2, 4);
        assert_eq!(found[0].count, 2);
        assert!((found[0].mean.unwrap() - 0.02).abs() < 1e-15);
        // 0.02 against -0.015, with variances of 0.0002 of two and of 0.0005 / 3 of four.
        let error = (0.000_1 + 0.000_5 / 12.0_f64).sqrt();
        assert!((found[0].t.unwrap() - 0.035 / error).abs() < 1e-12, "{:?}", found[0].t);
        assert_eq!((found[0].win_rate, found[1].win_rate), (Some(1.0), Some(0.0)));
        assert_eq!(found[3], Group::default());
    }
}
