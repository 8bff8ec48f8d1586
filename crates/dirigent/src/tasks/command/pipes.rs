//! What a program writes, taken as it comes and never more of it than may be kept.

use std::{
    io::{self, Read},
    os::fd::AsFd,
    process::{ChildStderr, ChildStdout},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::input::Output;

/// How much of stderr is kept: its end, long enough that a secret at the start of what is shown is
/// whole and can be taken out.
const STDERR_BYTES_MAX: usize = 64 << 10;

/// The two pipes of a program.
#[derive(Debug)]
pub(super) struct Pipes {
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    keep: Keep,
    written: Vec<u8>,
    /// Where in `written` the line begins that has not ended.
    line: usize,
    /// Lines for us that nobody has taken yet.
    notes: Vec<String>,
    said: Vec<u8>,
}

/// How a line begins that is for us, and no part of what the program found.
const NOTE: &[u8] = b"{\"dirigent\"";

/// How much of stdout is kept.
#[derive(Clone, Copy, Debug)]
enum Keep {
    UpTo(u64),
    /// So much, without the lines that are for us.
    Lines(u64),
    Nothing,
}

/// What a look at the pipes found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pumped {
    /// Something, or the end of a pipe.
    Some,
    /// Nothing in that time.
    Nothing,
    /// More on stdout than may be kept.
    TooMuch,
}

impl Pipes {
    /// The pipes `stdout`, of which `bytes_max` are kept if `output` needs them, and `stderr`.
    pub(super) fn new(
        stdout: ChildStdout,
        stderr: ChildStderr,
        output: Output,
        bytes_max: u64,
    ) -> Self {
        let keep = match output {
            Output::None => Keep::Nothing,
            Output::Text => Keep::UpTo(bytes_max),
            Output::Json => Keep::Lines(bytes_max),
        };
        let (stdout, stderr) = (Some(stdout), Some(stderr));
        let (written, notes, said) = (Vec::new(), Vec::new(), Vec::new());
        Self { stdout, stderr, keep, written, line: 0, notes, said }
    }

    /// Whether both have ended.
    pub(super) fn have_ended(&self) -> bool {
        self.stdout.is_none() && self.stderr.is_none()
    }

    /// Takes what is there, or comes within `patience`.
    pub(super) fn pump(&mut self, patience: Duration) -> io::Result<Pumped> {
        let [has_output, has_errors] = self.ready(patience)?;
        if has_output && let Some(stdout) = &mut self.stdout {
            let mut piece = [0; 16 << 10];
            let bytes = read(stdout, &mut piece)?;
            if bytes == Some(0) {
                self.stdout = None;
            }
            if !self.take(&piece[..bytes.unwrap_or(0)]) {
                return Ok(Pumped::TooMuch);
            }
        }
        if has_errors && let Some(stderr) = &mut self.stderr {
            let mut piece = [0; 16 << 10];
            let bytes = read(stderr, &mut piece)?;
            if bytes == Some(0) {
                self.stderr = None;
            }
            self.hear(&piece[..bytes.unwrap_or(0)]);
        }
        Ok(if has_output || has_errors { Pumped::Some } else { Pumped::Nothing })
    }

    /// The lines for us that came since this was asked last.
    pub(super) fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// What was written to stdout, and the end of what was written to stderr.
    pub(super) fn into_texts(self) -> (Vec<u8>, String) {
        (self.written, String::from_utf8_lossy(&self.said).into_owned())
    }

    fn ready(&self, patience: Duration) -> io::Result<[bool; 2]> {
        let pipes = [self.stdout.as_ref().map(AsFd::as_fd), self.stderr.as_ref().map(AsFd::as_fd)];
        let mut polled: Vec<PollFd<'_>> = pipes
            .iter()
            .flatten()
            .map(|pipe| PollFd::from_borrowed_fd(*pipe, PollFlags::IN))
            .collect();
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        match poll(&mut polled, Some(&patience)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut found = polled.iter().map(|pipe| !pipe.revents().is_empty());
        Ok(pipes.map(|pipe| pipe.is_some() && found.next().unwrap_or(false)))
    }

    /// Keeps `piece` of stdout; whether there was room.
    fn take(&mut self, piece: &[u8]) -> bool {
        let (Keep::UpTo(bytes_max) | Keep::Lines(bytes_max)) = self.keep else { return true };
        if (self.written.len() + piece.len()) as u64 > bytes_max {
            return false;
        }
        let seen = self.written.len();
        self.written.extend_from_slice(piece);
        if matches!(self.keep, Keep::Lines(_)) {
            self.take_notes(seen);
        }
        true
    }

    /// Takes the lines for us out of what was written, of which `seen` bytes were looked at.
    fn take_notes(&mut self, mut seen: usize) {
        while let Some(length) = self.written[seen..].iter().position(|byte| *byte == b'\n') {
            let end = seen + length + 1;
            if self.written[self.line..end].starts_with(NOTE) {
                let note: Vec<u8> = self.written.drain(self.line..end).collect();
                self.notes.push(String::from_utf8_lossy(&note).trim_end().to_owned());
                seen = self.line;
            } else {
                (seen, self.line) = (end, end);
            }
        }
    }

    /// Keeps `piece` of stderr in place of what was said long ago.
    fn hear(&mut self, piece: &[u8]) {
        self.said.extend_from_slice(piece);
        if self.said.len() > 2 * STDERR_BYTES_MAX {
            self.said.drain(..self.said.len() - STDERR_BYTES_MAX);
        }
    }
}

/// What is there; `None` if a signal came first.
fn read(from: &mut impl Read, piece: &mut [u8]) -> io::Result<Option<usize>> {
    match from.read(piece) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(error),
    }
}
