//! Prices: what returns were like, when they came, and how they go together.

use dirigent_report::{
    Format,
    study::{Bars, Block, Cell, Distribution, Heat, Picture, StudySection},
};
use serde_json::Value;

use super::{day, figure, list, note, table, text};
use crate::tasks::analysis::Analyzed;

/// What returns were like.
pub(super) fn performance<'a>(result: &Value, returns: &'a [f64]) -> Option<StudySection<'a>> {
    let rows = result["returns"].as_array()?;
    let row = |row: &Value| {
        vec![
            Cell::Text(text(&row["symbol"])),
            figure(&row["total_return"], Format::Change),
            figure(&row["cagr"], Format::Change),
            figure(&row["volatility"], Format::Percent),
            figure(&row["sharpe"], Format::Ratio),
            figure(&row["skew"], Format::Ratio),
            figure(&row["excess_kurtosis"], Format::Ratio),
            figure(&row["value_at_risk_95"], Format::Change),
            figure(&row["expected_shortfall_95"], Format::Change),
            figure(&row["worst"], Format::Change),
            figure(&row["best"], Format::Change),
        ]
    };
    let head = [
        "Symbol",
        "Total",
        "A year",
        "Volatility",
        "Sharpe",
        "Skew",
        "Kurtosis",
        "VaR 95 %",
        "ES 95 %",
        "Worst",
        "Best",
    ];
    let blocks = vec![
        Block::Picture(
            Picture::Distribution(Distribution { returns }),
            "Returns a bar of the mean of all symbols; the outer hundredths are in the end bins. \
             Line: a normal distribution of the same mean and deviation."
                .to_owned(),
        ),
        table("Returns", &head, rows.iter().map(row).collect()),
        note(
            "The row all is the mean of the log returns of all symbols. Kurtosis is that above a normal \
             distribution. VaR is the return at the edge of the worst twentieth, ES the mean of \
             those.",
        ),
        Block::Heading("Deepest falls".to_owned()),
        falls(rows),
        Block::Heading("Memory".to_owned()),
        memory(rows),
    ];
    Some(StudySection { id: "returns", title: "Returns", blocks })
}

fn falls(rows: &[Value]) -> Block<'static> {
    let of = |row: &Value| {
        let symbol = text(&row["symbol"]);
        let fall = |fall: &Value| {
            vec![
                Cell::Text(symbol.clone()),
                figure(&fall["depth"], Format::Change),
                Cell::Text(day(&fall["peak"])),
                Cell::Text(day(&fall["valley"])),
                Cell::Text(if fall["recovery"].is_null() {
                    "not yet".into()
                } else {
                    day(&fall["recovery"])
                }),
                figure(&fall["bars_underwater"], Format::Number),
            ]
        };
        list(&row["drawdowns"]).take(3).map(fall).collect::<Vec<_>>()
    };
    let head = ["Symbol", "Depth", "High", "Low", "High again", "Bars below"];
    table("Drawdowns", &head, rows.iter().flat_map(of).collect())
}

fn memory(rows: &[Value]) -> Block<'static> {
    let of = |row: &Value| {
        let at = |key: &str, lag: usize| figure(&row[key][lag], Format::Ratio);
        vec![
            Cell::Text(text(&row["symbol"])),
            at("autocorrelation", 0),
            at("autocorrelation", 4),
            at("autocorrelation_of_squares", 0),
            at("autocorrelation_of_squares", 4),
            Cell::Figure(row["returns"].as_f64().map(|n| 1.96 / n.sqrt()), Format::Ratio),
        ]
    };
    let head =
        ["Symbol", "Returns, lag 1", "Lag 5", "Squares, lag 1", "Lag 5 ", "Luck reaches (95 %)"];
    table("Autocorrelations", &head, rows.iter().map(of).collect())
}

/// A small fraction as a percentage with three decimals.
fn fine(value: &Value) -> String {
    let shown = |x: f64| format!("{:+.3}%", 100.0 * x).replace('-', "−");
    value.as_f64().map_or("–".to_owned(), shown)
}

/// When returns came.
pub(super) fn seasons(of: &Value) -> Option<StudySection<'static>> {
    of.as_object()?;
    let mut blocks = vec![note(
        "Mean return a bar of all symbols, UTC. t is the distance from all other bars in standard \
         errors: of twelve months, one beyond 2 is no news.",
    )];
    for (key, name) in [("month", "Month"), ("weekday", "Weekday"), ("hour", "Hour")] {
        let rows: Vec<&Value> = list(&of[key]).collect();
        if rows.is_empty() {
            continue;
        }
        let picture = Bars {
            label: "Mean returns by month, weekday or hour",
            groups: rows.iter().map(|row| text(&row["label"])).collect(),
            series: vec![("mean", rows.iter().map(|row| row["mean"].as_f64()).collect())],
        };
        blocks.push(Block::Heading(name.to_owned()));
        blocks.push(Block::Picture(Picture::Bars(picture), "Mean return a bar.".to_owned()));
        let cells = |row: &&Value| {
            vec![
                Cell::Text(text(&row["label"])),
                figure(&row["returns"], Format::Number),
                Cell::Written(fine(&row["mean"])),
                figure(&row["t"], Format::Ratio),
                figure(&row["win_rate"], Format::Percent),
            ]
        };
        let head = [name, "Bars", "Mean", "t", "Gains"];
        blocks.push(table(name, &head, rows.iter().map(cells).collect()));
    }
    Some(StudySection { id: "seasons", title: "Seasons", blocks })
}

/// How symbols go together.
pub(super) fn correlations(analyzed: &Analyzed) -> Option<StudySection<'_>> {
    let matrix = analyzed.matrix.as_ref()?;
    let of = &analyzed.result["correlations"];
    let names: Vec<&str> = list(&of["symbols"]).filter_map(Value::as_str).collect();
    if names.len() < 2 {
        return None;
    }
    let pair = |key: &str| {
        let names: Vec<String> = list(&of[key]["symbols"]).map(text).collect();
        let value = of[key]["correlation"].as_f64();
        format!("{} ({})", names.join(" and "), value.map_or("–".into(), |x| format!("{x:.2}")))
    };
    let mean = of["mean"].as_f64().map_or("–".into(), |x| format!("{x:.2}"));
    let caption = format!(
        "Correlation of returns at the bars that both have. Mean of all pairs {mean}; least {}, most {}.{}",
        pair("lowest"),
        pair("highest"),
        if names.len() > 30 { " The first 30 symbols; all are in correlations.csv." } else { "" },
    );
    let picture = Picture::Heat(Heat { names, cells: matrix });
    let blocks = vec![Block::Picture(picture, caption)];
    Some(StudySection { id: "correlations", title: "Correlations", blocks })
}
