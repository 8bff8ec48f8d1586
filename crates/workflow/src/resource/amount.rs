//! Amounts: how much of a machine something needs or has.
//!
//! Promises: sums and differences are exact or `None`; nothing wraps and nothing saturates.
//! Not here: who holds what; see `ledger`.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// Bytes in the GB that limits are written in; they are 1024³, as in the origin of the words.
pub const GB: u64 = 1 << 30;

/// Memory, processor time, disk, and places in named pools such as `gpu`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Memory in bytes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub memory_bytes: u64,
    /// Processor cores in thousandths.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub millicores: u64,
    /// Disk in bytes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub disk_bytes: u64,
    /// Places in pools, by the pool's name. A pool that is not named has no place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl Amount {
    /// More than anything needs, for who does not limit: of everything but pools.
    pub fn unlimited() -> Self {
        let most = u64::MAX;
        Self { memory_bytes: most, millicores: most, disk_bytes: most, slots: BTreeMap::new() }
    }

    /// The sum; `None` if one part does not fit its number.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        let mut slots = self.slots.clone();
        for (name, count) in &other.slots {
            let sum = slots.entry(name.clone()).or_default();
            *sum = sum.checked_add(*count)?;
        }
        Some(Self {
            memory_bytes: self.memory_bytes.checked_add(other.memory_bytes)?,
            millicores: self.millicores.checked_add(other.millicores)?,
            disk_bytes: self.disk_bytes.checked_add(other.disk_bytes)?,
            slots,
        })
    }

    /// What is left without `other`; `None` if it is not contained in this.
    pub fn checked_sub(&self, other: &Self) -> Option<Self> {
        let mut slots = self.slots.clone();
        for (name, count) in other.slots.iter().filter(|(_, count)| **count > 0) {
            let left = slots.get_mut(name)?;
            *left = left.checked_sub(*count)?;
        }
        Some(Self {
            memory_bytes: self.memory_bytes.checked_sub(other.memory_bytes)?,
            millicores: self.millicores.checked_sub(other.millicores)?,
            disk_bytes: self.disk_bytes.checked_sub(other.disk_bytes)?,
            slots,
        })
    }

    /// Whether all of this is contained in `room`.
    pub fn fits(&self, room: &Self) -> bool {
        self.memory_bytes <= room.memory_bytes
            && self.millicores <= room.millicores
            && self.disk_bytes <= room.disk_bytes
            && self.slots.iter().all(|(name, count)| *count <= room.places(name))
    }

    /// How many places of the pool `name` this has.
    pub fn places(&self, name: &str) -> u32 {
        self.slots.get(name).copied().unwrap_or(0)
    }
}

impl fmt::Display for Amount {
    /// As in the log line `Allocated 1.0GB RAM, 0.5 CPU cores to trial_7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} RAM, {} CPU cores", Gigabytes(self.memory_bytes), Cores(self.millicores))?;
        if self.disk_bytes > 0 {
            write!(f, ", {} disk", Gigabytes(self.disk_bytes))?;
        }
        let held = self.slots.iter().filter(|(_, count)| **count > 0);
        held.into_iter().try_for_each(|(name, count)| write!(f, ", {count} {name}"))
    }
}

/// Bytes, printed as `1.5GB`.
pub(crate) struct Gigabytes(pub(crate) u64);

impl fmt::Display for Gigabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded half up in integers: no byte count is too large for it.
        let tenths = (u128::from(self.0) * 10 + u128::from(GB / 2)) / u128::from(GB);
        write!(f, "{}.{}GB", tenths / 10, tenths % 10)
    }
}

/// Thousandths of a core, printed as `0.5` or `16`.
pub(crate) struct Cores(pub(crate) u64);

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 1000 {
            0 => write!(f, "{}", self.0 / 1000),
            rest => {
                let digits = format!("{rest:03}");
                write!(f, "{}.{}", self.0 / 1000, digits.trim_end_matches('0'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(memory_bytes: u64, millicores: u64, gpu: u32) -> Amount {
        let slots = BTreeMap::from([("gpu".to_owned(), gpu)]);
        Amount { memory_bytes, millicores, disk_bytes: 0, slots }
    }

    #[test]
    fn what_does_not_fit_its_number_has_no_sum() {
        assert_eq!(amount(u64::MAX, 0, 0).checked_add(&amount(1, 0, 0)), None);
        assert_eq!(amount(0, u64::MAX, 0).checked_add(&amount(0, 1, 0)), None);
        assert_eq!(amount(0, 0, u32::MAX).checked_add(&amount(0, 0, 1)), None);
        assert_eq!(amount(1, 2, 3).checked_add(&amount(4, 5, 6)), Some(amount(5, 7, 9)));
    }

    #[test]
    fn nothing_is_taken_from_what_does_not_contain_it() {
        assert_eq!(amount(1, 2, 3).checked_sub(&amount(2, 0, 0)), None);
        assert_eq!(amount(1, 2, 3).checked_sub(&amount(0, 3, 0)), None);
        assert_eq!(amount(1, 2, 3).checked_sub(&amount(0, 0, 4)), None);
        assert_eq!(Amount::default().checked_sub(&amount(0, 0, 1)), None);
        assert_eq!(Amount::default().checked_sub(&amount(0, 0, 0)), Some(Amount::default()));
        assert_eq!(amount(5, 7, 9).checked_sub(&amount(4, 5, 6)), Some(amount(1, 2, 3)));
    }

    #[test]
    fn a_pool_that_is_not_named_has_no_place() {
        assert!(!amount(0, 0, 1).fits(&Amount::default()));
        assert!(amount(0, 0, 0).fits(&Amount::default()));
        assert!(amount(1, 2, 3).fits(&amount(1, 2, 3)));
        assert!(!amount(1, 2, 3).fits(&amount(1, 1, 3)));
    }

    #[test]
    fn amounts_read_as_in_the_log() {
        let half = Amount { memory_bytes: GB, millicores: 500, ..Amount::default() };
        assert_eq!(half.to_string(), "1.0GB RAM, 0.5 CPU cores");
        let disk = Amount { disk_bytes: 3 * GB / 2, ..amount(512 << 20, 16_000, 2) };
        assert_eq!(disk.to_string(), "0.5GB RAM, 16 CPU cores, 1.5GB disk, 2 gpu");
        assert_eq!(amount(u64::MAX, 1_250, 0).to_string(), "17179869184.0GB RAM, 1.25 CPU cores");
    }
}
