//! Holds: control groups of our own making, each of which holds one program to its memory and its
//! cores, with everything that the program starts.
//!
//! Promises: nothing but files of the group itself is written; what the group held is killed and
//! the group removed when the hold ends. A group that cannot be removed in time, or that a killed
//! process left behind, is removed by the next process of ours that starts there.
//! Not here: joining. Whoever starts the program writes it into `joins` before it runs.
//! Source: kernel documentation, `admin-guide/cgroup-v1/memory.rst`, `scheduler/sched-bwc.rst` and
//! `admin-guide/cgroup-v2.rst`.

mod files;
mod ground;
#[cfg(test)]
pub(crate) mod tree;

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::cgroup::Version;
use crate::deadline::{Deadline, pause};
use files::Files;
pub(crate) use ground::Ground;

/// How long killed processes may take to leave their group.
const EMPTIED: Duration = Duration::from_millis(500);
/// How often a group is tried to be removed.
const EMPTIED_LOOK: Duration = Duration::from_millis(2);
/// In which time a quota of processor time may be used, as the kernel does by itself.
const PERIOD_US: u64 = 100_000;
/// The smallest quota that the kernel takes.
const QUOTA_US_MIN: u64 = 1_000;

/// What a program is to be held to; what is `None` is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Memory in use, in bytes.
    pub(crate) memory_bytes: Option<u64>,
    /// Cores in thousandths.
    pub(crate) millicores: Option<u64>,
}

/// The group, or two of version 1, that hold one program.
#[derive(Debug)]
pub(crate) struct Hold {
    files: Files,
    folders: Vec<PathBuf>,
    memory: Option<(Version, PathBuf)>,
}

/// What is known of a program that needed more memory than its group may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overrun {
    /// The most it used, where the system tells.
    pub(crate) peak_bytes: Option<u64>,
}

impl Hold {
    /// A group on `ground` for as much of `bounds` as groups can hold there.
    ///
    /// # Errors
    /// If the ground was fit for groups, and this one could not be made or not be given a limit.
    pub(crate) fn on(ground: &Ground, bounds: Bounds) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let name = ground.name(COUNT.fetch_add(1, Ordering::Relaxed));
        let mut hold = Self { files: ground.files, folders: Vec::new(), memory: None };
        if let (Some(bytes), Some((version, below))) = (bounds.memory_bytes, ground.memory()) {
            let folder = hold.enter(&below.join(&name))?;
            hold.limit_memory(version, &folder, bytes)?;
            hold.memory = Some((version, folder));
        }
        if let (Some(millicores), Some((version, below))) = (bounds.millicores, ground.cores()) {
            let folder = hold.enter(&below.join(&name))?;
            hold.limit_cores(version, &folder, millicores)?;
        }
        Ok(hold)
    }

    /// Whether memory is held, so that nothing else has to.
    pub(crate) fn holds_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// The files to which a process writes `0` to be held; at most two.
    pub(crate) fn joins(&self) -> Vec<PathBuf> {
        self.folders.iter().map(|folder| folder.join("cgroup.procs")).collect()
    }

    /// Whether the limit of memory made the system kill something in the group. A kill for a limit
    /// that is above or below it has another cause.
    pub(crate) fn overrun(&self) -> Option<Overrun> {
        let (version, folder) = self.memory.as_ref()?;
        let count = |file, name| files::counter(&folder.join(file), name);
        let number = |name| files::number(&folder.join(name));
        let (was_reached, kills, peak) = match version {
            Version::One => (
                number("memory.failcnt") != Some(0),
                count("memory.oom_control", "oom_kill"),
                "memory.max_usage_in_bytes",
            ),
            Version::Two => (
                count("memory.events.local", "oom") != Some(0),
                count("memory.events", "oom_kill"),
                "memory.peak",
            ),
        };
        let was_killed = was_reached && kills > Some(0);
        was_killed.then(|| Overrun { peak_bytes: number(peak) })
    }

    /// Kills everything in the group.
    pub(crate) fn kill(&self) {
        self.folders.iter().for_each(|folder| files::kill(folder));
    }

    /// Makes the group `folder`, if it is not there for another limit already.
    fn enter(&mut self, folder: &Path) -> io::Result<PathBuf> {
        if !self.folders.iter().any(|made| made == folder) {
            self.files.make(folder)?;
            self.folders.push(folder.to_owned());
        }
        Ok(folder.to_owned())
    }

    fn limit_memory(&self, version: Version, folder: &Path, bytes: u64) -> io::Result<()> {
        let bytes = bytes.to_string();
        match version {
            Version::One => {
                files::write(&folder.join("memory.limit_in_bytes"), &bytes)?;
                // Else what does not fit would be swapped. A limit of memory and swap together would
                // do it too, but where it is reached nothing counts that, as seen with Linux 6.18.
                files::write_if_there(&folder.join("memory.swappiness"), "0")
            }
            Version::Two => {
                files::write(&folder.join("memory.max"), &bytes)?;
                files::write_if_there(&folder.join("memory.swap.max"), "0")?;
                files::write_if_there(&folder.join("memory.oom.group"), "1")
            }
        }
    }

    fn limit_cores(&self, version: Version, folder: &Path, millicores: u64) -> io::Result<()> {
        let quota = (millicores.saturating_mul(PERIOD_US) / 1000).max(QUOTA_US_MIN);
        match version {
            Version::One => {
                files::write(&folder.join("cpu.cfs_period_us"), &PERIOD_US.to_string())?;
                match files::write(&folder.join("cpu.cfs_quota_us"), &quota.to_string()) {
                    // A group above allows less, and so holds it already.
                    Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
                    written => written,
                }
            }
            Version::Two => files::write(&folder.join("cpu.max"), &format!("{quota} {PERIOD_US}")),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let deadline = Deadline::after(EMPTIED);
        loop {
            self.kill();
            let files = self.files;
            self.folders.retain(|folder| files.remove_all(folder).is_err());
            if self.folders.is_empty() || deadline.passed() {
                return;
            }
            pause(EMPTIED_LOOK, &|| false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::hold::tree::Tree;

    const BOUNDS: Bounds = Bounds { memory_bytes: Some(64 << 20), millicores: Some(1_500) };

    /// Each file of the one group below `base`, and what it holds.
    #[track_caller]
    fn check(tree: &Tree, hold: &Hold, expected: &[(&str, &str)]) {
        for folder in &hold.folders {
            assert!(folder.starts_with(tree.root()), "{folder:?}");
        }
        let written = hold.folders.iter().flat_map(|folder| tree.written(folder));
        let mut written: Vec<_> = written.collect();
        written.sort();
        let pair = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        assert_eq!(written, expected.iter().map(pair).collect::<Vec<_>>());
    }

    #[test]
    fn version_2_limits_memory_without_swap_and_kills_the_group_as_one() {
        let tree = Tree::two();
        let ground = tree.ground();
        let hold = Hold::on(&ground, BOUNDS).unwrap();
        let expected = [
            ("cpu.max", "150000 100000"),
            ("memory.max", "67108864"),
            ("memory.oom.group", "1"),
            ("memory.swap.max", "0"),
        ];
        check(&tree, &hold, &expected);
        assert_eq!(hold.joins(), [hold.folders[0].join("cgroup.procs")], "one group for both");
        let cores = Bounds { memory_bytes: None, millicores: Some(1) };
        let cores = Hold::on(&ground, cores).unwrap();
        check(&tree, &cores, &[("cpu.max", "1000 100000")]);
        assert!(hold.holds_memory() && !cores.holds_memory());
    }

    #[test]
    fn version_1_limits_memory_without_swap_and_cores_in_a_group_each() {
        let tree = Tree::one();
        let hold = Hold::on(&tree.ground(), BOUNDS).unwrap();
        let expected = [
            ("cpu.cfs_period_us", "100000"),
            ("cpu.cfs_quota_us", "150000"),
            ("memory.limit_in_bytes", "67108864"),
            ("memory.swappiness", "0"),
        ];
        check(&tree, &hold, &expected);
        assert_eq!(hold.joins().len(), 2);
    }

    #[test]
    fn what_a_kernel_does_not_have_is_left_out_and_what_must_be_there_is_missed() {
        let tree = Tree::two();
        let ground = tree.ground();
        tree.forget(&["memory.swap.max", "memory.oom.group"]);
        let hold = Hold::on(&ground, BOUNDS).unwrap();
        check(&tree, &hold, &[("cpu.max", "150000 100000"), ("memory.max", "67108864")]);
        tree.forget(&["memory.max"]);
        let error = Hold::on(&ground, BOUNDS).unwrap_err();
        assert!(error.to_string().contains("memory.max"), "{error}");
    }

    #[test]
    fn a_hold_that_ends_leaves_no_group() {
        let tree = Tree::one();
        let ground = tree.ground();
        let hold = Hold::on(&ground, BOUNDS).unwrap();
        let folders = hold.folders.clone();
        assert!(folders.iter().all(|folder| folder.is_dir()));
        drop(hold);
        assert!(!folders.iter().any(|folder| folder.exists()), "{folders:?}");
    }

    #[test]
    fn only_the_own_limit_is_an_overrun() {
        let trees = [Tree::one(), Tree::two()];
        let [one, two] = trees.each_ref().map(Tree::ground);
        let check = |ground: &Ground, files: &[(&str, &str)], expected| {
            let hold = Hold::on(ground, BOUNDS).unwrap();
            let (_, folder) = hold.memory.as_ref().unwrap();
            files.iter().for_each(|(name, text)| files::write(&folder.join(name), text).unwrap());
            assert_eq!(hold.overrun(), expected, "{files:?}");
        };
        let peak = Some(Overrun { peak_bytes: Some(67_108_864) });
        let kill = ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
        check(&one, &[], None);
        check(&one, &[kill], None);
        check(&one, &[("memory.failcnt", "9\n")], None);
        let usage = ("memory.max_usage_in_bytes", "67108864\n");
        check(&one, &[kill, ("memory.failcnt", "9\n"), usage], peak);
        let kill = ("memory.events", "low 0\noom 3\noom_kill 2\noom_group_kill 1\n");
        let own = ("memory.events.local", "low 0\nmax 7\noom 1\noom_kill 0\n");
        check(&two, &[], None);
        check(&two, &[kill, ("memory.events.local", "oom 0\noom_kill 2\n")], None);
        check(&two, &[own], None);
        check(&two, &[kill, own, ("memory.peak", "67108864\n")], peak);
        check(&two, &[kill, own, ("memory.peak", "")], Some(Overrun { peak_bytes: None }));
    }
}
