//! The files of control groups: made and removed as folders, written and read as lines.
//!
//! Promises: no file is ever created, only written; an error names the file. A process is killed
//! only while it is in the group, whatever becomes of its number.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rustix::process::Pid;
#[cfg(target_os = "linux")]
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// How groups are made and removed: by the kernel, which fills a new folder with files and does not
/// mind them when it is removed, or by what stands in for it in tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Files {
    pub(super) make: fn(&Path) -> io::Result<()>,
    pub(super) remove: fn(&Path) -> io::Result<()>,
}

impl Files {
    /// Those of the kernel.
    pub(super) fn of_kernel() -> Self {
        Self { make: |folder| fs::create_dir(folder), remove: |folder| fs::remove_dir(folder) }
    }

    /// Makes the group `folder`. One of that name was left by an earlier process of the same number.
    pub(super) fn make(self, folder: &Path) -> io::Result<()> {
        let made = match (self.make)(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.remove_all(folder)?;
                (self.make)(folder)
            }
            made => made,
        };
        made.map_err(|error| at(folder, &error))
    }

    /// Removes the group `folder` and those below it, unless something is in them.
    pub(super) fn remove_all(self, folder: &Path) -> io::Result<()> {
        for below in below(folder) {
            self.remove_all(&below)?;
        }
        match (self.remove)(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(folder, &error)),
            _ => Ok(()),
        }
    }
}

/// Writes `text` to `file`, which must exist.
pub(super) fn write(file: &Path, text: &str) -> io::Result<()> {
    let opened = fs::OpenOptions::new().write(true).truncate(true).open(file);
    let written = opened.and_then(|mut opened| opened.write_all(text.as_bytes()));
    written.map_err(|error| at(file, &error))
}

/// Writes `text` to `file`, which not every kernel has.
pub(super) fn write_if_there(file: &Path, text: &str) -> io::Result<()> {
    match write(file, text) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        written => written,
    }
}

/// The number that is all of `file`.
pub(super) fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// The number behind `name` in `file`.
pub(super) fn counter(file: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(found, _)| *found == name)?.1.trim().parse().ok()
}

/// The processes in the group `folder`; 0 is one that cannot be seen from here.
pub(super) fn processes(folder: &Path) -> Vec<u32> {
    let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

/// The groups just below `folder`.
pub(super) fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path()).collect()
}

/// Kills what is in the group `folder` and below it. Nobody is left to be told of an error.
pub(super) fn kill(folder: &Path) {
    if write(&folder.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    for pid in processes(folder) {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        pid.into_iter().for_each(|pid| kill_in(folder, pid));
    }
    below(folder).iter().for_each(|below| kill(below));
}

/// Kills the process `pid` of the group `folder`. What was opened is the process that was seen in
/// the group only if it is there still; another one of that number would not be.
#[cfg(target_os = "linux")]
fn kill_in(folder: &Path, pid: Pid) {
    let Ok(opened) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    if processes(folder)
        .iter()
        .any(|other| i64::from(*other) == i64::from(pid.as_raw_nonzero().get()))
    {
        let _ = pidfd_send_signal(opened, Signal::KILL);
    }
}

/// Only Linux has control groups.
#[cfg(not(target_os = "linux"))]
fn kill_in(_folder: &Path, _pid: Pid) {}

/// `error`, with the file that it is about.
fn at(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_created() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("memory.max");
        let error = write(&file, "1").unwrap_err();
        assert!(error.to_string().contains("memory.max"), "{error}");
        write_if_there(&file, "1").unwrap();
        assert!(!file.exists());
    }

    #[test]
    fn counters_are_found_by_their_whole_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("memory.events");
        fs::write(&file, "oom_group_kill 4\noom_kill 2\noom 1\n").unwrap();
        let names = ["oom", "oom_kill", "oom_group_kill", "kill"];
        assert_eq!(names.map(|name| counter(&file, name)), [Some(1), Some(2), Some(4), None]);
    }
}
