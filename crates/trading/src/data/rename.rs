//! Renames: a symbol that had another name before, made one series.
//!
//! Promises: before the day of the change the bars are those of the old name, from it on those of
//! the new one; a position, its orders and its stops go on as if nothing had happened, which for its
//! owner is so.

use dirigent_core::Timestamp;

use super::bars::Bars;

/// A symbol changed its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// Its name before.
    pub from: String,
    /// Its name after.
    pub to: String,
    /// The first day of the new name.
    pub date: Timestamp,
}

/// The last name of what was called `symbol` at `date`; `renames` are in order.
pub fn named(renames: &[Rename], symbol: &str, date: Timestamp) -> String {
    let mut name = symbol.to_owned();
    for rename in renames {
        if rename.from == name && date < rename.date {
            name.clone_from(&rename.to);
        }
    }
    name
}

/// Makes one series of those of `bars` that a rename ties together, under the last name; answers
/// what was done, in words.
pub fn join(bars: &mut Vec<Bars>, renames: &[Rename]) -> Vec<String> {
    let mut notes = Vec::new();
    for Rename { from, to, date } in renames {
        let place = |bars: &[Bars], name: &str| bars.iter().position(|bars| bars.symbol == *name);
        let Some(before) = place(bars, from) else { continue };
        if place(bars, to).is_none() {
            if bars[before].time.first().is_some_and(|first| first < date) {
                bars[before].symbol.clone_from(to);
                notes.push(format!("`{from}` is called `{to}`, its name from {} on", day(*date)));
            }
            continue;
        }
        let mut old = bars.remove(before);
        let Some(after) = place(bars, to) else { continue };
        let all = old.len();
        old.keep_before(*date);
        let late = all - old.len();
        let new = std::mem::take(&mut bars[after]);
        let early = new.time.partition_point(|time| time < date);
        bars[after] = joined(old, new, early);
        let mut note = format!("`{to}` was called `{from}` before {}", day(*date));
        for (count, name, when) in [(late, from, "from that day on"), (early, to, "before it")] {
            if count > 0 {
                note.push_str(&format!("; bars of `{name}` {when} that are passed over: {count}"));
            }
        }
        notes.push(note);
    }
    notes
}

/// All bars of `old`, then those of `new` without its first `early`, under its name.
fn joined(mut old: Bars, new: Bars, early: usize) -> Bars {
    old.symbol = new.symbol;
    old.time.extend_from_slice(&new.time[early..]);
    let pairs = [
        (&mut old.open, &new.open),
        (&mut old.high, &new.high),
        (&mut old.low, &new.low),
        (&mut old.close, &new.close),
    ];
    for (old, new) in pairs {
        old.extend_from_slice(&new[early..]);
    }
    old.volume.extend_from_slice(&new.volume[early..]);
    old
}

fn day(date: Timestamp) -> String {
    let (year, month, day) = date.date();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::Price;

    const DAY: i64 = 86_400_000_000_000;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_nanos(day * DAY)
    }

    fn bars(symbol: &str, days: std::ops::Range<i64>, price: i64) -> Bars {
        let prices: Vec<Price> = days.clone().map(|day| Price::from_raw(price + day)).collect();
        Bars {
            symbol: symbol.to_owned(),
            volume: vec![1.0; prices.len()],
            time: days.map(at).collect(),
            open: prices.clone(),
            high: prices.clone(),
            low: prices.clone(),
            close: prices,
        }
    }

    fn rename(from: &str, to: &str, day: i64) -> Rename {
        Rename { from: from.to_owned(), to: to.to_owned(), date: at(day) }
    }

    #[test]
    fn bars_before_and_after_are_one_series() {
        let mut all = vec![bars("FB", 0..6, 100), bars("X", 0..2, 0), bars("META", 3..8, 200)];
        let notes = join(&mut all, &[rename("FB", "META", 4)]);
        assert_eq!(all.len(), 2);
        let closes: Vec<i64> = all[1].close.iter().map(|price| price.raw()).collect();
        assert_eq!((all[1].symbol.as_str(), all[1].len()), ("META", 8));
        assert_eq!(closes, [100, 101, 102, 103, 204, 205, 206, 207]);
        let note = "`META` was called `FB` before 1970-01-05; bars of `FB` from that day on that \
                    are passed over: 2; bars of `META` before it that are passed over: 1";
        assert_eq!(notes, [note]);
    }

    #[test]
    fn names_follow_each_other() {
        let renames = [rename("A", "B", 2), rename("B", "C", 4)];
        assert_eq!(named(&renames, "A", at(1)), "C");
        assert_eq!(named(&renames, "A", at(3)), "A", "another company by then");
        assert_eq!(named(&renames, "B", at(3)), "C");
        assert_eq!(named(&renames, "C", at(1)), "C");
        let mut all = vec![bars("A", 0..6, 100)];
        join(&mut all, &renames);
        assert_eq!(all[0].symbol, "C");
    }
}
