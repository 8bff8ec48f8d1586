//! `${NAME}`: replaced in paths and secrets, left alone and remarked elsewhere.

use super::{Checker, Subject};
use crate::file::{
    problem::Problem,
    source::Environment,
    suggest::suggest,
    tree::{Content, Node},
};

impl Checker<'_> {
    /// `text` with every `${NAME}` replaced; `None`, with a problem, if one is not set.
    pub(super) fn expand(&mut self, text: &str, subject: Subject<'_>) -> Option<String> {
        match expand(text, self.environment) {
            Ok(expanded) => Some(expanded),
            Err(Unset::Unclosed) => {
                let message = format!("`${{` in `{}` is not closed", subject.path);
                self.refuse(subject, message, "write `${NAME}`".to_owned());
                None
            }
            Err(Unset::Variable(name)) => {
                let shown: String = name.chars().take(60).collect();
                let known = self.environment.keys().map(String::as_str);
                let hint = match suggest(&name, known) {
                    Some(meant) => format!("did you mean `${{{meant}}}`?"),
                    None => format!("set it: `{shown}=… dirigent run …`"),
                };
                let message = format!("environment variable `{shown}` is not set");
                self.refuse(subject, message, hint);
                None
            }
        }
    }

    /// Remarks on `${NAME}` where it stays as it is.
    pub(super) fn variables_inside(&mut self, node: &Node, path: &str) {
        match &node.content {
            Content::Scalar(scalar) if scalar.text.contains("${") => {
                let message = format!("`${{…}}` in `{path}` is not replaced");
                let hint = "only paths and secrets are; use `--set` for other values";
                self.problems.push(Problem::warning(node.span, path, message).hint(hint));
            }
            Content::Scalar(_) => {}
            Content::List(items) => {
                items.iter().for_each(|item| self.variables_inside(item, path));
            }
            Content::Map(map) => {
                map.values().for_each(|entry| self.variables_inside(&entry.value, path));
            }
        }
    }
}

/// Why a text with `${NAME}` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unset {
    /// The environment has no such variable.
    #[error("environment variable `{0}` is not set")]
    Variable(String),
    /// `${` without `}`.
    #[error("`${{` is not closed")]
    Unclosed,
}

/// `text` with every `${NAME}` replaced by its value in `environment`.
///
/// # Errors
/// A variable is not set, or a `${` is not closed.
pub fn expand(text: &str, environment: &Environment) -> Result<String, Unset> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, behind) = after.split_once('}').ok_or(Unset::Unclosed)?;
        let value = environment.get(name).ok_or_else(|| Unset::Variable(name.to_owned()))?;
        out.push_str(before);
        out.push_str(value);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}
