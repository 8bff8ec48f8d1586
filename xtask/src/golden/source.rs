//! Where references take their data from: prices under one root, read by the product; returns
//! in a CSV file beside the reference.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use dirigent_core::Timestamp;
use dirigent_trading::Bars;
use dirigent_trading::data::{Adjust, Request, Source, load};

/// The folder that `data` fields are relative to.
#[derive(Clone, Debug)]
pub(crate) struct Root(PathBuf);

/// A file and the rows of it that count, from a `data` field: `panel/x.csv rows 2015..2019-12-31`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Extract {
    path: String,
    rows: Rows,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rows {
    All,
    /// Positions from 0, the last one excluded.
    Positions(usize, usize),
    /// Dates as texts, both included.
    Dates(String, String),
}

/// A CSV file of returns beside a reference, with a timestamp in its first column.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    name: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Root {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The bars of `symbols` in the file that a `data` field names, as traded: one symbol with
    /// open, high, low, close and volume, or a column of closes for each.
    pub(crate) fn bars(&self, field: &str, symbols: &[&str]) -> Result<Vec<Bars>> {
        let extract = Extract::parse(field)?;
        let path = self.file(&extract.path).to_string_lossy().into_owned();
        let mut request = Request::new(Source::Csv { path }, symbols);
        request.adjust = Adjust::None;
        if let Rows::Dates(from, to) = &extract.rows {
            request.start_date = Some(timestamp(from)?);
            request.end_date = Some(timestamp(to)?);
        }
        let loaded =
            load(&request).map_err(|error| anyhow::anyhow!("{error} (hint: {})", error.hint()))?;
        Ok(match extract.rows {
            Rows::Positions(from, to) => {
                loaded.bars.iter().map(|bars| positions(bars, from, to)).collect()
            }
            Rows::All | Rows::Dates(..) => loaded.bars,
        })
    }

    /// The bars of the file that a `data` field names, whose symbol is the name of the file.
    pub(crate) fn bars_of_file(&self, field: &str) -> Result<Bars> {
        let extract = Extract::parse(field)?;
        let stem = Path::new(&extract.path).file_stem().context("names no file")?;
        let bars = self.bars(field, &[&stem.to_string_lossy()])?;
        bars.into_iter().next().context("has no bars")
    }

    /// A root that is the first folder of the field itself (`bundle/daily/IBM.csv` under
    /// `bundle`) serves as well.
    fn file(&self, path: &str) -> PathBuf {
        let whole = self.0.join(path);
        let inner = path.split_once('/').map(|(_, rest)| self.0.join(rest));
        match inner {
            Some(inner) if !whole.is_file() && inner.is_file() => inner,
            _ => whole,
        }
    }
}

fn positions(bars: &Bars, from: usize, to: usize) -> Bars {
    let end = to.min(bars.len());
    let range = from.min(end)..end;
    Bars {
        symbol: bars.symbol.clone(),
        time: bars.time[range.clone()].to_vec().into(),
        open: bars.open[range.clone()].to_vec(),
        high: bars.high[range.clone()].to_vec(),
        low: bars.low[range.clone()].to_vec(),
        close: bars.close[range.clone()].to_vec(),
        volume: bars.volume[range].to_vec(),
    }
}

impl Extract {
    fn parse(field: &str) -> Result<Self> {
        let mut words = field.split_whitespace();
        let path = words.next().context("`data` is empty")?.to_owned();
        let rest: Vec<&str> = words.filter(|word| *word != "rows").collect();
        let rows = match rest[..] {
            [] => Rows::All,
            [range] => Rows::parse(range).with_context(|| format!("`{range}` is no range"))?,
            _ => bail!("cannot tell which rows `{field}` means"),
        };
        Ok(Self { path, rows })
    }
}

impl Rows {
    fn parse(range: &str) -> Option<Self> {
        let (from, to) = range.split_once("..")?;
        Some(match (from.parse(), to.parse()) {
            (Ok(from), Ok(to)) => Self::Positions(from, to),
            _ => Self::Dates(from.to_owned(), to.to_owned()),
        })
    }
}

impl Table {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))?;
        let mut lines = text.lines().map(|line| {
            line.split(',').map(|cell| cell.trim().to_owned()).collect::<Vec<String>>()
        });
        let header = lines.next().with_context(|| format!("`{name}` is empty"))?;
        let mut rows: Vec<Vec<String>> = lines.collect();
        rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        if let Some(short) = rows.iter().position(|row| row.len() != header.len()) {
            bail!(
                "`{name}` row {} has {} cells, not {}",
                short + 2,
                rows[short].len(),
                header.len()
            );
        }
        Ok(Self { name, header, rows })
    }

    /// The names of all columns but the first.
    pub(crate) fn columns(&self) -> &[String] {
        self.header.get(1..).unwrap_or_default()
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.header.iter().any(|name| name == column)
    }

    pub(crate) fn times(&self) -> Result<Vec<Timestamp>> {
        self.rows.iter().map(|row| timestamp(&row[0])).collect()
    }

    pub(crate) fn numbers(&self, column: &str) -> Result<Vec<f64>> {
        let parsed = self.parse(column, |cell| cell.parse().ok().filter(|x: &f64| x.is_finite()));
        parsed.context("a number is needed")
    }

    fn parse<T>(&self, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
        let place = self.header.iter().position(|name| name == column);
        let place = place.with_context(|| format!("`{}` has no column `{column}`", self.name))?;
        let cell = |row: &Vec<String>| {
            read(&row[place]).with_context(|| {
                format!("`{}` has `{}` as `{column}` of {}", self.name, row[place], row[0])
            })
        };
        self.rows.iter().map(cell).collect()
    }
}

/// Reads `2015-01-02`, `2015-01-02 09:30:00` and RFC 3339 in UTC.
pub(crate) fn timestamp(text: &str) -> Result<Timestamp> {
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ if text.ends_with('Z') => text.replacen(' ', "T", 1),
        _ => format!("{}Z", text.replacen(' ', "T", 1)),
    };
    full.parse().with_context(|| format!("`{text}` is no time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_fields_name_a_file_and_perhaps_rows() {
        let rows = |field: &str| Extract::parse(field).map(|extract| extract.rows).ok();
        let dates = |from: &str, to: &str| Some(Rows::Dates(from.to_owned(), to.to_owned()));
        assert_eq!(rows("a/b.csv"), Some(Rows::All));
        assert_eq!(rows("b.csv rows 2015-01-01..2019-12-31"), dates("2015-01-01", "2019-12-31"));
        assert_eq!(rows("b.csv 2005-01-01..2022-12-28"), dates("2005-01-01", "2022-12-28"));
        assert_eq!(rows("b.csv rows 1500..4500"), Some(Rows::Positions(1500, 4500)));
        assert_eq!(rows("b.csv rows 2015"), None);
        assert_eq!(rows("b.csv one two"), None);
        assert_eq!(rows(""), None);
    }
}
