//! Which events a bus has taken, as far back as bridges may bring them again.

use std::collections::{BTreeSet, VecDeque};

/// How many of the last events are known.
const SEEN_MAX: usize = 8_192;

/// The ids of the last events.
#[derive(Debug, Default)]
pub(super) struct Seen {
    ids: BTreeSet<String>,
    order: VecDeque<String>,
}

impl Seen {
    /// Notes `id`; false if it was known.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > SEEN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_events_are_known_and_no_more() {
        let mut seen = Seen::default();
        assert!((0..=SEEN_MAX).all(|id| seen.insert(&id.to_string())));
        assert!(!seen.insert("1"), "within reach");
        assert!(seen.insert("0"), "forgotten");
        assert_eq!(seen.ids.len(), seen.order.len());
    }
}
