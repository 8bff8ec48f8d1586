//! Closes: when a bar ends.

use std::{sync::Arc, time::Duration};

use dirigent_core::Timestamp;

/// When bars end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closes {
    /// So long after the time they are stamped with.
    After(Duration),
    /// The time that each is stamped with, and its end; both rise.
    Listed(Arc<[(Timestamp, Timestamp)]>),
}

impl Default for Closes {
    /// With the time they are stamped with.
    fn default() -> Self {
        Self::After(Duration::ZERO)
    }
}

impl Closes {
    /// When the last bar of all ends, which is stamped with `stamp`.
    pub fn end(&self, stamp: Timestamp) -> Timestamp {
        self.of(stamp, None)
    }

    /// When the bar that is stamped with `stamp` ends: never after `next`, the stamp of the one that
    /// follows, unless it is listed so.
    pub(crate) fn of(&self, stamp: Timestamp, next: Option<Timestamp>) -> Timestamp {
        match self {
            Self::After(length) => {
                let end = stamp.plus(*length);
                next.map_or(end, |next| end.min(next))
            }
            Self::Listed(all) => match all.binary_search_by_key(&stamp, |(stamp, _)| *stamp) {
                Ok(at) => all[at].1,
                Err(_) => next.unwrap_or(stamp),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: i64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    #[test]
    fn a_bar_ends_with_its_length_or_before_the_next() {
        let closes = Closes::After(Duration::from_nanos(10));
        assert_eq!(closes.of(at(100), Some(at(110))), at(110));
        assert_eq!(closes.of(at(100), Some(at(150))), at(110));
        assert_eq!(closes.of(at(100), Some(at(105))), at(105));
        assert_eq!(closes.of(at(100), None), at(110));
        assert_eq!(Closes::default().of(at(100), None), at(100));
        let listed = Closes::Listed([(at(100), at(117))].into());
        assert_eq!(listed.of(at(100), Some(at(110))), at(117));
    }
}
