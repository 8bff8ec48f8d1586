//! The chain of phases: who trades what whom found, and on which days.
//!
//! Promises: a phase that takes what another found takes also what that one was found with, so nothing
//! has to be named twice; and what a search found is tested on days that it has not seen, or refused.

use dirigent_core::Timestamp;
use dirigent_workflow::plan::{InputRef, PhasePlan};
use serde_json::{Map, Value, json};

use super::{Part, Refusal, replay};
use crate::{
    config::{
        search::setting,
        workflow::{Phase, Workflow},
    },
    setup::found,
};

/// Before any bar there is.
const FIRST_DAY: &str = "1700-01-01";
/// The types that look for something in the data.
const SEARCHES: [&str; 2] = ["optimization", "analysis"];
/// The types that test what was found.
const TESTS: [&str; 2] = ["backtest", "validation"];

fn is_found(input: &InputRef) -> bool {
    found::NAMES.contains(&input.key.as_str())
}

/// Whether a phase trades what an earlier one found.
fn takes_found(phase: &Phase) -> bool {
    let inputs = phase.inputs.iter().filter_map(|text| text.parse::<InputRef>().ok());
    inputs.into_iter().any(|input| is_found(&input))
}

/// Completes the inputs of `phases`.
///
/// # Errors
/// If a phase takes the same from two others.
pub(super) fn link(phases: &mut [PhasePlan]) -> Result<(), Refusal> {
    for at in 0..phases.len() {
        let (earlier, rest) = phases.split_at_mut(at);
        let Some(phase) = rest.first_mut() else { continue };
        let mut inputs = phase.inputs.clone();
        for input in phase.inputs.iter().filter(|input| is_found(input)) {
            let Some(source) = earlier.iter().find(|source| source.name == input.phase) else {
                continue;
            };
            let mut add = |input: InputRef| {
                if !inputs.contains(&input) {
                    inputs.push(input);
                }
            };
            source.inputs.iter().filter(|input| is_found(input)).cloned().for_each(&mut add);
            if input.key == "final_weights" {
                add(InputRef { key: "best_params".into(), ..input.clone() });
            }
            if input.key == "best_params" && has_kind(source, "optimization.staged") {
                add(InputRef { key: "best_config".into(), ..input.clone() });
            }
        }
        phase.inputs = inputs;
        one_of_each(earlier, phase, at)?;
        take_detector(earlier, phase);
        if phase.tasks.iter().any(|task| task.name == format!("{}.{}", phase.name, replay::SIGNALS))
        {
            share_signals(earlier, phase);
        }
    }
    Ok(())
}

fn has_kind(phase: &PhasePlan, kind: &str) -> bool {
    phase.tasks.iter().any(|task| task.kind == kind)
}

/// Refuses what two phases say about the same: which of them counts would be a guess.
fn one_of_each(earlier: &[PhasePlan], phase: &PhasePlan, at: usize) -> Result<(), Refusal> {
    let of_weights = |input: &InputRef| {
        let source = earlier.iter().find(|source| source.name == input.phase);
        source.is_some_and(|source| has_kind(source, "optimization.weigh"))
    };
    let mut seen: Vec<(&str, bool, &str)> = Vec::new();
    for input in phase.inputs.iter().filter(|input| is_found(input)) {
        let (key, is_weights) = (input.key.as_str(), of_weights(input));
        if let Some((.., other)) = seen.iter().find(|own| (own.0, own.1) == (key, is_weights)) {
            return Err(Refusal {
                path: format!("workflow.phases.{at}.inputs"),
                message: format!(
                    "phase `{}` takes `{key}` of both `{other}` and `{}`",
                    phase.name, input.phase
                ),
                hint: "take it of one; what that one was found with comes along".into(),
            });
        }
        seen.push((key, is_weights, &input.phase));
    }
    Ok(())
}

/// Weights of regimes are read with the detector that they were found with.
fn take_detector(earlier: &[PhasePlan], phase: &mut PhasePlan) {
    let input = phase.inputs.iter().find(|input| input.key == "regime_weights");
    let source = input.and_then(|input| earlier.iter().find(|own| own.name == input.phase));
    let tasks = source.into_iter().flat_map(|source| &source.tasks);
    let mut found = tasks.map(|task| &task.input["config"]["regimes"]);
    let Some(regimes) = found.find(|regimes| regimes.is_object()).cloned() else { return };
    for task in &mut phase.tasks {
        if task.kind != "optimization.judge" && task.input["config"]["regimes"].is_null() {
            task.input["config"]["regimes"] = regimes.clone();
        }
    }
}

/// What the tasks of a phase lay over the data and the strategies of the file.
fn laid(phase: &PhasePlan) -> [Value; 2] {
    let name = format!("{}.{}", phase.name, replay::RANK);
    let rank = phase.tasks.iter().find(|task| task.name == name);
    let config = rank.map_or(Value::Null, |task| task.input["config"].clone());
    [config["data"].clone(), config["strategies"].clone()]
}

/// A replay takes the signals of the search whose parameters it trades.
fn share_signals(earlier: &mut [PhasePlan], phase: &mut PhasePlan) {
    let of_search = |source: &PhasePlan| {
        source.kind == "optimization"
            && phase
                .inputs
                .iter()
                .any(|input| input.phase == source.name && input.key == "best_params")
    };
    let Some(at) = earlier.iter().rposition(of_search) else { return };
    // Signals of other bars or strategies are none of this phase: it captures its own.
    if laid(&earlier[at]) != laid(phase) {
        return;
    }
    replay::share(&mut earlier[at], phase);
    let signals = InputRef { phase: earlier[at].name.clone(), key: replay::SIGNALS.into() };
    phase.inputs.push(signals);
}

/// What is laid over the settings of a search that is alone.
pub(super) fn in_sample(workflow: &Workflow) -> Map<String, Value> {
    let mut config = Map::new();
    if SEARCHES.contains(&workflow.definition.kind.as_str()) {
        end_before_test(workflow, &mut config);
    }
    config
}

fn end_before_test(workflow: &Workflow, config: &mut Map<String, Value>) {
    let data = workflow.data.as_ref();
    let start = data.and_then(|data| data.out_of_sample_start.as_deref());
    if let Some(last) = start.and_then(day_before) {
        config.insert("data".into(), json!({"end_date": last}));
    }
}

/// `phase` on the days that it may see: a search ends where the test begins, a test begins there, with
/// what came before as its history. Days of its own count more.
pub(super) fn dated(workflow: &Workflow, phase: &Phase) -> Phase {
    let mut phase = phase.clone();
    setting::normalize(&mut phase.config, "");
    let Some(data) = &workflow.data else { return phase };
    let Some(start) = &data.out_of_sample_start else { return phase };
    let own = phase.config.get("data");
    let text = |key: &str| own.and_then(|own| own.get(key)?.as_str().map(iso));
    let (first, last) = (text("start_date"), text("end_date"));
    let mut dates = Map::new();
    if SEARCHES.contains(&phase.kind.as_str()) {
        // Days of its own end where the test begins, too.
        let before =
            day_before(start).filter(|before| last.as_ref().is_none_or(|own| own > before));
        dates.extend(before.map(|before| ("end_date".to_owned(), before.into())));
    } else if first.is_some() || last.is_some() {
        return phase;
    } else if TESTS.contains(&phase.kind.as_str()) && takes_found(&phase) {
        let first = data.warmup_start.as_ref().or(data.start_date.as_ref());
        let first = first.map_or(FIRST_DAY, String::as_str);
        dates.insert("start_date".into(), start.as_str().into());
        dates.insert("warmup_start".into(), first.into());
    }
    if !dates.is_empty() {
        let data = phase.config.entry("data").or_insert_with(|| json!({}));
        data.as_object_mut().into_iter().for_each(|data| data.extend(dates.clone()));
    }
    phase
}

/// The settings with which a phase that tests what was found trades the days that were searched; none
/// where these are not known.
pub(super) fn searched_days(part: &Part<'_>) -> Option<Value> {
    let (data, phase) = (part.workflow.data.as_ref()?, part.phase?);
    let is_test = takes_found(phase) && data.out_of_sample_start.is_some();
    let own = phase.config.get("data").filter(|own| is_test && own["warmup_start"].is_string())?;
    let mut config = Value::Object(phase.config.clone());
    config["data"]["start_date"] = data.start_date.clone().into();
    config["data"]["warmup_start"] = data.warmup_start.clone().into();
    config["data"]["end_date"] = day_before(own["start_date"].as_str()?)?.into();
    Some(config)
}

/// Refuses to test on days that an earlier phase has searched.
pub(super) fn guard(workflow: &Workflow, phases: &[Phase]) -> Result<(), Refusal> {
    for (at, phase) in phases.iter().enumerate() {
        let is_test = TESTS.contains(&phase.kind.as_str()) && takes_found(phase);
        if !is_test || phase.allow_searched_data {
            continue;
        }
        let own = days(workflow, phase);
        let searched = |other: &&Phase| {
            SEARCHES.contains(&other.kind.as_str()) && overlap(&days(workflow, other), &own)
        };
        if let Some(search) = phases[..at].iter().find(searched) {
            return Err(Refusal {
                path: format!("workflow.phases.{at}"),
                message: format!(
                    "phase `{}` tests on days that phase `{}` has searched: what looks good there may \
                     be luck",
                    phase.name, search.name
                ),
                hint:
                    "set `data.out_of_sample_start` to a day that splits the data, give the phase \
                       days of its own as `config: {data: {start_date: …}}`, or write \
                       `allow_searched_data: true`"
                        .into(),
            });
        }
    }
    Ok(())
}

/// The first day and the last, as far as they are given.
fn days(workflow: &Workflow, phase: &Phase) -> [Option<String>; 2] {
    let of_file = workflow.data.as_ref();
    let own = |key: &str| phase.config.get("data")?.get(key)?.as_str().map(iso);
    let start = own("start_date").or_else(|| of_file?.start_date.clone());
    let end = own("end_date").or_else(|| of_file?.end_date.clone());
    [start, end]
}

fn overlap([a_start, a_end]: &[Option<String>; 2], [b_start, b_end]: &[Option<String>; 2]) -> bool {
    // Days written as YYYY-MM-DD sort like text.
    let is_before = |end: &Option<String>, start: &Option<String>| match (end, start) {
        (Some(end), Some(start)) => end < start,
        _ => false,
    };
    !is_before(a_end, b_start) && !is_before(b_end, a_start)
}

/// A day with two digits for month and day, so that days sort like text.
fn iso(day: &str) -> String {
    let parts: Vec<Option<u32>> = day.splitn(3, '-').map(|part| part.parse().ok()).collect();
    match parts[..] {
        [Some(year), Some(month), Some(day)] => format!("{year:04}-{month:02}-{day:02}"),
        _ => day.to_owned(),
    }
}

/// The day before `YYYY-MM-DD`.
fn day_before(day: &str) -> Option<String> {
    const DAY_NANOS: i64 = 86_400_000_000_000;
    let mut parts = day.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let midnight =
        Timestamp::from_date(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)?;
    let before = Timestamp::from_nanos(midnight.as_nanos().checked_sub(DAY_NANOS)?);
    let (year, month, day) = before.date();
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_before_is_the_day_before() {
        assert_eq!(day_before("2012-03-01").as_deref(), Some("2012-02-29"));
        assert_eq!(day_before("2011-01-01").as_deref(), Some("2010-12-31"));
        assert_eq!(day_before("x"), None);
    }

    #[test]
    fn periods_overlap_unless_one_ends_before_the_other_begins() {
        let days = |text: &str| {
            let (start, end) = text.split_once('/').unwrap();
            [start, end].map(|day| Some(day.to_owned()).filter(|day| !day.is_empty()))
        };
        for (a, b, expected) in [
            ("/", "/", true),
            ("/2010-12-31", "2011-01-01/", false),
            ("/2011-01-01", "2011-01-01/", true),
            ("2011-01-01/", "/2010-12-31", false),
            ("2001-01-01/2002-01-01", "2003-01-01/2004-01-01", false),
            ("2001-01-01/2005-01-01", "2003-01-01/2004-01-01", true),
        ] {
            assert_eq!(overlap(&days(a), &days(b)), expected, "{a} {b}");
        }
    }
}
