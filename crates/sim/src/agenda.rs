//! The agenda: what will happen, in the order of time; what is due at once, in the order in which
//! it was planned.

use std::collections::BTreeMap;

/// A queue of things to happen.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    now: u64,
    planned: u64,
    due: BTreeMap<(u64, u64), T>,
}

impl<T> Agenda<T> {
    pub(crate) fn new() -> Self {
        Self { now: 0, planned: 0, due: BTreeMap::new() }
    }

    /// Nanoseconds since the simulation began.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Plans `what` for `nanos` from now.
    pub(crate) fn after(&mut self, nanos: u64, what: T) {
        self.planned += 1;
        self.due.insert((self.now + nanos, self.planned), what);
    }

    /// Goes to the next moment at which something happens, and gives that.
    pub(crate) fn next(&mut self) -> Option<T> {
        let ((now, _), what) = self.due.pop_first()?;
        self.now = now;
        Some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_at_once_happens_in_the_order_it_was_planned() {
        let mut agenda = Agenda::new();
        agenda.after(5, "c");
        agenda.after(3, "a");
        agenda.after(3, "b");
        let order: Vec<&str> = std::iter::from_fn(|| agenda.next()).collect();
        assert_eq!((order, agenda.now()), (vec!["a", "b", "c"], 5));
    }
}
