//! A workflow file becomes a run: read, plan, decide, carry out.
//!
//! Promises: deciding is a pure function of journal and clock; knows no trading and no network.
//! Not here: which keys a file has and what a task does; see `dirigent`.

pub mod file;
