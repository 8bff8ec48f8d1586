//! Caught: what a library does to a file whose parts contradict each other may be to panic.
//!
//! Libraries are meant to answer damage with errors; where they panic, that is damage too. A program
//! that shows panics can ask `is_caught` whether this one becomes an error.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be caught and told as damage of a file.
pub fn is_caught() -> bool {
    CATCHING.get()
}

/// What `read` answers; `None` if it panicked.
pub(crate) fn caught<T>(read: impl FnOnce() -> T) -> Option<T> {
    let before = CATCHING.replace(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    CATCHING.set(before);
    read.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_is_caught() {
        assert!(!is_caught());
        assert_eq!(caught(is_caught), Some(true));
        let none = |places: &[u8]| places.iter().max().copied().expect("a panic of a test");
        assert_eq!(caught(|| none(&[])), None);
        assert!(!is_caught());
    }
}
