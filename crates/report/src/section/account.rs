//! Where the money went: from the gross result to the net one, and whose it is.

use super::{
    breakdowns::{Scale, won},
    close, close_table, open, open_table,
};
use crate::{
    analysis::{Post, Share, Shares},
    format::{MISSING, exact, exact_signed, float, grouped, tone},
    html::{Html, Text},
    sheet::{Exact, TearSheet},
};

/// Most ways to divide the result.
const SHARES_MAX: usize = 4;
/// Most parts of the result that are listed; the others are one line.
const PARTS_MAX: usize = 100;

/// From the gross result to the net one.
pub(crate) fn account(out: &mut Html, sheet: &TearSheet<'_>) {
    let posts = sheet.analysis.account;
    let Some(gross) = posts.first() else { return };
    open(out, "costs", "From gross to net");
    open_table(out, "From gross to net", "account");
    out.put(format_args!(
        "<thead><tr><th scope=\"col\">In {}</th><th scope=\"col\" class=\"number\">Amount</th>\
         <th scope=\"col\" class=\"number\">Of gross profit</th>\
         <th scope=\"col\"><span class=\"hidden\">Picture</span></th><th scope=\"col\">Meaning</th>\
         </tr></thead><tbody>",
        Text::line(sheet.currency)
    ));
    let mut level = 0.0;
    let levels: Vec<(f64, f64)> = posts
        .iter()
        .map(|post| {
            let from = if post.is_sum { 0.0 } else { level };
            level = from + post.amount.value;
            (from, level)
        })
        .collect();
    let scale = Scale::of(levels.iter().flat_map(|(from, to)| [*from, *to]));
    for (post, (from, to)) in posts.iter().zip(levels) {
        let Post { label, amount, meaning, is_sum } = post;
        let class = if *is_sum { "sum" } else { "" };
        out.put(format_args!(
            "<tr class=\"{class}\"><th scope=\"row\">{}</th><td class=\"number {}\">{}</td>\
             <td class=\"number\">{}</td><td class=\"small\">",
            Text::line(label),
            tone(amount.value),
            money(amount),
            share(amount.value, gross.amount.value),
        ));
        scale.bar(out, from, to);
        out.put(format_args!("</td><td>{}</td></tr>", Text::line(meaning)));
    }
    close_table(out);
    close(out);
}

/// Whose the net result is, one table for each way to divide it.
pub(crate) fn shares(out: &mut Html, sheet: &TearSheet<'_>) {
    if sheet.analysis.shares.is_empty() {
        return;
    }
    open(out, "attribution", "Who brought it");
    for shares in sheet.analysis.shares.iter().take(SHARES_MAX) {
        table(out, shares);
    }
    close(out);
}

fn table(out: &mut Html, shares: &Shares<'_>) {
    let Shares { title, kind, parts, total } = shares;
    out.put(format_args!("<h3>{}</h3>", Text::line(title)));
    open_table(out, &Text::line(title).to_string(), "shares sortable");
    out.put(format_args!("<thead><tr><th scope=\"col\" class=\"text\">{}</th>", Text::line(kind)));
    for name in ["Trades", "Won", "Closed", "Open", "Commission", "Total", "Of net"] {
        out.put(format_args!("<th scope=\"col\" class=\"number\">{name}</th>"));
    }
    out.push("<th scope=\"col\"><span class=\"hidden\">Picture</span></th></tr></thead><tbody>");
    let scale = Scale::of(parts.iter().map(|part| part.total.value));
    for part in largest(parts) {
        row(out, part, total.value, &scale);
    }
    out.push("</tbody><tfoot>");
    let whole = Share {
        name: "Net result".into(),
        trades: None,
        closed: none(),
        open: none(),
        fees: none(),
        total: total.clone(),
    };
    row(out, &whole, total.value, &scale);
    out.push("</tfoot></table></div>");
    if parts.len() > PARTS_MAX {
        out.put(format_args!(
            "<p class=\"note\">The {PARTS_MAX} largest gains and losses of {}.</p>",
            grouped(float(parts.len()), 0)
        ));
    }
}

/// The largest parts, gains and losses alike, in their own order.
fn largest<'p, 'a>(parts: &'p [Share<'a>]) -> Vec<&'p Share<'a>> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let size = |part: &usize| parts[*part].total.value.abs();
    order.sort_by(|a, b| size(b).total_cmp(&size(a)));
    order.truncate(PARTS_MAX);
    order.sort_unstable();
    order.into_iter().map(|part| &parts[part]).collect()
}

fn row(out: &mut Html, part: &Share<'_>, whole: f64, scale: &Scale) {
    let Share { name, trades, closed, open, fees, total } = part;
    let count = trades.map_or(MISSING.to_owned(), |(trades, _)| grouped(float(trades), 0));
    let won = trades.map_or(MISSING.to_owned(), |(trades, wins)| won(wins, trades));
    out.put(format_args!(
        "<tr><th scope=\"row\"><bdi>{}</bdi></th><td class=\"number\">{count}</td>\
         <td class=\"number\">{won}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
         <td class=\"number\">{}</td><td class=\"number {}\">{}</td><td class=\"number\">{}</td>\
         <td class=\"small\">",
        Text::cut(name, 60),
        money(closed),
        money(open),
        Text::cut(&exact(&fees.text), 32),
        tone(total.value),
        money(total),
        share(total.value, whole),
    ));
    scale.bar(out, 0.0, total.value);
    out.push("</td></tr>");
}

fn none() -> Exact<'static> {
    Exact { value: f64::NAN, text: MISSING.into() }
}

fn money(amount: &Exact<'_>) -> String {
    Text::cut(&exact_signed(amount.value, &amount.text), 32).to_string()
}

/// A part of a whole that is a gain; of a loss nothing is a sensible share.
fn share(part: f64, whole: f64) -> String {
    let share = 100.0 * part / whole;
    if whole > 0.0 && share.is_finite() { grouped(share, 1) + "%" } else { MISSING.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_loss_are_dashes() {
        assert_eq!(share(1.0, -4.0), "–");
        assert_eq!(share(1.0, 0.0), "–");
        assert_eq!(share(-1.0, 4.0), "−25.0%");
    }
}
