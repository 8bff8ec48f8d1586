//! A workflow file becomes a typed [`Workflow`], or a list of mistakes with places.
//!
//! Promises: the one place that knows the keys of the file; nothing here reads the process's
//! environment or a clock; a secret never reaches the document that is stored.
//! Not here: whether data files exist, and what an expression means.

mod analysis;
mod consistency;
mod data;
mod decimal;
mod ensemble;
mod execution;
pub mod keys;
mod normalize;
mod orchestrate;
mod portfolio;
mod regimes;
mod roll;
pub mod search;
pub mod strategies;
pub mod validation;
mod venue;
mod vocabulary;
pub mod workflow;
mod world;

use std::path::Path;

use dirigent_core::Sha256Hex;
use dirigent_workflow::file::{
    self, Document, Environment, Explained, Problem, Problems, Resolved, Source, Sources, Span,
};
use serde_json::Value;

pub use strategies::{Parameter, ParameterKind};
pub use vocabulary::{Vocabulary, WrongTask};
pub use workflow::Workflow;

/// A workflow file that was read, checked and completed.
#[derive(Clone, Debug)]
pub struct Config {
    /// The typed values.
    pub workflow: Workflow,
    /// The same as JSON, for the journal: defaults filled in, secrets as `${NAME}`.
    pub document: Value,
    /// Every value and where it came from.
    pub explained: Vec<Explained>,
    /// SHA-256 of the file with environment and command line applied, as PyYAML dumps it.
    pub config_hash: Sha256Hex,
    /// The file's `version`, or 1.0.0.
    pub config_version: String,
    /// What the author should know.
    pub warnings: Problems,
    resolved: Resolved,
    sources: Sources,
}

impl Config {
    /// The value at `path`, with its place.
    pub fn resolved(&self, path: &str) -> Option<&Resolved> {
        self.resolved.get(path)
    }

    /// Where to point for the value at `path`.
    pub fn place(&self, path: &str) -> Span {
        self.resolved.place(path)
    }

    /// `problems` that were found later, with the texts they point into.
    pub fn problems(&self, problems: Vec<Problem>) -> Problems {
        Problems::new(self.sources.clone(), problems)
    }

    /// The texts that places point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }
}

/// Reads the file at `path`, lays `environment` and then the assignments `sets` over it, and
/// checks the result.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(
    path: &Path,
    sets: &[String],
    environment: &Environment,
    vocabulary: &dyn Vocabulary,
) -> Result<Config, Problems> {
    let mut document = Document::open(path)?;
    document.apply_environment(environment, keys::VARIABLES, &keys::FILE);
    sets.iter().for_each(|assignment| document.set(assignment));
    read(&document, environment, vocabulary)
}

/// Checks `document` and completes it with defaults.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn read(
    document: &Document,
    environment: &Environment,
    vocabulary: &dyn Vocabulary,
) -> Result<Config, Problems> {
    let file::Checked { mut resolved, mut problems } = document.check(&keys::FILE, environment);
    let source = document.sources().of(document.root().span);
    normalize::apply(&mut resolved, &mut problems, source.map_or("", Source::name));
    consistency::check(&resolved, &mut problems, vocabulary);
    if problems.iter().any(Problem::is_error) {
        return Err(document.problems(problems));
    }
    let workflow: Workflow = match serde_json::from_value(resolved.reveal()) {
        Ok(workflow) => workflow,
        Err(error) => {
            let message = format!("the file does not fit its declaration: {error}");
            let problem = Problem::error(document.root().span, "", message);
            problems.push(problem.hint("this is a mistake of ours: please report it"));
            return Err(document.problems(problems));
        }
    };
    Ok(Config {
        config_version: workflow.version.clone(),
        workflow,
        document: resolved.to_json(),
        explained: resolved.explain(document.sources()),
        config_hash: document.config_hash(),
        warnings: document.problems(problems),
        sources: document.sources().clone(),
        resolved,
    })
}

impl Workflow {
    /// The typed form of a stored [`Config::document`]; secrets must be `${NAME}` there.
    ///
    /// # Errors
    /// The document was not made by [`read`], or by a release with other keys.
    pub fn from_document(document: &Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(document.clone())
    }
}

/// The JSON Schema of a workflow file, with what is registered among its names.
pub fn schema(vocabulary: &dyn Vocabulary) -> Value {
    let mut schema = file::schema("Dirigent workflow", &keys::FILE);
    let mut names = vocabulary.strategies();
    names.push(strategies::RULES.to_owned());
    names.sort();
    names.dedup();
    complete(&mut schema, &names, &consistency::workflow_types(vocabulary));
    schema
}

/// Offers `names` wherever the type of a strategy is asked for, and `types` for that of a workflow.
fn complete(schema: &mut Value, names: &[String], types: &[String]) {
    match schema {
        Value::Object(map) => {
            if map.get("description").is_some_and(|doc| doc == keys::STRATEGY_TYPE_DOC) {
                map.insert("examples".to_owned(), names.into());
            }
            if map
                .get("enum")
                .is_some_and(|known| *known == serde_json::json!(keys::WORKFLOW_TYPES))
            {
                map.insert("enum".to_owned(), types.into());
            }
            map.values_mut().for_each(|below| complete(below, names, types));
        }
        Value::Array(items) => items.iter_mut().for_each(|below| complete(below, names, types)),
        _ => {}
    }
}

/// The reference page of the workflow file, in Markdown.
pub fn reference() -> String {
    file::reference(&keys::FILE)
}
