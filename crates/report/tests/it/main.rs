//! The page as a browser would get it: what it says, what it must never contain, how large it is.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod compare;
mod page;
mod run;
mod validation;
