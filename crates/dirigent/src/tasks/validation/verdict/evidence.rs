//! From what the checks found to what is weighed.

use dirigent_research::validate::{CostStress, DelayStress, Evidence, Stressed};
use serde_json::Value;

use super::{super::Doubt, Found};

/// The evidence of all checks; what was not made stays open.
pub(super) fn of(doubt: &Doubt<'_>, found: &Found) -> Evidence {
    let luck = &found.choice["luck"];
    let of_luck = |pointer: &str| luck.pointer(pointer).and_then(Value::as_f64);
    let count = |pointer: &str| {
        let count = luck.pointer(pointer).and_then(Value::as_u64);
        count.and_then(|count| usize::try_from(count).ok())
    };
    let base = doubt.base.result["metrics"]["sharpe"].as_f64();
    let is_made = luck.is_object() && luck.get("open").is_none();
    // A record that would never be long enough has no number.
    let length = is_made.then(|| of_luck("/record/needed").unwrap_or(f64::INFINITY));
    let costs = stressed_costs(base, &found.costs);
    let mut evidence = Evidence {
        // The test over trials knows of those alone that it saw; the deflated ratio counts all.
        trials: count("/compared").unwrap_or(1),
        trials_effective: count("/trials_effective"),
        periods: Some(doubt.base.times().len()),
        sharpe: base,
        deflated: of_luck("/deflated_sharpe"),
        superiority: of_luck("/superior_ability/consistent"),
        overfit: of_luck("/overfit/probability"),
        overfit_loss: of_luck("/overfit/loss_probability"),
        length_min: length,
        beyond_holding: of_luck("/holding/probability"),
        neighbors_kept: found.perturbation["kept_half"].as_f64(),
        costs_break_even: costs.map(|of| match base {
            Some(base) if base > 0.0 => of.break_even().unwrap_or(f64::INFINITY),
            // Nothing is left at the costs as they are.
            _ => 1.0,
        }),
        delay_kept: stressed_delays(base, &found.delays).and_then(|of| of.kept(1.0)),
        resampled_low: found.monte_carlo["total_return_low"].as_f64(),
        ..Evidence::default()
    };
    if let Some(forward) = &found.forward {
        evidence.forward_is_chosen = forward.is_chosen;
        // Choices that never traded afterwards earned nothing, for certain.
        evidence.forward_sharpe = Some(forward.sharpe.unwrap_or(0.0));
        evidence.forward_probability = Some(forward.probability.unwrap_or(0.0));
        evidence.forward_efficiency = forward.efficiency;
    }
    evidence
}

fn score(points: &[Value], key: &str, level: f64) -> Option<f64> {
    let at = |point: &&Value| point[key].as_f64().is_some_and(|at| at.total_cmp(&level).is_eq());
    points.iter().find(at)?["sharpe"].as_f64()
}

fn stressed_costs(base: Option<f64>, points: &[Value]) -> Option<Stressed> {
    let levels = points.iter().filter_map(|point| point["factor"].as_f64());
    let factors: Vec<f64> = std::iter::once(1.0).chain(levels).collect();
    let plan = CostStress { factors };
    let found =
        plan.evaluate(|factor| if factor > 1.0 { score(points, "factor", factor) } else { base });
    found.ok().filter(|_| !points.is_empty())
}

fn stressed_delays(base: Option<f64>, points: &[Value]) -> Option<Stressed> {
    let levels = points.iter().filter_map(|point| point["bars"].as_u64()?.try_into().ok());
    let bars: Vec<usize> = std::iter::once(0).chain(levels).collect();
    let plan = DelayStress { bars };
    let found = plan.evaluate(|bars| match bars {
        0 => base,
        bars => score(points, "bars", super::super::float(bars)),
    });
    found.ok().filter(|_| !points.is_empty())
}
