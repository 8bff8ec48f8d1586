//! A handler of your own, which is told how runs end.
//!
//! Run it: `cargo run -p dirigent --example handler`

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use dirigent::{
    Coordinator, Home, Request,
    bus::{Handler, HandlerError},
    coordinator::Unobserved,
    core::Event,
    prepare::Source,
};

/// Keeps a line for each run that ended.
#[derive(Default)]
struct Ring(Mutex<Vec<String>>);

impl Handler for Ring {
    fn name(&self) -> &str {
        "ring"
    }

    fn wants(&self, kind: &str) -> bool {
        matches!(kind, "workflow_completed" | "workflow_failed")
    }

    fn handle(&self, event: &Event) -> Result<(), HandlerError> {
        // An `Err` here would make the event a dead letter, and it would come again later.
        let line = format!("{} {}", event.run, event.kind);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        Ok(())
    }
}

const WORKFLOW: &str = "\
workflow: {type: tasks}
tasks:
- {name: one, kind: noop}
- {name: other, kind: noop, needs: [one]}
";

/// Runs a graph in `home` and gives what the handler was told.
fn run(home: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let path = home.join("two.yaml");
    std::fs::write(&path, WORKFLOW)?;
    let ring = Arc::new(Ring::default());
    let mut coordinator = Coordinator::at(Home::at(home));
    coordinator.register_handler(Arc::clone(&ring) as Arc<dyn Handler>);
    let prepared = coordinator.prepare(&Source { path, ..Source::default() })?;
    coordinator.execute(&prepared, &Request::default(), &mut Unobserved)?;
    let told = ring.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(told.clone())
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = std::env::temp_dir().join(format!("dirigent-handler-{}", std::process::id()));
    std::fs::create_dir_all(&home)?;
    run(&home)?.iter().for_each(|line| println!("{line}"));
    Ok(std::fs::remove_dir_all(&home)?)
}

#[test]
fn a_registered_handler_is_told_of_the_end_before_the_run_returns() {
    let home = tempfile::tempdir().unwrap();
    let told = run(home.path()).unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("run_") && told[0].ends_with(" workflow_completed"), "{told:?}");
}
