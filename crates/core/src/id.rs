//! Ids: typed, with a prefix that says what they name.
//!
//! Invariant: a `RunId` starts with `run_` and holds only lower-case letters and digits after it;
//! a `CorrelationId` is 1 to 128 visible ASCII characters, so both are safe in paths and logs
//! once quoted.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// The longest correlation id that is accepted, in bytes.
pub const CORRELATION_ID_BYTES_MAX: usize = 128;

/// Crockford's base 32 in lower case: sorts like the number, has no look-alikes.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// One execution of a workflow: `run_` and 26 characters that sort by time of creation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// A new id: 48 bits of `clock` in milliseconds, then 80 random bits.
    ///
    /// # Panics
    /// If the operating system has no random numbers to give.
    pub fn new(clock: &dyn Clock) -> Self {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random[6..]).expect("the operating system provides random numbers");
        let millis = clock.now().as_nanos() / 1_000_000;
        random[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        let mut bits = u128::from_be_bytes(random);
        let mut text = [0_u8; 26];
        for slot in text.iter_mut().rev() {
            *slot = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
        Self(format!("run_{}", text.map(char::from).iter().collect::<String>()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not an id of the kind that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct InvalidId {
    text: String,
    wanted: &'static str,
}

impl FromStr for RunId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let rest = text.strip_prefix("run_").unwrap_or_default();
        let plain = rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if (1..=32).contains(&rest.len()) && plain {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { text: text.to_owned(), wanted: "a run id such as `run_01hx…`" })
        }
    }
}

/// The caller's idempotency and grouping key of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CorrelationId(String);

impl CorrelationId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&RunId> for CorrelationId {
    /// The default: a run without a caller's key is its own.
    fn from(run: &RunId) -> Self {
        Self(run.0.clone())
    }
}

impl FromStr for CorrelationId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let fits = (1..=CORRELATION_ID_BYTES_MAX).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            let wanted = "a correlation id: 1 to 128 visible ASCII characters";
            Err(InvalidId { text: text.chars().take(140).collect(), wanted })
        }
    }
}

macro_rules! text_id {
    ($id:ident) => {
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $id {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }
        impl From<$id> for String {
            fn from(id: $id) -> String {
                id.0
            }
        }
    };
}
text_id!(RunId);
text_id!(CorrelationId);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, Timestamp};

    #[test]
    fn run_ids_sort_by_time_and_read_back() {
        let clock = ManualClock::at(Timestamp::from_nanos(1_700_000_000_000_000_000));
        let first = RunId::new(&clock);
        clock.advance(std::time::Duration::from_millis(1));
        let second = RunId::new(&clock);
        assert!(first < second);
        assert_eq!(first.as_str().parse(), Ok(first.clone()));
        assert_eq!(first.as_str().len(), 30);
    }

    #[test]
    fn ids_that_could_leave_a_folder_are_refused() {
        for text in ["", "run_", "run_../x", "run_A", "job_1", "run_a b"] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
        for text in ["", "a b", "a\n", &"x".repeat(129)] {
            assert!(text.parse::<CorrelationId>().is_err(), "{text}");
        }
    }
}
