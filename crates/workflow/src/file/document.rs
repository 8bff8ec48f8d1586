//! A workflow file with the environment and the command line laid over it.
//!
//! Promises: precedence is built-in default < file < environment < command line, whatever the
//! order of the calls; a mistake in any layer is reported together with all others.

use std::path::Path;

use dirigent_core::Sha256Hex;

use super::{
    check::Checker,
    overlay, parse,
    problem::{Problem, Problems},
    pyyaml, read,
    resolved::Resolved,
    source::{Environment, Place, Source, SourceKind, Sources, Span},
    spec::{Kind, Section},
    tree::Node,
};

/// A parsed workflow file and what was laid over it.
#[derive(Clone, Debug)]
pub struct Document {
    sources: Sources,
    root: Node,
    problems: Vec<Problem>,
}

/// A document held against a declaration.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Every value with its origin, defaults filled in; broken ones are marked.
    pub resolved: Resolved,
    /// Everything wrong, of this document and of the check, not sorted yet.
    pub problems: Vec<Problem>,
}

impl Document {
    /// Reads and parses the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read, is too large, is not text, or is not YAML.
    pub fn open(path: &Path) -> Result<Self, Problems> {
        let bytes = read::bytes(path)?;
        Self::parse(&path.display().to_string(), &bytes)
    }

    /// Parses `bytes` as the file called `name`.
    ///
    /// # Errors
    /// The bytes are too many, are not text, or are not YAML.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, Problems> {
        let text = read::text(name, bytes)?;
        let mut sources = Sources::default();
        let source = sources.add(Source::new(SourceKind::File, name, text));
        let text = sources.of(Span { source, ..Span::default() }).map_or("", Source::text);
        match parse::parse(source, text) {
            Ok((root, problems)) => Ok(Self { sources, root, problems }),
            Err(problems) => Err(Problems::new(sources, problems)),
        }
    }

    /// Lays one `key.path=value` of the command line over the document.
    ///
    /// The value is a scalar as written, or YAML if it starts with `[`, `{` or a quote; lists are
    /// addressed by index (`tasks.0.name`). A mistake is reported by [`Document::check`].
    pub fn set(&mut self, assignment: &str) {
        let source = Source::new(SourceKind::CommandLine, "--set", assignment);
        let source = self.sources.add(source);
        if let Err(problem) = overlay::assignment(&mut self.root, source, assignment) {
            self.problems.push(*problem);
        }
    }

    /// Lays the environment over the document: `DIRIGENT__DATA__PATH` is `data.path`, and each
    /// `(variable, key)` of `names` is a variable with a name of its own.
    ///
    /// A secret is laid over as its reference `${NAME}`, so that its value is nowhere in the
    /// document. Call this before [`Document::set`]: the command line is stronger.
    pub fn apply_environment(
        &mut self,
        environment: &Environment,
        names: &[(&str, &str)],
        section: &'static Section,
    ) {
        for (name, key) in overlay::variables(environment, names) {
            let reference = format!("\"${{{name}}}\"");
            let value = match section.kind_at(&key) {
                Some(Kind::Secret) => &reference,
                _ => environment.get(&name).map_or("", String::as_str),
            };
            let source = Source::new(SourceKind::Environment, name.as_str(), value);
            let source = self.sources.add(source);
            if let Err(problem) = overlay::variable(&mut self.root, source, &name, &key, value) {
                self.problems.push(*problem);
            }
        }
    }

    /// The texts that spans of this document point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The tree with all layers applied.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// SHA-256 of the document as PyYAML would dump it with sorted keys, without defaults.
    ///
    /// Equal to Python's
    /// `sha256(yaml.dump(yaml.safe_load(file), sort_keys=True, default_flow_style=False))`;
    /// see [`pyyaml`] for where that is exact.
    pub fn config_hash(&self) -> Sha256Hex {
        Sha256Hex::of(pyyaml::dump(&self.root).as_bytes())
    }

    /// Holds the document against `section`, fills in defaults and replaces `${NAME}` in paths.
    pub fn check(&self, section: &'static Section, environment: &Environment) -> Checked {
        let mut checker = Checker::new(&self.sources, environment, self.problems.clone());
        let file = Span::at(0, Place::new(1, 1));
        let resolved = checker.root(section, &self.root, file);
        Checked { resolved, problems: checker.into_problems() }
    }

    /// `problems` sorted, with the texts they point into.
    pub fn problems(&self, problems: Vec<Problem>) -> Problems {
        Problems::new(self.sources.clone(), problems)
    }
}
