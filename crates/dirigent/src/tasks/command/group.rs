//! A process group: the program, everything it starts, and nothing else.
//!
//! Promises: the group is signalled as a whole, and only while its leader has not been reaped, so
//! that its number cannot belong to anybody else by then. It ends with this value, and, by the
//! watcher that the trampoline starts, with this process, even if that is killed.
//! Not here: a program that leaves the group on purpose (`setsid`), unless a control group holds it,
//! which nothing leaves.

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
use crate::{
    deadline::{Deadline, pause},
    machine::hold::{Bounds, Ground, Hold},
};

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
    /// What it is held to.
    pub(super) limits: Limits,
}

/// A running process group.
#[derive(Debug)]
pub(super) struct Group {
    /// Its leader; keeps the pipe open that the watcher waits on.
    leader: Child,
    id: Pid,
    is_reaped: bool,
    /// What it is held by; ends after the group.
    hold: Hold,
}

impl Group {
    /// Starts the group, and hands out what it writes to.
    pub(super) fn start(launch: &Launch<'_>) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        let Limits { memory_bytes, millicores, .. } = launch.limits;
        let bounds = Bounds { memory_bytes, millicores };
        Self::start_in(Hold::on(Ground::of_process(), bounds)?, launch)
    }

    fn start_in(hold: Hold, launch: &Launch<'_>) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        let mut leader = command(launch, &hold).spawn()?;
        let id = i32::try_from(leader.id()).ok().and_then(Pid::from_raw);
        let (stdout, stderr) = (leader.stdout.take(), leader.stderr.take());
        let (Some(id), Some(stdout), Some(stderr)) = (id, stdout, stderr) else {
            return Err(io::Error::other("the system gave a process without id or pipes"));
        };
        Ok((Self { leader, id, is_reaped: false, hold }, stdout, stderr))
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

    /// What holds it.
    pub(super) fn hold(&self) -> &Hold {
        &self.hold
    }

    /// Kills what is left of the group, and reaps the leader: how it ended, if it did in time.
    pub(super) fn end(&mut self) -> io::Result<Option<ExitStatus>> {
        self.signal(Signal::KILL);
        self.hold.kill();
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

fn command(launch: &Launch<'_>, hold: &Hold) -> Command {
    let limit = |wanted: Option<u64>, resource, unit: u64| match wanted {
        // Nobody may raise what the process itself is held to; it is the stricter one then.
        Some(wanted) => {
            (wanted.min(getrlimit(resource).maximum.unwrap_or(u64::MAX)) / unit).max(1).to_string()
        }
        None => String::new(),
    };
    let limits = launch.limits;
    // Address space is a poor measure of memory, for where there is no better one.
    let address_space = limits.memory_bytes.filter(|_| !hold.holds_memory());
    let mut joins = hold.joins().into_iter();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", include_str!("trampoline.sh"), "dirigent"])
        .arg(launch.stdin)
        .arg(limit(address_space, Resource::As, 1024))
        .arg(limit(limits.cpu_seconds, Resource::Cpu, 1))
        .arg(limit(limits.open_files, Resource::Nofile, 1))
        .arg(limit(limits.file_bytes, Resource::Fsize, 512))
        .arg(joins.next().unwrap_or_default())
        .arg(joins.next().unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use std::{fs, io::Read as _};

    use super::*;
    use crate::machine::hold::tree::Tree;

    const MEMORY: Bounds = Bounds { memory_bytes: Some(64 << 20), millicores: Some(500) };

    /// How a program ends that `hold` is to hold, what it says and what is said about it.
    fn run(hold: Hold) -> (Option<i32>, String, String) {
        let launch = Launch {
            program: Path::new("/bin/sh"),
            arguments: &["-c".to_owned(), "ulimit -v".to_owned()],
            variables: &[],
            folder: Path::new("/"),
            stdin: Path::new("/dev/null"),
            limits: Limits { memory_bytes: MEMORY.memory_bytes, ..Limits::default() },
        };
        let (mut group, mut stdout, mut stderr) = Group::start_in(hold, &launch).unwrap();
        let (mut said, mut complaint) = (String::new(), String::new());
        stdout.read_to_string(&mut said).unwrap();
        // Its leader has ended by then, or is about to.
        while !group.has_ended() {
            pause(REAP_LOOK, &|| false);
        }
        let status = group.end().unwrap();
        stderr.read_to_string(&mut complaint).unwrap();
        (status.and_then(|status| status.code()), said, complaint)
    }

    #[test]
    fn address_space_is_limited_only_where_no_group_holds_the_memory() {
        let tree = Tree::one();
        let held = Hold::on(&tree.ground(), MEMORY).unwrap();
        let unheld = Hold::on(&tree.ground(), Bounds::default()).unwrap();
        assert_eq!(run(unheld), (Some(0), "65536\n".into(), String::new()));
        assert_eq!(run(held), (Some(0), "unlimited\n".into(), String::new()));
    }

    #[test]
    fn a_program_joins_every_group_before_it_runs() {
        let tree = Tree::one();
        let hold = Hold::on(&tree.ground(), MEMORY).unwrap();
        let mut joins = hold.joins();
        // The files outlive the hold under other names.
        for (count, file) in joins.iter_mut().enumerate() {
            let kept = tree.root().join(format!("kept-{count}"));
            fs::hard_link(&file, &kept).unwrap();
            *file = kept;
        }
        assert_eq!(run(hold).0, Some(0));
        assert_eq!(joins.len(), 2);
        joins.iter().for_each(|file| assert_eq!(fs::read_to_string(file).unwrap(), "0\n"));
    }

    #[test]
    fn a_program_that_cannot_join_a_group_does_not_run() {
        for missing in 0..2 {
            let tree = Tree::one();
            let hold = Hold::on(&tree.ground(), MEMORY).unwrap();
            fs::remove_dir_all(hold.joins()[missing].parent().unwrap()).unwrap();
            let (code, said, complaint) = run(hold);
            assert_eq!((code, said.as_str()), (Some(125), ""));
            assert!(complaint.contains("dirigent: cannot be held to its limits"), "{complaint}");
        }
    }
}
