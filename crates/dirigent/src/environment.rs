//! The environment of the process, read once for the tasks that may reveal parts of it.
//!
//! Not here: configuration; `config` is handed what it may see.

use dirigent_workflow::file::Environment;

/// Every variable whose name and value are UTF-8.
pub(crate) fn of_process() -> Environment {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}
