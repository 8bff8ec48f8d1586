//! Expressions that YAML cut apart at a comma.
//!
//! In `{f: sma(close, $fast)}` a comma ends the value, so YAML reads the value `sma(close` and a
//! second key `$fast)`. An expression with an open bracket is never complete, so the pieces can
//! only have been one; they are joined again, with a warning.

use super::{Checker, join};
use crate::file::{
    problem::Problem,
    tree::{Content, Map, Node},
};

impl Checker<'_> {
    /// `map` with the pieces of each expression joined.
    pub(super) fn rejoined(&mut self, map: &Map, path: &str) -> Map {
        let mut joined = Map::new();
        let mut open: Option<String> = None;
        for (name, entry) in map {
            let is_piece = entry.value.is_null() && entry.is_plain_key;
            match open.take().filter(|_| is_piece) {
                Some(key) => {
                    let text = append(&mut joined, &key, name);
                    if is_open(&text) {
                        open = Some(key);
                    } else {
                        let message = format!("read `{}` as `{text}`", join(path, &key));
                        let hint = "a comma ends a value inside `{…}`: quote the expression";
                        let span = joined[&key].value.span;
                        let path = join(path, &key);
                        self.problems.push(Problem::warning(span, path, message).hint(hint));
                    }
                }
                None => {
                    open = plain(&entry.value).filter(|text| is_open(text)).map(|_| name.clone());
                    joined.insert(name.clone(), entry.clone());
                }
            }
        }
        joined
    }
}

fn plain(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Scalar(scalar) if scalar.is_plain => Some(&scalar.text),
        _ => None,
    }
}

/// Appends a piece to the expression at `key`, and returns it whole.
fn append(map: &mut Map, key: &str, piece: &str) -> String {
    let Some(entry) = map.get_mut(key) else { return String::new() };
    let Content::Scalar(scalar) = &mut entry.value.content else { return String::new() };
    scalar.text.push_str(", ");
    scalar.text.push_str(piece);
    scalar.text.clone()
}

fn is_open(text: &str) -> bool {
    text.matches('(').count() > text.matches(')').count()
}
