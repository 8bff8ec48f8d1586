//! Kinds of market, and what strategies do in them.

use dirigent_report::{
    Format,
    study::{Bars, Block, Cell, Picture, Regimes, StudySection},
};
use serde_json::Value;

use super::{day, figure, list, note, table, text};
use crate::tasks::analysis::Analyzed;

/// Strategies whose signals are drawn.
const DRAWN_MAX: usize = 20;

/// Kinds of market over time, and what they were like.
pub(super) fn regimes(analyzed: &Analyzed, index: Vec<f64>) -> Option<StudySection<'_>> {
    let (series, labels) = analyzed.regimes.as_ref()?;
    let of = &analyzed.result["regimes"];
    let picture =
        Regimes { time: &series.times, level: index, label: &labels.labels, names: &labels.names };
    let row = |row: &Value| {
        vec![
            Cell::Text(text(&row["regime"])),
            figure(&row["share"], Format::Percent),
            figure(&row["runs"], Format::Number),
            figure(&row["mean_duration"], Format::Number),
            figure(&row["longest"], Format::Number),
            figure(&row["mean_annual"], Format::Change),
            figure(&row["volatility"], Format::Percent),
            figure(&row["sharpe"], Format::Ratio),
            figure(&row["win_rate"], Format::Percent),
            figure(&row["max_drawdown"], Format::Percent),
        ]
    };
    let head = [
        "Regime",
        "Share",
        "Runs",
        "Bars a run",
        "Longest",
        "Mean a year",
        "Volatility",
        "Sharpe",
        "Gains",
        "Drawdown",
    ];
    let looked = of["symbol"].as_str().map_or("the mean of all symbols".to_owned(), str::to_owned);
    let now = match of["current"].as_str() {
        Some(now) => format!("; {now} since {}", day(&of["since"])),
        None => "; no bar has a regime: `regimes.min_history` may be longer than the data".into(),
    };
    let score = of["score"].as_f64().unwrap_or(f64::NAN);
    let worth = match score > 0.0 {
        true => format!("They foretell the next return better by {score:.4} nats a bar"),
        false => format!("They foretell nothing: the score is {score:.4}, and not above zero"),
    };
    let intro = format!(
        "Method {}, looking at {looked}: each bar by the bars up to it. {worth}{now}.",
        text(&of["method"]),
    );
    let blocks = vec![
        Block::Note(intro),
        Block::Picture(
            Picture::Regimes(picture),
            "The growth of 100, on a logarithmic scale, behind it the regime known at each bar. \
             Bars without color came before enough was known."
                .to_owned(),
        ),
        table("Regimes", &head, list(&of["by_regime"]).map(row).collect()),
        note("What was earned counts for the regime known at the bar before."),
        Block::Heading("What follows".to_owned()),
        transitions(of),
    ];
    Some(StudySection { id: "regimes", title: "Regimes", blocks })
}

/// How likely each regime is after each; columns in the order of rows.
fn transitions(of: &Value) -> Block<'static> {
    let names: Vec<String> = list(&of["names"]).map(text).collect();
    let mut rows = Vec::new();
    for (at, from) in names.iter().enumerate() {
        for (to, name) in names.iter().enumerate() {
            rows.push(vec![
                Cell::Text(from.clone()),
                Cell::Text(name.clone()),
                figure(&of["transition"][at][to], Format::Percent),
                if at == to {
                    figure(&of["stationary"][at], Format::Percent)
                } else {
                    Cell::Text(String::new())
                },
            ]);
        }
    }
    table("Transitions", &["From", "To", "At the next bar", "In the long run"], rows)
}

/// What each strategy earned in each regime, and its weight there.
pub(super) fn weights(result: &Value) -> Option<StudySection<'static>> {
    let members = result["regime_returns"].as_object()?;
    let mut rows = Vec::new();
    for (regime, weights) in result["regime_weights"].as_object()? {
        for (name, own) in members {
            let earned = &own[regime];
            rows.push(vec![
                Cell::Text(regime.clone()),
                Cell::Text(name.clone()),
                figure(&weights[name], Format::Percent),
                figure(&earned["returns"], Format::Number),
                figure(&earned["mean_annual"], Format::Change),
                figure(&earned["volatility"], Format::Percent),
                figure(&earned["sharpe"], Format::Ratio),
                figure(&earned["max_drawdown"], Format::Percent),
            ]);
        }
    }
    let head =
        ["Regime", "Strategy", "Weight", "Bars", "Mean a year", "Volatility", "Sharpe", "Drawdown"];
    let blocks = vec![
        note(
            "Each strategy traded by itself with all the money. A weight is the positive part of \
             the Sharpe ratio in the regime, drawn towards that of all bars, over the sum of all \
             strategies; where none is positive, all have the same. They are fitted on these bars: \
             judge them on others.",
        ),
        table("Strategies by regime", &head, rows),
    ];
    Some(StudySection { id: "weights", title: "Strategies by regime", blocks })
}

/// What came after entries.
pub(super) fn signals(members: &Value) -> Option<StudySection<'static>> {
    members.as_array()?;
    let mut blocks = vec![note(
        "Returns from the close at which an entry was decided, in its direction and before costs, \
         beside those after any bar of the same symbols. t is the difference in standard errors of \
         the signals that do not overlap; with many strategies and horizons some pass 2 by luck.",
    )];
    let head = [
        "Bars after",
        "Signals",
        "Apart",
        "Mean",
        "Any bar",
        "Difference",
        "t",
        "Hit rate",
        "Any bar ",
        "Adverse",
        "Favourable",
    ];
    for member in list(members).take(DRAWN_MAX) {
        let rows: Vec<&Value> = list(&member["horizons"]).collect();
        let of = |key: &str| rows.iter().map(|row| row[key].as_f64()).collect::<Vec<_>>();
        let count = member["signals"].as_u64().unwrap_or(0);
        blocks.push(Block::Heading(format!("{}, {count} entries", text(&member["strategy"]))));
        if count == 0 {
            blocks.push(note("It never entered."));
            continue;
        }
        let groups = rows
            .iter()
            .map(|row| match row["bars"].as_u64() {
                Some(1) => "1 bar".to_owned(),
                _ => format!("{} bars", row["bars"]),
            })
            .collect();
        let series =
            vec![("after its signals", of("mean")), ("after any bar", of("unconditional"))];
        let picture =
            Bars { label: "Mean returns after signals and after any bar", groups, series };
        blocks.push(Block::Picture(
            Picture::Bars(picture),
            "Mean return within so many bars.".to_owned(),
        ));
        let rows = rows.iter().map(|row| horizon(row)).collect();
        blocks.push(table("Forward returns", &head, rows));
    }
    let more = list(members).count().saturating_sub(DRAWN_MAX);
    if more > 0 {
        blocks.push(Block::Note(format!("{more} more strategies are in analysis.json.")));
    }
    Some(StudySection { id: "signals", title: "Signals", blocks })
}

fn horizon(row: &Value) -> Vec<Cell> {
    let change = |key: &str| figure(&row[key], Format::Change);
    vec![
        Cell::Text(row["bars"].to_string()),
        figure(&row["signals"], Format::Number),
        figure(&row["independent"], Format::Number),
        change("mean"),
        change("unconditional"),
        change("difference"),
        figure(&row["t"], Format::Ratio),
        figure(&row["hit_rate"], Format::Percent),
        figure(&row["hit_rate_unconditional"], Format::Percent),
        change("adverse"),
        change("favourable"),
    ]
}
