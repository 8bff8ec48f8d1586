//! Stopping: signals become an orderly interruption, a broken journal the end of the process.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use dirigent::{OnBroken, workflow::runtime::Handle};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::exit;

/// Interrupts the run of `handle` on the first SIGINT or SIGTERM; the second ends the process
/// where it stands, which the journal survives.
///
/// # Errors
/// If the operating system refuses the handler.
pub(crate) fn on_signals(handle: Handle) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let seen = AtomicBool::new(false);
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in &mut signals {
            if seen.swap(true, Ordering::Relaxed) {
                leave(128 + u8::try_from(signal).unwrap_or(0));
            }
            handle.interrupt(if signal == SIGINT { "SIGINT" } else { "SIGTERM" });
        }
    })?;
    Ok(())
}

/// The last word when the journal breaks: the reason, then the end, with nothing acknowledged.
pub(crate) fn on_broken() -> OnBroken {
    Arc::new(|error| {
        let reason = std::error::Error::source(error).map(|why| format!(": {why}"));
        let text = format!(
            "error: {error}{}\nhint: nothing was acknowledged after this error; when the disk is \
             well, the same command goes on from the last record\n",
            reason.unwrap_or_default()
        );
        // Nothing can be done if stderr is closed.
        let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), text.as_bytes());
        leave(exit::JOURNAL_BROKEN);
    })
}

#[expect(clippy::exit, reason = "the process must end here: its journal or its user says so")]
fn leave(code: u8) -> ! {
    std::process::exit(i32::from(code))
}
