//! Moving windows: what the last `n` bars add up to, in constant time per bar.
//!
//! Promises: nothing is ever subtracted, so a value that has left the window leaves no rounding
//! error behind: a window of zeros sums to zero, a flat window has no variance, after any past.
//! How: bars come in blocks of `n`. When a block is full, each slot is replaced by what the block
//! holds from that slot to its end. The window is then such a rest of the old block followed by
//! the new block so far; the slots it no longer needs take the new bars. This is van Herk's
//! method for running maxima (1992), which works for everything that can be joined.
//! Not here: what a window is good for; the indicators.

/// What a stretch of consecutive bars comes to; `default` is the stretch of no bars.
pub(crate) trait Span: Copy + Default {
    /// This stretch with `later`, which follows it, added.
    fn then(self, later: Self) -> Self;
}

/// The last `n` bars.
#[derive(Clone, Debug)]
pub(crate) struct Window<T> {
    n: usize,
    /// Below `next` single bars of the new block, from there rests of the old block.
    slots: Vec<T>,
    next: usize,
    /// The new block so far.
    block: T,
}

impl<T: Span> Window<T> {
    /// An empty window of `n` bars, at least 1. Memory is taken as bars come.
    pub(crate) fn new(n: usize) -> Self {
        Self { n, slots: Vec::new(), next: 0, block: T::default() }
    }

    /// Takes the next bar; answers once there have been `n`.
    #[inline]
    pub(crate) fn push(&mut self, bar: T) -> Option<T> {
        self.block = self.block.then(bar);
        if self.slots.len() < self.n {
            return self.push_first(bar);
        }
        self.slots[self.next] = bar;
        self.next += 1;
        if let Some(&rest) = self.slots.get(self.next) {
            return Some(rest.then(self.block));
        }
        Some(self.close_block())
    }

    fn push_first(&mut self, bar: T) -> Option<T> {
        self.slots.push(bar);
        (self.slots.len() == self.n).then(|| self.close_block())
    }

    fn close_block(&mut self) -> T {
        let mut rest = T::default();
        for slot in self.slots.iter_mut().rev() {
            rest = slot.then(rest);
            *slot = rest;
        }
        self.next = 0;
        std::mem::take(&mut self.block)
    }
}

/// Sums of `N` quantities.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums<const N: usize>(pub(crate) [f64; N]);

impl<const N: usize> Default for Sums<N> {
    fn default() -> Self {
        Self([0.0; N])
    }
}

impl<const N: usize> Span for Sums<N> {
    #[inline]
    fn then(self, later: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] + later.0[k]))
    }
}

/// The value of `n` bars ago.
#[derive(Clone, Debug)]
pub(super) struct Lag {
    n: usize,
    ring: Vec<f64>,
    next: usize,
}

impl Lag {
    pub(super) fn new(n: usize) -> Self {
        Self { n, ring: Vec::new(), next: 0 }
    }

    /// Takes the next value and answers with the one `n` bars before it, once there is one.
    #[inline]
    pub(super) fn push(&mut self, x: f64) -> Option<f64> {
        if self.ring.len() < self.n {
            self.ring.push(x);
            return None;
        }
        let Some(slot) = self.ring.get_mut(self.next) else {
            return Some(x); // a lag of 0 bars
        };
        let past = std::mem::replace(slot, x);
        self.next += 1;
        if self.next == self.n {
            self.next = 0;
        }
        Some(past)
    }
}

/// A sum without end that keeps what rounding takes away (Neumaier 1974).
#[derive(Clone, Debug, Default)]
pub(super) struct Total {
    sum: f64,
    lost: f64,
}

impl Total {
    /// Adds `x` and answers with the sum.
    #[inline]
    pub(super) fn add(&mut self, x: f64) -> f64 {
        let sum = self.sum + x;
        let (large, small) = if self.sum.abs() >= x.abs() { (self.sum, x) } else { (x, self.sum) };
        self.lost += (large - sum) + small;
        self.sum = sum;
        self.sum + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(n: usize, values: &[f64]) -> Vec<Option<f64>> {
        let mut window = Window::new(n);
        values.iter().map(|&x| window.push(Sums([x])).map(|sums| sums.0[0])).collect()
    }

    #[test]
    fn a_window_holds_the_last_n_bars() {
        let values: Vec<f64> = (0..40).map(|i| f64::from(i * i % 17)).collect();
        for n in 1..12 {
            let expected: Vec<Option<f64>> = (1..=values.len())
                .map(|end| (end >= n).then(|| values[end.saturating_sub(n)..end].iter().sum()))
                .collect();
            assert_eq!(sums(n, &values), expected, "n = {n}");
        }
    }

    #[test]
    fn a_huge_value_that_has_left_leaves_nothing_behind() {
        let mut values = vec![1e300, 0.1, 1e-300];
        values.extend([0.0; 9]);
        assert_eq!(sums(3, &values).last(), Some(&Some(0.0)));
    }

    #[test]
    fn a_lag_answers_with_the_value_n_bars_ago() {
        for n in 0..5 {
            let mut lag = Lag::new(n);
            let got: Vec<Option<f64>> = (0..12).map(|i| lag.push(f64::from(i))).collect();
            let expected: Vec<Option<f64>> = (0..12)
                .map(|i| i32::try_from(n).ok().map(|n| i - n).filter(|&i| i >= 0).map(f64::from))
                .collect();
            assert_eq!(got, expected, "n = {n}");
        }
    }

    #[test]
    fn a_total_loses_nothing_to_rounding() {
        let mut total = Total::default();
        let last = [1e16, 1.0, 1.0, -1e16].map(|x| total.add(x))[3];
        assert!((last - 2.0).abs() < 1e-9, "{last}");
    }
}
