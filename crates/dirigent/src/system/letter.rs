//! Dead letters: an event that one handler did not take, kept until it does or is given up.

use std::{fmt, str::FromStr, time::Duration};

use dirigent_core::{RunId, Timestamp};
use serde::{Deserialize, Serialize};

/// How often an event is brought to a handler before it is left to a person.
pub const TRIES_MAX: u32 = 5;
/// The wait after the first failure; doubled for each further one.
const WAIT_S_MIN: u64 = 60;
/// The longest wait between two tries.
const WAIT_S_MAX: u64 = 3600;

/// Names a dead letter: prints `letter_42`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LetterId(u64);

impl LetterId {
    /// The id before all others.
    pub(super) const ZERO: Self = Self(0);

    /// The id after this one.
    #[must_use]
    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "letter_{}", self.0)
    }
}

/// The text is no id of a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a dead letter's id such as `letter_42`")]
pub struct InvalidLetterId(String);

impl FromStr for LetterId {
    type Err = InvalidLetterId;

    /// Reads `letter_42`, and `42` for those who type.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("letter_").unwrap_or(text);
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| plain).map(Self);
        number.ok_or_else(|| InvalidLetterId(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for LetterId {
    type Error = InvalidLetterId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LetterId> for String {
    fn from(id: LetterId) -> Self {
        id.to_string()
    }
}

/// Whether a dead letter is still tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterStatus {
    /// It is tried again when its time comes.
    Pending,
    /// It waits for a person.
    Abandoned,
}

impl LetterStatus {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Abandoned => "abandoned",
        }
    }
}

/// An event that one handler did not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its name.
    pub id: LetterId,
    /// Whether it is still tried.
    pub status: LetterStatus,
    /// Id of the event: `<run>:<seq>`.
    pub event: String,
    /// Type of the event.
    pub event_type: String,
    /// The handler that did not take it, and the only one that gets it again.
    pub handler: String,
    /// What went wrong the last time.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it failed first.
    pub failed_at: Timestamp,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
}

impl DeadLetter {
    /// Run and position of the event.
    pub fn place(&self) -> Option<(RunId, u64)> {
        place(&self.event)
    }

    /// Whether it should be tried at `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.status == LetterStatus::Pending && self.next_at.is_none_or(|at| at <= now)
    }
}

/// Run and position that an event's id names.
pub(super) fn place(event: &str) -> Option<(RunId, u64)> {
    let (run, seq) = event.rsplit_once(':')?;
    Some((run.parse().ok()?, seq.parse().ok()?))
}

/// When the next try follows failure number `attempt` at `now`: 60 s, 120 s, … up to an hour.
/// None after the last try.
pub(super) fn next_try(attempt: u32, now: Timestamp) -> Option<Timestamp> {
    let doubled = 1_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX);
    let wait = WAIT_S_MIN.saturating_mul(doubled).min(WAIT_S_MAX);
    (attempt < TRIES_MAX).then(|| now.plus(Duration::from_secs(wait)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_and_nothing_else_does() {
        for text in ["", "letter_", "letter_x", "run_1", "-1", "+1", "99999999999999999999"] {
            assert!(text.parse::<LetterId>().is_err(), "{text}");
        }
        assert_eq!("42".parse(), Ok(LetterId(42)));
        assert_eq!(LetterId(42).to_string().parse(), Ok(LetterId(42)));
    }

    #[test]
    fn waits_double_and_end() {
        let seconds = |attempt| {
            let next = next_try(attempt, Timestamp::from_nanos(0))?;
            Some(next.since(Timestamp::from_nanos(0)).as_secs())
        };
        assert_eq!(
            (1..=5).map(seconds).collect::<Vec<_>>(),
            [Some(60), Some(120), Some(240), Some(480), None]
        );
    }
}
