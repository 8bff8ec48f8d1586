//! A workflow type of your own, with a kind of task of its own: made-up price paths in one phase,
//! what they say in the next.
//!
//! Run it: `cargo run -p dirigent --example planner`

use std::{path::Path, sync::Arc};

use dirigent::{
    Coordinator, Home, Request, Summary,
    config::Workflow,
    coordinator::Unobserved,
    planner::{Part, Planned, Planner, Planners, Refusal},
    prepare::Source,
    workflow::{
        plan::{InputRef, Limits, Mode, PhasePlan, TaskPlan},
        port::{TaskContext, TaskError, TaskKind, TaskOutput},
    },
};
use serde_json::{Value, json};

const WORKFLOW: &str = "\
name: paths
workflow:
  type: monte_carlo
  config: {paths: 500, days: 250, volatility: 0.2}
";

/// `workflow.type: monte_carlo`: a phase that draws paths, and one that looks at where they end.
struct MonteCarlo;

impl Planner for MonteCarlo {
    fn kind(&self) -> &'static str {
        "monte_carlo"
    }

    fn phase(&self, part: &Part<'_>) -> Result<PhasePlan, Refusal> {
        Err(Refusal {
            path: format!("workflow.phases.{}.type", part.name),
            message: "`monte_carlo` is two phases and cannot be one of another workflow".into(),
            hint: "give it a file of its own".into(),
        })
    }

    fn plan(&self, workflow: &Workflow, _planners: &Planners) -> Result<Planned, Refusal> {
        let config = &workflow.definition.config;
        let count = config.get("paths").and_then(Value::as_u64).unwrap_or(100);
        let count = u32::try_from(count).ok().filter(|count| (1..=1_000_000).contains(count));
        let count = count.ok_or_else(|| Refusal {
            path: "workflow.config.paths".into(),
            message: "`paths` must be from 1 to 1000000".into(),
            hint: "write `config: {paths: 500}`".into(),
        })?;
        let path = TaskPlan {
            name: "path".into(),
            kind: "monte_carlo.path".into(),
            input: Value::Object(config.clone()),
            count: Some(count),
            // Each path has a container, and so a seed, of its own.
            container: Some("draw/path".into()),
            ..TaskPlan::default()
        };
        let draw = PhasePlan {
            name: "draw".into(),
            kind: self.kind().into(),
            mode: Part::whole(workflow, "draw").mode(count.into()),
            tasks: vec![path],
            ..PhasePlan::default()
        };
        let quantiles = TaskPlan {
            name: "quantiles".into(),
            kind: "monte_carlo.quantiles".into(),
            ..TaskPlan::default()
        };
        let judge = PhasePlan {
            name: "judge".into(),
            kind: self.kind().into(),
            mode: Mode::Traditional,
            tasks: vec![quantiles],
            inputs: vec![InputRef { phase: "draw".into(), key: "path".into() }],
            result: Some("quantiles".into()),
            ..PhasePlan::default()
        };
        Ok(Planned { phases: vec![draw, judge], limits: Limits::default() })
    }
}

/// Draws one path and delivers where it ends, in cents: whole numbers are the same everywhere.
struct DrawPath;

impl TaskKind for DrawPath {
    fn name(&self) -> &'static str {
        "monte_carlo.path"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let number = |key: &str, default| context.input[key].as_f64().unwrap_or(default);
        let daily = number("volatility", 0.2) / number("days", 250.0).sqrt();
        let mut stream = context.container.seed().stream();
        let mut price = 100.0;
        for _ in 0..context.input["days"].as_u64().unwrap_or(250) {
            // A long loop looks at the watch, so that it can be stopped.
            if context.watch.stopped() {
                return Err(TaskError::Stopped);
            }
            price *= 1.0 + daily * stream.normal();
        }
        Ok(TaskOutput { value: json!((price * 100.0).round()), ..TaskOutput::default() })
    }
}

/// Delivers the fifth and the fiftieth percentile of all paths.
struct Quantiles;

impl TaskKind for Quantiles {
    fn name(&self) -> &'static str {
        "monte_carlo.quantiles"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let ends = context.inputs["draw.path"].as_array().into_iter().flatten();
        let mut ends: Vec<f64> = ends.filter_map(Value::as_f64).collect();
        ends.sort_by(f64::total_cmp);
        let at = |percent: usize| ends.get(ends.len() * percent / 100).map(|cents| cents / 100.0);
        let value = json!({"paths": ends.len(), "p05": at(5), "p50": at(50)});
        Ok(TaskOutput { value, ..TaskOutput::default() })
    }
}

/// A coordinator in `home` that knows the new type and its kinds of tasks.
fn coordinator(home: &Path) -> Coordinator {
    let mut coordinator = Coordinator::at(Home::at(home));
    coordinator.register_planner(Arc::new(MonteCarlo));
    coordinator.register_task(Arc::new(DrawPath));
    coordinator.register_task(Arc::new(Quantiles));
    coordinator
}

/// Writes `text` to a file in `home` and runs it there.
fn run(home: &Path, text: &str) -> Result<Summary, Box<dyn std::error::Error>> {
    let path = home.join("paths.yaml");
    std::fs::write(&path, text)?;
    let coordinator = coordinator(home);
    let prepared = coordinator.prepare(&Source { path, ..Source::default() })?;
    Ok(coordinator.execute(&prepared, &Request::default(), &mut Unobserved)?)
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = std::env::temp_dir().join(format!("dirigent-planner-{}", std::process::id()));
    std::fs::create_dir_all(&home)?;
    let summary = run(&home, WORKFLOW)?;
    println!("{} {} {}", summary.run_id, summary.status.as_str(), summary.result);
    Ok(std::fs::remove_dir_all(&home)?)
}

#[test]
fn wft_17_a_registered_workflow_type_runs_its_two_phases_from_a_file() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let summary = run(one.path(), WORKFLOW).unwrap();
    let result = &summary.result["judge"];
    assert_eq!(result["paths"], 500, "{}", summary.result);
    // A path ends around 100, and one in twenty below about 100 · exp(−1.645 · 0.2 − 0.02) = 70.5.
    assert!((result["p50"].as_f64().unwrap() - 98.0).abs() < 4.0, "{result}");
    assert!((result["p05"].as_f64().unwrap() - 70.5).abs() < 4.0, "{result}");
    let again = run(two.path(), WORKFLOW).unwrap();
    assert!(summary.digest.is_some());
    assert_eq!(summary.digest, again.digest);
    let other = run(two.path(), &WORKFLOW.replace("500", "400")).unwrap();
    assert_ne!(other.digest, again.digest);
}

#[test]
fn a_misspelled_type_or_a_wrong_setting_is_refused_at_its_place() {
    let home = tempfile::tempdir().unwrap();
    let refused = |text: &str| run(home.path(), text).unwrap_err().to_string();
    let text = refused(&WORKFLOW.replace("monte_carlo", "monte_carl"));
    assert!(text.contains("unknown `workflow.type` `monte_carl`"), "{text}");
    assert!(text.contains("did you mean `monte_carlo`? valid: `backtest`, "), "{text}");
    let text = refused(&WORKFLOW.replace("500", "0"));
    assert!(text.contains("paths.yaml:4:") && text.contains("must be from 1"), "{text}");
}
