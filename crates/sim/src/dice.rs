//! Dice: what the simulator draws, all of it from the seed.

use dirigent_core::{Seed, seed::Stream};

/// A stream of draws.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Stream);

impl Dice {
    /// The draws called `name` under `seed`.
    pub(crate) fn of(seed: u64, name: &str) -> Self {
        Self(Seed::master(seed).child("sim").child(name).stream())
    }

    /// A number below `end`; 0 if that is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64().checked_rem(end).unwrap_or(0)
    }

    /// A number from `first` to `last`.
    pub(crate) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// The same for small numbers.
    pub(crate) fn small(&mut self, first: u32, last: u32) -> u32 {
        u32::try_from(self.between(first.into(), last.into())).unwrap_or(last)
    }

    /// Whether what happens `per_mille` times in a thousand happens now.
    pub(crate) fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }

    /// One of `items`.
    pub(crate) fn pick<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        let at = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
        &items[at]
    }

    /// A position up to and including `last`.
    pub(crate) fn index(&mut self, last: usize) -> usize {
        usize::try_from(self.between(0, last as u64)).unwrap_or(last)
    }

    /// A length of time around `nanos`, from nothing to many times that.
    pub(crate) fn around(&mut self, nanos: u64) -> u64 {
        let shift = self.below(6);
        self.below((nanos << shift) / 4 + 1)
    }
}
