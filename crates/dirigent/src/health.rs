//! Health: how each part of the home does, one number for all of it, and what to do.
//!
//! Promises: only looks; every finding names its part and, where there is one, the way out.

use std::{collections::BTreeMap, io::Write as _, path::Path, time::Duration};

use dirigent_journal::{ReadJournal, sqlite};
use dirigent_workflow::resource::backpressure::{Gauge, Level, Limits};
use serde::Serialize;

use crate::{
    Coordinator, Error,
    machine::hold::Ground,
    system::{
        self, System,
        letter::LetterStatus,
        state::{HandlerHealth, LetterStats},
    },
};

/// From which score on a part, or the whole, is healthy.
const HEALTHY_MIN: f64 = 0.9;
/// From which score on it is degraded, and below which unhealthy.
const DEGRADED_MIN: f64 = 0.7;
/// How many of the newest runs have their records checked; `dirigent show` checks any other.
const RUNS_CHECKED_MAX: usize = 10;
/// From how many deliveries on their rate of success says something.
const DELIVERIES_MIN: u64 = 10;
/// With less than this times the reserve of the journal left, a disk is filling up.
const DISK_WARNING: u64 = 4;

/// How the whole or a part of it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All is well.
    Healthy,
    /// It works, but somebody should look.
    Degraded,
    /// It does not work.
    Unhealthy,
}

impl Status {
    fn of(score: f64) -> Self {
        match score {
            score if score >= HEALTHY_MIN => Self::Healthy,
            score if score >= DEGRADED_MIN => Self::Degraded,
            _ => Self::Unhealthy,
        }
    }

    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// How a part does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// 0 to 1.
    pub health: f64,
    /// The same in a word.
    pub status: Status,
    /// What was found.
    pub detail: String,
    /// What to do, where there is something.
    pub recovery: Option<String>,
}

impl Part {
    fn well(detail: impl Into<String>) -> Self {
        Self { health: 1.0, status: Status::Healthy, detail: detail.into(), recovery: None }
    }

    fn ill(health: f64, detail: impl Into<String>, recovery: impl Into<String>) -> Self {
        let (detail, recovery) = (detail.into(), Some(recovery.into()));
        Self { health, status: Status::of(health), detail, recovery }
    }
}

/// How handlers of events do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Handlers {
    /// Deliveries.
    #[serde(flatten)]
    pub deliveries: HandlerHealth,
    /// Dead letters.
    pub dead_letters: LetterStats,
}

/// How the home does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Health {
    /// 0 to 1: the mean of all parts, and never above a part that nothing works without.
    pub overall_health: f64,
    /// healthy from 0.9, degraded from 0.7.
    pub status: Status,
    /// Every part.
    pub coordinators: BTreeMap<&'static str, Part>,
    /// What is not well, as `part: what`.
    pub issues: Vec<String>,
    /// How handlers of events do.
    pub handler_health: Handlers,
}

/// Parts without which nothing works.
const VITAL: [&str; 3] = ["artifacts", "disk", "journal"];

impl Health {
    fn of(coordinators: BTreeMap<&'static str, Part>, handler_health: Handlers) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a handful of parts")]
        let count = coordinators.len() as f64;
        let mean = coordinators.values().map(|part| part.health).sum::<f64>() / count;
        let vital = VITAL.iter().filter_map(|name| coordinators.get(name));
        let overall_health = vital.map(|part| part.health).fold(mean, f64::min);
        let ill = coordinators.iter().filter(|(_, part)| part.health < 1.0);
        let issues = ill.map(|(name, part)| format!("{name}: {}", part.detail)).collect();
        let status = Status::of(overall_health);
        Self { overall_health, status, coordinators, issues, handler_health }
    }

    /// Whether the home is halted.
    pub fn is_halted(&self) -> bool {
        self.coordinators.get("halt").is_some_and(|part| part.health < 1.0)
    }
}

impl Coordinator {
    /// How the home does, as far as one can see from beside.
    pub fn health(&self) -> Health {
        let reader = self.reader();
        let system = match &reader {
            Ok(journal) => system::read(&**journal),
            Err(_) => Ok(System::default()),
        };
        let known = system.as_ref().cloned().unwrap_or_default();
        let journal = journal(reader, system.err());
        let handlers =
            Handlers { deliveries: known.handler_health(), dead_letters: known.letter_stats() };
        let parts = BTreeMap::from([
            ("artifacts", artifacts(self.home().root())),
            ("daemons", daemons(&known)),
            ("dead_letters", self.letters_part(&known)),
            ("disk", disk(self.home().root())),
            ("halt", self.halt_part()),
            ("handlers", handlers_part(&known)),
            ("journal", journal),
            ("programs", Part::well(format!("held to {}", Ground::foreseen()))),
        ]);
        Health::of(parts, handlers)
    }

    /// How deep and how old the queue of dead letters is.
    fn letters_part(&self, system: &System) -> Part {
        let pending = || system.letters().filter(|letter| letter.status == LetterStatus::Pending);
        let oldest = pending().map(|letter| letter.failed_at).min();
        let age = oldest.map_or(Duration::ZERO, |oldest| self.clock().now().since(oldest));
        let level = Gauge::new(Limits::default()).measure(pending().count(), age);
        dead_letters(system.letter_stats(), level)
    }

    fn halt_part(&self) -> Part {
        match self.halted() {
            Ok(None) => Part::well("work may begin"),
            Ok(Some(halt)) => Part::ill(
                0.0,
                format!("halted by {} since {}: {}", halt.by, halt.since, halt.reason),
                "find out why, then `dirigent halt --resume`",
            ),
            Err(error) => Part::ill(0.0, format!("cannot tell: {error}"), JOURNAL_RECOVERY),
        }
    }
}

const JOURNAL_RECOVERY: &str = "restore `dirigent.db` from a backup; nothing may be run before";

fn journal(reader: Result<Box<dyn ReadJournal>, Error>, system: Option<Error>) -> Part {
    let found = match (reader, system) {
        (Err(Error::NoRuns { .. }), _) => return Part::well("no run was recorded yet"),
        (Err(error), _) | (Ok(_), Some(error)) => Err(error),
        (Ok(journal), None) => check(&*journal),
    };
    match found {
        Ok(count) => Part::well(format!("the records of the newest {count} runs are as written")),
        Err(error) => Part::ill(0.0, error.to_string(), JOURNAL_RECOVERY),
    }
}

/// Recomputes the records of the newest runs and of the system log; how many they were.
fn check(journal: &dyn ReadJournal) -> Result<usize, Error> {
    let heads = journal.runs(RUNS_CHECKED_MAX)?;
    heads.iter().try_for_each(|head| journal.verify(&head.run).map(drop))?;
    let log = system::run();
    if journal.head(&log)?.is_some() {
        journal.verify(&log)?;
    }
    Ok(heads.iter().filter(|head| !system::is_system(&head.run)).count())
}

/// The nearest folder to `root` that exists: a home that was never used has none yet.
fn existing(root: &Path) -> Option<&Path> {
    root.ancestors()
        .map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path })
        .find(|path| path.exists())
}

fn disk(root: &Path) -> Part {
    const RECOVERY: &str = "free space, or move the home to a larger disk";
    let reserve = sqlite::DISK_RESERVE_BYTES;
    let measured = existing(root).map(sqlite::disk_free_bytes);
    match measured {
        Some(Ok(free)) if free < reserve => {
            Part::ill(0.0, format!("{free} bytes left, new runs need {reserve}"), RECOVERY)
        }
        Some(Ok(free)) if free < reserve * DISK_WARNING => {
            Part::ill(0.8, format!("{free} bytes left, new runs need {reserve}"), RECOVERY)
        }
        Some(Ok(free)) => Part::well(format!("{} MiB left", free >> 20)),
        Some(Err(error)) => Part::ill(0.0, error.to_string(), RECOVERY),
        None => Part::ill(0.0, format!("`{}` is nowhere", root.display()), RECOVERY),
    }
}

/// Whether the store of files, or the folder it will be made in, can be written.
fn artifacts(root: &Path) -> Part {
    let store = root.join("artifacts");
    let Some(folder) = existing(&store) else {
        return Part::ill(0.0, format!("`{}` is nowhere", store.display()), "make the folder");
    };
    let probe = folder.join(format!(".health.{}.tmp", std::process::id()));
    let written = std::fs::File::create(&probe)
        .and_then(|mut file| file.write_all(b"health").and_then(|()| file.sync_all()));
    drop(std::fs::remove_file(&probe));
    match written {
        Ok(()) => Part::well(format!("`{}` can be written", folder.display())),
        Err(error) => Part::ill(
            0.0,
            format!("cannot write `{}`: {error}", folder.display()),
            "check the space and the permissions of the folder",
        ),
    }
}

fn dead_letters(stats: LetterStats, level: Level) -> Part {
    const RETRY: &str = "`dirigent dead-letters list` shows why; `dirigent dead-letters retry --all` \
                         tries again";
    match (stats.abandoned, stats.pending) {
        (0, 0) => Part::well("none"),
        (0, pending) if level < Level::High => Part::ill(0.8, format!("{pending} pending"), RETRY),
        (0, pending) => Part::ill(0.6, format!("{pending} pending, backpressure {level}"), RETRY),
        (abandoned, pending) => {
            Part::ill(0.6, format!("{abandoned} abandoned, {pending} pending"), RETRY)
        }
    }
}

fn handlers_part(system: &System) -> Part {
    let unwell: Vec<String> = system
        .unwell()
        .map(|(name, count)| format!("`{name}` failed {count} times in a row"))
        .collect();
    let recovery = "check the address of the webhook and who answers there";
    if !unwell.is_empty() {
        return Part::ill(0.75, unwell.join(", "), recovery);
    }
    let deliveries = system.handler_health();
    let rate = format!("{:.1} % of the last deliveries succeeded", deliveries.success_rate * 100.0);
    let is_many = deliveries.succeeded + deliveries.failed >= DELIVERIES_MIN;
    if is_many && deliveries.success_rate < HEALTHY_MIN {
        return Part::ill(0.8, rate, recovery);
    }
    Part::well(rate)
}

fn daemons(system: &System) -> Part {
    let down: Vec<String> = system
        .daemons()
        .iter()
        .filter_map(|(name, daemon)| Some(format!("`{name}`: {}", daemon.error.as_ref()?)))
        .collect();
    if down.is_empty() {
        return Part::well("none has failed and not come back");
    }
    Part::ill(0.5, down.join(", "), "they start again with the next run; report what repeats")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_begin_at_their_scores() {
        let status = |score| Status::of(score).as_str();
        assert_eq!(
            [1.0, 0.9, 0.89, 0.7, 0.69, 0.0].map(status),
            ["healthy", "healthy", "degraded", "degraded", "unhealthy", "unhealthy"]
        );
    }
}
