//! A disk with a page cache: what is written can be read, what is synced survives a power cut.
//!
//! Promises: frames are read back whole or not at all; half a frame, or one that was changed, is
//! cut together with everything behind it.

use crate::{dice::Dice, trace};

/// Length and checksum before each frame.
const HEAD_BYTES: usize = 12;
const CHECKSUM_START: u64 = 0x9e37_79b9_7f4a_7c15;

/// One append-only file.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    bytes: Vec<u8>,
    synced: usize,
}

/// What a recovery found.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    pub(crate) frames: Vec<Vec<u8>>,
    /// Bytes that were no whole frame.
    pub(crate) cut: usize,
}

impl Disk {
    /// Writes a frame and gives the position behind it.
    pub(crate) fn write(&mut self, content: &[u8]) -> usize {
        self.bytes.extend(framed(content));
        self.bytes.len()
    }

    /// Writes only the beginning of a frame, as a write that fails does.
    pub(crate) fn write_torn(&mut self, content: &[u8], dice: &mut Dice) {
        let frame = framed(content);
        let kept = dice.index(frame.len() - 1);
        self.bytes.extend_from_slice(&frame[..kept]);
    }

    pub(crate) fn written(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn synced(&self) -> usize {
        self.synced
    }

    /// What was written up to `upto` is on the disk for good.
    pub(crate) fn sync(&mut self, upto: usize) {
        self.synced = self.synced.max(upto.min(self.bytes.len()));
    }

    /// Loses what was not synced from `at` on, if that much was written.
    pub(crate) fn lose_from(&mut self, at: usize) {
        self.bytes.truncate(at.max(self.synced));
    }

    /// Turns the last bytes that were not synced into something else, as a torn sector does.
    pub(crate) fn scramble(&mut self, dice: &mut Dice) {
        let loose = self.bytes.len() - self.synced;
        let from = self.bytes.len() - dice.index(loose.min(64));
        self.bytes[from..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    }

    /// Cuts what is no whole frame, and gives the others. `keep_torn` is a planted defect.
    pub(crate) fn recover(&mut self, keep_torn: bool) -> Recovered {
        let mut found = Recovered::default();
        let mut at = 0;
        while let Some((content, end)) = frame_at(&self.bytes, at, keep_torn) {
            found.frames.push(content.to_vec());
            at = end;
        }
        found.cut = self.bytes.len() - at;
        self.bytes.truncate(at);
        self.synced = at;
        found
    }
}

fn framed(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let checksum = trace::mixed(CHECKSUM_START, content);
    [&length.to_le_bytes()[..], &checksum.to_le_bytes(), content].concat()
}

fn frame_at(bytes: &[u8], at: usize, keep_torn: bool) -> Option<(&[u8], usize)> {
    let head = bytes.get(at..at + HEAD_BYTES)?;
    let (length, checksum) = head.split_at(4);
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let end = (at + HEAD_BYTES).checked_add(length)?;
    if keep_torn {
        let end = end.min(bytes.len());
        return Some((&bytes[at + HEAD_BYTES..end], end));
    }
    let content = bytes.get(at + HEAD_BYTES..end)?;
    let is_whole = trace::mixed(CHECKSUM_START, content).to_le_bytes() == checksum;
    is_whole.then_some((content, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_cut_at_any_byte_leaves_the_synced_frames_and_no_half_one() {
        let written = |disk: &mut Disk| {
            let first = disk.write(b"first");
            disk.sync(first);
            disk.write(b"second");
            disk.write(b"third");
        };
        let mut whole = Disk::default();
        written(&mut whole);
        for at in 0..=whole.written() {
            let mut disk = Disk::default();
            written(&mut disk);
            disk.lose_from(at);
            let frames = disk.recover(false).frames;
            let all: [&[u8]; 3] = [b"first", b"second", b"third"];
            assert!(
                !frames.is_empty()
                    && all.starts_with(&frames.iter().map(Vec::as_slice).collect::<Vec<_>>()),
                "{at}"
            );
            assert_eq!(disk.recover(false).cut, 0);
        }
    }

    #[test]
    fn a_frame_that_was_changed_is_cut() {
        for seed in 0..50 {
            let mut disk = Disk::default();
            let first = disk.write(b"first");
            disk.sync(first);
            disk.write(b"second");
            let before = disk.bytes.clone();
            disk.scramble(&mut Dice::of(seed, "test"));
            let changed = disk.bytes != before;
            assert_eq!(disk.recover(false).frames.len(), if changed { 1 } else { 2 });
        }
    }
}
