//! Control groups: the limits that Linux puts on this process and those above it.
//!
//! Promises: versions 1 and 2 and both at once are read, at every level from the process's group
//! to the root; the lowest limit counts. A file that is missing or strange limits nothing.
//! Source: kernel documentation, `admin-guide/cgroup-v1/memory.rst`, `cgroup-v2.rst`, and
//! `filesystems/proc.rst` for `mountinfo`.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use dirigent_workflow::resource::steering::Memory;

use super::{Told, proc::stalled_share};

/// From here on a limit of version 1 is none: it writes "unlimited" as the largest multiple of a
/// page that fits a signed number.
const UNLIMITED: u64 = 1 << 62;

/// The version of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// The groups that limit this process.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    memory: Option<Hierarchy>,
    cpu: Option<Hierarchy>,
}

/// The folders of one controller, from the process's own group to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hierarchy {
    version: Version,
    folders: Vec<PathBuf>,
}

impl Groups {
    /// The groups of this process, whose `/proc` and `/sys` are below `root`.
    pub(super) fn of(root: &Path) -> Self {
        let read = |name| fs::read_to_string(root.join("proc/self").join(name)).unwrap_or_default();
        let (memberships, mounts) = (read("cgroup"), read("mountinfo"));
        let of = |controller| {
            let mut found = hierarchy(controller, &memberships, &mounts)?;
            if found.folders.first().is_some_and(|own| is_aside(own)) {
                found.folders.remove(0);
            }
            for folder in &mut found.folders {
                *folder = root.join(folder.strip_prefix("/").unwrap_or(folder));
            }
            Some(found)
        };
        Self { memory: of("memory"), cpu: of("cpu") }
    }

    /// The process's own group with `controller`, which is `memory` or `cpu`.
    pub(super) fn own(&self, controller: &str) -> Option<(Version, &Path)> {
        let hierarchy = if controller == "memory" { &self.memory } else { &self.cpu };
        let hierarchy = hierarchy.as_ref()?;
        Some((hierarchy.version, hierarchy.folders.first()?))
    }

    /// The lowest limit of memory, in bytes, and the file that says so.
    pub(super) fn memory_limit(&self) -> Option<Told> {
        let hierarchy = self.memory.as_ref()?;
        let limits = hierarchy.folders.iter().filter_map(|folder| hierarchy.memory_limit(folder));
        limits.min_by_key(|(bytes, _)| *bytes)
    }

    /// The lowest quota of processor time, in thousandths of a core, and the file that says so.
    pub(super) fn cpu_quota(&self) -> Option<Told> {
        let hierarchy = self.cpu.as_ref()?;
        let quotas = hierarchy.folders.iter().filter_map(|folder| hierarchy.cpu_quota(folder));
        quotas.min_by_key(|(millicores, _)| *millicores)
    }

    /// The memory of the group that is nearest to its limit.
    pub(super) fn memory(&self) -> Option<Memory> {
        let hierarchy = self.memory.as_ref()?;
        let filled = hierarchy.folders.iter().filter_map(|folder| {
            let (limit_bytes, _) = hierarchy.memory_limit(folder)?;
            Some(Memory { used_bytes: hierarchy.memory_used(folder)?, limit_bytes })
        });
        filled.max_by_key(Memory::used_basis_points)
    }

    /// The share of the last ten seconds in which something in the group waited for memory.
    pub(super) fn stalled(&self) -> Option<f64> {
        let own = self.memory.as_ref()?.folders.first()?;
        stalled_share(&fs::read_to_string(own.join("memory.pressure")).ok()?)
    }
}

impl Hierarchy {
    fn memory_limit(&self, folder: &Path) -> Option<Told> {
        // Above `memory.high` a group is slowed down until it hardly moves, so it is a limit too.
        let names: &[_] = match self.version {
            Version::One => &["memory.limit_in_bytes"],
            Version::Two => &["memory.max", "memory.high"],
        };
        let told = names.iter().filter_map(|name| {
            let file = folder.join(name);
            Some((limit(&fs::read_to_string(&file).ok()?)?, file))
        });
        told.min_by_key(|(bytes, _)| *bytes)
    }

    fn memory_used(&self, folder: &Path) -> Option<u64> {
        let read = |name| fs::read_to_string(folder.join(name)).ok();
        let (used, prefix) = match self.version {
            Version::One => (read("memory.usage_in_bytes")?, "total_"),
            Version::Two => (read("memory.current")?, ""),
        };
        let cached = read("memory.stat").map_or(0, |stat| file_cache(&stat, prefix));
        Some(used.trim().parse::<u64>().ok()?.saturating_sub(cached))
    }

    fn cpu_quota(&self, folder: &Path) -> Option<Told> {
        let read = |name| fs::read_to_string(folder.join(name)).ok();
        match self.version {
            Version::One => {
                let (quota, period) = (read("cpu.cfs_quota_us")?, read("cpu.cfs_period_us")?);
                Some((quota_of(&quota, &period)?, folder.join("cpu.cfs_quota_us")))
            }
            Version::Two => {
                let text = read("cpu.max")?;
                let (quota, period) = text.trim().split_once(' ')?;
                Some((quota_of(quota, period)?, folder.join("cpu.max")))
            }
        }
    }
}

/// Whether a process of ours stepped aside into this group, out of its own; see `hold`.
fn is_aside(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_prefix("dirigent-").is_some_and(|pid| pid.parse::<u32>().is_ok())
}

/// A limit in bytes; `None` is no limit.
fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bytes| *bytes < UNLIMITED)
}

/// A quota in thousandths of a core; `None` is no limit. Without one, version 1 says `-1` and
/// version 2 `max`.
fn quota_of(quota: &str, period: &str) -> Option<u64> {
    let (quota, period): (u64, u64) = (quota.trim().parse().ok()?, period.trim().parse().ok()?);
    Some((quota.checked_mul(1000)?.checked_div(period)?).max(1))
}

/// File pages in memory, which the system takes back when it needs room. Counting them would call
/// a group full that has only read large files.
fn file_cache(stat: &str, prefix: &str) -> u64 {
    let wanted =
        |name: &str| matches!(name.strip_prefix(prefix), Some("active_file" | "inactive_file"));
    let lines = stat.lines().filter_map(|line| line.split_once(' '));
    let pages = lines.filter(|(name, _)| wanted(name));
    pages.filter_map(|(_, bytes)| bytes.trim().parse::<u64>().ok()).sum()
}

/// Where the groups of a controller are, by `/proc/self/cgroup` and `/proc/self/mountinfo`.
fn hierarchy(controller: &str, memberships: &str, mounts: &str) -> Option<Hierarchy> {
    let has = |list: &str| list.split(',').any(|name| name == controller);
    let member = |version: Version| {
        memberships.lines().find_map(|line| {
            let (id, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            let found = match version {
                Version::One => has(controllers),
                Version::Two => id == "0" && controllers.is_empty(),
            };
            found.then_some(path)
        })
    };
    let mount = |version: Version| {
        mounts.lines().filter_map(Mount::parse).find(|mount| match version {
            Version::One => mount.kind == "cgroup" && has(mount.options),
            Version::Two => mount.kind == "cgroup2",
        })
    };
    // Where both versions are mounted, a controller is in one of them, and version 1 names it.
    [Version::One, Version::Two].into_iter().find_map(|version| {
        let folders = mount(version)?.folders_of(member(version)?);
        Some(Hierarchy { version, folders })
    })
}

/// One line of `mountinfo`.
struct Mount<'a> {
    /// The folder of the file system that is seen at `point`.
    root: PathBuf,
    point: PathBuf,
    kind: &'a str,
    options: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (place, file_system) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let (root, point) = (unescape(place.next()?), unescape(place.next()?));
        let mut file_system = file_system.split(' ');
        let (kind, _source) = (file_system.next()?, file_system.next()?);
        Some(Self { root, point, kind, options: file_system.next().unwrap_or_default() })
    }

    /// The folders of the group `path` and of those above it, as far as they can be seen.
    fn folders_of(&self, path: &str) -> Vec<PathBuf> {
        // Inside a container the path may lead out of what is mounted; then the mount is its group.
        let below = Path::new(path).strip_prefix(&self.root).unwrap_or(Path::new(""));
        let below = below.components().take_while(|part| matches!(part, Component::Normal(_)));
        let own = self.point.join(below.collect::<PathBuf>());
        let within = |folder: &&Path| folder.starts_with(&self.point);
        own.ancestors().take_while(within).map(Path::to_owned).collect()
    }
}

/// `mountinfo` writes space, tab, line feed and backslash as octal numbers.
fn unescape(text: &str) -> PathBuf {
    let named = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    named.iter().fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::fixture::{self, V1, V1_IN_CONTAINER, V2, World};

    const GIB: u64 = 1 << 30;

    /// The limits of this process in `world`, and the files that say so.
    #[track_caller]
    fn check(world: &World, memory: Option<(u64, &str)>, cores: Option<(u64, &str)>) {
        let groups = Groups::of(world.root());
        let told = |told: Option<Told>| told.map(|(figure, file)| (figure, world.name_of(&file)));
        let expected = |told: Option<(u64, &str)>| told.map(|(figure, file)| (figure, file.into()));
        assert_eq!(told(groups.memory_limit()), expected(memory));
        assert_eq!(told(groups.cpu_quota()), expected(cores));
    }

    #[test]
    fn without_groups_nothing_is_limited() {
        check(&World::new(&[]), None, None);
        let strange =
            [("proc/self/cgroup", "0::/x\n:::\nfoo"), ("proc/self/mountinfo", "1 2 - \n - ")];
        check(&World::new(&[strange.as_slice()]), None, None);
    }

    #[test]
    fn groups_of_version_1_say_unlimited_as_a_huge_number() {
        check(&World::new(&[V1]), None, None);
    }

    #[test]
    fn the_lowest_limit_of_all_levels_of_version_1_counts() {
        let limits: fixture::Files = &[
            ("sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", "1073741824\n"),
            ("sys/fs/cgroup/memory/jobs/one/memory.limit_in_bytes", "2147483648\n"),
            ("sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "150000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_period_us", "100000\n"),
        ];
        let memory = (GIB, "sys/fs/cgroup/memory/jobs/memory.limit_in_bytes");
        let cores = (1_500, "sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us");
        check(&World::new(&[V1, limits]), Some(memory), Some(cores));
    }

    /// In a container the path of the group is the host's, and the mount shows that group as root.
    #[test]
    fn inside_a_container_the_mount_is_the_group() {
        let memory = (512 << 20, "sys/fs/cgroup/memory/memory.limit_in_bytes");
        check(&World::new(&[V1_IN_CONTAINER]), Some(memory), None);
    }

    #[test]
    fn the_lowest_limit_of_all_levels_of_version_2_counts() {
        let memory = (GIB, "sys/fs/cgroup/work.slice/memory.max");
        let cores = (500, "sys/fs/cgroup/work.slice/run.service/cpu.max");
        check(&World::new(&[V2]), Some(memory), Some(cores));
        let high: fixture::Files =
            &[("sys/fs/cgroup/work.slice/run.service/memory.high", "805306368\n")];
        let memory = (GIB / 4 * 3, "sys/fs/cgroup/work.slice/run.service/memory.high");
        check(&World::new(&[V2, high]), Some(memory), Some(cores));
    }

    #[test]
    fn file_pages_do_not_count_as_used() {
        let one = Groups::of(World::new(&[V1_IN_CONTAINER]).root()).memory();
        let mib = |count: u64| count << 20;
        assert_eq!(one, Some(Memory { used_bytes: mib(400), limit_bytes: mib(512) }));
        let two = Groups::of(World::new(&[V2]).root()).memory();
        assert_eq!(two, Some(Memory { used_bytes: mib(256), limit_bytes: GIB }));
    }

    #[test]
    fn the_group_of_version_2_tells_its_own_stalls() {
        assert_eq!(Groups::of(World::new(&[V2]).root()).stalled(), Some(0.25));
        assert_eq!(Groups::of(World::new(&[V1]).root()).stalled(), None);
    }

    #[test]
    fn strange_figures_limit_nothing() {
        for text in ["", "max", "-1", "1e9", "9223372036854771712", "99999999999999999999"] {
            assert_eq!(limit(text), None, "{text}");
        }
        for (quota, period) in [("-1", "100000"), ("max", "100000"), ("1", "0"), ("", "")] {
            assert_eq!(quota_of(quota, period), None, "{quota} {period}");
        }
        assert_eq!(quota_of("1", "1000000"), Some(1), "no quota is no core at all");
    }

    #[test]
    fn mounts_with_spaces_in_their_names_are_found() {
        let mounts = "35 31 0:32 / /my\\040groups rw - cgroup2 none rw\n";
        let found = hierarchy("memory", "0::/a\n", mounts).unwrap();
        assert_eq!(found.folders, [Path::new("/my groups/a"), Path::new("/my groups")]);
    }
}
