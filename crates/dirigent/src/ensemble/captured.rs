//! Captured stances: what each member wanted to hold, as a file that a later phase replays.

use std::io::{self, Write};

use dirigent_core::Timestamp;
use dirigent_trading::{
    Bars,
    ensemble::{Ballot, Change, Stance, stances_after},
    strategy::{Joined, SignalStrategy},
};

use crate::{regimes::Labels, strategy::Chosen};

const HEADER: &str = "timestamp,symbol,strategy,stance";

/// The changes of stance of all members, by symbol.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Captured {
    /// The members by name, in order.
    pub(crate) members: Vec<String>,
    symbols: Vec<Column>,
}

/// The changes in one symbol, in the order of bars and members.
#[derive(Clone, Debug, PartialEq)]
struct Column {
    symbol: String,
    changes: Vec<Change>,
}

impl Captured {
    /// Computes the signals of all members.
    pub(super) fn of<'a>(
        members: impl Iterator<Item = (&'a str, &'a Chosen)>,
        history: &[Bars],
        bars: &[Bars],
        others: &[Bars],
    ) -> Result<Self, String> {
        let joined = Joined::of(history, bars);
        let empty = |bars: &Bars| Column { symbol: bars.symbol.clone(), changes: Vec::new() };
        let mut symbols: Vec<Column> = bars.iter().map(empty).collect();
        let mut names = Vec::new();
        for (member, (name, chosen)) in members.enumerate() {
            names.push(name.to_owned());
            let program = chosen.program().ok_or_else(|| format!("`{name}` is not by rules"))?;
            let signals = SignalStrategy::from_rules(program, &joined.whole, others)
                .map_err(|error| format!("`{name}`: {error}"))?;
            let columns = signals.columns().iter().zip(&joined.before);
            for (column, (signals, before)) in symbols.iter_mut().zip(columns) {
                let change = |(bar, stance)| Change { bar, member, stance };
                let stances = stances_after(signals, program.warmup(), *before);
                column.changes.extend(stances.map(change));
            }
        }
        symbols.iter_mut().for_each(|column| column.changes.sort_unstable());
        Ok(Self { members: names, symbols })
    }

    /// How many changes there are.
    pub(crate) fn changes(&self) -> usize {
        self.symbols.iter().map(|column| column.changes.len()).sum()
    }

    /// The ballots for `bars`, in these regimes if they count.
    ///
    /// # Errors
    /// In words: a symbol that nothing was captured of.
    pub(super) fn ballots(
        &self,
        bars: &[Bars],
        labels: Option<&Labels>,
    ) -> Result<Vec<Ballot>, String> {
        let ballot = |bars: &Bars| {
            let own = self.symbols.iter().find(|column| column.symbol == bars.symbol);
            let own = own.ok_or_else(|| format!("nothing was captured of `{}`", bars.symbol))?;
            let of = |labels: &Labels| bars.time.iter().map(|time| labels.at(*time)).collect();
            let regimes: Option<Vec<Option<u8>>> = labels.map(of);
            Ok(Ballot::new(bars.len(), &own.changes, regimes.as_deref()))
        };
        bars.iter().map(ballot).collect()
    }

    /// Writes a line for every change.
    pub(crate) fn write(&self, bars: &[Bars], out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{HEADER}")?;
        for column in &self.symbols {
            let bars = bars.iter().find(|bars| bars.symbol == column.symbol);
            for change in &column.changes {
                let time = bars.and_then(|bars| bars.time.get(change.bar));
                let (symbol, sign) = (&column.symbol, change.stance.sign());
                if let (Some(time), Some(name)) = (time, self.members.get(change.member)) {
                    writeln!(out, "{time},{symbol},{},{sign}", quoted(name))?;
                }
            }
        }
        Ok(())
    }

    /// Reads what was written, for `members` and these bars, which lie within those it was captured on.
    ///
    /// # Errors
    /// In words: what does not fit.
    pub(crate) fn read(text: &str, members: &[String], bars: &[Bars]) -> Result<Self, String> {
        let empty = |bars: &Bars| Column { symbol: bars.symbol.clone(), changes: Vec::new() };
        let mut symbols: Vec<Column> = bars.iter().map(empty).collect();
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            return Err(format!("its first line is not `{HEADER}`"));
        }
        for (number, line) in (2..).zip(lines) {
            let wrong = |what: &str| format!("line {number} has {what}: `{line}`");
            let (time, rest) = line.split_once(',').ok_or_else(|| wrong("too few cells"))?;
            let (rest, sign) = rest.rsplit_once(',').ok_or_else(|| wrong("too few cells"))?;
            let (symbol, name) = rest.split_once(',').ok_or_else(|| wrong("too few cells"))?;
            let time: Timestamp = time.parse().map_err(|_| wrong("no time"))?;
            let stance = sign.parse().ok().and_then(Stance::of_sign);
            let stance = stance.ok_or_else(|| wrong("no stance"))?;
            let member = members.iter().position(|member| quoted(member) == name);
            let member = member.ok_or_else(|| wrong("another strategy"))?;
            let at = bars.iter().position(|bars| bars.symbol == symbol);
            let at = at.ok_or_else(|| wrong("another symbol"))?;
            let bar = bars[at].time.binary_search(&time).map_err(|_| wrong("another time"))?;
            symbols[at].changes.push(Change { bar, member, stance });
        }
        Ok(Self { members: members.to_vec(), symbols })
    }
}

/// A name as a cell.
fn quoted(name: &str) -> String {
    if name.contains([',', '"']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}
