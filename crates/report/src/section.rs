//! The sections of the page, one file each, and what they share.

use dirigent_core::Timestamp;

use crate::html::Html;

pub(crate) mod account;
pub(crate) mod attribution;
pub(crate) mod breakdowns;
pub(crate) mod charts;
pub(crate) mod excursions;
pub(crate) mod facts;
pub(crate) mod heading;
pub(crate) mod months;
pub(crate) mod panes;
pub(crate) mod position;
pub(crate) mod sample;
pub(crate) mod trades;
pub(crate) mod votes;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Opens a section with its heading; `id` is also the anchor of the navigation.
pub(crate) fn open(out: &mut Html, id: &str, title: &str) {
    out.put(format_args!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\
         <div class=\"bar\"><h2 id=\"{id}-title\">{title}</h2><div class=\"tools\"></div></div>"
    ));
}

/// Closes what `open` opened.
pub(crate) fn close(out: &mut Html) {
    out.push("</section>\n");
}

/// Opens a box that scrolls by itself where a table is wider than the screen.
pub(crate) fn open_table(out: &mut Html, label: &str, class: &str) {
    out.put(format_args!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">\
         <table class=\"{class}\">"
    ));
}

/// Closes what `open_table` opened.
pub(crate) fn close_table(out: &mut Html) {
    out.push("</tbody></table></div>");
}

/// A moment as the page shows it: the date, with the time of day if dates alone would not do.
pub(crate) fn stamp(time: Timestamp, is_daily: bool) -> String {
    let (year, month, day) = time.date();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if is_daily {
        return date;
    }
    let seconds = time.nanos_of_day() / NANOS_PER_SECOND;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match second {
        0 => format!("{date} {hour:02}:{minute:02}"),
        _ => format!("{date} {hour:02}:{minute:02}:{second:02}"),
    }
}

/// A moment inside a sentence, never broken between lines.
pub(crate) fn moment(time: Timestamp, is_daily: bool) -> String {
    format!("<time>{}</time>", stamp(time, is_daily))
}

/// `1 trade`, `2 trades`.
pub(crate) fn count(number: usize, one: &str) -> String {
    let number = crate::format::grouped(crate::format::float(number), 0);
    if number == "1" { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_show_the_time_only_where_it_matters() {
        let moment: Timestamp = "2024-03-01T09:30:00Z".parse().unwrap();
        assert_eq!(stamp(moment, true), "2024-03-01");
        assert_eq!(stamp(moment, false), "2024-03-01 09:30");
        let moment: Timestamp = "2024-03-01T09:30:07Z".parse().unwrap();
        assert_eq!(stamp(moment, false), "2024-03-01 09:30:07");
    }

    #[test]
    fn counts_are_grouped_and_agree_in_number() {
        assert_eq!(count(1, "trade"), "1 trade");
        assert_eq!(count(20_000, "trade"), "20,000 trades");
    }
}
