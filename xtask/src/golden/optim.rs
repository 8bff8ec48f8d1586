//! References of optimizers: test functions, a surface of backtests, and how good other optimizers
//! are on them.

use anyhow::{Context, Result, bail};
use dirigent_research::optimize::Function;
use serde_json::Value;

use super::compare::{Comparison, Tolerance};
use super::line::{Line, Outcome};
use super::source::Root;
use super::{Reference, json};

mod quality;
mod surface;

/// The runs of a method on one problem.
const SEEDS: u64 = 20;

/// Rounding alone may differ.
const VALUE: Tolerance = Tolerance::relative(1e-12);

pub(super) fn check(reference: &Reference, root: &Root) -> Vec<Line> {
    let gold = &reference.content;
    if gold.get("problems").is_some() {
        return quality::check(gold);
    }
    if gold.get("definition").is_some() {
        return surface::check(gold, root);
    }
    match gold.as_object() {
        None => vec![Line::new("", Outcome::Fail("is not an object".to_owned()))],
        Some(all) => all.iter().map(|(name, gold)| line(name, values(name, gold))).collect(),
    }
}

fn line(item: &str, compared: Result<Comparison>) -> Line {
    match compared {
        Ok(comparison) => comparison.line(item),
        Err(error) => Line::failed(item, &error),
    }
}

/// The function that references call `sphere_shift_2d`, say, or `branin`.
fn function(name: &str) -> Result<Function> {
    let (family, dimensions) = match name {
        "branin" => (name, 2),
        "hartmann6" => (name, 6),
        _ => {
            let (family, dimensions) = name.rsplit_once('_').unwrap_or((name, ""));
            let dimensions = dimensions.strip_suffix('d').and_then(|count| count.parse().ok());
            (family, dimensions.with_context(|| format!("`{name}` names no dimensions"))?)
        }
    };
    let (family, shifted) = match family.strip_suffix("_shift") {
        Some(family) => (family, true),
        None => (family, false),
    };
    Function::new(family, dimensions, shifted).map_err(anyhow::Error::msg)
}

/// Box, optimum and samples of a function.
fn values(name: &str, gold: &Value) -> Result<Comparison> {
    let function = function(name)?;
    let mut comparison = Comparison::default();
    let bounds: (Vec<f64>, Vec<f64>) =
        (0..function.dimensions()).map(|place| function.bounds(place)).unzip();
    comparison.fact("lo", bounds.0, json::numbers(gold, "lo")?);
    comparison.fact("hi", bounds.1, json::numbers(gold, "hi")?);
    let least = json::number(gold, "fopt")?;
    comparison.number("fopt", function.minimum(), least, VALUE);
    let mut value = |place: String, x: Vec<f64>, expected: f64| -> Result<()> {
        if x.len() != function.dimensions() {
            bail!("{place} has {} coordinates, not {}", x.len(), function.dimensions());
        }
        comparison.number(place, function.value(&x), expected, VALUE);
        Ok(())
    };
    value("xopt".to_owned(), json::numbers(gold, "xopt")?, least)?;
    for (at, sample) in json::list(gold, "samples")?.iter().enumerate() {
        let (x, expected) = (json::numbers(sample, "x")?, json::number(sample, "f")?);
        value(format!("sample {at}"), x, expected)?;
    }
    Ok(comparison)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sphere() -> Value {
        json!({
            "lo": [-5.12, -5.12], "hi": [5.12, 5.12], "fopt": 0.0,
            "xopt": [0.725_200_826_879_354_4, -1.621_598_346_241_291_3],
            "samples": [{"x": [-4.620_721_042_153_799, 5.111_563_418_266_331],
                         "f": 73.914_347_976_834_34}],
        })
    }

    #[track_caller]
    fn check_values(change: impl FnOnce(&mut Value), expected: Option<&str>) {
        let mut gold = sphere();
        change(&mut gold);
        match (line("sphere_shift_2d", values("sphere_shift_2d", &gold)).outcome, expected) {
            (Outcome::Ok(_), None) => {}
            (Outcome::Fail(why), Some(words)) if why.contains(words) => {}
            (outcome, expected) => panic!("{outcome:?}, not {expected:?}"),
        }
    }

    #[test]
    fn a_function_is_held_against_box_optimum_and_samples() {
        check_values(|gold| gold["lo"][1] = json!(-5.0), Some("lo"));
        check_values(|gold| gold["xopt"][0] = json!(0.7252), Some("xopt"));
        check_values(|gold| gold["samples"][0]["f"] = json!(73.914_347_98), Some("sample 0"));
        check_values(|gold| gold["samples"][0]["x"] = json!([1.0]), Some("1 coordinates"));
        check_values(|_| {}, None);
    }

    #[test]
    fn names_of_references_mean_functions() {
        for (name, dimensions) in [("sphere_shift_10d", 10), ("branin", 2), ("hartmann6", 6)] {
            assert_eq!(function(name).unwrap().dimensions(), dimensions);
        }
        for unknown in ["", "sphere", "sphere_xd", "wave_2d", "branin_3d"] {
            assert!(function(unknown).is_err(), "{unknown}");
        }
        assert_ne!(function("sphere_2d").unwrap(), function("sphere_shift_2d").unwrap());
    }
}
