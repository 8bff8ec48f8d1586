//! Signal: what a strategy wants of one symbol at the close of one bar.
//!
//! One byte per bar, so that a column of signals stays in the cache; several wishes may be set at
//! once (leave long and enter short is a reversal).

/// A set of wishes; empty means "do nothing".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signal(u8);

impl Signal {
    /// No wish.
    pub const NONE: Self = Self(0);
    /// Hold a long position.
    pub const LONG_ENTRY: Self = Self(1);
    /// Leave a long position.
    pub const LONG_EXIT: Self = Self(2);
    /// Hold a short position.
    pub const SHORT_ENTRY: Self = Self(4);
    /// Leave a short position.
    pub const SHORT_EXIT: Self = Self(8);

    /// Whether every wish of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any wish of `other` is set.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is no wish.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The place of the first of `signals` with any wish of this one; their number if there is none.
    pub(crate) fn first_in(self, signals: &[Self]) -> usize {
        // Several are looked at in one go: quiet stretches are long.
        const AT_ONCE: usize = 32;
        let is_quiet = |few: &&[Self]| few.iter().fold(0, |all, s| all | s.0) & self.0 == 0;
        let quiet = AT_ONCE * signals.chunks(AT_ONCE).take_while(is_quiet).count();
        let rest = signals.get(quiet..).unwrap_or_default();
        let found = rest.iter().position(|signal| signal.any(self));
        found.map_or(signals.len(), |found| quiet + found)
    }

    /// This one or none.
    #[inline]
    pub(crate) const fn when(self, truth: bool) -> Self {
        Self(self.0 * truth as u8)
    }

    /// The wishes of both.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
