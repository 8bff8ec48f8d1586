//! Artifacts: files that tasks make, named by the SHA-256 of their content.
//!
//! Invariant: a reference that was handed out names bytes that are on disk and synced.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use dirigent_core::{
    canonical,
    hash::{Hasher, Sha256Hex},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The folder of files that are not complete yet.
const DRAFTS: &str = "tmp";
/// The largest output of a task that is recorded in its event; a larger one becomes an artifact.
const OUTPUT_BYTES_MAX: usize = 32 * 1024;

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

    /// The folder of the store.
    pub fn root(&self) -> &Path {
        &self.root
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
        let draft = self.draft(name)?;
        let stored = self.store(&draft, name, in_digest, fill);
        if stored.is_err() {
            // The first error is the one to tell of; what is left is swept later.
            let _ = fs::remove_file(&draft);
        }
        stored
    }

    /// Removes the content of `reference`, which must be told to nobody else: a state that a task kept
    /// for itself alone.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn discard(&self, reference: &ArtifactRef) -> io::Result<()> {
        fs::remove_file(self.path(&reference.sha256))
    }

    /// Removes drafts that a process left when it was killed. For the one process that writes.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn sweep(&self) -> io::Result<()> {
        match fs::remove_dir_all(self.root.join(DRAFTS)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// A path for a draft that no other thread or process uses.
    fn draft(&self, name: &str) -> io::Result<PathBuf> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let folder = self.root.join(DRAFTS);
        fs::create_dir_all(&folder)?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Ok(folder.join(format!("{}-{count}-{name}", std::process::id())))
    }

    fn store(
        &self,
        draft: &Path,
        name: &str,
        in_digest: bool,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<ArtifactRef> {
        let to = File::options().write(true).create_new(true).open(draft)?;
        let mut out = Hashed { to, hasher: Hasher::default(), bytes: 0 };
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
        fs::rename(draft, &place)?;
        // A name is durable once its folder is, up to the home, which may be new as well.
        let home = self.root.parent().filter(|home| !home.as_os_str().is_empty());
        for level in [folder, &self.root].into_iter().chain(home) {
            File::open(level)?.sync_all()?;
        }
        Ok(reference)
    }

    /// Checks that `reference` is there and is what was stored.
    ///
    /// # Errors
    /// If it is missing or was changed.
    pub fn check(&self, reference: &ArtifactRef) -> io::Result<()> {
        let mut hasher = Hasher::default();
        let mut file = File::open(self.path(&reference.sha256))?;
        let mut piece = vec![0; 1 << 16];
        loop {
            match file.read(&mut piece)? {
                0 => break,
                bytes => hasher.update(&piece[..bytes]),
            }
        }
        if hasher.finish() == reference.sha256 { Ok(()) } else { Err(changed(reference)) }
    }

    /// The content of `reference`, checked against its hash.
    ///
    /// # Errors
    /// If it is missing or was changed.
    pub fn get(&self, reference: &ArtifactRef) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.path(&reference.sha256))?;
        if Sha256Hex::of(&bytes) == reference.sha256 { Ok(bytes) } else { Err(changed(reference)) }
    }

    /// The form in which the output of `task` is recorded: itself, or, if it is large, the name
    /// of an artifact that holds it, which is added to `made`.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn spill(
        &self,
        task: &str,
        output: Value,
        made: &mut Vec<ArtifactRef>,
    ) -> io::Result<Value> {
        let text = canonical::to_string(&output);
        if text.len() <= OUTPUT_BYTES_MAX {
            return Ok(output);
        }
        let name = format!("{task}.json");
        made.push(self.put(&name, true, |out| out.write_all(text.as_bytes()))?);
        Ok(json!({"artifact": name}))
    }

    /// The output that was recorded as `output` by a task that made `made`.
    ///
    /// # Errors
    /// If it is in an artifact that is missing or was changed.
    pub fn restore(&self, output: &Value, made: &[ArtifactRef]) -> io::Result<Value> {
        match spilled(output, made) {
            Some(file) => Ok(serde_json::from_slice(&self.get(file)?)?),
            None => Ok(output.clone()),
        }
    }

    /// Whether `output`, of a task that made `made`, only names the artifact that holds it.
    pub(crate) fn is_spilled(output: &Value, made: &[ArtifactRef]) -> bool {
        spilled(output, made).is_some()
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

/// The artifact that holds what `output` only names.
fn spilled<'m>(output: &Value, made: &'m [ArtifactRef]) -> Option<&'m ArtifactRef> {
    let name = output.as_object().filter(|map| map.len() == 1)?.get("artifact")?.as_str()?;
    made.iter().find(|file| file.name == name)
}

fn changed(reference: &ArtifactRef) -> io::Error {
    let what = format!("artifact `{}` was changed on disk", reference.name);
    io::Error::new(io::ErrorKind::InvalidData, what)
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
    fn a_large_output_becomes_an_artifact_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Artifacts::at(folder.path().join("artifacts"));
        let check = |output: Value, artifacts: usize| {
            let mut made = Vec::new();
            let recorded = store.spill("load", output.clone(), &mut made).unwrap();
            assert!(recorded.to_string().len() <= OUTPUT_BYTES_MAX);
            assert_eq!(made.len(), artifacts);
            assert_eq!(store.restore(&recorded, &made).unwrap(), output);
        };
        check(json!({"artifact": "load.json"}), 0);
        check(json!({"names": vec!["a name"; 10_000]}), 1);
    }

    #[test]
    fn a_failed_write_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let store = Artifacts::at(folder.path().join("artifacts"));
        let full = || Err(io::Error::other("disk full"));
        assert!(store.put("a.csv", true, |_| full()).is_err());
        assert_eq!(fs::read_dir(folder.path().join("artifacts/tmp")).unwrap().count(), 0);
        store.sweep().unwrap();
        store.sweep().unwrap();
    }

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
