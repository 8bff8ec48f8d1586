//! Amounts: what a task takes of the machine while it runs, and what there is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Memory, cores, disk and named slots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Memory, in bytes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub memory_bytes: u64,
    /// Processor time, in thousandths of a core.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub millicores: u64,
    /// Room on the disk of the home, in bytes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub disk_bytes: u64,
    /// Named slots, such as `gpu`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, u32>,
}

impl Amount {
    /// Adds `other`.
    pub(crate) fn add(&mut self, other: &Self) {
        self.memory_bytes += other.memory_bytes;
        self.millicores += other.millicores;
        self.disk_bytes += other.disk_bytes;
        for (slot, count) in &other.slots {
            *self.slots.entry(slot.clone()).or_default() += count;
        }
    }

    /// Takes away `other`, which was added before.
    pub(crate) fn subtract(&mut self, other: &Self) {
        self.memory_bytes = self.memory_bytes.saturating_sub(other.memory_bytes);
        self.millicores = self.millicores.saturating_sub(other.millicores);
        self.disk_bytes = self.disk_bytes.saturating_sub(other.disk_bytes);
        for (slot, count) in &other.slots {
            if let Some(left) = self.slots.get_mut(slot) {
                *left = left.saturating_sub(*count);
            }
        }
    }

    /// What of `wanted` does not fit beside `used` into this budget, as an error tells it; a
    /// quantity without a budget is not limited, a slot without one does not exist.
    pub fn lacks(&self, used: &Self, wanted: &Self) -> Option<String> {
        let over = |budget: u64, used: u64, wanted: u64| {
            budget > 0 && wanted > 0 && used.saturating_add(wanted) > budget
        };
        if over(self.memory_bytes, used.memory_bytes, wanted.memory_bytes) {
            return Some("Insufficient memory available".into());
        }
        if over(self.millicores, used.millicores, wanted.millicores) {
            return Some("Insufficient CPU cores available".into());
        }
        if over(self.disk_bytes, used.disk_bytes, wanted.disk_bytes) {
            return Some("Insufficient disk space available".into());
        }
        let is_full = |slot: &&String| {
            let of = |amount: &Self| amount.slots.get(*slot).copied().unwrap_or(0);
            of(used) + of(wanted) > of(self)
        };
        wanted
            .slots
            .keys()
            .find(is_full)
            .map(|slot| format!("Insufficient slots `{slot}` available"))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}
