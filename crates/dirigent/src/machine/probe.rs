//! The probe: measures how busy the machine is, and what part of it is our own doing.
//!
//! Promises: processor times are differences between two measurements, so the first has none.
//! Children count as own, also those that have ended and were waited for.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use dirigent_workflow::resource::{
    concurrency::Utilization,
    steering::{Load, Memory},
};

use super::{
    Disk, Machine,
    cgroup::Groups,
    proc::{self, Process, Ticks},
};
use crate::governor::Sampler;

/// What was measured at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// What steers the engine.
    pub load: Load,
    /// Resident memory of this process and its children; pages they share count for each.
    pub resident_bytes: Option<u64>,
    /// How many processes these are.
    pub processes: usize,
    /// The disk of the home.
    pub disk: Option<Disk>,
}

/// Measures the machine this process runs on.
#[derive(Debug)]
pub struct Probe {
    root: PathBuf,
    pid: u32,
    home: Option<PathBuf>,
    groups: Groups,
    millicores: u64,
    running: Option<Arc<AtomicUsize>>,
    before: Option<Times>,
}

/// Times at the last measurement.
#[derive(Clone, Copy, Debug)]
struct Times {
    machine: Ticks,
    own: u64,
    cpus: usize,
}

impl Probe {
    /// A probe that has measured nothing yet.
    pub fn new() -> Self {
        Self::at(Path::new("/"), std::process::id())
    }

    /// Also measures the disk of `home`.
    #[must_use]
    pub fn with_home(mut self, home: &Path) -> Self {
        self.home = Some(home.to_owned());
        self
    }

    /// Also tells how many tasks run, which others write to `running`.
    #[must_use]
    pub fn with_running(mut self, running: Arc<AtomicUsize>) -> Self {
        self.running = Some(running);
        self
    }

    fn at(root: &Path, pid: u32) -> Self {
        let millicores = Machine::seen_from(root).millicores;
        let (groups, root) = (Groups::of(root), root.to_owned());
        Self { root, pid, home: None, groups, millicores, running: None, before: None }
    }

    /// Measures now.
    pub fn measure(&mut self) -> Sample {
        let processes = proc::processes(&self.root);
        let own = proc::tree(&processes, self.pid);
        let ticks = own.iter().filter_map(|number| processes.get(number));
        let load = Load {
            cpu: self.utilization(ticks.map(|process: &Process| process.ticks).sum()),
            running: self.running.as_ref().map(|running| running.load(Ordering::Relaxed)),
            memory: self.memory(),
            stalled: self.groups.stalled().or_else(|| self.machine_stalled()),
        };
        let status = |number: &u32| self.read(&format!("{number}/status"));
        let resident: Vec<u64> =
            own.iter().filter_map(|number| proc::resident(&status(number)?)).collect();
        Sample {
            load,
            resident_bytes: (!resident.is_empty()).then(|| resident.iter().sum()),
            processes: own.len(),
            disk: self.home.as_deref().and_then(Disk::of),
        }
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.root.join("proc").join(name)).ok()
    }

    /// The shares of time since the last measurement. Affinity is read each time: it may change.
    fn utilization(&mut self, own: u64) -> Option<Utilization> {
        let allowed = proc::allowed(&self.read("self/status")?);
        let machine = proc::ticks(&self.read("stat")?, &allowed)?;
        let now = Times { machine, own, cpus: allowed.len() };
        let before = self.before.replace(now)?;
        (before.cpus == now.cpus).then(|| between(before, now, self.millicores)).flatten()
    }

    /// The fullest one of the machine and the groups.
    fn memory(&self) -> Option<Memory> {
        let machine = self.read("meminfo").and_then(|text| proc::memory_used(&text));
        let machine = machine.map(|(used_bytes, limit_bytes)| Memory { used_bytes, limit_bytes });
        let all = [machine, self.groups.memory()];
        all.into_iter().flatten().max_by_key(Memory::used_basis_points)
    }

    fn machine_stalled(&self) -> Option<f64> {
        proc::stalled_share(&self.read("pressure/memory")?)
    }
}

impl Default for Probe {
    fn default() -> Self {
        Self::new()
    }
}

impl Sampler for Probe {
    fn sample(&mut self) -> Load {
        self.measure().load
    }
}

/// Ticks of weeks are exact in doubles.
fn between(before: Times, now: Times, millicores: u64) -> Option<Utilization> {
    let difference = |now: u64, before: u64| now.saturating_sub(before) as f64;
    let elapsed = difference(now.machine.total, before.machine.total);
    if elapsed <= 0.0 {
        return None;
    }
    let busy = difference(now.machine.busy, before.machine.busy) / elapsed;
    let cores_used = difference(now.own, before.own) / elapsed * now.cpus as f64;
    let own = (cores_used * 1000.0 / millicores as f64).clamp(0.0, 1.0);
    // Where a quota gives less than the processors have, one's own share is full before they are.
    Some(Utilization { total: busy.clamp(0.0, 1.0).max(own), own })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::fixture::{Files, V1_IN_CONTAINER, V2, World};

    const MIB: u64 = 1 << 20;

    /// Two processors, and the process 10 with a child 11; 20 is somebody else's.
    const BEFORE: Files = &[
        ("proc/stat", "cpu 0 0 0 0\ncpu0 100 0 0 900 0 0 0 0\ncpu1 100 0 0 900 0 0 0 0\n"),
        ("proc/10/stat", "10 (dirigent) S 1 1 1 0 -1 0 0 0 0 0 50 10 0 0 20 0 1 0 1"),
        ("proc/10/status", "VmRSS:\t  2048 kB\n"),
        ("proc/11/stat", "11 (sh) R 10 1 1 0 -1 0 0 0 0 0 10 0 0 0 20 0 1 0 1"),
        ("proc/11/status", "VmRSS:\t  1024 kB\n"),
        ("proc/20/stat", "20 (other) R 1 1 1 0 -1 0 0 0 0 0 999 0 0 0 20 0 1 0 1"),
        ("proc/20/status", "VmRSS:\t  9999 kB\n"),
        ("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 6291456 kB\n"),
        ("proc/pressure/memory", "some avg10=3.00 avg60=0.00 avg300=0.00 total=0\n"),
    ];

    /// A second later: the processors were busy for 90 of 200 ticks, 50 of them for us.
    const AFTER: Files = &[
        ("proc/stat", "cpu 0 0 0 0\ncpu0 160 0 0 940 0 0 0 0\ncpu1 120 0 0 970 10 0 0 0\n"),
        ("proc/10/stat", "10 (dirigent) S 1 1 1 0 -1 0 0 0 0 0 70 15 0 0 20 0 1 0 1"),
        ("proc/11/stat", "11 (sh) R 10 1 1 0 -1 0 0 0 0 0 30 5 0 0 20 0 1 0 1"),
    ];

    const FREE: Files = &[("proc/self/status", "Cpus_allowed_list:\t0-1\n")];

    #[track_caller]
    fn check(found: Option<Utilization>, total: f64, own: f64) {
        let found = found.unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(found.total, total) && near(found.own, own), "{found:?}");
    }

    #[test]
    fn what_the_system_does_not_tell_is_not_guessed() {
        let nothing = World::new(&[]);
        let mut probe = Probe::at(nothing.root(), 10);
        assert_eq!((probe.measure(), probe.measure()), (Sample::default(), Sample::default()));
    }

    #[test]
    fn processor_time_is_what_was_used_since_the_last_measurement() {
        let world = World::new(&[BEFORE, FREE]);
        let mut probe = Probe::at(world.root(), 10);
        assert_eq!(probe.measure().load.cpu, None);
        world.write(AFTER);
        check(probe.measure().load.cpu, 0.4, 0.25);
        assert_eq!(probe.measure().load.cpu, None, "no time has passed");
    }

    #[test]
    fn only_the_processors_one_may_run_on_count() {
        let world = World::new(&[BEFORE, &[("proc/self/status", "Cpus_allowed_list:\t0\n")]]);
        let mut probe = Probe::at(world.root(), 10);
        probe.measure();
        world.write(AFTER);
        check(probe.measure().load.cpu, 0.6, 0.5);
    }

    /// With half a core of two, a quarter of the machine is all there is.
    #[test]
    fn within_a_quota_the_own_share_is_measured_by_it() {
        let world = World::new(&[BEFORE, FREE, V2]);
        let mut probe = Probe::at(world.root(), 10);
        probe.measure();
        world.write(AFTER);
        check(probe.measure().load.cpu, 1.0, 1.0);
    }

    #[test]
    fn memory_of_the_tree_and_of_the_fullest_group_is_measured() {
        let world = World::new(&[BEFORE, FREE]);
        let found = Probe::at(world.root(), 10).with_home(world.root()).measure();
        assert_eq!((found.resident_bytes, found.processes), (Some(3 * MIB), 2));
        let machine = Memory { used_bytes: 2048 * MIB, limit_bytes: 8192 * MIB };
        assert_eq!((found.load.memory, found.load.stalled), (Some(machine), Some(0.03)));
        assert!(found.disk.is_some_and(|disk| disk.total_bytes > 0));
        let inside = World::new(&[BEFORE, FREE, V1_IN_CONTAINER]);
        let group = Memory { used_bytes: 400 * MIB, limit_bytes: 512 * MIB };
        assert_eq!(Probe::at(inside.root(), 10).measure().load.memory, Some(group));
    }

    #[test]
    fn the_number_of_running_tasks_is_what_others_write() {
        let running = Arc::new(AtomicUsize::new(3));
        let mut probe = Probe::new().with_running(Arc::clone(&running));
        assert_eq!(probe.sample().running, Some(3));
        running.store(5, Ordering::Relaxed);
        assert_eq!(probe.sample().running, Some(5));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn on_linux_everything_is_told() {
        let found = Probe::new().measure();
        assert!(found.load.memory.is_some_and(|memory| memory.limit_bytes > MIB), "{found:?}");
        assert!(found.resident_bytes.is_some_and(|bytes| bytes > MIB / 4), "{found:?}");
        assert!(found.processes >= 1, "{found:?}");
    }
}
