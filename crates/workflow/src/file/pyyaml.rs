//! The document as Python's PyYAML would dump it, for the config hash.
//!
//! Invariant: [`dump`] equals `yaml.dump(yaml.safe_load(text), sort_keys=True,
//! default_flow_style=False)` of PyYAML 6 for maps, lists and scalars of any kind: YAML 1.1
//! meanings (`yes` is true, `010` is eight, `1:30` is ninety), float and date spellings, quoting,
//! escapes, folding at 80 columns, and anchors of repeated lists and maps.
//! Not exact: whole numbers of more than 38 digits that are not decimal; maps whose keys differ in
//! text but are equal in Python (`1` and `1.0`); a plain `=`, which Python refuses; the characters
//! U+0085, U+2028 and U+2029 written without escapes, which end a line only in YAML 1.1; and what
//! we refuse ourselves (tags, merge keys, duplicate keys). Checked against `tests/data/pyyaml`;
//! `make.py random` there makes more files to compare.

mod emit;
mod load;
mod text;

pub use emit::dump;

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use crate::file::Document;

    /// Compares every file of `folder` with the dump beside it; the number of files.
    fn compare(folder: &PathBuf) -> usize {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        names.sort();
        for path in &names {
            let expected = fs::read_to_string(path.with_extension("dump")).unwrap();
            let document = Document::parse("f", &fs::read(path).unwrap());
            let found = super::dump(document.unwrap_or_else(|p| panic!("{path:?} {p}")).root());
            assert_eq!(found, expected, "{}", path.display());
        }
        names.len()
    }

    fn fixtures() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/pyyaml")
    }

    #[test]
    fn dumps_are_those_of_pyyaml() {
        assert!(compare(&fixtures()) >= 40);
    }

    #[test]
    fn hashes_are_those_of_python() {
        let hashes = fs::read_to_string(fixtures().join("hashes.txt")).unwrap();
        for line in hashes.lines() {
            let (hash, name) = line.split_once("  ").unwrap();
            let bytes = fs::read(fixtures().join(name).with_extension("yaml")).unwrap();
            let document = Document::parse(name, &bytes).unwrap();
            assert_eq!(document.config_hash().as_str(), hash, "{name}");
        }
    }
}
