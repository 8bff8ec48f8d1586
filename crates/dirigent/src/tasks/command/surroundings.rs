//! What a program finds around it: variables made from nothing, a folder of its own, and itself.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use dirigent_workflow::{
    file::Environment,
    port::{TaskContext, TaskError},
};
use serde_json::Value;

use super::{input::Input, unavailable};
use crate::tasks::{
    codes::{failed, invalid},
    secrets::Secrets,
    told::told,
};

/// Where programs are looked for when the process itself has no `PATH`.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What a program finds around it, for one attempt.
#[derive(Debug)]
pub(super) struct Surroundings {
    /// The program itself.
    pub(super) program: PathBuf,
    /// Where it runs.
    pub(super) folder: PathBuf,
    /// The whole environment.
    pub(super) variables: Vec<(String, String)>,
    /// The file it reads.
    pub(super) stdin: PathBuf,
    _scratch: Scratch,
}

impl Surroundings {
    /// Those that `input` asks for.
    pub(super) fn new(
        input: &Input,
        context: &TaskContext,
        environment: &Environment,
        secrets: &mut Secrets<'_>,
    ) -> Result<Self, TaskError> {
        let lost = |error| unavailable(&input.argv[0], &error);
        let folder = folder(input, context)?;
        let scratch = Scratch::new(context).map_err(lost)?;
        let mut found = own(context, environment, &scratch.home(), &folder);
        for name in &input.pass_env {
            found.insert(name.clone(), secrets.variable("pass_env", name)?);
        }
        for (name, value) in &input.env {
            found.insert(name.clone(), secrets.reveal(&format!("env.{name}"), value)?);
        }
        if let Some((name, _)) = found.iter().find(|(_, value)| value.contains('\0')) {
            return Err(invalid(format!("the value of `{name}` holds a zero byte")));
        }
        let path = found.get("PATH").map_or("", String::as_str);
        let program = program(&input.argv[0], &folder, path)?;
        let line = input.stdin.clone().unwrap_or_else(|| told(context, &input.input));
        let stdin = scratch.line(&line).map_err(lost)?;
        let variables = found.into_iter().collect();
        Ok(Self { program, folder, variables, stdin, _scratch: scratch })
    }
}

/// A folder for one attempt, which only its owner may enter, and which is gone with this value.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    /// An empty one.
    fn new(context: &TaskContext) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("dirigent-{}-{}-{count}", context.run, std::process::id());
        // What an attempt that was killed left behind has another process id in its name.
        let scratch = Self(std::env::temp_dir().join(name));
        let owner_only = |path: &Path| DirBuilder::new().mode(0o700).create(path);
        owner_only(&scratch.0)?;
        owner_only(&scratch.home())?;
        Ok(scratch)
    }

    /// The program's home and place for temporary files.
    fn home(&self) -> PathBuf {
        self.0.join("home")
    }

    /// A file of `value` as one line, for the program to read.
    fn line(&self, value: &Value) -> io::Result<PathBuf> {
        let path = self.0.join("stdin");
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(format!("{value}\n").as_bytes())?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own clearing of temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The variables that every program is given; nothing of this process but `PATH`.
fn own(
    context: &TaskContext,
    environment: &Environment,
    home: &Path,
    folder: &Path,
) -> Environment {
    let path = environment.get("PATH").map_or(PATH, String::as_str).to_owned();
    let seed = context.container.seed().as_u32().to_string();
    let pairs = [
        ("PATH", path),
        ("LANG", "C.UTF-8".to_owned()),
        ("HOME", home.display().to_string()),
        ("TMPDIR", home.display().to_string()),
        ("PWD", folder.display().to_string()),
        ("DIRIGENT_RUN", context.run.to_string()),
        ("DIRIGENT_TASK", context.task.clone()),
        ("DIRIGENT_SEED", seed),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The folder that the program runs in.
fn folder(input: &Input, context: &TaskContext) -> Result<PathBuf, TaskError> {
    let base = Path::new(&context.start.base);
    let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    let folder = base.join(&input.cwd);
    match fs::canonicalize(&folder) {
        Ok(path) if path.is_dir() => Ok(path),
        Ok(_) => Err(invalid(format!("`cwd`: `{}` is no folder", folder.display()))),
        Err(error) => Err(invalid(format!("`cwd`: `{}`: {error}", folder.display()))),
    }
}

/// The file that `name` means: a path from `folder`, or the first of that name in `path`.
fn program(name: &str, folder: &Path, path: &str) -> Result<PathBuf, TaskError> {
    let is_program = |file: &PathBuf| {
        fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 > 0)
    };
    let found = if name.contains('/') {
        Some(folder.join(name)).filter(is_program)
    } else {
        path.split(':').map(|part| folder.join(part).join(name)).find(is_program)
    };
    found.ok_or_else(|| {
        let place = if name.contains('/') { folder.display().to_string() } else { path.to_owned() };
        let message = format!("there is no program `{name}` in `{place}` that may be run");
        failed("command_not_found", message, "install it, or correct `argv`, `cwd` or `PATH`")
    })
}
