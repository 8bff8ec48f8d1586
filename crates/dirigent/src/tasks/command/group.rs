//! A process group: the program, everything it starts, and nothing else.
//!
//! Promises: the group is signalled as a whole, and only while its leader has not been reaped, so
//! that its number cannot belong to anybody else by then. It ends with this value, and, by the
//! watcher that the trampoline starts, with this process, even if that is killed.
//! Not here: a program that leaves the group on purpose (`setsid`); only a container could hold
//! that.

use std::{
    ffi::OsStr,
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Resource, Signal, WaitId, WaitIdOptions, getrlimit};

use super::input::Limits;
use crate::deadline::{Deadline, pause};

/// How long a killed process may take to go; one that hangs in the kernel may take for ever.
const REAP: Duration = Duration::from_millis(300);
/// How often a process that was killed is looked for.
const REAP_LOOK: Duration = Duration::from_millis(2);

/// What to start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Launch<'a> {
    /// The program, as a path.
    pub(super) program: &'a Path,
    /// Its arguments.
    pub(super) arguments: &'a [String],
    /// All of its environment.
    pub(super) variables: &'a [(String, String)],
    /// Where it runs.
    pub(super) folder: &'a Path,
    /// The file it reads.
    pub(super) stdin: &'a Path,
    /// What each process is held to.
    pub(super) limits: Limits,
}

/// A running process group.
#[derive(Debug)]
pub(super) struct Group {
    /// Its leader; keeps the pipe open that the watcher waits on.
    leader: Child,
    id: Pid,
    is_reaped: bool,
}

impl Group {
    /// Starts the group, and hands out what it writes to.
    pub(super) fn start(launch: &Launch<'_>) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        let mut leader = command(launch).spawn()?;
        let id = i32::try_from(leader.id()).ok().and_then(Pid::from_raw);
        let (stdout, stderr) = (leader.stdout.take(), leader.stderr.take());
        let (Some(id), Some(stdout), Some(stderr)) = (id, stdout, stderr) else {
            return Err(io::Error::other("the system gave a process without id or pipes"));
        };
        Ok((Self { leader, id, is_reaped: false }, stdout, stderr))
    }

    /// Asks all of the group to end.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Whether the leader has ended; it is not reaped.
    pub(super) fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error means that there is no such child any more.
        !matches!(rustix::process::waitid(WaitId::Pid(self.id), options), Ok(None))
    }

    /// Kills what is left of the group, and reaps the leader: how it ended, if it did in time.
    pub(super) fn end(&mut self) -> io::Result<Option<ExitStatus>> {
        self.signal(Signal::KILL);
        let deadline = Deadline::after(REAP);
        loop {
            if let Some(status) = self.leader.try_wait()? {
                self.is_reaped = true;
                return Ok(Some(status));
            }
            if deadline.passed() {
                return Ok(None);
            }
            pause(REAP_LOOK, &|| false);
        }
    }

    fn signal(&self, signal: Signal) {
        if !self.is_reaped {
            // The only error is that nobody is left to be told.
            let _ = rustix::process::kill_process_group(self.id, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.is_reaped {
            // Nobody is left to hear of an error.
            let _ = self.end();
        }
    }
}

fn command(launch: &Launch<'_>) -> Command {
    let limit = |wanted: Option<u64>, resource, unit: u64| match wanted {
        // Nobody may raise what the process itself is held to; it is the stricter one then.
        Some(wanted) => {
            (wanted.min(getrlimit(resource).maximum.unwrap_or(u64::MAX)) / unit).max(1).to_string()
        }
        None => String::new(),
    };
    let limits = launch.limits;
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", include_str!("trampoline.sh"), "dirigent"])
        .arg(launch.stdin)
        .arg(limit(limits.memory_bytes, Resource::As, 1024))
        .arg(limit(limits.cpu_seconds, Resource::Cpu, 1))
        .arg(limit(limits.open_files, Resource::Nofile, 1))
        .arg(OsStr::new(launch.program))
        .args(launch.arguments)
        .env_clear()
        .envs(launch.variables.iter().map(|(name, value)| (name, value)))
        .current_dir(launch.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}
