//! Bounded history: the last so many values, and no more memory than that.

use std::collections::VecDeque;

/// The most recent values, oldest first.
#[derive(Clone, Debug)]
pub struct BoundedHistory<T> {
    values: VecDeque<T>,
    values_max: usize,
}

impl<T> BoundedHistory<T> {
    /// An empty history that keeps the last `values_max`, at least one.
    pub fn new(values_max: usize) -> Self {
        Self { values: VecDeque::new(), values_max: values_max.max(1) }
    }

    /// Adds the newest value; gives back the oldest if it had to go.
    pub fn push(&mut self, value: T) -> Option<T> {
        let gone =
            if self.values.len() == self.values_max { self.values.pop_front() } else { None };
        self.values.push_back(value);
        gone
    }

    /// The values, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &T> + DoubleEndedIterator {
        self.values.iter()
    }

    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn res_27_the_last_three_are_kept() {
        let mut history = BoundedHistory::new(3);
        let gone: Vec<_> = (1..=5).filter_map(|value| history.push(value)).collect();
        assert_eq!(gone, [1, 2]);
        assert!(history.iter().eq(&[3, 4, 5]));
    }

    #[test]
    fn a_history_of_none_keeps_one() {
        let mut history = BoundedHistory::new(0);
        history.push('a');
        history.push('b');
        assert!(history.iter().eq(&['b']));
    }
}
