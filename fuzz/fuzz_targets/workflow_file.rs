//! Any bytes as a workflow file and as an assignment of the command line: read or refused, never a
//! panic; what is read can be explained, hashed and read again from its stored form.
#![no_main]

use std::collections::BTreeMap;

use dirigent::config::{self, Parameter, Vocabulary, Workflow};
use dirigent_workflow::file::Document;
use libfuzzer_sys::fuzz_target;

struct None;

impl Vocabulary for None {
    fn strategies(&self) -> Vec<String> {
        Vec::new()
    }

    fn parameters(&self, _name: &str) -> Option<Vec<Parameter>> {
        Some(Vec::new())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut document) = Document::parse("fuzz.yaml", bytes) else { return };
    let _ = document.config_hash();
    let text = String::from_utf8_lossy(bytes);
    for assignment in text.lines().filter_map(|line| line.strip_prefix("# --set ")) {
        document.set(assignment);
    }
    match config::read(&document, &BTreeMap::new(), &None) {
        Ok(config) => {
            let _ = config.warnings.to_string();
            assert!(!config.explained.is_empty());
            Workflow::from_document(&config.document).expect("a stored document reads back");
        }
        Err(problems) => {
            assert!(problems.has_error() && !problems.to_string().is_empty());
            let _ = problems.to_json();
        }
    }
});
