//! Artifacts: files that tasks make, named by the SHA-256 of their content.
//!
//! Invariant: a reference that was handed out names bytes that are on disk and synced.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use dirigent_core::hash::{Hasher, Sha256Hex};
use serde::{Deserialize, Serialize};

/// What a task made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRef {
    /// Name for people: `trades.csv`.
    pub name: String,
    /// SHA-256 of the content.
    pub sha256: Sha256Hex,
    /// Size of the content.
    pub bytes: u64,
    /// Whether it belongs to the result; a report is only a picture of it and does not.
    pub in_digest: bool,
}

/// The store: `<root>/<first two characters>/<hash>`.
#[derive(Clone, Debug)]
pub struct Artifacts {
    root: PathBuf,
}

impl Artifacts {
    /// The store in folder `root`, which is made when the first artifact is.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where the content of `sha256` lies.
    pub fn path(&self, sha256: &Sha256Hex) -> PathBuf {
        self.root.join(&sha256.as_str()[..2]).join(sha256.as_str())
    }

    /// Stores what `fill` writes.
    ///
    /// # Errors
    /// If the disk refuses; then nothing is left behind but possibly a file in `tmp/`.
    pub fn put(
        &self,
        name: &str,
        in_digest: bool,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<ArtifactRef> {
        let staging = self.root.join("tmp");
        fs::create_dir_all(&staging)?;
        let draft = staging.join(format!("{}-{name}", std::process::id()));
        let mut out = Hashed { to: File::create(&draft)?, hasher: Hasher::default(), bytes: 0 };
        let mut buffered = BufWriter::with_capacity(1 << 16, &mut out);
        fill(&mut buffered)?;
        buffered.flush()?;
        drop(buffered);
        // Read-only, because the file also appears under the run's own name and must not be edited.
        let mut permissions = out.to.metadata()?.permissions();
        permissions.set_readonly(true);
        out.to.set_permissions(permissions)?;
        out.to.sync_all()?;
        let reference = ArtifactRef {
            name: name.to_owned(),
            sha256: out.hasher.finish(),
            bytes: out.bytes,
            in_digest,
        };
        let place = self.path(&reference.sha256);
        let folder = place.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        fs::rename(&draft, &place)?;
        File::open(folder)?.sync_all()?;
        File::open(&self.root)?.sync_all()?;
        Ok(reference)
    }

    /// The content of `reference`, checked against its hash.
    ///
    /// # Errors
    /// If it is missing or was changed.
    pub fn get(&self, reference: &ArtifactRef) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.path(&reference.sha256))?;
        if Sha256Hex::of(&bytes) == reference.sha256 {
            Ok(bytes)
        } else {
            let what = format!("artifact `{}` was changed on disk", reference.name);
            Err(io::Error::new(io::ErrorKind::InvalidData, what))
        }
    }

    /// Makes `reference` appear as `folder/<name>`: a second name of the same file where the file
    /// system can, a copy where it cannot.
    ///
    /// # Errors
    /// If neither is possible.
    pub fn link(&self, reference: &ArtifactRef, folder: &Path) -> io::Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let place = folder.join(&reference.name);
        match fs::remove_file(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let content = self.path(&reference.sha256);
        fs::hard_link(&content, &place).or_else(|_| fs::copy(&content, &place).map(|_| ()))?;
        Ok(place)
    }
}

/// Counts and hashes what passes through.
struct Hashed {
    to: File,
    hasher: Hasher,
    bytes: u64,
}

impl Write for &mut Hashed {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let written = self.to.write(piece)?;
        self.hasher.update(&piece[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_stored_once_and_checked_when_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Artifacts::at(folder.path().join("artifacts"));
        let put =
            |text: &str| store.put("a.csv", true, |out| out.write_all(text.as_bytes())).unwrap();
        let first = put("one");
        assert_eq!(put("one"), first);
        assert_eq!(store.get(&first).unwrap(), b"one");
        let shown = store.link(&first, &folder.path().join("runs")).unwrap();
        assert_eq!(fs::read(&shown).unwrap(), b"one");
        fs::remove_file(store.path(&first.sha256)).unwrap();
        fs::write(store.path(&first.sha256), "two").unwrap();
        assert_eq!(store.get(&first).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
