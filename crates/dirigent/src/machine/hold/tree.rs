//! A folder that behaves like the tree of control groups as far as ours need it: a new group comes
//! with files, and is removed with them unless a process or another group is in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Ground,
    files::{self, Files},
};
use crate::machine::fixture::{self, V1, V2, World};

/// The process that all of these tests are about.
pub(super) const PID: u32 = 4242;

/// The group of the process in the world of version 2.
pub(super) const OWN: &str = "sys/fs/cgroup/work.slice/run.service";
/// The groups of the process in the world of version 1.
pub(super) const OWN_MEMORY: &str = "sys/fs/cgroup/memory/jobs/one";
pub(super) const OWN_CPU: &str = "sys/fs/cgroup/cpu,cpuacct/jobs/one";

/// What new groups come with, below `born`.
const BORN: fixture::Files = &[
    ("born/two/cgroup.procs", ""),
    ("born/two/cgroup.controllers", "cpu memory\n"),
    ("born/two/cgroup.subtree_control", ""),
    ("born/two/cpu.max", "max 100000\n"),
    ("born/two/memory.max", "max\n"),
    ("born/two/memory.swap.max", "max\n"),
    ("born/two/memory.oom.group", "0\n"),
    ("born/two/memory.events", "oom 0\noom_kill 0\n"),
    ("born/two/memory.events.local", "oom 0\noom_kill 0\n"),
    ("born/two/memory.peak", "0\n"),
    ("born/memory/cgroup.procs", ""),
    ("born/memory/memory.limit_in_bytes", "9223372036854771712\n"),
    ("born/memory/memory.swappiness", "60\n"),
    ("born/memory/memory.max_usage_in_bytes", "0\n"),
    ("born/memory/memory.failcnt", "0\n"),
    ("born/memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"),
    ("born/cpu/cgroup.procs", ""),
    ("born/cpu/cpu.cfs_period_us", "50000\n"),
    ("born/cpu/cpu.cfs_quota_us", "-1\n"),
];

/// Version 2: a service whose group was given to it, and which is alone in it.
const DELEGATED: fixture::Files = &[
    ("sys/fs/cgroup/work.slice/run.service/cgroup.procs", "4242\n"),
    ("sys/fs/cgroup/work.slice/run.service/cgroup.controllers", "cpu memory pids\n"),
    ("sys/fs/cgroup/work.slice/run.service/cgroup.subtree_control", ""),
    ("proc/4242/stat", ""),
];

/// Version 1: groups that the process shares with others.
const SHARED: fixture::Files = &[
    ("sys/fs/cgroup/memory/jobs/one/cgroup.procs", "0\n17\n4242\n"),
    ("sys/fs/cgroup/memory/jobs/one/memory.use_hierarchy", "1\n"),
    ("sys/fs/cgroup/cpu,cpuacct/jobs/one/cgroup.procs", "17\n4242\n"),
    ("proc/4242/stat", ""),
];

/// Such a folder.
pub(crate) struct Tree(World);

impl Tree {
    pub(crate) fn one() -> Self {
        Self(World::new(&[V1, SHARED, BORN]))
    }

    pub(super) fn two() -> Self {
        Self(World::new(&[V2, DELEGATED, BORN]))
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.root()
    }

    /// The same with other files.
    pub(super) fn with(self, files: &[(&str, &str)]) -> Self {
        self.0.write(files);
        self
    }

    /// The ground of the process, as it looks.
    pub(super) fn seen(&self) -> Ground {
        Ground::seen_from(self.root(), PID, Files { make, remove })
    }

    /// The ground of the process, ready.
    pub(crate) fn ground(&self) -> Ground {
        self.seen().prepared()
    }

    /// Makes the group `name`, with what is in it.
    pub(super) fn group(&self, name: &str, processes: &str) {
        let folder = self.root().join(name);
        make(&folder).unwrap();
        files::write(&folder.join("cgroup.procs"), processes).unwrap();
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.root().join(name).exists()
    }

    pub(super) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.root().join(name)).unwrap()
    }

    /// From now on new groups come without the files `names`.
    pub(super) fn forget(&self, names: &[&str]) {
        for name in names {
            fs::remove_file(self.root().join("born/two").join(name)).unwrap();
        }
    }

    /// The files of the group `folder` that are not as they were when it was made.
    pub(super) fn written(&self, folder: &Path) -> Vec<(String, String)> {
        let born = born(folder).unwrap();
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut written: Vec<_> = files
            .filter_map(|name| {
                let [new, old] = [folder, &born].map(|at| fs::read_to_string(at.join(&name)).ok());
                Some((name.into_string().unwrap(), new.filter(|new| Some(new) != old.as_ref())?))
            })
            .collect();
        written.sort();
        written
    }
}

/// Where the files of a new group `folder` come from.
fn born(folder: &Path) -> io::Result<PathBuf> {
    let root = folder.ancestors().find(|above| above.join("born").is_dir());
    let root = root.ok_or(io::ErrorKind::NotFound)?;
    let is_below = |name: &str| folder.starts_with(root.join("sys/fs/cgroup").join(name));
    let kind = if is_below("memory") {
        "memory"
    } else if is_below("cpu,cpuacct") {
        "cpu"
    } else {
        "two"
    };
    Ok(root.join("born").join(kind))
}

fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)?;
    for entry in fs::read_dir(born(folder)?)? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    Ok(())
}

fn remove(folder: &Path) -> io::Result<()> {
    // A process is in one group; what was written into the one above has left this one.
    let above = folder.parent().map(files::processes).unwrap_or_default();
    let is_held = files::processes(folder).iter().any(|pid| !above.contains(pid));
    if !files::below(folder).is_empty() || is_held {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    fs::remove_dir_all(folder)
}
