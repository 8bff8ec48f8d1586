//! The files themselves, as the data check sees them.

use std::collections::BTreeSet;

use dirigent_trading::data::{self, InspectRequest, Inspection, SymbolFacts};
use serde_json::{Value, json};

use crate::setup::Setup;

/// From how many robust sigmas on a return is an outlier, as `dirigent data check` has it.
const SIGMAS: f64 = 10.0;
/// Files that are looked at.
const FILES_MAX: usize = 1_000;

/// What is wrong with the files, or worth a look; of made-up prices and of trades nothing.
pub(super) fn of(setup: &Setup) -> Value {
    let why = match (setup.data.source.as_str(), setup.data.bars) {
        ("synthetic", _) => Some("prices are made up"),
        (_, Some(_)) => Some("the files hold trades, not bars"),
        _ => None,
    };
    if let Some(why) = why {
        return json!({"files": [], "not_checked": why});
    }
    let paths: BTreeSet<String> =
        setup.data.names_in_files().filter_map(|symbol| setup.data.path_of(symbol)).collect();
    let files: Vec<Value> = paths.iter().take(FILES_MAX).map(|path| file(setup, path)).collect();
    json!({"files": files, "not_checked": null})
}

fn file(setup: &Setup, path: &str) -> Value {
    let mut columns = setup.data.columns.clone();
    columns.remove("open_interest");
    let absolute = |path: &String| setup.absolute(path).into();
    let found = data::inspect(&InspectRequest {
        path: setup.absolute(path).into(),
        timeframe: None,
        timezone: setup.data.timezone.clone(),
        date_format: setup.data.format.clone(),
        columns,
        actions: setup.data.actions.as_ref().map(absolute),
        sigmas: SIGMAS,
    });
    let name = std::path::Path::new(path).file_name().unwrap_or_default().to_string_lossy();
    match found {
        Ok(found) => facts(&name, &found),
        // The run has loaded it: what cannot be understood alone is said and no more.
        Err(error) => {
            json!({"name": name, "ok": null, "findings": [error.to_string()], "symbols": []})
        }
    }
}

fn facts(name: &str, found: &Inspection) -> Value {
    let symbol = |facts: &SymbolFacts| {
        let stale = &facts.stale;
        json!({
            "symbol": facts.symbol,
            "rows": facts.rows,
            "bars": facts.bars,
            "first": facts.first,
            "last": facts.last,
            "duplicates": facts.duplicates,
            "out_of_order": facts.out_of_order,
            "gaps": facts.gaps.count,
            "bars_missing": facts.gaps.bars_missing,
            "outliers": facts.outliers.count,
            "stale_bars": stale.bars,
            "zero_volume_bars": facts.zero_volume.as_ref().map(|of| of.bars),
            "suspected_splits": facts.suspected_splits,
        })
    };
    json!({
        "name": name,
        "ok": found.ok,
        "findings": found.report.summary(),
        "symbols": found.symbols.iter().map(symbol).collect::<Vec<_>>(),
    })
}
