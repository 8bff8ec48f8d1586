//! The document as Python's PyYAML would dump it, for the config hash.
//!
//! Invariant: [`dump`] equals `yaml.dump(yaml.safe_load(text), sort_keys=True,
//! default_flow_style=False)` of PyYAML 6 for maps, lists and scalars of any kind: YAML 1.1
//! meanings (`yes` is true, `010` is eight, `1:30` is ninety), float and date spellings, quoting,
//! escapes, folding at 80 columns, and anchors of repeated lists and maps.
//! Not exact: floats written in base 60 and whole numbers above 38 digits that are not decimal;
//! maps whose keys are different in text but equal in Python (`1` and `1.0`); `=` as a value; and
//! texts that only one of YAML 1.1 and 1.2 can parse.

mod emit;
mod load;
mod text;

pub use emit::dump;
