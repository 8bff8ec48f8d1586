//! Reports: what the pages say is what the files of the runs say.

use std::collections::BTreeMap;

use crate::world::{World, synthetic};

/// The cells of the table called `title` on a page, as text, row by row.
fn table(page: &str, title: &str) -> Vec<Vec<String>> {
    let (_, rest) = page.split_once(&format!("aria-label=\"{title}\">")).expect(title);
    let (body, _) = rest.split_once("</table>").unwrap();
    let (_, body) = body.split_once("<tbody>").unwrap();
    let row = |row: &str| row.split("</t").map(text).filter(|cell| !cell.is_empty()).collect();
    body.split("</tr>").map(row).filter(|row: &Vec<String>| !row.is_empty()).collect()
}

/// What is left of markup without its tags.
fn text(markup: &str) -> String {
    markup.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect::<String>()
}

fn number(cell: &str) -> f64 {
    cell.replace('−', "-").replace([',', '+', '%'], "").parse().unwrap_or(f64::NAN)
}

/// The rows of a CSV file of a run by the names of its columns.
fn rows(csv: &str) -> Vec<BTreeMap<&str, &str>> {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| names.iter().copied().zip(line.split(',')).collect()).collect()
}

/// The numbers of the report are those of the trade log, computed anew.
#[test]
fn trd_15_agt_09_the_numbers_of_a_report_are_those_of_the_trade_log() {
    let world = World::new();
    let file = world.file("a.yaml", synthetic(6_000));
    let run = world.json(&["run", &file]);
    let folder = world.home().join("runs").join(run["run_id"].as_str().unwrap());
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (page, trades) = (read("report.html"), read("trades.csv"));
    let trades = rows(&trades);
    assert!(trades.len() > 100, "{}", trades.len());
    for (title, key) in [
        (
            "Hour of entry",
            (|trade| format!("{}:00", &trade["entry_time"][11..13]))
                as fn(&BTreeMap<&str, &str>) -> String,
        ),
        ("By symbol", |trade| trade["symbol"].to_owned()),
    ] {
        let mut expected: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        for trade in &trades {
            let (count, total) = expected.entry(key(trade)).or_default();
            *count += 1.0;
            *total += trade["pnl"].parse::<f64>().unwrap();
        }
        let column = if title == "By symbol" { 3 } else { 4 };
        let mut shown = table(&page, title);
        shown.retain(|row| row[0] != "Net result");
        assert_eq!(shown.len(), expected.len(), "{title}: {shown:?}");
        for row in shown {
            let (count, total) = expected[&row[0]];
            assert!((number(&row[1]) - count).abs() < 0.5, "{row:?}");
            assert!((number(&row[column]) - total).abs() < 0.006, "{row:?}: {total}");
        }
    }
    let net = run["result"]["final_equity"].as_f64().unwrap()
        - run["result"]["initial_cash"].as_f64().unwrap();
    let account = table(&page, "From gross to net");
    let last = account.last().unwrap();
    assert_eq!(last[0], "Net result");
    assert!((number(&last[1]) - net).abs() < 0.006, "{last:?}: {net}");
}

/// What is drawn depends on the run alone.
#[test]
fn rep_05_a_report_made_again_has_the_same_bytes_but_for_its_run() {
    let world = World::new();
    let file = world.file("a.yaml", synthetic(500));
    let page = |_| {
        let run = world.json(&["run", &file]);
        let id = run["run_id"].as_str().unwrap();
        let path = world.home().join("runs").join(id).join("report.html");
        std::fs::read_to_string(path).unwrap().replace(id, "run")
    };
    let [one, other] = [1, 2].map(page);
    assert!(one == other, "the pages differ");
}

#[test]
fn rep_05_several_runs_are_compared_on_one_page() {
    let world = World::new();
    let file = world.file("a.yaml", synthetic(3_000));
    let run = |fast: &str, key: &str| {
        let fast = format!("strategy.params.fast={fast}");
        world.json(&["run", &file, "--set", &fast, "--correlation-id", key])
    };
    let runs = [run("3", "three"), run("5", "five"), run("8", "eight")];
    let answer = world.json(&["report", "three", "five", "eight"]);
    let path = answer["path"].as_str().unwrap();
    assert!(path.starts_with(world.home().join("comparisons").to_str().unwrap()), "{path}");
    let page = std::fs::read_to_string(path).unwrap();
    let out = world.path().join("deep/er.html");
    world.json(&["report", "three", "five", "eight", "--out", out.to_str().unwrap()]);
    assert!(std::fs::read_to_string(out).unwrap() == page, "made again, it has other bytes");

    let sharpe = table(&page, "Metrics").into_iter().find(|row| row[0] == "Sharpe").unwrap();
    let of = |run: &serde_json::Value| run["result"]["metrics"]["sharpe"].as_f64().unwrap();
    let best = runs.iter().map(of).fold(f64::MIN, f64::max);
    for (cell, run) in sharpe[1..].iter().zip(&runs) {
        let is_best = cell.ends_with(" (best)");
        assert_eq!(is_best, of(run).to_bits() == best.to_bits(), "{sharpe:?}");
        let shown = number(cell.trim_end_matches(" (best)"));
        assert!((shown - of(run)).abs() < 0.006, "{cell}: {}", of(run));
    }
    let differs = table(&page, "What differs");
    assert_eq!(differs, [["strategy.params.fast", "3", "5", "8"]]);
    let correlations = table(&page, "Correlation of daily returns");
    assert_eq!(correlations.len(), 3);
}

#[test]
fn what_cannot_be_compared_is_refused_with_a_reason() {
    let world = World::new();
    let file = world.file("a.yaml", synthetic(200));
    for key in ["one", "two"] {
        world.json(&["run", &file, "--correlation-id", key]);
    }
    let tasks =
        world.file("t.yaml", "name: t\nworkflow: {type: tasks}\ntasks:\n- {name: a, kind: noop}\n");
    world.json(&["run", &tasks, "--correlation-id", "tasks"]);
    let refused = |arguments: &[&str], expected: &[&str]| {
        let answer = world.run(&[&["report"], arguments].concat());
        assert_eq!(answer.code, 2, "{answer:?}");
        for part in expected {
            assert!(answer.stderr.contains(part), "{part}: {answer:?}");
        }
    };
    refused(&["one", "nobody"], &["no run `nobody`", "`dirigent runs` lists them"]);
    refused(&["one", "one"], &["is named twice", "name each run once"]);
    let why = "has no backtest to compare: a run of type `tasks` made no equity curve";
    refused(&["one", "tasks"], &[why, "name runs whose backtest completed"]);
    refused(&["one", "--out", "x.html"], &["`--out` needs several runs"]);
    let answer = world.run(&["--output", "json", "report", "one", "one"]);
    assert!(answer.stdout.contains("not_comparable"), "{answer:?}");
    let many: Vec<String> = (0..9).map(|n| format!("n{n}")).collect();
    for key in &many {
        world.json(&["run", &file, "--correlation-id", key]);
    }
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    refused(&many, &["9 runs cannot be compared: 2 to 8 can", "dirigent sweep"]);
    let help = world.run(&["report", "--help"]).stdout;
    assert!(help.contains("dirigent report fast slow --out"), "{help}");
}

/// What the price chart shows is what `orders.csv` says, and what the rules compare.
#[test]
fn the_price_chart_shows_the_orders_fills_and_numbers_of_the_rules() {
    let world = World::new();
    let text = "name: a\nworkflow: {type: backtest}\n\
        data: {source: synthetic, symbols: [AAA], timeframe: 1d, synthetic: {bars: 600}}\n\
        strategy:\n  type: rules\n  params: {n: 10}\n  let: {average: 'sma(close, $n)'}\n  \
        entry: close > average and rsi(close, 7) < 60\n  exit: close < average\n\
        risk: {trailing_stop_pct: 5, take_profit_pct: 8}\n";
    let file = world.file("a.yaml", text);
    let run = world.json(&["run", &file]);
    let folder = world.home().join("runs").join(run["run_id"].as_str().unwrap());
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (page, orders) = (read("report.html"), read("orders.csv"));
    let (_, data) = page.split_once("id=\"run-data\">").unwrap();
    let data: serde_json::Value =
        serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    let labels: Vec<&str> =
        data["columns"].as_array().unwrap().iter().map(|c| c[0].as_str().unwrap()).collect();
    assert_eq!(labels, ["average = sma(close, 10)", "rsi(close, 7)"]);
    assert_eq!(data["columns"][0][1], serde_json::Value::Null, "over the prices");
    assert_eq!((&data["columns"][1][1], &data["guides"][0][0]), (&0.into(), &60.into()));
    let close = data["prices"][0]["c"].as_array().unwrap();
    let mean = close[40..50].iter().map(|c| c.as_f64().unwrap()).sum::<f64>() / 10.0;
    let shown = data["prices"][0]["cols"][0]["v"][49].as_f64().unwrap();
    assert!((shown - mean).abs() < 1e-4, "{shown}: {mean}");
    let rows = rows(&orders);
    let shown = data["orders"].as_array().unwrap();
    assert_eq!(shown.len(), rows.len());
    let mut moved = 0;
    for (order, row) in shown.iter().zip(&rows) {
        assert_eq!(format!("order_{}", order[0]), row["order"]);
        let reason = |index: &serde_json::Value| {
            data["reasons"][usize::try_from(index.as_u64().unwrap()).unwrap()].clone()
        };
        assert_eq!(reason(&order[9]), row["state"]);
        let levels = order[11].as_array().unwrap();
        moved += usize::from(levels.len() > 1);
        let last = levels.last().map_or(f64::NAN, |level| level[1].as_f64().unwrap());
        let level = row["level"].parse().unwrap_or(f64::NAN);
        assert!(
            (last.is_nan() && level.is_nan()) || (last - level).abs() <= 1e-4,
            "{order}: {row:?}"
        );
    }
    assert!(moved > 5, "trailing stops move");
    let filled = rows.iter().filter(|row| row["state"] == "filled").count();
    assert_eq!(data["fills"].as_array().unwrap().len(), filled);
}
