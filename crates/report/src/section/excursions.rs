//! How far trades went against and for their holder, and for how long they were held.
//!
//! Not here: the excursions themselves, which are given with each trade.

use super::{
    charts::{Chart, close_chart, median, open_chart},
    close, count, open,
};
use crate::{
    figure,
    format::{float, grouped},
    histogram::{Histogram, whole},
    html::Html,
    payload::MARKED_TRADES_MAX,
    sheet::{TearSheet, Trade},
};

/// A closed trade: its excursions and its return, as fractions.
#[derive(Clone, Copy, Debug)]
struct Way {
    against: f64,
    ahead: f64,
    made: f64,
}

/// Both scatter plots.
pub(crate) fn excursions(out: &mut Html, sheet: &TearSheet<'_>) {
    let ways: Vec<Way> = sheet.trades.iter().filter_map(way).collect();
    if ways.is_empty() {
        return;
    }
    open(out, "excursions", "How far trades went");
    out.push("<div class=\"pair\">");
    let legend = [("dot-gain", "Gain", ""), ("dot-loss", "Loss", "")];
    let label = "Worst price against the entry, and what the trade returned";
    open_chart(out, &Chart { key: "mae", label, legend: &legend });
    let points = |x: fn(&Way) -> f64| ways.iter().map(move |way| (x(way), way.made));
    figure::dots(out, points(|way| way.against));
    close_chart(out, &stops(&ways), None);
    let label = "Best price against the entry, and what the trade returned";
    open_chart(out, &Chart { key: "mfe", label, legend: &legend });
    figure::dots(out, points(|way| way.ahead));
    close_chart(out, &targets(&ways), None);
    out.push("</div>");
    if ways.len() > MARKED_TRADES_MAX {
        out.put(format_args!(
            "<p class=\"note\">Drawn are the {} trades with the largest gains and losses; all {} \
             count in the figures.</p>",
            grouped(float(MARKED_TRADES_MAX), 0),
            grouped(float(ways.len()), 0)
        ));
    }
    close(out);
}

fn way(trade: &Trade<'_>) -> Option<Way> {
    let (against, ahead) = trade.excursion.filter(|_| trade.exit.is_some())?;
    let way = Way { against: -against, ahead, made: trade.return_fraction };
    [way.against, way.ahead, way.made].iter().all(|x| x.is_finite()).then_some(way)
}

/// What the worst prices say of stops.
fn stops(ways: &[Way]) -> String {
    let mut text = "Across: the worst price while it was held, below the entry. Up: the return. \
                    On the line a trade closed at its worst."
        .to_owned();
    let winners = sorted(ways.iter().filter(|way| way.made > 0.0).map(|way| way.against));
    if let (Some(middle), Some(most)) = (quantile(&winners, 0.5), quantile(&winners, 0.9)) {
        text += &format!(
            " Half of the winners were never more than <b>{}</b> behind, nine in ten never more than \
             <b>{}</b>.",
            percent(middle),
            percent(most)
        );
    }
    text
}

/// What the best prices say of targets.
fn targets(ways: &[Way]) -> String {
    let mut text = "Across: the best price while it was held, above the entry. Up: the return. On \
                    the line a trade closed at its best."
        .to_owned();
    let losers = sorted(ways.iter().filter(|way| way.made <= 0.0).map(|way| way.ahead));
    if let Some(middle) = quantile(&losers, 0.5) {
        text +=
            &format!(" Half of the losers had been ahead by <b>{}</b> or more.", percent(middle));
    }
    let gained = ways.iter().filter(|way| way.made > 0.0 && way.ahead > 0.0);
    let kept = sorted(gained.map(|way| way.made / way.ahead));
    if let Some(middle) = quantile(&kept, 0.5) {
        text += &format!(" The winner in the middle kept {} of its best price.", percent(middle));
    }
    text
}

/// How long trades were held.
pub(crate) fn holding(out: &mut Html, sheet: &TearSheet<'_>) -> Option<Histogram> {
    let closed = || sheet.trades.iter().filter(|trade| trade.exit.is_some());
    let bars = sorted(closed().map(|trade| bars(trade)));
    let bins = whole(&bars)?;
    open(out, "holding", "How long trades were held");
    let legend = [("holding", "Trades by bars held", "")];
    open_chart(out, &Chart { key: "holding", label: "Trades by bars held", legend: &legend });
    figure::columns(out, &bins.counts, &|_| "holding-bin");
    let middle = |keep: &dyn Fn(&Trade<'_>) -> bool| {
        let of = sorted(closed().filter(|trade| keep(trade)).map(|trade| self::bars(trade)));
        quantile(&of, 0.5).map(|middle| grouped(middle, if middle.fract() > 0.0 { 1 } else { 0 }))
    };
    let mut words = format!("{}, the median held {} bars", count(bars.len(), "closed trade"), {
        grouped(median(&bars), 0)
    });
    if let (Some(won), Some(lost)) =
        (middle(&|trade| trade.pnl.value > 0.0), middle(&|trade| trade.pnl.value <= 0.0))
    {
        words += &format!("; of the winners {won}, of the losers {lost}");
    }
    let tail = bins.has_open_ends.then(|| "The last bar includes everything beyond it.".to_owned());
    close_chart(out, &(words + "."), tail);
    close(out);
    Some(bins)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn bars(trade: &Trade<'_>) -> f64 {
    trade.bars as f64
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The value that so large a share of sorted values does not exceed.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list"
    )]
    let place = (share * float(sorted.len())).ceil() as usize;
    sorted.get(place.max(1) - 1).copied()
}

fn percent(fraction: f64) -> String {
    grouped(100.0 * fraction, 1) + "%"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(against: f64, ahead: f64, made: f64) -> Way {
        Way { against, ahead, made }
    }

    #[test]
    fn a_quantile_is_a_value_that_occurred() {
        assert_eq!(quantile(&[], 0.5), None);
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0];
        assert_eq!(quantile(&values, 0.9), Some(9.0));
        assert_eq!(quantile(&values, 0.5), Some(5.0));
        assert_eq!(quantile(&values[..1], 0.9), Some(1.0));
    }

    #[test]
    fn the_words_tell_winners_from_losers() {
        let ways = [way(0.01, 0.10, 0.05), way(0.02, 0.20, 0.10), way(0.30, 0.04, -0.30)];
        let text = stops(&ways);
        assert!(
            text.contains("<b>1.0%</b> behind, nine in ten never more than <b>2.0%</b>"),
            "{text}"
        );
        let text = targets(&ways);
        assert!(text.contains("ahead by <b>4.0%</b> or more. The winner in the middle kept 50.0%"));
    }
}
