//! Weighing evidence: the thresholds, and the sentence for each.

use super::{Evidence, Finding, Judgement, Reason, Verdict};

/// A deflated Sharpe ratio from here on supports, beside a test over all trials.
const DEFLATED_GOOD: f64 = 0.80;
/// The same where it stands alone: the 95 % of Bailey and López de Prado (2014).
const DEFLATED_ALONE: f64 = 0.95;
/// Below this, luck shows more as likely as not.
const DEFLATED_BAD: f64 = 0.50;
/// The usual 5 %, of a test that looks to one side only.
const SUPERIORITY_GOOD: f64 = 0.025;
/// A test that misses even this found nothing.
const SUPERIORITY_BAD: f64 = 0.20;
/// At the median or below afterwards, as often as not (Bailey et al., 2017).
const OVERFIT_BAD: f64 = 0.50;
/// Trials that are all good are at the median of good ones: only losses afterwards tell.
const OVERFIT_LOSS_WEAK: f64 = 0.20;
const OVERFIT_LOSS_BAD: f64 = 0.40;
/// Confidence in a positive Sharpe ratio of the walk forward.
const FORWARD_GOOD: f64 = 0.90;
const FORWARD_BAD: f64 = 0.50;
/// Share of neighbors that have to keep half of the score.
const NEIGHBORS_GOOD: f64 = 0.60;
/// A result has to live with twice its costs.
const COSTS_GOOD: f64 = 2.0;
/// Share of the score that is left one bar late.
const DELAY_GOOD: f64 = 0.50;
/// Confidence in earning more than a holding that moves as much.
const BEYOND_GOOD: f64 = 0.90;

/// Judges a result.
pub fn judge(evidence: &Evidence) -> Judgement {
    let checks: [(&'static str, Option<Reason>); 10] = [
        ("superior_ability", superiority(evidence)),
        ("deflated_sharpe", deflated(evidence)),
        ("walk_forward", forward(evidence)),
        ("overfit_probability", overfit(evidence)),
        ("track_length", length(evidence)),
        ("beyond_holding", beyond(evidence)),
        ("resampled_return", resampled(evidence)),
        ("neighbors", neighbors(evidence)),
        ("costs", costs(evidence)),
        ("delay", delay(evidence)),
    ];
    let missing = checks.iter().filter(|(_, reason)| reason.is_none()).map(|(name, _)| *name);
    let missing: Vec<&str> = missing.collect();
    let mut reasons: Vec<Reason> = checks.into_iter().filter_map(|(_, reason)| reason).collect();
    // A stable sort: within one finding the order of the checks stays.
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.finding));
    let is_chosen_seen = evidence.superiority.is_some() || evidence.deflated.is_some();
    let is_seen = is_chosen_seen && evidence.forward_probability.is_some();
    let verdict = match reasons.first().map(|reason| reason.finding) {
        Some(Finding::Refutes) => Verdict::LikelyLuck,
        Some(Finding::Supports) if is_seen => Verdict::Robust,
        _ => Verdict::Fragile,
    };
    Judgement { verdict, reasons, missing }
}

/// Supports from `good` on, refutes below `bad`.
fn rising(value: f64, good: f64, bad: f64) -> Finding {
    match value {
        value if value >= good => Finding::Supports,
        value if value >= bad => Finding::Weakens,
        _ => Finding::Refutes,
    }
}

/// Supports from `good` on, weakens below.
fn enough(value: f64, good: f64) -> Finding {
    if value >= good { Finding::Supports } else { Finding::Weakens }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn superiority(evidence: &Evidence) -> Option<Reason> {
    let value = evidence.superiority?;
    let finding = rising(-value, -SUPERIORITY_GOOD, -SUPERIORITY_BAD);
    let who = match evidence.trials {
        0 | 1 => "it".to_owned(),
        trials => format!("the best of {trials} trials"),
    };
    let cases = percent(value);
    let text = format!("without any edge, {who} would look as good in {cases} of cases (SPA)");
    Some(Reason { check: "superior_ability", finding, value, text })
}

fn deflated(evidence: &Evidence) -> Option<Reason> {
    let value = evidence.deflated?;
    let is_alone = evidence.superiority.is_none();
    let good = if is_alone { DEFLATED_ALONE } else { DEFLATED_GOOD };
    let finding = rising(value, good, DEFLATED_BAD);
    let of = match evidence.trials_effective.unwrap_or(evidence.trials) {
        0 | 1 => "zero".to_owned(),
        trials => format!("what the best of {trials} independent trials shows by luck"),
    };
    let probability = percent(value);
    let text = format!(
        "the true Sharpe ratio is above {of} with probability {probability} (deflated Sharpe)"
    );
    Some(Reason { check: "deflated_sharpe", finding, value, text })
}

fn forward(evidence: &Evidence) -> Option<Reason> {
    let value = evidence.forward_probability?;
    let finding = rising(value, FORWARD_GOOD, FORWARD_BAD);
    let kept = evidence.forward_efficiency.map_or_else(|| "none".to_owned(), percent);
    let (sharpe, probability) = (evidence.forward_sharpe.unwrap_or(0.0), percent(value));
    let text = match evidence.forward_is_chosen {
        true => format!(
            "chosen on the past and tested on what followed, its Sharpe ratio is {sharpe:.2}, {kept} \
             of that in training, and above zero with probability {probability}"
        ),
        false => format!(
            "over the tests of the walk forward, for which nothing was chosen anew, its Sharpe ratio \
             is {sharpe:.2}, and above zero with probability {probability}"
        ),
    };
    Some(Reason { check: "walk_forward", finding, value, text })
}

fn overfit(evidence: &Evidence) -> Option<Reason> {
    let value = evidence.overfit?;
    let loss = evidence.overfit_loss.unwrap_or(1.0);
    let finding = match loss {
        _ if value <= OVERFIT_BAD => Finding::Supports,
        loss if loss > OVERFIT_LOSS_BAD => Finding::Refutes,
        loss if loss > OVERFIT_LOSS_WEAK => Finding::Weakens,
        _ => Finding::Supports,
    };
    let text = format!(
        "chosen on one half of the time, it is no better than the median on the other in {} of \
         cases and loses in {} (PBO)",
        percent(value),
        percent(loss)
    );
    Some(Reason { check: "overfit_probability", finding, value, text })
}

fn length(evidence: &Evidence) -> Option<Reason> {
    let (value, periods) = (evidence.length_min?, evidence.periods?);
    let finding = enough(crate::validate::number::float(periods), value);
    let text = match value.is_finite() {
        true => format!("its record has {periods} returns and needs {:.0}", value.ceil()),
        false => "no record of it would be long enough: its Sharpe ratio is not above zero".into(),
    };
    Some(Reason { check: "track_length", finding, value, text })
}

fn beyond(evidence: &Evidence) -> Option<Reason> {
    let value = evidence.beyond_holding?;
    let finding = enough(value, BEYOND_GOOD);
    let text = format!(
        "it earns more than a holding that moves as much with the market with probability {}",
        percent(value)
    );
    Some(Reason { check: "beyond_holding", finding, value, text })
}

fn resampled(evidence: &Evidence) -> Option<Reason> {
    let value = evidence.resampled_low?;
    let finding = enough(value, 0.0);
    let text = format!("95 % of resampled histories return more than {}", percent(value));
    Some(Reason { check: "resampled_return", finding, value, text })
}

fn neighbors(evidence: &Evidence) -> Option<Reason> {
    let value = evidence.neighbors_kept?;
    let finding = enough(value, NEIGHBORS_GOOD);
    let text = format!("{} of neighboring parameters keep half of its score", percent(value));
    Some(Reason { check: "neighbors", finding, value, text })
}

fn costs(evidence: &Evidence) -> Option<Reason> {
    let value = evidence.costs_break_even?;
    let finding = enough(value, COSTS_GOOD);
    let text = match value.is_finite() {
        true => format!("at {value:.1} times the costs nothing is left"),
        false => "it earns at all costs that were tried".into(),
    };
    Some(Reason { check: "costs", finding, value, text })
}

fn delay(evidence: &Evidence) -> Option<Reason> {
    let value = evidence.delay_kept?;
    let finding = enough(value, DELAY_GOOD);
    let text = format!("with orders one bar late {} of its score is left", percent(value));
    Some(Reason { check: "delay", finding, value, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Evidence {
        Evidence {
            trials: 20,
            trials_effective: Some(12),
            periods: Some(1260),
            sharpe: Some(2.0),
            deflated: Some(0.97),
            superiority: Some(0.01),
            overfit: Some(0.2),
            overfit_loss: Some(0.05),
            length_min: Some(200.0),
            forward_is_chosen: true,
            forward_sharpe: Some(1.8),
            forward_probability: Some(0.99),
            forward_efficiency: Some(0.8),
            beyond_holding: Some(0.95),
            neighbors_kept: Some(0.9),
            costs_break_even: Some(f64::INFINITY),
            delay_kept: Some(0.8),
            resampled_low: Some(0.1),
        }
    }

    #[track_caller]
    fn check(change: impl Fn(&mut Evidence), verdict: Verdict, first: &str) {
        let mut evidence = good();
        change(&mut evidence);
        let found = judge(&evidence);
        assert_eq!((found.verdict, found.reasons[0].check), (verdict, first), "{found:#?}");
    }

    #[test]
    fn wft_07_each_evidence_can_change_the_verdict() {
        use Verdict::{Fragile, LikelyLuck, Robust};
        check(|_| {}, Robust, "superior_ability");
        check(|e| e.superiority = Some(0.04), Fragile, "superior_ability");
        check(|e| e.superiority = Some(0.3), LikelyLuck, "superior_ability");
        check(|e| e.deflated = Some(0.7), Fragile, "deflated_sharpe");
        check(|e| e.deflated = Some(0.4), LikelyLuck, "deflated_sharpe");
        check(|e| e.forward_probability = Some(0.7), Fragile, "walk_forward");
        check(|e| e.forward_probability = Some(0.3), LikelyLuck, "walk_forward");
        let alone = |e: &mut Evidence| (e.superiority, e.deflated) = (None, Some(0.9));
        check(alone, Fragile, "deflated_sharpe");
        check(|e| e.overfit = Some(0.7), Robust, "superior_ability");
        let lost =
            |loss| move |e: &mut Evidence| (e.overfit, e.overfit_loss) = (Some(0.7), Some(loss));
        check(lost(0.3), Fragile, "overfit_probability");
        check(lost(0.5), LikelyLuck, "overfit_probability");
        check(|e| e.length_min = Some(2000.0), Fragile, "track_length");
        check(|e| e.resampled_low = Some(-0.1), Fragile, "resampled_return");
        check(|e| e.beyond_holding = Some(0.6), Fragile, "beyond_holding");
        check(|e| e.neighbors_kept = Some(0.2), Fragile, "neighbors");
        check(|e| e.costs_break_even = Some(1.4), Fragile, "costs");
        check(|e| e.delay_kept = Some(-0.2), Fragile, "delay");
    }

    #[test]
    fn what_was_not_looked_at_is_named_and_not_robust() {
        let found = judge(&Evidence::default());
        assert_eq!((found.verdict, found.missing.len()), (Verdict::Fragile, 10));
        let unseen = Evidence { forward_probability: None, ..good() };
        let found = judge(&unseen);
        assert_eq!((found.verdict, found.missing), (Verdict::Fragile, vec!["walk_forward"]));
        let open = Evidence { neighbors_kept: None, ..good() };
        assert_eq!(judge(&open).verdict, Verdict::Robust);
    }

    #[test]
    fn reasons_are_sentences_with_their_numbers() {
        let found = judge(&Evidence { superiority: Some(0.3), ..good() });
        assert_eq!(found.verdict.to_string(), "likely luck");
        assert_eq!(
            found.reasons[0].text,
            "without any edge, the best of 20 trials would look as good in 30.0 % of cases (SPA)"
        );
    }
}
