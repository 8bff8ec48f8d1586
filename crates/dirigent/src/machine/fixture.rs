//! Folders with the files of `/proc` and `/sys` as real machines show them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files by name, below the root.
pub(super) type Files = &'static [(&'static str, &'static str)];

/// Version 1 on the host: the process is in `/jobs/one`, and nothing is limited. Beside it version 2
/// is mounted without controllers, as systemd does in its hybrid mode.
pub(super) const V1: Files = &[
    (
        "proc/self/cgroup",
        "5:memory:/jobs/one\n4:cpuset:/\n3:cpu,cpuacct:/jobs/one\n1:name=systemd:/\n0::/\n",
    ),
    (
        "proc/self/mountinfo",
        "22 1 0:20 / /proc rw,relatime shared:5 - proc proc rw\n\
         32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n\
         35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:7 - cgroup cgroup rw,memory\n\
         41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
    ),
    ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
    ("sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", "9223372036854771712\n"),
    ("sys/fs/cgroup/memory/jobs/one/memory.limit_in_bytes", "9223372036854771712\n"),
    ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
    ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
];

/// Version 1 inside a container that is limited to 512 MiB, of which it uses 400 beside 80 of
/// file pages.
pub(super) const V1_IN_CONTAINER: Files = &[
    ("proc/self/cgroup", "5:memory:/docker/4f2a\n3:cpu,cpuacct:/docker/4f2a\n"),
    (
        "proc/self/mountinfo",
        "603 601 0:32 /docker/4f2a /sys/fs/cgroup/memory ro,nosuid - cgroup memory rw,memory\n\
         604 601 0:29 /docker/4f2a /sys/fs/cgroup/cpu ro,nosuid - cgroup cpu rw,cpu,cpuacct\n",
    ),
    ("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n"),
    ("sys/fs/cgroup/memory/memory.usage_in_bytes", "503316480\n"),
    (
        "sys/fs/cgroup/memory/memory.stat",
        "cache 1\nactive_file 5\ntotal_cache 1\ntotal_inactive_file 41943040\n\
         total_active_file 41943040\ntotal_unevictable 0\n",
    ),
    ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
    ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
];

/// Version 2: a service with half a core, in a slice of 1 GiB of which 256 MiB are used beside 64
/// of file pages.
pub(super) const V2: Files = &[
    ("proc/self/cgroup", "0::/work.slice/run.service\n"),
    (
        "proc/self/mountinfo",
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
    ),
    ("sys/fs/cgroup/work.slice/memory.max", "1073741824\n"),
    ("sys/fs/cgroup/work.slice/memory.high", "max\n"),
    ("sys/fs/cgroup/work.slice/memory.current", "335544320\n"),
    (
        "sys/fs/cgroup/work.slice/memory.stat",
        "anon 268435456\nfile 67108864\ninactive_file 33554432\nactive_file 33554432\n",
    ),
    ("sys/fs/cgroup/work.slice/cpu.max", "max 100000\n"),
    ("sys/fs/cgroup/work.slice/run.service/memory.max", "max\n"),
    ("sys/fs/cgroup/work.slice/run.service/memory.current", "104857600\n"),
    ("sys/fs/cgroup/work.slice/run.service/cpu.max", "50000 100000\n"),
    (
        "sys/fs/cgroup/work.slice/run.service/memory.pressure",
        "some avg10=25.00 avg60=1.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 total=0\n",
    ),
];

/// A folder with such files, as the root of a machine.
pub(super) struct World(tempfile::TempDir);

impl World {
    /// With all of `files`; the later ones replace the earlier ones.
    pub(super) fn new(files: &[&[(&str, &str)]]) -> Self {
        let world = Self(tempfile::tempdir().expect("a temporary folder can be made"));
        files.iter().for_each(|files| world.write(files));
        world
    }

    pub(super) fn write(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = self.0.path().join(name);
            let folder = path.parent().expect("a file is in a folder");
            fs::create_dir_all(folder).expect("a temporary folder can be written");
            fs::write(&path, text).expect("a temporary folder can be written");
        }
    }

    pub(super) fn root(&self) -> &Path {
        self.0.path()
    }

    /// The name of `file` below the root.
    pub(super) fn name_of(&self, file: &Path) -> String {
        let below: PathBuf = file.strip_prefix(self.root()).expect("below the root").into();
        below.display().to_string()
    }
}
