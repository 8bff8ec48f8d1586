//! Callbacks: those who want to be told, each on its own risk.
//!
//! Promises: all are told, in the order they were added; one that fails or panics stops no other
//! and is counted.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

type Callback<T> = Box<dyn Fn(&T) -> Result<(), String> + Send>;

/// Those who are told of each `T`.
pub struct Callbacks<T> {
    entries: Vec<Entry<T>>,
}

struct Entry<T> {
    name: String,
    callback: Callback<T>,
    failures: u64,
    last_failure: Option<String>,
}

/// How a callback that failed fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Its name.
    pub name: String,
    /// How often it failed.
    pub failures: u64,
    /// Why it failed last.
    pub last: String,
}

impl<T> Callbacks<T> {
    /// Nobody is told.
    pub const fn none() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds one; its name says who failed, if it fails.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<String>,
        callback: impl Fn(&T) -> Result<(), String> + Send + 'static,
    ) -> Self {
        let (name, callback) = (name.into(), Box::new(callback));
        self.entries.push(Entry { name, callback, failures: 0, last_failure: None });
        self
    }

    /// Tells all; returns how many failed at it.
    pub fn tell(&mut self, news: &T) -> usize {
        let told = self.entries.iter_mut().map(|entry| entry.tell(news));
        told.filter(|worked| !worked).count()
    }

    /// Those that have ever failed.
    pub fn failing(&self) -> Vec<Failing> {
        let failing = |entry: &Entry<T>| {
            let (name, failures) = (entry.name.clone(), entry.failures);
            entry.last_failure.clone().map(|last| Failing { name, failures, last })
        };
        self.entries.iter().filter_map(failing).collect()
    }
}

impl<T> Entry<T> {
    fn tell(&mut self, news: &T) -> bool {
        let callback = AssertUnwindSafe(|| (self.callback)(news));
        let Err(failure) = catch_unwind(callback).unwrap_or_else(|_| Err("it panicked".into()))
        else {
            return true;
        };
        self.failures += 1;
        self.last_failure = Some(failure);
        false
    }
}

impl<T> fmt::Debug for Callbacks<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| &entry.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn res_27_one_that_fails_stops_no_other_and_is_counted() {
        let (told, heard) = channel();
        let mut callbacks = Callbacks::none()
            .with("full", |_: &u32| Err("no space".into()))
            .with("broken", |_| panic!("on purpose"))
            .with("well", move |news| told.send(*news).map_err(|error| error.to_string()));
        assert_eq!((callbacks.tell(&7), callbacks.tell(&8)), (2, 2));
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [7, 8]);
        let failing =
            |name: &str, last: &str| Failing { name: name.into(), failures: 2, last: last.into() };
        let expected = [failing("full", "no space"), failing("broken", "it panicked")];
        assert_eq!(callbacks.failing(), expected);
    }
}
