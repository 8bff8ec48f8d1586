//! How trades went by hour, weekday, month, regime: a table and a small picture for each.

use super::{close, close_table, open, open_table};
use crate::{
    analysis::{Breakdown, Bucket},
    format::{MISSING, exact_signed, float, grouped, signed, tone},
    html::{Html, Text},
    sheet::TearSheet,
};

/// Most breakdowns, and most parts of one.
const BREAKDOWNS_MAX: usize = 12;
const BUCKETS_MAX: usize = 40;

/// All breakdowns.
pub(crate) fn breakdowns(out: &mut Html, sheet: &TearSheet<'_>) {
    let all = sheet.analysis.breakdowns;
    if all.is_empty() {
        return;
    }
    open(out, "breakdowns", "When trades made money");
    out.put(format_args!(
        "<p class=\"note\">Closed trades by what they have in common at their entry, times in UTC, \
         profit in {} after costs. Of many parts some look good by luck alone: ask for a reason, and \
         for more than a few trades.</p><div class=\"grid\">",
        Text::line(sheet.currency)
    ));
    for breakdown in all.iter().take(BREAKDOWNS_MAX) {
        self::breakdown(out, breakdown);
    }
    out.push("</div>");
    close(out);
}

fn breakdown(out: &mut Html, breakdown: &Breakdown<'_>) {
    let Breakdown { title, note, buckets } = breakdown;
    out.put(format_args!("<div class=\"part\"><h3>{}</h3>", Text::line(title)));
    open_table(out, &Text::line(title).to_string(), "buckets");
    out.push("<thead><tr><th scope=\"col\"></th>");
    for name in ["Trades", "Won", "Average", "Total"] {
        out.put(format_args!("<th scope=\"col\" class=\"number\">{name}</th>"));
    }
    out.push("<th scope=\"col\"><span class=\"hidden\">Picture</span></th></tr></thead><tbody>");
    let scale = Scale::of(buckets.iter().map(|bucket| bucket.total.value));
    for bucket in buckets.iter().take(BUCKETS_MAX) {
        row(out, bucket, &scale);
    }
    close_table(out);
    if buckets.len() > BUCKETS_MAX {
        let more = buckets.len() - BUCKETS_MAX;
        out.put(format_args!("<p class=\"note\">{more} more are not shown.</p>"));
    }
    if !note.is_empty() {
        out.put(format_args!("<p class=\"note\">{}</p>", Text::cut(note, 600)));
    }
    out.push("</div>");
}

fn row(out: &mut Html, bucket: &Bucket<'_>, scale: &Scale) {
    let Bucket { label, trades, wins, total } = bucket;
    let tone = tone(total.value);
    out.put(format_args!(
        "<tr><th scope=\"row\"><bdi>{}</bdi></th><td class=\"number\">{}</td>\
         <td class=\"number\">{}</td><td class=\"number {tone}\">{}</td>\
         <td class=\"number {tone}\">{}</td><td class=\"small\">",
        Text::cut(label, 40),
        grouped(float(*trades), 0),
        won(*wins, *trades),
        signed(total.value / float(*trades), 2),
        Text::cut(&exact_signed(total.value, &total.text), 32),
    ));
    scale.bar(out, 0.0, total.value);
    out.push("</td></tr>");
}

/// A share of trades in whole percent.
pub(crate) fn won(wins: usize, trades: usize) -> String {
    match trades {
        0 => MISSING.to_owned(),
        _ => grouped(100.0 * float(wins) / float(trades), 0) + "%",
    }
}

/// The common scale of small pictures that stand under each other.
pub(crate) struct Scale {
    low: f64,
    high: f64,
}

/// Width of a small picture in units of its own.
const WIDTH: f64 = 100.0;

impl Scale {
    /// From the lowest to the highest value, zero included.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let nothing = Self { low: 0.0, high: 0.0 };
        values.filter(|value| value.is_finite()).fold(nothing, |scale, value| Self {
            low: scale.low.min(value),
            high: scale.high.max(value),
        })
    }

    fn place(&self, value: f64) -> f64 {
        // Halved, so that the range of two huge values of opposite sign stays finite.
        let range = self.high / 2.0 - self.low / 2.0;
        let share = (value / 2.0 - self.low / 2.0) / range;
        if share.is_finite() { WIDTH * share.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// A bar between two values, green where it goes up, and the line of zero.
    pub(crate) fn bar(&self, out: &mut Html, from: f64, to: f64) {
        let (start, end) = (self.place(from), self.place(to));
        let class = if to < from { "loss-bin" } else { "gain-bin" };
        let zero = self.place(0.0);
        out.put(format_args!(
            "<svg class=\"bar-cell\" viewBox=\"0 0 {WIDTH} 10\" preserveAspectRatio=\"none\" \
             aria-hidden=\"true\"><rect class=\"{class}\" x=\"{:.1}\" y=\"1\" width=\"{:.1}\" \
             height=\"8\"/><path class=\"zero\" d=\"M{zero:.1} 0V10\"/></svg>",
            start.min(end),
            (end - start).abs(),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[f64], value: f64, expected: &str) {
        let mut out = Html::default();
        Scale::of(values.iter().copied()).bar(&mut out, 0.0, value);
        let page = out.finish();
        assert!(page.contains(expected), "{page}");
    }

    #[test]
    fn bars_start_at_zero_and_share_a_scale() {
        check(&[], 0.0, "x=\"0.0\" y=\"1\" width=\"0.0\"");
        check(&[f64::NAN], f64::NAN, "width=\"0.0\"");
        check(&[-f64::MAX, f64::MAX], f64::MAX, "x=\"50.0\" y=\"1\" width=\"50.0\"");
        check(&[50.0, 100.0], 50.0, "class=\"gain-bin\" x=\"0.0\" y=\"1\" width=\"50.0\"");
        check(&[-100.0, 300.0], -100.0, "class=\"loss-bin\" x=\"0.0\" y=\"1\" width=\"25.0\"");
    }

    #[test]
    fn a_share_of_no_trades_is_a_dash() {
        assert_eq!(won(0, 0), "–");
        assert_eq!(won(1, 3), "33%");
    }
}
