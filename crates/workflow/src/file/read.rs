//! A file's text, or why it cannot be one.
//!
//! Promises: only regular files of at most [`FILE_BYTES_MAX`] bytes are read, and never more than
//! that; a device, a pipe or a folder is refused before it is opened.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use super::{
    problem::{Problem, Problems, Severity},
    source::{Place, Source, SourceKind, Sources, Span},
};

/// The largest workflow file, in bytes.
pub(super) const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The bytes of the file at `path`.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Problems> {
    read(path).map_err(|(message, hint)| {
        let problem = Problem {
            severity: Severity::Error,
            span: None,
            path: String::new(),
            message: format!("cannot read `{}`: {message}", path.display()),
            hint,
            related: None,
            is_secret: false,
        };
        Problems::new(Sources::default(), vec![problem])
    })
}

fn read(path: &Path) -> Result<Vec<u8>, (String, String)> {
    let found = fs::metadata(path).map_err(explain)?;
    if found.is_dir() {
        let hint = "name the workflow file inside it".to_owned();
        return Err(("it is a folder".to_owned(), hint));
    }
    if !found.is_file() {
        let hint = "save the workflow in an ordinary file first".to_owned();
        return Err(("it is a device or a pipe, not a file".to_owned(), hint));
    }
    if found.len() > FILE_BYTES_MAX {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(explain)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(explain)?;
    if bytes.len() as u64 > FILE_BYTES_MAX { Err(too_large()) } else { Ok(bytes) }
}

fn too_large() -> (String, String) {
    let message = format!("it is larger than {} MiB", FILE_BYTES_MAX >> 20);
    (message, "a workflow file holds settings; put prices into a data file".to_owned())
}

fn explain(error: io::Error) -> (String, String) {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "check the path; it is taken from the current folder",
        io::ErrorKind::PermissionDenied => "check who may read it",
        _ => "check that the disk is present and readable",
    };
    (error.to_string(), hint.to_owned())
}

/// `bytes` as text without its byte order mark, or why they are none.
pub(super) fn text(name: &str, bytes: &[u8]) -> Result<String, Problems> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(not_text(name, "", too_large().0, &too_large().1));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let good = String::from_utf8_lossy(good).into_owned();
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            let message = format!("this is not text: byte 0x{byte:02x} is not UTF-8");
            return Err(not_text(name, &good, message, "save the file as UTF-8 text"));
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.find(is_forbidden) {
        None => Ok(text.to_owned()),
        Some(at) => {
            let code = text[at..].chars().next().map_or(0, u32::from);
            let message = format!("this is not text: it holds the control character U+{code:04X}");
            let hint = "remove it, or write it as an escape inside double quotes";
            Err(not_text(name, &text[..at], message, hint))
        }
    }
}

/// Characters that YAML 1.2.2, rule 1, does not allow in a file.
fn is_forbidden(c: char) -> bool {
    let is_space = matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    (c.is_control() && !is_space) || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A problem right behind `good`, the part of the file that was fine.
fn not_text(name: &str, good: &str, message: String, hint: &str) -> Problems {
    let mut sources = Sources::default();
    let line = good.split('\n').count();
    let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let source = sources.add(Source::new(SourceKind::File, name, good));
    let span = Span::at(source, Place::new(small(line), small(column)));
    Problems::new(sources, vec![Problem::error(span, "", message).hint(hint)])
}
