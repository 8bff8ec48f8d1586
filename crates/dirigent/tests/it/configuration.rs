//! Layers, defaults, origins, schema and reference of the configuration.

use std::collections::BTreeMap;

use dirigent::config::{self, Config, Vocabulary, keys, workflow as w};
use dirigent_workflow::file::{
    Document, Environment, Layer, Problems, SourceKind,
    spec::{Field, Kind, Need, Section},
};
use proptest::prelude::*;

use crate::registered::Registered;

pub(crate) const GOOD: &str = "\
workflow: {type: backtest, timeout_seconds: 7}
data: {path: prices.csv, start_date: 2005-01-01}
strategy: {type: sma_crossover, params: {fast: 5, slow: 20}}
";

pub(crate) fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn read(
    text: &str,
    variables: &[(&str, &str)],
    sets: &[&str],
) -> Result<Config, Problems> {
    let environment = environment(variables);
    let mut document = Document::parse("prices/run.yaml", text.as_bytes())?;
    document.apply_environment(&environment, keys::VARIABLES, &keys::FILE);
    sets.iter().for_each(|assignment| document.set(assignment));
    config::read(&document, &environment, &Registered)
}

/// Value, origin and layer of `key` in the explanation.
pub(crate) fn explained(config: &Config, key: &str) -> (String, String, Layer) {
    let found = config.explained.iter().find(|line| line.key == key);
    let line = found.unwrap_or_else(|| config.explained.first().unwrap());
    assert_eq!(line.key, key);
    (line.value.clone(), line.origin.clone(), line.layer)
}

#[test]
fn each_layer_overrides_the_one_below() {
    let key = "workflow.timeout_seconds";
    let bare = GOOD.replace(", timeout_seconds: 7", "");
    let named: &[_] = &[("WORKFLOW_TIMEOUT", "8")];
    let nested: &[_] = &[("WORKFLOW_TIMEOUT", "8"), ("DIRIGENT__WORKFLOW__TIMEOUT_SECONDS", "9")];
    let set: &[_] = &["workflow.timeout_seconds=10"];
    let check = |text: &str, variables, sets, expected: (f64, &str, Layer)| {
        let config = read(text, variables, sets).unwrap();
        let (_, origin, layer) = explained(&config, key);
        let found = (config.workflow.definition.timeout_seconds, origin.as_str(), layer);
        assert_eq!(found, expected);
    };
    check(&bare, &[], &[], (3600.0, "default", Layer::Default));
    check(GOOD, &[], &[], (7.0, "prices/run.yaml:1:45", Layer::File));
    check(GOOD, named, &[], (8.0, "environment WORKFLOW_TIMEOUT", Layer::Environment));
    let origin = "environment DIRIGENT__WORKFLOW__TIMEOUT_SECONDS";
    check(GOOD, nested, &[], (9.0, origin, Layer::Environment));
    let origin = "--set workflow.timeout_seconds";
    check(GOOD, nested, set, (10.0, origin, Layer::CommandLine));
}

#[test]
fn an_assignment_takes_scalars_lists_maps_and_indices() {
    let sets = [
        "data.path={symbol}.csv",
        "data.symbols=[AAPL, 'MSFT']",
        "data.symbols.2=IBM",
        "data.symbols.0=0700.HK",
        "portfolio.sizing={type: fixed_cash, cash: 5000}",
        "name=a = b",
    ];
    let config = read(GOOD, &[], &sets).unwrap();
    let data = config.workflow.data.unwrap();
    assert_eq!(data.symbols, ["0700.HK", "MSFT", "IBM"]);
    assert_eq!(data.path_of("IBM").as_deref(), Some("IBM.csv"));
    assert_eq!(config.workflow.name, "a = b");
    let cash = w::Sizing::FixedCash { cash: "5000".parse().unwrap() };
    assert_eq!(config.workflow.portfolio.sizing, cash);
}

#[test]
fn a_mistake_in_a_layer_points_into_the_layer() {
    let check = |variables: &[(&str, &str)], set: &str, expected: &str| {
        let problems = read(GOOD, variables, &[set]).unwrap_err();
        let text = problems.to_string();
        assert!(text.contains(expected), "{text}");
    };
    let set = "data.start_date=2005-01-01";
    check(&[], "nonsense", "error: this is no assignment\n --> --set:1:1\n");
    check(
        &[],
        "data.pah=x",
        " --> --set:1:6\n  |\n1 | data.pah=x\n  |      ^^^\nhint: did you mean",
    );
    check(&[], "data..x=1", " --> --set:1:6\n");
    check(&[], "data.symbols=[1, 2", " --> --set:1:");
    check(&[], "data.path.x=1", "`x` cannot be set inside the text `prices.csv`");
    check(&[], "data.symbols.5=A", "`data.symbols` cannot be a section");
    check(&[("WORKFLOW_TIMEOUT", "abc")], set, "environment variable WORKFLOW_TIMEOUT");
    check(&[("WORKFLOW_TIMEOUT", "-1")], set, "`workflow.timeout_seconds` is out of range");
    check(&[("DIRIGENT__DATA__PAH", "x")], set, "environment variable DIRIGENT__DATA__PAH");
}

#[test]
fn variables_are_replaced_in_paths_only() {
    let text = GOOD.replace("prices.csv", "\"${DATA}/x.csv\"");
    let text = format!("{text}name: \"${{DATA}}\"\n");
    let config = read(&text, &[("DATA", "/srv")], &[]).unwrap();
    assert_eq!(config.workflow.data.unwrap().path.as_deref(), Some("/srv/x.csv"));
    assert_eq!(config.workflow.name, "${DATA}");
    assert_eq!(config.warnings.lines(), ["`${…}` in `name` is not replaced (prices/run.yaml:4:7)"]);
    let elsewhere = read(&text, &[("DATA", "/other")], &[]).unwrap();
    assert_eq!(config.config_hash, elsewhere.config_hash, "the hash is of the file");
}

#[test]
fn the_hash_ignores_order_and_comments_and_sees_every_value() {
    let hash = |text: &str, sets: &[&str]| read(text, &[], sets).unwrap().config_hash;
    let base = hash(GOOD, &[]);
    let lines: Vec<_> = GOOD.lines().rev().collect();
    assert_eq!(hash(&format!("# moved\n{}\n", lines.join("\n")), &[]), base);
    assert_ne!(hash(&GOOD.replace("slow: 20", "slow: 21"), &[]), base);
    assert_ne!(hash(GOOD, &["strategy.params.slow=21"]), base);
    assert_eq!(hash(GOOD, &["strategy.params.slow=20"]), base);
}

#[test]
fn the_version_is_that_of_the_file() {
    let version = |line: &str| read(&format!("{GOOD}{line}"), &[], &[]).unwrap().config_version;
    assert_eq!(version(""), "1.0.0");
    assert_eq!(version("version: 2.3.4\n"), "2.3.4");
    assert_eq!(version("version: 1.10\n"), "1.10");
}

#[test]
fn money_is_exact_and_defaults_are_filled_in() {
    let text = format!(
        "{GOOD}portfolio: {{initial_cash: 0.1}}\nexecution: {{commission: {{type: bps, value: 2.5}}}}\n"
    );
    let config = read(&text, &[], &[]).unwrap();
    let workflow = &config.workflow;
    assert_eq!(workflow.name, "run");
    assert_eq!(workflow.portfolio.initial_cash.raw(), 100_000_000);
    assert!(matches!(
        workflow.execution.commission,
        w::Commission::Bps { value, minimum } if value.share_raw() == 250_000 && minimum.is_zero()
    ));
    assert!(matches!(workflow.execution.slippage, w::Slippage::None));
    assert!(matches!(
        workflow.portfolio.sizing,
        w::Sizing::PercentEquity { percent } if percent.share_raw() == 950_000_000
    ));
    assert_eq!(workflow.data.as_ref().unwrap().symbols, ["prices"]);
    assert_eq!(workflow.orchestration.max_concurrent_tasks, 5);
    assert_eq!(explained(&config, "orchestration.default_task_timeout").0, "300.0");
    assert_eq!(explained(&config, "orchestration.health_check_interval").0, "60.0");
    assert_eq!(workflow.coordinator.reproducibility.master_seed, 42);
    assert_eq!(explained(&config, "data.adjust").2, Layer::Default);
}

#[test]
fn the_mode_is_that_of_the_workflow_or_of_the_coordinator() {
    let mode = |line: &str, set: &[&str]| {
        read(&format!("{GOOD}{line}"), &[], set).unwrap().workflow.definition.execution_mode
    };
    let coordinator = "coordinator: {execution_mode: AUTO}\n";
    assert_eq!(mode("", &[]), w::Mode::Traditional);
    assert_eq!(mode(coordinator, &[]), w::Mode::Auto);
    assert_eq!(mode("", &["workflow.execution_mode=HYBRID"]), w::Mode::Hybrid);
    assert_eq!(mode(coordinator, &["workflow.execution_mode=HYBRID"]), w::Mode::Hybrid);
}

#[test]
fn a_phase_overlay_without_a_phase_is_a_warning() {
    let text = "workflow: {type: multi_phase, phases: [{name: search, type: optimization}]}\n\
                data: {path: p.csv}\ncoordinator: {phases: {serch: {max_containers: 3}}}\n";
    let config = read(text, &[], &[]).unwrap();
    let warnings = config.warnings.to_string();
    assert!(warnings.contains("`coordinator.phases.serch` has no phase"), "{warnings}");
    assert!(warnings.contains("did you mean `search`?"), "{warnings}");
}

#[test]
fn a_task_graph_needs_no_data() {
    let text = "workflow: {type: tasks}\ntasks:\n- {name: a, kind: noop, count: 10000}\n\
                - {name: b, kind: command, needs: [a], with: {run: [ls, -l]}, priority: 4}\n";
    let config = read(text, &[], &[]).unwrap();
    assert!(config.workflow.data.is_none());
    assert_eq!(config.workflow.tasks[1].needs, ["a"]);
    assert_eq!(config.workflow.tasks[1].input["run"][1], "-l");
    assert_eq!(config.workflow.tasks[0].priority, "MEDIUM");
    assert_eq!(config.workflow.tasks[1].priority, 4);
}

/// Calls `see` with every declared key and its path.
fn walk(section: &'static Section, path: &str, see: &mut dyn FnMut(&str, &'static Field)) {
    section.fields.iter().for_each(|field| walk_field(field, path, see));
}

fn walk_field(field: &'static Field, path: &str, see: &mut dyn FnMut(&str, &'static Field)) {
    let path = format!("{path}.{}", field.key);
    see(&path, field);
    walk_kind(&field.kind, &path, see);
}

fn walk_kind(kind: &'static Kind, path: &str, see: &mut dyn FnMut(&str, &'static Field)) {
    match kind {
        Kind::Section(section) => walk(section, path, see),
        Kind::List { of, .. } | Kind::Map(of) => walk_kind(of, path, see),
        Kind::Either(kinds) => kinds.iter().for_each(|kind| walk_kind(kind, path, see)),
        Kind::Tagged(tagged) => {
            tagged.variants.iter().for_each(|variant| walk(&variant.section, path, see));
        }
        _ => {}
    }
}

/// Checks one value of one key by itself.
fn check_value(field: &'static Field, yaml: &str) -> Vec<String> {
    let alone: &'static [Field] = Box::leak(Box::new([Field { need: Need::Required, ..*field }]));
    let section: &'static Section = Box::leak(Box::new(Section::new("test", alone)));
    let text = format!("{}: {yaml}\n", field.key);
    let document = Document::parse("declaration", text.as_bytes()).unwrap();
    let variables = ["DB_USER", "ALERT_WEBHOOK_URL"];
    let environment = variables.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
    let problems = document.problems(document.check(section, &environment).problems);
    problems.iter().filter(|p| p.is_error()).map(|p| p.message.clone()).collect()
}

#[test]
fn every_default_and_example_passes_its_own_check() {
    let mut count = 0;
    walk(&keys::FILE, "", &mut |path, field| {
        count += 1;
        let is_documented = !field.doc.is_empty() && !field.doc.ends_with('.');
        assert!(is_documented, "{path}: the doc is a sentence without its full stop");
        if let Need::Default(yaml) = field.need {
            assert_eq!(check_value(field, yaml), [""; 0], "default of {path}");
        }
        if !field.example.is_empty() {
            assert_eq!(check_value(field, field.example), [""; 0], "example of {path}");
        }
    });
    assert!(count > 150, "{count} keys");
}

#[test]
fn the_reference_names_every_key() {
    let page = config::reference();
    walk(&keys::FILE, "", &mut |path, field| {
        assert!(page.contains(&format!("| `{}` |", field.key)), "{path}");
    });
    assert!(page.contains("## `portfolio.sizing` with `type: fixed_cash`"), "{page}");
}

#[test]
fn the_schema_knows_every_top_key_and_the_strategies() {
    let schema = config::schema(&Registered);
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties.len(), keys::FILE.fields.len());
    let types = &schema["properties"]["workflow"]["anyOf"][0]["properties"]["type"]["allOf"][0];
    assert_eq!(types["enum"].as_array().unwrap().len(), keys::WORKFLOW_TYPES.len());
    let text = schema.to_string();
    assert!(text.matches("\"momentum_rotation\"").count() >= 3, "at each place of a strategy");
    assert!(Registered.strategies().iter().all(|name| text.contains(name)));
}

#[test]
fn command_line_sources_say_what_they_are() {
    let problems = read(GOOD, &[], &["data.pah=x"]).unwrap_err();
    let span = problems.iter().next_back().unwrap().span.unwrap();
    assert_eq!(problems.sources().of(span).unwrap().kind(), SourceKind::CommandLine);
    assert_eq!(problems.to_json()[0]["origin"], "command_line");
}

/// Reads `bytes` and prints whatever comes out.
fn digest(bytes: &[u8]) {
    let Ok(mut document) = Document::parse("any", bytes) else { return };
    document.set(&String::from_utf8_lossy(bytes));
    match config::read(&document, &BTreeMap::new(), &Registered) {
        Ok(config) => assert!(!config.explained.is_empty()),
        Err(problems) => assert!(!problems.to_string().is_empty() && problems.has_error()),
    }
}

/// Words that make YAML, keys that exist, and values that are nearly right.
fn fragments() -> impl Strategy<Value = String> {
    let words = [
        "workflow",
        "type",
        "backtest",
        "data",
        "path",
        "symbols",
        "strategy",
        "rules",
        "let",
        ":",
        ": ",
        "\n",
        "\n  ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\"",
        "'",
        "&a ",
        "*a",
        "|",
        ">",
        "#",
        "? ",
        "!!str ",
        "---\n",
        "${X}",
        "1e999",
        ".nan",
        "-1",
        "2005-01-01",
        "yes",
        "null",
        "\t",
        "\r\n",
        "é",
        "日",
        "\u{feff}",
        "\0",
        "<<",
        "%",
        "tasks",
        "needs",
        "name",
        "kind",
        "phases",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..60)
        .prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        digest(&bytes);
    }

    #[test]
    fn anything_like_yaml_is_read_or_refused(text in fragments()) {
        digest(text.as_bytes());
    }

    #[test]
    fn a_changed_byte_of_a_good_file_is_read_or_refused(at in 0..GOOD.len(), byte in any::<u8>()) {
        let mut bytes = GOOD.as_bytes().to_vec();
        bytes[at] = byte;
        digest(&bytes);
    }
}
