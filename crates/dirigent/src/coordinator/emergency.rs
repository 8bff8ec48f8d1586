//! The last word about a run when the process breaks: a file that says where it stood.
//!
//! The journal alone is the truth, and a resume reads nothing else; the file is for people, and
//! for programs that watch the folder.

use std::{
    any::Any,
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
};

use dirigent_core::RunId;
use dirigent_journal::ReadJournal;
use dirigent_workflow::{
    Run,
    runtime::{self, Execution},
};
use serde_json::json;

use super::load;
use crate::{Error, home::Home, summary::Summary};

/// Drives `run`. A panic of the engine, which would be a defect, leaves an emergency checkpoint
/// before it goes on to end the process.
pub(super) fn drive(home: &Home, run: Execution) -> Result<Run, Error> {
    let (id, journal) = (run.id().clone(), run.host().journal);
    match catch_unwind(AssertUnwindSafe(|| run.drive())) {
        Ok(driven) => driven.map_err(|error| broken(home, &*journal, &id, error)),
        Err(panic) => {
            let left = leave(home, &*journal, &id, &text(&*panic));
            // What cannot be left behind is in the journal all the same.
            drop(left);
            resume_unwind(panic)
        }
    }
}

/// `error`, after which the run cannot go on in this process, with an emergency checkpoint.
fn broken(home: &Home, journal: &dyn ReadJournal, id: &RunId, error: runtime::Error) -> Error {
    let left = leave(home, journal, id, &error.to_string());
    drop(left);
    error.into()
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

/// Writes `checkpoints/<run>_emergency.json`.
fn leave(
    home: &Home,
    journal: &dyn ReadJournal,
    id: &RunId,
    reason: &str,
) -> Result<PathBuf, io::Error> {
    let known = load(journal, id).map_err(|error| io::Error::other(error.to_string()))?;
    let document = json!({
        "reason": format!("System failure in workflow {id}: {reason}"),
        "run_id": id,
        "seq": known.seq,
        "resume": format!("dirigent resume {id}"),
        "summary": Summary::of(&known, home),
    });
    let folder = home.root().join("checkpoints");
    fs::create_dir_all(&folder)?;
    let place = folder.join(format!("{id}_emergency.json"));
    let draft = place.with_extension("tmp");
    fs::write(&draft, serde_json::to_vec_pretty(&document)?)?;
    fs::rename(&draft, &place)?;
    Ok(place)
}
