//! `validation`: the backtest or the search that is doubted, the checks side by side, the verdict.

use std::sync::Arc;

use dirigent_trading::strategy::Registry;
use dirigent_workflow::plan::{PhasePlan, TaskPlan};
use serde_json::{Value, json};

use super::{Part, Planner, Refusal, backtest::Backtest, optimization::Optimization};
use crate::config::validation::Validation as Settings;

pub(super) struct Validation(pub(super) Arc<Registry>);

/// How many tasks share windows whose number depends on the data.
const SHARES: u32 = 8;
/// How many tasks share the trials that are held against each other.
const TRIAL_SHARES: u32 = 4;

impl Planner for Validation {
    fn kind(&self) -> &'static str {
        "validation"
    }

    fn phase(&self, part: &Part<'_>) -> Result<PhasePlan, Refusal> {
        let of_phase = part.phase.and_then(|phase| phase.validation_config.as_ref());
        let config = of_phase.or(part.workflow.definition.validation_config.as_ref());
        let settings = Settings::of(config).map_err(|(key, what, hint)| {
            let path = format!("workflow.validation_config.{key}");
            Refusal { message: format!("`{path}` {what}"), path, hint: hint.into() }
        })?;
        if let Some(count) = part.containers() {
            let path = "workflow.phases.container_count".to_owned();
            let message = format!("a validation has the tasks it needs, not {count} containers");
            return Err(Refusal { path, message, hint: "leave `container_count` out".into() });
        }
        let search = part.phase.and_then(|phase| phase.optimization_config.as_ref()).or(part
            .workflow
            .definition
            .optimization_config
            .as_ref());
        if search.is_some_and(|search| search.get("objective").is_some_and(Value::is_object)) {
            let path = "workflow.optimization_config.objective".to_owned();
            let message = "a test function has no trades that could be luck".to_owned();
            return Err(Refusal { path, message, hint: "search a strategy".into() });
        }
        let mut phase = match search {
            Some(_) => Optimization(Arc::clone(&self.0)).phase(part)?,
            None => Backtest.phase(part)?,
        };
        // Its tear sheet would stand where the report of the checks does.
        phase.tasks.retain(|task| task.kind != "backtest.report");
        let checks = Checks { part, settings: &settings, config, search: search.is_some() };
        phase.tasks.extend(checks.tasks(&input(part, search.is_some())));
        phase.kind = self.kind().into();
        phase.mode = part.mode(u64::from(SHARES));
        phase.result = Some(part.task_name("verdict"));
        Ok(phase)
    }
}

/// What the checks are told, as the backtest is.
fn input(part: &Part<'_>, is_searched: bool) -> Value {
    let of_phase = part.phase.and_then(|phase| phase.optimization_config.as_ref());
    let search = of_phase.or(part.workflow.definition.optimization_config.as_ref());
    let overlay = part.phase.map(|phase| &phase.config).filter(|config| !config.is_empty());
    let mut input = json!({});
    if let Some(overlay) = overlay {
        input["config"] = json!(overlay);
    }
    if is_searched {
        input["search"] = json!(search);
        input["params_of"] = "rank".into();
    }
    input
}

struct Checks<'a> {
    part: &'a Part<'a>,
    settings: &'a Settings,
    config: Option<&'a serde_json::Map<String, Value>>,
    search: bool,
}

impl Checks<'_> {
    fn tasks(&self, input: &Value) -> Vec<TaskPlan> {
        let mut input = input.clone();
        input["validation"] = json!(self.config);
        let settings = self.settings;
        let mut tasks = Vec::new();
        let mut add = |name: &str, count: Option<usize>, needs: &[&str]| {
            let count = count.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            tasks.push(self.task(name, count, needs, &input));
        };
        if settings.makes("walk_forward") {
            add(
                "walk_forward",
                Some(settings.walk_forward.count().unwrap_or(SHARES as usize)),
                &[],
            );
        }
        if self.search && self.compares() {
            add("trial_returns", Some(TRIAL_SHARES as usize), &[]);
        }
        if self.compares() {
            let needs: &[&str] = if self.search { &["trial_returns"] } else { &[] };
            add("choice", None, needs);
        }
        if settings.makes("monte_carlo") {
            add("monte_carlo", None, &[]);
        }
        if settings.makes("perturbation") {
            add("perturbation", None, &[]);
        }
        if settings.makes("costs") {
            add("costs", Some(settings.costs.len()), &[]);
        }
        if settings.makes("delays") {
            add("delays", Some(settings.delays.len()), &[]);
        }
        let made: Vec<String> = tasks.iter().map(|task| task.name.clone()).collect();
        let mut verdict = self.task("verdict", None, &[], &input);
        verdict.needs.extend(made);
        let mut report = self.task("report", None, &["verdict"], &input);
        report.needs.extend(verdict.needs.iter().cloned());
        tasks.extend([verdict, report]);
        tasks
    }

    /// Whether trials are held against each other, or one of them against chance.
    fn compares(&self) -> bool {
        ["k_fold", "combinatorial", "luck"].iter().any(|check| self.settings.makes(check))
    }

    fn task(&self, name: &str, count: Option<u32>, needs: &[&str], input: &Value) -> TaskPlan {
        let own =
            if self.search { &["execute_strategy", "rank"][..] } else { &["execute_strategy"] };
        let needs = own.iter().chain(needs).map(|need| self.part.task_name(need)).collect();
        let mut input = input.clone();
        if let Some(count) = count {
            input["shares"] = count.into();
        }
        TaskPlan {
            name: self.part.task_name(name),
            kind: format!("validation.{name}"),
            needs,
            input,
            count,
            retry: self.part.restarts(),
            takes: self.part.takes(None),
            ..TaskPlan::default()
        }
    }
}
