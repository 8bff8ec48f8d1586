//! Phases that take what others found: whose data, whose word, and on which days.

use dirigent::{Error, Request, Summary, coordinator::Unobserved, workflow::run::RunStatus};

use crate::world::World;

fn try_run(world: &World, phases: &str, more: &str) -> Result<Summary, Error> {
    let text = format!(
        "
workflow:
  type: multi_phase
  phases:
{phases}
data: {{source: synthetic, symbols: [A], start_date: 2020-01-01, synthetic: {{bars: 900}}, out_of_sample_start: 2022-01-03}}
strategies:
- {{name: trend.up, type: sma_crossover, params: {{fast: 5}}}}
- {{name: turn, type: rsi_mean_reversion}}
{more}
"
    );
    let coordinator = world.coordinator();
    let prepared = world.prepare_text(&coordinator, &text)?;
    coordinator.execute(&prepared, &Request::default(), &mut Unobserved)
}

fn run(world: &World, phases: &str, more: &str) -> Summary {
    let summary = try_run(world, phases, more).unwrap();
    assert_eq!(summary.status, RunStatus::Completed, "{:?}", summary.error);
    summary
}

fn refused(phases: &str) -> String {
    try_run(&World::new(), phases, "").unwrap_err().to_string()
}

const SEARCH: &str = "  - {name: pd, type: optimization, container_count: 8}";

/// The best trial of a replay is what its weights come to when they are run whole: of other days than the
/// search before it, it captures signals of its own.
#[test]
fn a_replay_of_other_days_captures_its_own_signals() {
    let world = World::new();
    let early = "  - {name: pd, type: optimization, container_count: 8, config: {data: {end_date: 2020-12-31}}}";
    for (search, own) in [(SEARCH, 0), (early, 2)] {
        let weigh = "  - {name: eo, type: optimization, method: signal_replay, container_count: 20, inputs: [pd.best_params]}";
        let found = run(&world, &format!("{search}\n{weigh}"), "");
        let result = &found.result["eo"];
        let folder = world.home().run_folder(&found.run_id.parse().unwrap());
        let equity = std::fs::read_to_string(folder.join("eo-equity.csv")).unwrap();
        let last: f64 = equity.lines().last().unwrap().split(',').nth(1).unwrap().parse().unwrap();
        assert!((result["best"]["final_equity"].as_f64().unwrap() - last).abs() < 1e-6, "{result}");
        let phase = &found.phases[1]["outputs"];
        let computed = phase["signals"]["signals_computed"].as_u64().unwrap_or(0);
        assert_eq!(computed, own, "{phase}");
    }
}

/// Names with dots are names, and numbers of a phase are those of the file.
#[test]
fn members_and_settings_of_phases_are_found_by_their_names() {
    let world = World::new();
    let test = "  - {name: val, type: backtest, inputs: [pd.best_params], config: {risk: {stop_loss_pct: 3}}}";
    let found = run(&world, &format!("{SEARCH}\n{test}"), "");
    let slow = &found.result["pd"]["best_params"]["trend.up"]["slow"];
    let traded = &found.phases[1]["outputs"]["parse_config"]["strategies"][0];
    assert_eq!(traded["params"]["slow"], *slow, "{traded}");
}

#[test]
fn what_two_phases_say_of_the_same_is_refused() {
    let two = "  - {name: z, type: optimization, container_count: 8}\n  - {name: b, type: optimization, container_count: 8}";
    let both =
        format!("{two}\n  - {{name: val, type: backtest, inputs: [z.best_params, b.best_params]}}");
    assert!(
        refused(&both).contains("takes `best_params` of both `z` and `b`"),
        "{}",
        refused(&both)
    );
}

/// Days of its own do not let a search or an analysis see the days of the test, however they are written.
#[test]
fn no_phase_searches_the_days_of_the_test() {
    let world = World::new();
    let look = "  - {name: ra, type: analysis, inputs: [pd.best_params], config: {data: {start_date: 2020-06-01}}}";
    let found = run(&world, &format!("{SEARCH}\n{look}"), "");
    assert!(found.result["ra"].to_string().contains("2021-12-31"), "{}", found.result["ra"]);
    let early = "  - {name: val, type: backtest, inputs: [ra.regime_weights], config: {data: {start_date: \"2021-1-4\", end_date: 2021-12-31}}}";
    let why = refused(&format!("{SEARCH}\n{look}\n{early}"));
    assert!(why.contains("tests on days that phase `pd` has searched"), "{why}");
}

#[test]
fn a_regime_in_which_nobody_counts_is_refused() {
    let world = World::new();
    let ensemble = "ensemble: {regime_weights: {wild: {}}}\nregimes: {method: volatility}";
    let test = "  - {name: val, type: backtest}";
    let failed = try_run(&world, test, ensemble).unwrap().error.unwrap().message;
    assert!(failed.contains("in regime `wild` no strategy has a weight"), "{failed}");
}
