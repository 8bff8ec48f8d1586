//! The machine: what of it this process may use, and how busy it is.
//!
//! Promises: limits that a container, a service manager or an administrator set count as the
//! machine: groups of version 1 and 2, at every level up to the root, and processor affinity.
//! What a system does not tell is `None`, never a guess.
//! Not here: what to do about it; see `governor` and `dirigent_workflow::resource`.

mod cgroup;
mod disk;
#[cfg(test)]
mod fixture;
pub(crate) mod hold;
mod probe;
mod proc;

use std::path::{Path, PathBuf};

use dirigent_workflow::resource::Amount;

pub use disk::Disk;
pub use probe::{Probe, Sample};

use cgroup::Groups;

/// The share of what is visible that work may use, in percent. The rest is for the system, for
/// the engine itself, and for what tasks use beyond what they said.
pub const BUDGET_PERCENT: u64 = 80;

/// What this process may use, if it were alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Memory in bytes: the machine's, or the lowest limit of its groups.
    pub memory_bytes: Option<u64>,
    /// Cores in thousandths: those it may run on, or the lowest quota of its groups.
    pub millicores: u64,
    /// The file that says how much memory.
    pub memory_from: Option<PathBuf>,
    /// The file that says how many cores.
    pub cores_from: Option<PathBuf>,
}

/// What the user allows at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Configured {
    /// `max_memory_gb`, in bytes.
    pub memory_bytes: Option<u64>,
    /// `max_cpu_cores`, in thousandths.
    pub millicores: Option<u64>,
}

impl Machine {
    /// Looks at the machine this process runs on.
    pub fn detect() -> Self {
        Self::seen_from(Path::new("/"))
    }

    /// Looks at the machine whose `/proc` and `/sys` are below `root`.
    fn seen_from(root: &Path) -> Self {
        let groups = Groups::of(root);
        let memory = smallest(proc::memory_total(root), groups.memory_limit());
        let cores = smallest(proc::cores(root), groups.cpu_quota());
        let (memory_bytes, memory_from) = memory.unzip();
        let (millicores, cores_from) = cores.unzip();
        let millicores = millicores.unwrap_or_else(cores_of_std);
        Self { memory_bytes, millicores, memory_from, cores_from }
    }

    /// What work may use: the lower one of what the user allows and what is there, of memory and
    /// disk 80 percent. What is not known is not limited.
    pub fn budget(&self, configured: Configured, disk: Option<Disk>) -> Amount {
        let share = |bytes: u64| bytes / 100 * BUDGET_PERCENT;
        let memory = self.memory_bytes.map_or(u64::MAX, share);
        Amount {
            memory_bytes: memory.min(configured.memory_bytes.unwrap_or(u64::MAX)),
            millicores: self.millicores.min(configured.millicores.unwrap_or(u64::MAX)),
            disk_bytes: disk.map_or(u64::MAX, |disk| share(disk.free_bytes)),
            ..Amount::default()
        }
    }

    /// How many tasks of one core each run at once: the cores, rounded up.
    pub fn workers(&self) -> usize {
        usize::try_from(self.millicores.div_ceil(1000).max(1)).unwrap_or(usize::MAX)
    }
}

/// A figure, and the file that says so.
type Told = (u64, PathBuf);

fn smallest(a: Option<Told>, b: Option<Told>) -> Option<Told> {
    [a, b].into_iter().flatten().min_by_key(|(figure, _)| *figure)
}

fn cores_of_std() -> u64 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u64::try_from(cores).unwrap_or(1).saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn res_01_the_budget_is_the_lower_one_of_configured_and_80_percent() {
        let machine = Machine {
            memory_bytes: Some(10_000),
            millicores: 4_000,
            memory_from: None,
            cores_from: None,
        };
        let disk = Disk { free_bytes: 500, total_bytes: 1_000 };
        let free = machine.budget(Configured::default(), Some(disk));
        assert_eq!((free.memory_bytes, free.millicores, free.disk_bytes), (8_000, 4_000, 400));
        let more = Configured { memory_bytes: Some(9_000), millicores: Some(5_000) };
        let bounded = machine.budget(more, Some(disk));
        assert_eq!((bounded.memory_bytes, bounded.millicores), (8_000, 4_000));
        let less = Configured { memory_bytes: Some(7_000), millicores: Some(1_500) };
        let bounded = machine.budget(less, None);
        assert_eq!((bounded.memory_bytes, bounded.millicores), (7_000, 1_500));
        assert_eq!(bounded.disk_bytes, u64::MAX);
    }

    #[test]
    fn without_proc_and_sys_only_the_cores_are_known() {
        let nothing = tempfile::tempdir().unwrap();
        let machine = Machine::seen_from(nothing.path());
        assert_eq!((machine.memory_bytes, machine.memory_from.as_ref()), (None, None));
        assert_eq!(machine.millicores, cores_of_std());
        assert_eq!(machine.budget(Configured::default(), None).memory_bytes, u64::MAX);
    }

    #[test]
    fn the_lowest_of_machine_and_groups_is_what_is_visible() {
        let host: fixture::Files = &[
            ("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 6291456 kB\n"),
            ("proc/self/status", "Cpus_allowed_list:\t0-1\n"),
        ];
        let free = fixture::World::new(&[host, fixture::V1]);
        let machine = Machine::seen_from(free.root());
        assert_eq!((machine.memory_bytes, machine.millicores), (Some(8 << 30), 2_000));
        assert_eq!(free.name_of(&machine.memory_from.unwrap()), "proc/meminfo");
        let limited = fixture::World::new(&[host, fixture::V2]);
        let machine = Machine::seen_from(limited.root());
        assert_eq!((machine.memory_bytes, machine.millicores), (Some(1 << 30), 500));
        let file = "sys/fs/cgroup/work.slice/run.service/cpu.max";
        assert_eq!(limited.name_of(&machine.cores_from.unwrap()), file);
    }

    #[test]
    fn res_02_a_fraction_of_a_core_is_one_worker() {
        let machine = |millicores| Machine {
            memory_bytes: None,
            millicores,
            memory_from: None,
            cores_from: None,
        };
        let workers = [1, 999, 1_000, 1_001, 16_000].map(|cores| machine(cores).workers());
        assert_eq!(workers, [1, 1, 1, 2, 16]);
    }
}
