//! The ledger of resources: what each holder has, and what is left for the next.
//!
//! Invariant: what is used is the sum of what was booked and not given back.
//! Not here: who is asked next; the scheduler orders those that wait.

use super::amount::{Amount, Cores, Gigabytes};

/// The answer to a wish for resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The holder has it until it is released.
    Granted,
    /// It fits the budget, but not beside what others hold now: ask again after a release.
    Wait,
    /// It does not fit the whole budget, so waiting is in vain.
    Never(ResourceError),
}

/// One holder alone asks for more than the whole budget has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// More memory than there is for all.
    #[error("Insufficient memory available")]
    Memory {
        /// What was asked for, in bytes.
        requested: u64,
        /// What there is for all, in bytes.
        budget: u64,
    },
    /// More cores than there are for all.
    #[error("Insufficient CPU cores available")]
    Cores {
        /// What was asked for, in thousandths of a core.
        requested: u64,
        /// What there is for all, in thousandths of a core.
        budget: u64,
    },
    /// More disk than there is for all.
    #[error("Insufficient disk space available")]
    Disk {
        /// What was asked for, in bytes.
        requested: u64,
        /// What there is for all, in bytes.
        budget: u64,
    },
    /// More places in a pool than it has.
    #[error("Insufficient slots `{name}` available")]
    Slots {
        /// The pool.
        name: String,
        /// How many places were asked for.
        requested: u32,
        /// How many it has.
        budget: u32,
    },
}

impl ResourceError {
    /// The figures, and what to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Memory { requested, budget } => format!(
                "one container asks for {} and the budget is {}; lower `memory_per_container`, or \
                 raise `max_memory_gb` on a machine that has it",
                Gigabytes(*requested),
                Gigabytes(*budget)
            ),
            Self::Cores { requested, budget } => format!(
                "one container asks for {} cores and the budget is {}; lower `cpu_per_container`, \
                 or raise `max_cpu_cores` on a machine that has them",
                Cores(*requested),
                Cores(*budget)
            ),
            Self::Disk { requested, budget } => format!(
                "one container asks for {} and the disk of the home has {}; free some space, or \
                 put the home elsewhere with `--home`",
                Gigabytes(*requested),
                Gigabytes(*budget)
            ),
            Self::Slots { name, requested, budget } => format!(
                "one container asks for {requested} of `{name}` and there are {budget}; ask for \
                 fewer, or run where there are more"
            ),
        }
    }
}

/// What is used of a budget.
///
/// Who books is who knows that it books once: the board of a run, task by task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    used: Amount,
}

impl Ledger {
    /// Whether `wish` can be booked beside what is, within `budget`.
    pub fn admission(&self, budget: &Amount, wish: &Amount) -> Admission {
        match impossible(budget, wish) {
            Some(error) => Admission::Never(error),
            None if self.has_room_for(budget, wish) => Admission::Granted,
            None => Admission::Wait,
        }
    }

    /// Books `wish`, which was granted.
    pub fn book(&mut self, wish: &Amount) {
        self.change(wish, u64::saturating_add);
    }

    /// Gives back `wish`, which was booked.
    pub fn release(&mut self, wish: &Amount) {
        self.change(wish, u64::saturating_sub);
    }

    /// What is booked.
    pub fn used(&self) -> &Amount {
        &self.used
    }

    fn has_room_for(&self, budget: &Amount, wish: &Amount) -> bool {
        let fits = |of: fn(&Amount) -> u64| {
            of(wish) == 0 || of(&self.used).saturating_add(of(wish)) <= of(budget)
        };
        let slot = |(name, count): (&String, &u32)| {
            self.used.places(name).saturating_add(*count) <= budget.places(name)
        };
        fits(|amount| amount.memory_bytes)
            && fits(|amount| amount.millicores)
            && fits(|amount| amount.disk_bytes)
            && wish.slots.iter().all(slot)
    }

    fn change(&mut self, part: &Amount, with: fn(u64, u64) -> u64) {
        let used = &mut self.used;
        used.memory_bytes = with(used.memory_bytes, part.memory_bytes);
        used.millicores = with(used.millicores, part.millicores);
        used.disk_bytes = with(used.disk_bytes, part.disk_bytes);
        for (name, count) in &part.slots {
            let booked = with(u64::from(used.places(name)), u64::from(*count));
            used.slots.insert(name.clone(), u32::try_from(booked).unwrap_or(u32::MAX));
        }
    }
}

/// Why `wish` does not fit the whole of `budget`.
fn impossible(budget: &Amount, wish: &Amount) -> Option<ResourceError> {
    if wish.fits(budget) {
        return None;
    }
    let (requested, available) = (wish.memory_bytes, budget.memory_bytes);
    if requested > available {
        return Some(ResourceError::Memory { requested, budget: available });
    }
    let (requested, available) = (wish.millicores, budget.millicores);
    if requested > available {
        return Some(ResourceError::Cores { requested, budget: available });
    }
    let (requested, available) = (wish.disk_bytes, budget.disk_bytes);
    if requested > available {
        return Some(ResourceError::Disk { requested, budget: available });
    }
    let missing = |(name, count): &(&String, &u32)| **count > budget.places(name);
    wish.slots.iter().find(missing).map(|(name, count)| ResourceError::Slots {
        name: name.clone(),
        requested: *count,
        budget: budget.places(name),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(memory_bytes: u64, millicores: u64, disk_bytes: u64, gpu: u32) -> Amount {
        let slots = if gpu > 0 { vec![("gpu".to_owned(), gpu)] } else { Vec::new() };
        Amount { memory_bytes, millicores, disk_bytes, slots: slots.into_iter().collect() }
    }

    #[track_caller]
    fn check_never(wish: &Amount, text: &str, hint: &str) {
        let budget = amount(8 << 30, 4000, 10 << 30, 2);
        let Admission::Never(error) = Ledger::default().admission(&budget, wish) else {
            panic!("{wish} must not be granted")
        };
        assert_eq!(error.to_string(), text);
        assert!(error.hint().contains(hint), "{}", error.hint());
    }

    #[test]
    fn what_alone_exceeds_the_budget_is_refused_with_its_reason() {
        let memory = amount((8 << 30) + 1, 0, 0, 0);
        check_never(&memory, "Insufficient memory available", "the budget is 8.0GB");
        let cores = amount(0, 4001, 0, 0);
        check_never(&cores, "Insufficient CPU cores available", "asks for 4.001 cores");
        let disk = amount(0, 0, 11 << 30, 0);
        check_never(&disk, "Insufficient disk space available", "the home has 10.0GB");
        let slots = amount(0, 0, 0, 3);
        check_never(&slots, "Insufficient slots `gpu` available", "there are 2");
    }

    #[test]
    fn who_finds_no_room_waits_until_somebody_releases() {
        let (mut ledger, budget) = (Ledger::default(), amount(1000, 1000, 0, 0));
        let wish = amount(600, 100, 0, 0);
        assert_eq!(ledger.admission(&budget, &wish), Admission::Granted);
        ledger.book(&wish);
        assert_eq!(ledger.admission(&budget, &wish), Admission::Wait);
        ledger.release(&wish);
        assert_eq!(ledger.admission(&budget, &wish), Admission::Granted);
    }

    proptest! {
        #[test]
        fn granted_wishes_never_exceed_the_budget_and_all_come_back(
            wishes in prop::collection::vec((0..600_u64, 0..600_u64, 0..600_u64, 0..3_u32), 1..60),
        ) {
            let (mut ledger, budget) = (Ledger::default(), amount(1000, 1000, 1000, 3));
            let mut held: Vec<Amount> = Vec::new();
            for (memory, cores, disk, gpu) in wishes {
                let wish = amount(memory, cores, disk, gpu);
                match ledger.admission(&budget, &wish) {
                    Admission::Granted => {
                        ledger.book(&wish);
                        held.push(wish);
                    }
                    Admission::Wait => ledger.release(&held.remove(0)),
                    Admission::Never(_) => prop_assert!(false, "{wish} fits an empty budget"),
                }
                prop_assert!(ledger.used().fits(&budget));
                let sum = held.iter().try_fold(Amount::default(), |sum, one| sum.checked_add(one));
                prop_assert_eq!(ledger.used().memory_bytes, sum.unwrap().memory_bytes);
            }
            held.iter().for_each(|wish| ledger.release(wish));
            prop_assert!(ledger.used().fits(&Amount::default()));
        }
    }
}
