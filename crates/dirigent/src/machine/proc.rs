//! `/proc`: what Linux tells about the machine and its processes.
//!
//! Promises: times are only compared with times of the same file system, so no tick length is
//! assumed. A line that is missing or strange is left out.
//! Source: kernel documentation, `filesystems/proc.rst` and `accounting/psi.rst`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::Told;

/// Times that processors spent since the machine started, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ticks {
    /// At work, also for other guests of the same hardware.
    pub busy: u64,
    /// At all.
    pub total: u64,
}

/// One process, from `/proc/PID/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Who started it.
    pub parent: u32,
    /// What it and those of its children that have ended used, in ticks.
    pub ticks: u64,
}

/// The machine's memory in bytes, and the file that says so.
pub(super) fn memory_total(root: &Path) -> Option<Told> {
    let file = root.join("proc/meminfo");
    Some((kilobytes(&fs::read_to_string(&file).ok()?, "MemTotal")?, file))
}

/// The machine's memory that is in use and cannot be taken back at once, and all of it.
pub(super) fn memory_used(meminfo: &str) -> Option<(u64, u64)> {
    let (total, available) = (kilobytes(meminfo, "MemTotal")?, kilobytes(meminfo, "MemAvailable")?);
    Some((total.saturating_sub(available), total))
}

/// The cores this process may run on, in thousandths, and the file that says so.
pub(super) fn cores(root: &Path) -> Option<Told> {
    let file: PathBuf = root.join("proc/self/status");
    let allowed = allowed(&fs::read_to_string(&file).ok()?);
    (!allowed.is_empty()).then_some((allowed.len() as u64 * 1000, file))
}

/// The processors a process may run on, from its `status`.
pub(super) fn allowed(status: &str) -> Vec<u32> {
    field(status, "Cpus_allowed_list").map(list).unwrap_or_default()
}

/// Resident memory in bytes, from a process's `status`.
pub(super) fn resident(status: &str) -> Option<u64> {
    kilobytes(status, "VmRSS")
}

/// The times of the processors among `cpus`, from `/proc/stat`.
pub(super) fn ticks(stat: &str, cpus: &[u32]) -> Option<Ticks> {
    let lines = stat.lines().filter_map(|line| {
        let (name, times) = line.split_once(' ')?;
        let number: u32 = name.strip_prefix("cpu")?.parse().ok()?;
        cpus.contains(&number).then(|| ticks_of(times))
    });
    lines.reduce(|a, b| Ticks { busy: a.busy + b.busy, total: a.total + b.total })
}

/// user nice system idle iowait irq softirq steal; guest time is part of user and nice.
fn ticks_of(times: &str) -> Ticks {
    let times: Vec<u64> =
        times.split_whitespace().take(8).map(|time| time.parse().unwrap_or(0)).collect();
    let idle = times.iter().skip(3).take(2).sum::<u64>();
    let total = times.iter().sum::<u64>();
    Ticks { busy: total - idle, total }
}

/// One process, from its `stat`. The name stands in parentheses and may hold any character.
pub(super) fn process(stat: &str) -> Option<Process> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
    let parent = u32::try_from(number(1)?).ok()?;
    // utime, stime, cutime, cstime: fields 14 to 17, of which the name was the second.
    let ticks = (11..=14).map(number).sum::<Option<u64>>()?;
    Some(Process { parent, ticks })
}

/// All processes by number.
pub(super) fn processes(root: &Path) -> BTreeMap<u32, Process> {
    let Ok(entries) = fs::read_dir(root.join("proc")) else { return BTreeMap::new() };
    let numbered = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        // A process that ended since is no process.
        Some((number, process(&fs::read_to_string(entry.path().join("stat")).ok()?)?))
    });
    numbered.collect()
}

/// `root` and all processes below it.
pub(super) fn tree(processes: &BTreeMap<u32, Process>, root: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (number, process) in processes {
        children.entry(process.parent).or_default().push(*number);
    }
    let mut found: Vec<u32> = processes.contains_key(&root).then_some(root).into_iter().collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        // Taken out, so that no loop of strange numbers is walked twice.
        let below = children.remove(&parent).unwrap_or_default();
        found.extend(below.into_iter().filter(|child| *child != root));
        next += 1;
    }
    found
}

/// The share of the last ten seconds in which something waited, from a `pressure` file.
pub(super) fn stalled_share(pressure: &str) -> Option<f64> {
    let some = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    let percent = some.split(' ').find_map(|word| word.strip_prefix("avg10="))?;
    percent.parse::<f64>().ok().map(|percent| percent / 100.0)
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let kilobytes: u64 = field(text, name)?.strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The numbers of a list such as `0-3,8`.
fn list(text: &str) -> Vec<u32> {
    /// More processors than any machine has; a strange range must not fill the memory.
    const CPUS_MAX: usize = 65_536;
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse::<u32>().ok()?..=last.trim().parse().ok()?)
    };
    text.split(',').filter_map(range).flatten().take(CPUS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_what_is_missing_is_none() {
        assert_eq!(memory_used("MemTotal:  10 kB\nMemFree:  2 kB\n"), None);
        assert_eq!(memory_used("MemTotal:  ten kB\nMemAvailable:  2 kB\n"), None);
        let text = "MemTotal:       24684084 kB\nMemFree:  1 kB\nMemAvailable:   24139272 kB\n";
        assert_eq!(memory_used(text), Some((544_812 * 1024, 24_684_084 * 1024)));
        assert_eq!(resident("Name:\tx\nVmRSS:\t    1700 kB\n"), Some(1_700 * 1024));
    }

    #[test]
    fn lists_of_processors_are_read() {
        let status = |list: &str| allowed(&format!("Name:\tx\nCpus_allowed_list:\t{list}\n"));
        assert_eq!(status("0-1"), [0, 1]);
        assert_eq!(status("0,2-3,8"), [0, 2, 3, 8]);
        assert_eq!(status("3-1"), [0; 0]);
        assert_eq!(status("x"), [0; 0]);
        assert_eq!(status("0-4294967295").len(), 65_536);
        assert_eq!(allowed(""), [0; 0]);
    }

    #[test]
    fn only_the_processors_one_may_run_on_count() {
        let stat = "cpu  632 692 155 728 100 0 45 6 0 0\ncpu0 10 20 30 40 50 1 2 3 7 7\n\
                    cpu1 1 1 1 1 1 1 1 1 0 0\nintr 5 6\n";
        assert_eq!(ticks(stat, &[0]), Some(Ticks { busy: 66, total: 156 }));
        assert_eq!(ticks(stat, &[0, 1]), Some(Ticks { busy: 72, total: 164 }));
        assert_eq!(ticks(stat, &[7]), None);
        assert_eq!(ticks("", &[0]), None);
    }

    #[test]
    fn a_process_may_have_any_name() {
        let stat =
            "7124 (a) b) R) R 7107 7107 5963 0 -1 4194304 101 0 0 0 10 20 3 4 20 0 1 0 1 2 3";
        assert_eq!(process(stat), Some(Process { parent: 7107, ticks: 37 }));
        assert_eq!(process("7124 (cut off) R 7107 1"), None);
        assert_eq!(process(""), None);
    }

    #[test]
    fn a_tree_holds_children_of_children_and_no_strangers() {
        let process = |parent| Process { parent, ticks: 0 };
        let all = [(1, 0), (10, 1), (11, 10), (12, 11), (13, 10), (20, 1)];
        let all = all.into_iter().map(|(number, parent)| (number, process(parent))).collect();
        assert_eq!(tree(&all, 10), [10, 11, 13, 12]);
        assert_eq!(tree(&all, 99), [0; 0]);
        let ring = [(1, 2), (2, 1)].map(|(number, parent)| (number, process(parent))).into();
        assert_eq!(tree(&ring, 1), [1, 2]);
    }

    #[test]
    fn stalls_are_read_where_the_kernel_tells_them() {
        let text = "some avg10=12.50 avg60=0.00 avg300=0.00 total=0\nfull avg10=99.00\n";
        assert_eq!(stalled_share(text), Some(0.125));
        assert_eq!(stalled_share("full avg10=99.00"), None);
    }
}
