//! Every backend against the one suite.

use dirigent_journal::{
    MemoryJournal, SqliteJournal, conformance::Fresh, conformance_suite, sqlite::Options,
};

fn fresh_memory() -> Fresh {
    Fresh { journal: Box::new(MemoryJournal::new()), keep: Box::new(()) }
}

fn fresh_sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(&folder.path().join("j.db"), Options::new("test")).unwrap();
    Fresh { journal: Box::new(journal), keep: Box::new(folder) }
}

conformance_suite!(memory, super::fresh_memory);
conformance_suite!(sqlite, super::fresh_sqlite);
