//! What people write: a YAML file becomes a checked document, or a list of mistakes with places.
//!
//! The way of a file: [`Document::open`] reads and parses it, [`Document::apply_environment`] and
//! [`Document::set`] lay the environment and the command line over it, [`Document::check`] holds it
//! against a declaration ([`spec::Section`]) and fills in the defaults.
//!
//! Promises: no input panics, hangs or overflows the stack; every mistake is reported at once, with
//! its place; a secret is never printed; nothing is read but the file that was named.
//! Not here: which keys there are; the product declares them.

mod check;
pub mod document;
mod overlay;
mod parse;
pub mod problem;
pub mod pyyaml;
mod read;
mod reference;
mod render;
pub mod resolved;
mod scalar;
mod schema;
pub mod source;
pub mod spec;
mod suggest;
pub mod tree;

pub use check::{
    leaf::size,
    variable::{Unset, expand},
};
pub use document::{Checked, Document};
pub use problem::{Problem, Problems, Severity};
pub use reference::reference;
pub use resolved::{Explained, Layer, Origin, REDACTED, Resolved, redact};
pub use schema::schema;
pub use source::{Environment, Place, Source, SourceKind, Sources, Span};
pub use suggest::suggest;
