//! The disk that a folder is on.

use std::path::Path;

/// The space of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// What this process may still write.
    pub free_bytes: u64,
    /// Its size.
    pub total_bytes: u64,
}

impl Disk {
    /// The disk that `folder` is on, or will be on: it need not exist yet.
    pub fn of(folder: &Path) -> Option<Self> {
        let folder = std::path::absolute(folder).ok()?;
        let there = folder.ancestors().find(|folder| folder.exists())?;
        let told = rustix::fs::statvfs(there).ok()?;
        Some(Self {
            free_bytes: told.f_bavail.saturating_mul(told.f_frsize),
            total_bytes: told.f_blocks.saturating_mul(told.f_frsize),
        })
    }

    /// The share that is in use or kept for the system, from 0 to 1.
    pub fn used_share(&self) -> f64 {
        if self.total_bytes == 0 {
            return 0.0;
        }
        1.0 - self.free_bytes as f64 / self.total_bytes as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_made_yet_is_on_the_disk_of_its_parent() {
        let parent = tempfile::tempdir().unwrap();
        let found = Disk::of(&parent.path().join("home/of/nobody")).unwrap();
        assert_eq!(found.total_bytes, Disk::of(parent.path()).unwrap().total_bytes);
        assert!(found.free_bytes <= found.total_bytes);
        assert!((0.0..=1.0).contains(&found.used_share()));
    }
}
