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

/// TRD-15, AGT-09: the numbers of the report are those of the trade log, computed anew.
#[test]
fn the_numbers_of_a_report_are_those_of_the_trade_log() {
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

/// REP-05: what is drawn depends on the run alone.
#[test]
fn a_report_made_again_has_the_same_bytes_but_for_its_run() {
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
