//! The ground: where in the tree of control groups this process may make groups of its own.
//!
//! Promises: looking changes nothing. Where groups may be made, one was made and removed before any
//! program relies on it. Where not, the reason is known, and everything is as it was before.
//!
//! In version 2 a group that gives limits to groups below it holds no process itself. So this
//! process steps aside, into `dirigent-PID` below its group, but only out of a group in which it is
//! alone: nobody else is moved, and nobody else's group becomes one that cannot be joined.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    process,
    sync::OnceLock,
};

use rustix::fs::{Access, access};

use super::files::{self, Files};
use crate::machine::cgroup::{Groups, Version};

/// How the names of our groups begin.
const PREFIX: &str = "dirigent-";

/// The ground of this process: a process is in one place.
static GROUND: OnceLock<Ground> = OnceLock::new();

/// Where groups may be made, by what they hold; or why not.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(super) files: Files,
    root: PathBuf,
    pid: u32,
    memory: Result<Place, String>,
    cores: Result<Place, String>,
}

/// A group below which groups of ours may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    version: Version,
    folder: PathBuf,
    /// Whether the group does not yet give the controller to those below it.
    is_closed: bool,
}

impl Ground {
    /// That of this process, made ready by the first who asks: as early as its first program, for
    /// in version 2 a program that runs already is somebody else in the group.
    pub(crate) fn of_process() -> &'static Self {
        GROUND.get_or_init(|| Self::own().prepared())
    }

    /// That of this process: as it is, or else as it looks, without making it ready.
    pub(crate) fn foreseen() -> Self {
        GROUND.get().cloned().unwrap_or_else(Self::own)
    }

    fn own() -> Self {
        Self::seen_from(Path::new("/"), process::id(), Files::of_kernel())
    }

    /// That of the process `pid`, whose `/proc` and `/sys` are below `root`.
    pub(super) fn seen_from(root: &Path, pid: u32, files: Files) -> Self {
        let groups = Groups::of(root);
        let [memory, cores] = ["memory", "cpu"].map(|controller| {
            let (version, folder) = groups
                .own(controller)
                .ok_or_else(|| format!("there is no control group with `{controller}`"))?;
            place(version, folder, controller, pid)
        });
        Self { files, root: root.to_owned(), pid, memory, cores }
    }

    /// Where groups for memory may be made.
    pub(super) fn memory(&self) -> Option<(Version, &Path)> {
        self.memory.as_ref().ok().map(|place| (place.version, place.folder.as_path()))
    }

    /// Where groups for cores may be made.
    pub(super) fn cores(&self) -> Option<(Version, &Path)> {
        self.cores.as_ref().ok().map(|place| (place.version, place.folder.as_path()))
    }

    /// The name of the `count`-th group of this process.
    pub(super) fn name(&self, count: u64) -> String {
        format!("{PREFIX}{}-{count}", self.pid)
    }

    /// Makes the ground ready: gives controllers to groups below it where that is needed, tries
    /// what a group needs, and clears away what processes of ours that are gone left there.
    pub(super) fn prepared(mut self) -> Self {
        self.open();
        let (files, name) = (self.files, self.name(0));
        let tried = |place: Result<Place, String>, limit: [&str; 2]| {
            let place = place?;
            let limit = match place.version {
                Version::One => limit[0],
                Version::Two => limit[1],
            };
            let why = |error| format!("no group can be made: {error}");
            attempt(files, &place.folder.join(&name), limit).map_err(why)?;
            Ok(place)
        };
        self.memory = tried(self.memory.clone(), ["memory.limit_in_bytes", "memory.max"]);
        self.cores = tried(self.cores.clone(), ["cpu.cfs_quota_us", "cpu.max"]);
        self.clear();
        self
    }

    /// Steps aside where the group is closed, and opens it.
    fn open(&mut self) {
        let places = [&self.memory, &self.cores];
        let closed = places.into_iter().flatten().find(|place| place.is_closed);
        let Some(own) = closed.map(|place| place.folder.clone()) else { return };
        let aside = own.join(format!("{PREFIX}{}", self.pid));
        let moved = self.files.make(&aside).and_then(|()| enter(&aside, self.pid));
        let moved = moved.map_err(|error| error.to_string());
        for (place, controller) in [(&mut self.memory, "memory"), (&mut self.cores, "cpu")] {
            if place.as_ref().is_ok_and(|place| place.is_closed)
                && let Err(error) = moved.clone().and_then(|()| pass_on(&own, controller))
            {
                *place = Err(format!("`{controller}` cannot be passed on: {error}"));
            }
        }
        if self.memory.is_err() && self.cores.is_err() {
            // Back to where it was; if that fails too, the process is well where it is.
            let _ = enter(&own, self.pid).and_then(|()| self.files.remove_all(&aside));
        }
    }

    /// Removes empty groups of processes that are gone.
    fn clear(&self) {
        let places = [&self.memory, &self.cores].into_iter().flatten();
        for folder in places.flat_map(|place| files::below(&place.folder)) {
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_gone = |pid: u32| !self.root.join(format!("proc/{pid}")).exists();
            if owner(name).is_some_and(is_gone) {
                // One that is not empty stays: what is in it may be somebody's.
                let _ = self.files.remove_all(&folder);
            }
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |what, place: &Result<Place, String>, else_by: &str| match place {
            Ok(place) => {
                let version = if place.version == Version::One { 1 } else { 2 };
                let folder = place.folder.display();
                format!("{what} by control groups of version {version} below `{folder}`")
            }
            Err(why) => format!("{what} {else_by} ({why})"),
        };
        let memory = part("memory", &self.memory, "by the address space of each process alone");
        let cores = part("cores", &self.cores, "not at all");
        write!(f, "{memory}; {cores}")
    }
}

/// The process in whose name a group is.
fn owner(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok()
}

/// Moves the process `pid` with all of its threads into the group `folder`.
fn enter(folder: &Path, pid: u32) -> io::Result<()> {
    files::write(&folder.join("cgroup.procs"), &pid.to_string())
}

/// Lets groups below `own` have `controller`.
fn pass_on(own: &Path, controller: &str) -> Result<(), String> {
    let written = files::write(&own.join("cgroup.subtree_control"), &format!("+{controller}"));
    written.map_err(|error| error.to_string())
}

/// Makes and removes the group `folder`, which must come with the file `limit`.
fn attempt(files: Files, folder: &Path, limit: &str) -> io::Result<()> {
    files.make(folder)?;
    let found = folder.join(limit).metadata().map(drop);
    files.remove_all(folder)?;
    found
}

/// Whether groups with `controller` may be made below `folder`, the group of the process `pid`.
fn place(version: Version, folder: &Path, controller: &str, pid: u32) -> Result<Place, String> {
    let shown = folder.display();
    access(folder, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| format!("`{shown}` cannot be written: {}", io::Error::from(error)))?;
    let there = files::processes(folder);
    let is_closed = match version {
        Version::One if files::number(&folder.join("memory.use_hierarchy")) == Some(0) => {
            return Err(format!("`{shown}` does not limit the groups below it"));
        }
        Version::One if !there.contains(&pid) => {
            return Err(format!("`{shown}` is not the group of this process"));
        }
        Version::One => false,
        Version::Two => {
            let lists = |name: &str| {
                let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
                text.split_whitespace().any(|listed| listed == controller)
            };
            if !lists("cgroup.controllers") {
                return Err(format!("`{shown}` was not given the controller `{controller}`"));
            }
            !lists("cgroup.subtree_control")
        }
    };
    if is_closed && there != [pid] {
        return Err(format!("`{shown}` holds other processes too"));
    }
    Ok(Place { version, folder: folder.to_owned(), is_closed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::hold::tree::{OWN, OWN_CPU, OWN_MEMORY, Tree};

    /// What the ground of `tree` says of memory and of cores, once it is ready.
    #[track_caller]
    fn check(tree: &Tree, memory: &str, cores: &str) {
        let ground = tree.ground().to_string().replace(&tree.root().display().to_string(), "");
        let told = ground.split_once("; ");
        assert_eq!(told, Some((memory, cores)));
    }

    /// Nothing of `OWN` has changed.
    #[track_caller]
    fn check_untouched(tree: &Tree) {
        assert_eq!(tree.text(&format!("{OWN}/cgroup.subtree_control")), "");
        assert!(!tree.has(&format!("{OWN}/dirigent-4242")), "it stepped aside");
    }

    const ONLY_RLIMIT: &str = "memory by the address space of each process alone";

    #[test]
    fn in_version_2_the_process_steps_aside_and_passes_the_controllers_on() {
        let tree = Tree::two();
        let below = format!("by control groups of version 2 below `/{OWN}`");
        check(&tree, &format!("memory {below}"), &format!("cores {below}"));
        assert_eq!(tree.text(&format!("{OWN}/dirigent-4242/cgroup.procs")), "4242");
        // The last of two writes is what is left of them here.
        assert_eq!(tree.text(&format!("{OWN}/cgroup.subtree_control")), "+cpu");
        assert!(!tree.has(&format!("{OWN}/dirigent-4242-0")), "the attempt is gone");
    }

    #[test]
    fn looking_changes_nothing() {
        let tree = Tree::two();
        assert!(tree.seen().memory().is_some());
        check_untouched(&tree);
    }

    #[test]
    fn in_version_2_nobody_else_is_moved() {
        let procs = format!("{OWN}/cgroup.procs");
        let tree = Tree::two().with(&[(&procs, "17\n4242\n")]);
        let why = format!("(`/{OWN}` holds other processes too)");
        check(&tree, &format!("{ONLY_RLIMIT} {why}"), &format!("cores not at all {why}"));
        check_untouched(&tree);
    }

    #[test]
    fn in_version_2_only_controllers_that_were_given_are_used() {
        let controllers = format!("{OWN}/cgroup.controllers");
        let tree = Tree::two().with(&[(&controllers, "memory pids\n")]);
        let cores = format!("cores not at all (`/{OWN}` was not given the controller `cpu`)");
        check(&tree, &format!("memory by control groups of version 2 below `/{OWN}`"), &cores);
        assert_eq!(tree.text(&format!("{OWN}/cgroup.subtree_control")), "+memory");
        let none = Tree::two().with(&[(&controllers, "hugetlb\n")]);
        assert!(none.ground().memory().is_none());
        check_untouched(&none);
    }

    /// The process is in `dirigent-4242` by then, and its own group is the one that it left.
    #[test]
    fn in_version_2_ground_that_is_open_is_used_as_it_is() {
        let own = format!("{OWN}/cgroup.subtree_control");
        let tree = Tree::two().with(&[
            (&own, "cpu memory\n"),
            ("proc/self/cgroup", "0::/work.slice/run.service/dirigent-4242\n"),
            (&format!("{OWN}/cgroup.procs"), ""),
            (&format!("{OWN}/dirigent-4242/cgroup.procs"), "4242\n"),
        ]);
        let below = format!("by control groups of version 2 below `/{OWN}`");
        check(&tree, &format!("memory {below}"), &format!("cores {below}"));
        assert_eq!(tree.text(&own), "cpu memory\n");
    }

    /// As where another process came into the group between the look and the step.
    #[test]
    fn where_the_controllers_cannot_be_passed_on_the_process_steps_back() {
        let tree = Tree::two();
        let seen = tree.seen();
        std::fs::remove_file(tree.root().join(OWN).join("cgroup.subtree_control")).unwrap();
        let ground = seen.prepared();
        assert!(ground.memory().is_none() && ground.cores().is_none(), "{ground}");
        assert_eq!(tree.text(&format!("{OWN}/cgroup.procs")), "4242");
        assert!(!tree.has(&format!("{OWN}/dirigent-4242")), "it is still aside");
    }

    #[test]
    fn version_1_needs_no_step_aside() {
        let tree = Tree::one();
        let below = |own| format!("by control groups of version 1 below `/{own}`");
        let (memory, cores) = (below(OWN_MEMORY), below(OWN_CPU));
        check(&tree, &format!("memory {memory}"), &format!("cores {cores}"));
        assert!(!tree.has(&format!("{OWN_MEMORY}/dirigent-4242")));
    }

    #[test]
    fn in_version_1_groups_that_are_not_ours_or_do_not_nest_are_not_used() {
        let (procs, nests) =
            (format!("{OWN_CPU}/cgroup.procs"), format!("{OWN_MEMORY}/memory.use_hierarchy"));
        let tree = Tree::one().with(&[(&procs, "17\n"), (&nests, "0\n")]);
        let memory = format!("(`/{OWN_MEMORY}` does not limit the groups below it)");
        let cores = format!("(`/{OWN_CPU}` is not the group of this process)");
        check(&tree, &format!("{ONLY_RLIMIT} {memory}"), &format!("cores not at all {cores}"));
    }

    #[test]
    fn what_the_dead_left_empty_is_removed_and_nothing_else() {
        let tree = Tree::two().with(&[("proc/77/stat", "")]);
        let group = |name: &str| format!("{OWN}/{name}");
        let gone = ["dirigent-99", "dirigent-98-1"].map(group);
        let kept = ["dirigent-77-3", "dirigent-97-1", "other-99"].map(group);
        gone.iter().chain(&kept).for_each(|name| tree.group(name, ""));
        tree.group(&format!("{}/dirigent-5", gone[1]), "");
        files::write(&tree.root().join(&kept[1]).join("cgroup.procs"), "1234\n").unwrap();
        tree.ground();
        assert!(!gone.iter().any(|name| tree.has(name)), "the dead left them empty");
        assert!(kept.iter().all(|name| tree.has(name)), "they are somebody's");
    }

    #[test]
    fn without_groups_the_reason_is_told() {
        let world = tempfile::tempdir().unwrap();
        let ground = Ground::seen_from(world.path(), 1, Files::of_kernel()).prepared();
        let memory = format!("{ONLY_RLIMIT} (there is no control group with `memory`)");
        let cores = "cores not at all (there is no control group with `cpu`)";
        assert_eq!(ground.to_string(), format!("{memory}; {cores}"));
    }
}
