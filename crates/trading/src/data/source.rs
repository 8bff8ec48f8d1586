//! Source: opening the file behind a path, and hashing exactly the bytes that are parsed.
//!
//! Promises: only regular files are opened (through symbolic links, if the user wants); a file
//! that changes while it is read is refused; the hash is of the bytes that were handed out.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
};

use dirigent_core::{Sha256Hex, hash::Hasher};
use serde::Serialize;

use super::error::Error;

/// The largest text file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 16 << 30;
/// The longest symbol, in characters.
pub const SYMBOL_CHARS_MAX: usize = 64;

/// One file that was read: enough to tell later whether the same data is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFact {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its rows, without the header.
    pub rows: u64,
    /// The hash of its bytes.
    pub sha256: Sha256Hex,
}

/// A file that is read once, from the first byte to the last, and hashed on the way.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    file: File,
    opened: Metadata,
    read: u64,
    hasher: Hasher,
}

impl Source {
    /// Opens a regular file of at most `bytes_max` bytes.
    pub(crate) fn open(path: &Path, bytes_max: u64) -> Result<Self, Error> {
        let failed = |source| Error::Open { path: path.to_owned(), source };
        // Looked at before it is opened: opening a named pipe would wait for its writer.
        refuse_special(path, &path.metadata().map_err(failed)?)?;
        let file = File::open(path).map_err(failed)?;
        let opened = file.metadata().map_err(failed)?;
        refuse_special(path, &opened)?;
        if opened.len() > bytes_max {
            return Err(Error::TooLarge {
                path: path.to_owned(),
                what: "too many bytes".into(),
                found: opened.len(),
                limit: bytes_max,
            });
        }
        if opened.len() == 0 {
            return Err(Error::Empty { path: path.to_owned(), what: "no bytes" });
        }
        Ok(Self { path: path.to_owned(), file, opened, read: 0, hasher: Hasher::default() })
    }

    /// The size when it was opened.
    pub(crate) fn bytes(&self) -> u64 {
        self.opened.len()
    }

    /// Fills `buffer` from the file; fewer bytes than asked mean that it ended.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let path = self.path.clone();
                    return Err(Error::Read { path, offset: self.read, source });
                }
            }
        }
        self.read += filled as u64;
        self.hasher.update(&buffer[..filled]);
        Ok(filled)
    }

    /// Ends reading: the facts of what was read, if the file did not change meanwhile.
    pub(crate) fn finish(self, rows: u64) -> Result<FileFact, Error> {
        let failed = |source| Error::Open { path: self.path.clone(), source };
        let now = self.file.metadata().map_err(failed)?;
        let moved = match (now.modified(), self.opened.modified()) {
            (Ok(now), Ok(then)) => now != then,
            _ => false,
        };
        if moved || self.read != self.opened.len() || now.len() != self.opened.len() {
            return Err(Error::Changed {
                bytes_read: self.read,
                bytes_expected: self.opened.len(),
                path: self.path,
            });
        }
        Ok(FileFact { path: self.path, bytes: self.read, rows, sha256: self.hasher.finish() })
    }
}

fn refuse_special(path: &Path, facts: &Metadata) -> Result<(), Error> {
    match special(facts) {
        None => Ok(()),
        Some(what) => Err(Error::NotAFile { path: path.to_owned(), what }),
    }
}

#[cfg(unix)]
fn special(facts: &Metadata) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = facts.file_type();
    match () {
        () if kind.is_file() => None,
        () if kind.is_dir() => Some("a directory"),
        () if kind.is_fifo() => Some("a named pipe"),
        () if kind.is_socket() => Some("a socket"),
        () if kind.is_char_device() || kind.is_block_device() => Some("a device"),
        () => Some("something special"),
    }
}

#[cfg(not(unix))]
fn special(facts: &Metadata) -> Option<&'static str> {
    match () {
        () if facts.is_file() => None,
        () if facts.is_dir() => Some("a directory"),
        () => Some("something special"),
    }
}

/// The path of a symbol's file: `{symbol}` in the template is replaced by the symbol.
pub(crate) fn path_of(template: &str, symbol: &str) -> Result<PathBuf, Error> {
    check_symbol(symbol)?;
    if template.contains("{symbol}") {
        let unsafe_in_path = |c: char| matches!(c, '/' | '\\' | ':' | '{' | '}');
        if symbol.contains(unsafe_in_path) || symbol.starts_with('.') {
            return Err(Error::Setting {
                what: format!("symbol `{symbol}` cannot stand for `{{symbol}}` in a path"),
                hint: "name the file without `{symbol}`, or rename the symbol".into(),
            });
        }
    }
    if template.contains('\0') || template.is_empty() {
        return Err(Error::Setting {
            what: "the path of the data is empty or has a NUL character".into(),
            hint: "set `data.path`".into(),
        });
    }
    Ok(PathBuf::from(template.replace("{symbol}", symbol)))
}

/// Refuses symbols that cannot be names: empty, too long, or with control characters.
pub(crate) fn check_symbol(symbol: &str) -> Result<(), Error> {
    let long = symbol.chars().count() > SYMBOL_CHARS_MAX;
    if symbol.trim() != symbol || symbol.is_empty() || long || symbol.contains(char::is_control) {
        return Err(Error::Setting {
            what: format!("symbol `{}` is not a name", super::problem::shown(symbol.as_bytes())),
            hint: format!("use 1 to {SYMBOL_CHARS_MAX} visible characters in `data.symbols`"),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_do_not_leave_their_folder() {
        for symbol in ["../x", "a/b", "..", ".", ".hidden", "a\0b", "", " A", "a\\b", "C:x", "a\nb"]
        {
            assert!(path_of("data/{symbol}.csv", symbol).is_err(), "{symbol}");
        }
        assert!(path_of("data/{symbol}.csv", &"A".repeat(65)).is_err());
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        for (length, says) in [(3, "5 bytes of 10"), (12, "5 bytes of 10"), (10, "")] {
            std::fs::write(&path, b"0123456789").unwrap();
            let mut source = Source::open(&path, FILE_BYTES_MAX).unwrap();
            let mut half = [0; 5];
            source.fill(&mut half).unwrap();
            let file = File::options().write(true).open(&path).unwrap();
            file.set_len(length).unwrap();
            if length == 10 {
                source.fill(&mut half).unwrap();
                file.set_times(std::fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH))
                    .unwrap();
            }
            let error = source.finish(0).unwrap_err();
            assert!(matches!(error, Error::Changed { .. }), "{error}");
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn the_hash_is_of_the_bytes_that_were_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, b"0123456789").unwrap();
        let mut source = Source::open(&path, FILE_BYTES_MAX).unwrap();
        let mut buffer = [0; 7];
        assert_eq!(source.fill(&mut buffer).unwrap(), 7);
        assert_eq!(source.fill(&mut buffer).unwrap(), 3);
        assert_eq!(source.finish(1).unwrap().sha256, Sha256Hex::of(b"0123456789"));
    }

    #[test]
    fn a_template_names_one_file_per_symbol() {
        let path = path_of("data/{symbol}/{symbol}.csv", "BRK.B").unwrap();
        assert_eq!(path, PathBuf::from("data/BRK.B/BRK.B.csv"));
        assert_eq!(path_of("all.csv", "BTC/USD").unwrap(), PathBuf::from("all.csv"));
    }
}
