//! The most of one asset, of a group of assets and of all, for weights that are never negative.
//!
//! Promises: no limit is exceeded to invest more. What the limits leave over is cash.

use super::{ASSETS_MAX, Covariance, Error, float};

/// Sums that differ by less, relative, are the same.
const ROUNDING: f64 = 1e-12;

/// Upper limits of weights, as fractions of all there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Caps {
    assets: usize,
    max: f64,
    whole: f64,
    groups: Vec<Vec<usize>>,
    group_max: f64,
}

impl Caps {
    /// No asset above `max`, all together at most 1.
    ///
    /// # Errors
    /// No or too many assets, or a `max` outside of 0 to 1.
    pub fn new(assets: usize, max: f64) -> Result<Self, Error> {
        if !(1..=ASSETS_MAX).contains(&assets) {
            return Err(Error::Assets(assets));
        }
        check_share("asset", max)?;
        Ok(Self { assets, max, whole: 1.0, groups: Vec::new(), group_max: 1.0 })
    }

    /// No group above `max` either: `group_of[asset]` names its group, if it has one.
    ///
    /// # Errors
    /// A list for another number of assets, or a `max` outside of 0 to 1.
    pub fn grouped(mut self, group_of: &[Option<usize>], max: f64) -> Result<Self, Error> {
        let (found, expected) = (group_of.len(), self.assets);
        if found != expected {
            return Err(Error::Length { what: "list of groups".to_owned(), found, expected });
        }
        check_share("group", max)?;
        let mut names: Vec<usize> = group_of.iter().copied().flatten().collect();
        names.sort_unstable();
        names.dedup();
        let members = |name: &usize| (0..found).filter(|at| group_of[*at] == Some(*name)).collect();
        self.groups = names.iter().map(members).collect();
        self.group_max = max;
        Ok(self)
    }

    /// The same limits as shares of `share` of the whole, such as of what a cash buffer leaves.
    ///
    /// # Errors
    /// A `share` outside of 0 to 1.
    pub fn within(mut self, share: f64) -> Result<Self, Error> {
        check_share("sum", share)?;
        self.max *= share;
        self.whole *= share;
        self.group_max *= share;
        Ok(self)
    }

    /// The most that the limits let weights sum to.
    pub fn total(&self) -> f64 {
        self.whole.min(self.room())
    }

    /// What assets and groups take at most, were there no limit of the whole.
    fn room(&self) -> f64 {
        let of_group = |group: &Vec<usize>| self.room_of(group);
        let grouped: usize = self.groups.iter().map(Vec::len).sum();
        let alone = float(self.assets - grouped) * self.max;
        alone + self.groups.iter().map(of_group).sum::<f64>()
    }

    fn room_of(&self, group: &[usize]) -> f64 {
        self.group_max.min(float(group.len()) * self.max)
    }

    /// Whether all assets and groups must be at their limits to sum to the total.
    pub(super) fn is_brimful(&self) -> bool {
        self.room() <= self.whole * (1.0 + ROUNDING)
    }

    /// Refuses limits for another number of assets.
    pub(super) fn check(&self, covariance: &Covariance) -> Result<(), Error> {
        let (found, expected) = (self.assets, covariance.len());
        let what = || "list of limits".to_owned();
        if found == expected {
            Ok(())
        } else {
            Err(Error::Length { what: what(), found, expected })
        }
    }

    pub(super) fn len(&self) -> usize {
        self.assets
    }

    pub(super) fn max(&self) -> f64 {
        self.max
    }

    pub(super) fn whole(&self) -> f64 {
        self.whole
    }

    pub(super) fn group_max(&self) -> f64 {
        self.group_max
    }

    /// The assets that are in no group, or in one whose limit says no more than their own.
    pub(super) fn loose(&self) -> impl Iterator<Item = usize> {
        let is_tight = |asset| self.tight_groups().any(|group| group.contains(&asset));
        (0..self.assets).filter(move |asset| !is_tight(*asset))
    }

    /// The groups whose limit is below what the limits of their assets sum to.
    pub(super) fn tight_groups(&self) -> impl Iterator<Item = &Vec<usize>> {
        self.groups.iter().filter(|group| self.group_max < float(group.len()) * self.max)
    }

    /// The most that weights of the total can earn: the best assets to the brim.
    pub(super) fn most(&self, mean: &[f64]) -> f64 {
        let mut best: Vec<usize> = (0..self.assets).collect();
        best.sort_by(|a, b| mean[*b].total_cmp(&mean[*a]));
        let (mut rest, mut earned) = (self.total(), 0.0);
        let mut rooms: Vec<f64> = self.groups.iter().map(|_| self.group_max).collect();
        for asset in best {
            let group = self.groups.iter().position(|group| group.contains(&asset));
            let room = group.map_or(self.max, |group| rooms[group].min(self.max));
            let taken = room.min(rest);
            if let Some(group) = group {
                rooms[group] -= taken;
            }
            rest -= taken;
            earned += mean[asset] * taken;
        }
        earned
    }

    /// Whether weights keep every limit, but for rounding.
    pub fn hold(&self, weights: &[f64]) -> bool {
        let most = |limit: f64| limit * (1.0 + ROUNDING);
        let sum = |group: &Vec<usize>| group.iter().map(|asset| weights[*asset]).sum::<f64>();
        weights.len() == self.assets
            && weights.iter().all(|weight| (0.0..=most(self.max)).contains(weight))
            && self.groups.iter().all(|group| sum(group) <= most(self.group_max))
            && weights.iter().sum::<f64>() <= most(self.whole)
    }

    /// The weights within the limits that sum to the total and are nearest to `weights`: those
    /// below their limits keep their proportions, in a group at its limit among themselves.
    ///
    /// Source: the least Kullback-Leibler divergence from `weights`, whose answer has this form;
    /// Boyd and Vandenberghe, Convex Optimization, 2004, 5.5.3.
    pub fn fit(&self, weights: &[f64]) -> Vec<f64> {
        let total = self.total();
        let sum: f64 = weights.iter().sum();
        if self.hold(weights) && (sum - total).abs() <= ROUNDING * total {
            return weights.to_vec();
        }
        let mut fitted = vec![0.0; self.assets];
        let mut open: Vec<usize> = (0..self.assets).collect();
        let (mut rest, mut groups) = (total, self.groups.clone());
        loop {
            self.fill(&mut fitted, weights, &open, rest);
            let sum = |group: &Vec<usize>| group.iter().map(|asset| fitted[*asset]).sum::<f64>();
            let is_over = |group: &Vec<usize>| sum(group) > self.group_max * (1.0 + ROUNDING);
            // What a group gives away only raises the others: who is at its limit stays there.
            let (over, under): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_over);
            if over.is_empty() {
                return fitted;
            }
            for group in &over {
                self.fill(&mut fitted, weights, group, self.group_max);
                open.retain(|asset| !group.contains(asset));
                rest -= self.group_max;
            }
            groups = under;
        }
    }

    /// Gives `amount` to `assets` in proportion to `weights`, none more than one may have.
    fn fill(&self, fitted: &mut [f64], weights: &[f64], assets: &[usize], amount: f64) {
        let (mut free, mut rest) = (assets.to_vec(), amount);
        loop {
            let sum: f64 = free.iter().map(|asset| weights[*asset]).sum();
            if !(sum > 0.0 && rest > 0.0) {
                free.iter().for_each(|asset| fitted[*asset] = 0.0);
                return;
            }
            let scale = rest / sum;
            let is_full = |asset: &usize| weights[*asset] * scale >= self.max;
            let (full, under): (Vec<_>, Vec<_>) = free.into_iter().partition(is_full);
            full.iter().for_each(|asset| fitted[*asset] = self.max);
            if full.is_empty() {
                under.iter().for_each(|asset| fitted[*asset] = weights[*asset] * scale);
                return;
            }
            rest -= float(full.len()) * self.max;
            free = under;
        }
    }
}

/// Refuses what is no share of the whole.
fn check_share(of: &'static str, value: f64) -> Result<(), Error> {
    let is_share = value.is_finite() && value > 0.0 && value <= 1.0;
    if is_share { Ok(()) } else { Err(Error::Cap { of, value }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(caps: &Caps, weights: &[f64], expected: &[f64]) {
        let found = caps.fit(weights);
        let is_near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(is_near && found.len() == expected.len(), "{found:?}, not {expected:?}");
        assert!(caps.hold(&found), "{found:?}");
        assert_eq!(caps.fit(&found), found);
    }

    #[test]
    fn limits_that_are_no_shares_are_refused() {
        let caps = || Caps::new(2, 0.5).unwrap();
        let refused = |of| move |value| Err(Error::Cap { of, value });
        for value in [0.0, -0.1, 1.1, f64::INFINITY] {
            assert_eq!(Caps::new(2, value), refused("asset")(value));
            assert_eq!(caps().grouped(&[None, None], value), refused("group")(value));
            assert_eq!(caps().within(value), refused("sum")(value));
        }
        assert!(matches!(caps().grouped(&[None], 0.5), Err(Error::Length { .. })));
        assert_eq!(Caps::new(0, 0.5), Err(Error::Assets(0)));
    }

    #[test]
    fn what_is_cut_off_goes_to_the_others_in_proportion() {
        let caps = |max| Caps::new(3, max).unwrap();
        check(&caps(0.5), &[0.6, 0.3, 0.1], &[0.5, 0.375, 0.125]);
        check(&caps(0.4), &[0.7, 0.25, 0.05], &[0.4, 0.4, 0.2]);
        check(&Caps::new(2, 0.5).unwrap(), &[0.5, 0.5], &[0.5, 0.5]);
    }

    #[test]
    fn what_nobody_may_have_stays_in_cash() {
        let caps = Caps::new(3, 0.3).unwrap();
        check(&caps, &[0.6, 0.3, 0.1], &[0.3, 0.3, 0.3]);
        let caps = caps.grouped(&[Some(7), Some(7), None], 0.4).unwrap();
        assert!((caps.total() - 0.7).abs() < 1e-12);
        check(&caps, &[0.6, 0.2, 0.2], &[0.3, 0.1, 0.3]);
        check(&caps.within(0.5).unwrap(), &[0.6, 0.2, 0.2], &[0.15, 0.05, 0.15]);
    }

    #[test]
    fn a_group_at_its_limit_keeps_its_own_proportions() {
        let caps = Caps::new(4, 1.0).unwrap();
        let caps = caps.grouped(&[Some(1), Some(1), Some(0), None], 0.5).unwrap();
        check(&caps, &[0.6, 0.2, 0.1, 0.1], &[0.375, 0.125, 0.25, 0.25]);
        // The second group overflows only with what the first gives away.
        check(&caps, &[0.45, 0.15, 0.37, 0.03], &[0.375, 0.125, 0.4625, 0.0375]);
        check(&caps, &[0.35, 0.15, 0.49, 0.01], &[0.35, 0.15, 0.49, 0.01]);
    }
}
