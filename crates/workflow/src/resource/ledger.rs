//! The ledger of resources: what each holder has, and what is left for the next.
//!
//! Invariant: what is used is the sum of what the holders hold, and never more than the budget.
//! A holder holds once and releases once; asking or releasing again changes no sum.
//! Not here: who is asked next; the scheduler orders those that wait.

use std::collections::BTreeMap;

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

/// Marks an id that holds nothing.
const NOTHING: u32 = u32::MAX;

/// What a budget is divided among. Holders are named by their task's index in the plan: the ledger
/// keeps four bytes for every index up to the highest it has seen.
#[derive(Clone, Debug)]
pub struct Ledger {
    budget: Amount,
    used: Amount,
    /// Each amount that was ever granted, once: holders with equal wishes share it.
    sizes: Vec<Amount>,
    /// Where an amount is in `sizes`.
    known: BTreeMap<Amount, u32>,
    /// The size granted last; the next holder most likely wants the same.
    last: u32,
    /// What each id holds, as an index of `sizes`.
    held: Vec<u32>,
    holders: usize,
}

impl Ledger {
    /// A ledger of which nothing is used.
    pub fn new(budget: Amount) -> Self {
        let none = budget.slots.keys().map(|name| (name.clone(), 0)).collect();
        let used = Amount { slots: none, ..Amount::default() };
        let (sizes, known, held) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { budget, used, sizes, known, last: NOTHING, held, holders: 0 }
    }

    /// Grants `wish` to `id` if it fits now. An id that holds already keeps what it has and is
    /// granted it once.
    pub fn admit(&mut self, id: u32, wish: &Amount) -> Admission {
        if self.holds(id) {
            return Admission::Granted;
        }
        if let Some(error) = self.impossible(wish) {
            return Admission::Never(error);
        }
        if !self.has_room_for(wish) {
            return Admission::Wait;
        }
        let size = self.size_of(wish);
        let index = id as usize;
        if self.held.len() <= index {
            self.held.resize(index + 1, NOTHING);
        }
        self.held[index] = size;
        self.holders += 1;
        book(&mut self.used, wish, |sum, part| sum + part);
        Admission::Granted
    }

    /// Takes back what `id` holds; `false` if it holds nothing, as after an earlier release.
    pub fn release(&mut self, id: u32) -> bool {
        let Some(held) = self.held.get_mut(id as usize).filter(|held| **held != NOTHING) else {
            return false;
        };
        let size = std::mem::replace(held, NOTHING) as usize;
        self.holders -= 1;
        book(&mut self.used, &self.sizes[size], |sum, part| sum - part);
        true
    }

    /// Whether `id` holds something.
    pub fn holds(&self, id: u32) -> bool {
        self.held.get(id as usize).is_some_and(|held| *held != NOTHING)
    }

    /// What `id` holds.
    pub fn held_by(&self, id: u32) -> Option<&Amount> {
        self.held.get(id as usize).and_then(|size| self.sizes.get(*size as usize))
    }

    /// How many hold something.
    pub fn holders(&self) -> usize {
        self.holders
    }

    /// What all holders hold together.
    pub fn used(&self) -> &Amount {
        &self.used
    }

    /// What there is for all.
    pub fn budget(&self) -> &Amount {
        &self.budget
    }

    /// Why `wish` can never be granted.
    fn impossible(&self, wish: &Amount) -> Option<ResourceError> {
        if wish.fits(&self.budget) {
            return None;
        }
        let (requested, budget) = (wish.memory_bytes, self.budget.memory_bytes);
        if requested > budget {
            return Some(ResourceError::Memory { requested, budget });
        }
        let (requested, budget) = (wish.millicores, self.budget.millicores);
        if requested > budget {
            return Some(ResourceError::Cores { requested, budget });
        }
        let (requested, budget) = (wish.disk_bytes, self.budget.disk_bytes);
        if requested > budget {
            return Some(ResourceError::Disk { requested, budget });
        }
        let missing = |(name, count): &(&String, &u32)| **count > self.budget.places(name);
        wish.slots.iter().find(missing).map(|(name, count)| ResourceError::Slots {
            name: name.clone(),
            requested: *count,
            budget: self.budget.places(name),
        })
    }

    /// Differences, not sums: used is within the budget, so they cannot go below zero.
    fn has_room_for(&self, wish: &Amount) -> bool {
        wish.memory_bytes <= self.budget.memory_bytes - self.used.memory_bytes
            && wish.millicores <= self.budget.millicores - self.used.millicores
            && wish.disk_bytes <= self.budget.disk_bytes - self.used.disk_bytes
            && wish
                .slots
                .iter()
                .all(|(name, count)| *count <= self.budget.places(name) - self.used.places(name))
    }

    fn size_of(&mut self, wish: &Amount) -> u32 {
        if self.sizes.get(self.last as usize) == Some(wish) {
            return self.last;
        }
        self.last = if let Some(size) = self.known.get(wish) {
            *size
        } else {
            let size = u32::try_from(self.sizes.len()).expect("not more sizes than ids");
            self.sizes.push(wish.clone());
            self.known.insert(wish.clone(), size);
            size
        };
        self.last
    }
}

/// Adds or takes `part`, in place and without allocating.
fn book(sum: &mut Amount, part: &Amount, with: impl Fn(u64, u64) -> u64) {
    sum.memory_bytes = with(sum.memory_bytes, part.memory_bytes);
    sum.millicores = with(sum.millicores, part.millicores);
    sum.disk_bytes = with(sum.disk_bytes, part.disk_bytes);
    for (name, count) in &part.slots {
        if let Some(sum) = sum.slots.get_mut(name) {
            let booked = with(u64::from(*sum), u64::from(*count));
            *sum = u32::try_from(booked).expect("within the budget, which is a u32");
        }
    }
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
        let mut ledger = Ledger::new(amount(8 << 30, 4000, 10 << 30, 2));
        let Admission::Never(error) = ledger.admit(0, wish) else {
            panic!("{wish} must not be granted")
        };
        assert_eq!(error.to_string(), text);
        assert!(error.hint().contains(hint), "{}", error.hint());
        assert_eq!((ledger.holds(0), ledger.holders()), (false, 0));
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
        let mut ledger = Ledger::new(amount(1000, 1000, 0, 0));
        let wish = amount(600, 100, 0, 0);
        assert_eq!(ledger.admit(0, &wish), Admission::Granted);
        assert_eq!(ledger.admit(1, &wish), Admission::Wait);
        assert!(ledger.release(0));
        assert_eq!(ledger.admit(1, &wish), Admission::Granted);
        assert_eq!(ledger.held_by(1), Some(&wish));
    }

    #[test]
    fn releasing_twice_frees_once() {
        let mut ledger = Ledger::new(amount(1000, 1000, 0, 0));
        let wish = amount(400, 100, 0, 0);
        assert_eq!(ledger.admit(7, &wish), Admission::Granted);
        assert_eq!(ledger.admit(8, &wish), Admission::Granted);
        assert_eq!((ledger.release(7), ledger.release(7), ledger.release(9)), (true, false, false));
        assert_eq!(ledger.used(), &wish);
    }

    #[test]
    fn asking_again_counts_once() {
        let mut ledger = Ledger::new(amount(1000, 1000, 0, 0));
        let wish = amount(400, 100, 0, 0);
        assert_eq!(ledger.admit(7, &wish), Admission::Granted);
        assert_eq!(ledger.admit(7, &amount(1, 1, 0, 0)), Admission::Granted);
        assert_eq!(ledger.used(), &wish);
        assert!(ledger.release(7));
        assert_eq!(ledger.used(), &Amount::default());
    }

    /// A thousand containers of 512 MB on 8 GB: 80 percent of it lets twelve run at a time.
    #[test]
    fn a_thousand_containers_complete_in_waves() {
        let mut ledger = Ledger::new(amount((8 << 30) / 5 * 4, 100_000, 0, 0));
        let wish = amount(512 << 20, 500, 0, 0);
        let (mut waiting, mut waves): (Vec<u32>, usize) = ((0..1000).collect(), 0);
        while !waiting.is_empty() {
            let (now, later): (Vec<u32>, Vec<u32>) =
                waiting.iter().partition(|id| ledger.admit(**id, &wish) == Admission::Granted);
            assert!(ledger.holders() <= 12, "{}", ledger.holders());
            assert!(now.into_iter().all(|id| ledger.release(id)));
            (waiting, waves) = (later, waves + 1);
        }
        assert_eq!((waves, ledger.holders()), (84, 0));
        assert_eq!(ledger.used(), &Amount::default());
    }

    /// What a ledger is, without care for speed.
    struct Model(BTreeMap<u32, Amount>);

    impl Model {
        fn used(&self) -> Amount {
            let sum = |sum: Amount, held| sum.checked_add(held).expect("small amounts");
            self.0.values().fold(Amount::default(), sum)
        }

        fn admit(&mut self, id: u32, wish: &Amount, budget: &Amount) -> &'static str {
            let after = self.used().checked_add(wish).expect("small amounts");
            match () {
                () if self.0.contains_key(&id) => "granted",
                () if !wish.fits(budget) => "never",
                () if !after.fits(budget) => "wait",
                () => {
                    self.0.insert(id, wish.clone());
                    "granted"
                }
            }
        }
    }

    fn word(admission: &Admission) -> &'static str {
        match admission {
            Admission::Granted => "granted",
            Admission::Wait => "wait",
            Admission::Never(_) => "never",
        }
    }

    proptest! {
        #[test]
        fn sums_agree_with_a_naive_model(
            steps in prop::collection::vec(
                (0_u32..12, prop::option::of((0_u64..7, 0_u64..5, 0_u64..4, 0_u32..4))), 0..200),
        ) {
            let budget = amount(12, 10, 6, 3);
            let mut ledger = Ledger::new(budget.clone());
            let mut model = Model(BTreeMap::new());
            for (id, wish) in steps {
                match wish {
                    Some((memory, cores, disk, gpu)) => {
                        // Sizes above the budget, too: some wishes can never be granted.
                        let wish = amount(memory * 3, cores * 2, disk * 2, gpu + gpu / 3);
                        let expected = model.admit(id, &wish, &budget);
                        prop_assert_eq!(word(&ledger.admit(id, &wish)), expected);
                    }
                    None => prop_assert_eq!(ledger.release(id), model.0.remove(&id).is_some()),
                }
                let used = model.used();
                prop_assert!(used.fits(ledger.used()) && ledger.used().fits(&used));
                prop_assert!(used.fits(&budget));
                prop_assert_eq!(ledger.holders(), model.0.len());
                prop_assert_eq!(ledger.held_by(id), model.0.get(&id));
            }
        }
    }
}
