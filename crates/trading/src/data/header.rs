//! Header: what the columns of a file are called, and what they mean.
//!
//! Promises: names are compared without case, spaces and punctuation; an explicit mapping wins;
//! two columns for one meaning are refused unless one of them is preferred by rule.

use std::{collections::BTreeMap, path::PathBuf};

use super::{error::Error, problem::shown};

/// What a column can mean for bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Time,
    Clock,
    Symbol,
    Open,
    High,
    Low,
    Close,
    AdjClose,
    Volume,
}

/// Names of each role, best first, as `plain` writes them.
const NAMES: [(Role, &[&str]); 9] = [
    (
        Role::Time,
        &[
            "timestamp",
            "datetime",
            "date",
            "time",
            "ts",
            "opentime",
            "unix",
            "indexlevel0",
            "index",
        ],
    ),
    (Role::Clock, &["time"]),
    (Role::Symbol, &["symbol", "ticker", "sym", "instrument"]),
    (Role::Open, &["open", "o", "openprice"]),
    (Role::High, &["high", "h", "highprice"]),
    (Role::Low, &["low", "l", "lowprice"]),
    (Role::Close, &["close", "c", "closeprice", "closelast", "last"]),
    (Role::AdjClose, &["adjclose", "adjustedclose", "closeadj", "adjcloseprice"]),
    (Role::Volume, &["volume", "vol", "v", "tickvol"]),
];

impl Role {
    /// The key of this role in `data.columns`.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Time => "timestamp",
            Self::Clock => "time_of_day",
            Self::Symbol => "symbol",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::AdjClose => "adj_close",
            Self::Volume => "volume",
        }
    }

    fn of_key(key: &str) -> Option<Self> {
        let key = plain(key);
        NAMES
            .iter()
            .find(|(role, names)| plain(role.key()) == key || names.contains(&key.as_str()))
            .map(|(role, _)| *role)
    }
}

/// The columns of one file.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) path: PathBuf,
    pub(crate) names: Vec<String>,
}

impl Header {
    /// The name of a column as a message shows it; its number where it has none.
    pub(crate) fn name(&self, column: usize) -> String {
        match self.names.get(column) {
            Some(name) if !name.trim().is_empty() => shown(name.as_bytes()),
            _ => format!("#{}", column + 1),
        }
    }

    /// The columns in one line, for messages.
    pub(crate) fn listed(&self) -> String {
        const LISTED_MAX: usize = 12;
        let mut names: Vec<String> =
            (0..self.names.len().min(LISTED_MAX)).map(|c| format!("`{}`", self.name(c))).collect();
        if self.names.len() > LISTED_MAX {
            names.push(format!("and {} more", self.names.len() - LISTED_MAX));
        }
        names.join(", ")
    }

    pub(crate) fn error(&self, what: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::Column {
            path: self.path.clone(),
            what: what.into(),
            columns: self.listed(),
            hint: hint.into(),
        }
    }

    /// Which column has which role. `mapping` is `data.columns`: role to column name.
    pub(crate) fn roles(
        &self,
        mapping: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<Role, usize>, Error> {
        let mut roles = self.mapped(mapping)?;
        let plain_names = self.plain_names();
        for (role, names) in NAMES {
            if roles.contains_key(&role) {
                continue;
            }
            for name in names {
                let mut found = (0..plain_names.len())
                    .filter(|c| plain_names[*c] == *name && !roles.values().any(|r| r == c));
                if let Some(column) = found.next() {
                    if let Some(other) = found.next() {
                        return Err(self.ambiguous(role, column, other));
                    }
                    roles.insert(role, column);
                    break;
                }
            }
        }
        self.unnamed_index(&mut roles);
        // A time of day means one only beside a date.
        let date = roles.get(&Role::Time).map(|c| plain_names[*c].as_str());
        if !mapping.keys().any(|k| Role::of_key(k) == Some(Role::Clock)) && date != Some("date") {
            roles.remove(&Role::Clock);
        }
        Ok(roles)
    }

    /// Only the columns of the time; other names may repeat.
    pub(crate) fn time_roles(&self) -> BTreeMap<Role, usize> {
        let names = self.plain_names();
        let column = |name: &&str| names.iter().position(|n| n == name);
        let mut roles = BTreeMap::new();
        let time = NAMES[0].1.iter().find_map(column);
        roles.extend(time.map(|column| (Role::Time, column)));
        let clock = names.iter().position(|n| n == "time");
        if time.is_some_and(|column| names[column] == "date") {
            roles.extend(clock.map(|column| (Role::Clock, column)));
        }
        self.unnamed_index(&mut roles);
        roles
    }

    fn plain_names(&self) -> Vec<String> {
        self.names.iter().map(|name| plain(name)).collect()
    }

    /// Takes a first column without a name for the time: pandas writes its index so.
    fn unnamed_index(&self, roles: &mut BTreeMap<Role, usize>) {
        let name = self.names.first().map(|name| plain(name));
        let unnamed = name.is_some_and(|n| n.is_empty() || n == "unnamed0");
        if unnamed && !roles.values().any(|column| *column == 0) {
            roles.entry(Role::Time).or_insert(0);
        }
    }

    fn ambiguous(&self, role: Role, first: usize, second: usize) -> Error {
        let (first, second) = (self.name(first), self.name(second));
        self.error(
            format!("has two columns for {}: `{first}` and `{second}`", role.key()),
            format!("say which one is meant: `columns: {{{}: {first}}}`", role.key()),
        )
    }

    fn mapped(&self, mapping: &BTreeMap<String, String>) -> Result<BTreeMap<Role, usize>, Error> {
        let mut roles = BTreeMap::new();
        for (key, name) in mapping {
            let role = Role::of_key(key).ok_or_else(|| Error::Setting {
                what: format!("`data.columns` has no meaning for `{}`", shown(key.as_bytes())),
                hint: "use timestamp, open, high, low, close, adj_close, volume or symbol".into(),
            })?;
            let same = |n: &String| n == name || n.trim().eq_ignore_ascii_case(name.trim());
            let column = self.names.iter().position(|n| n == name);
            let column = column.or_else(|| self.names.iter().position(same)).ok_or_else(|| {
                self.error(
                    format!("has no column `{}`", shown(name.as_bytes())),
                    format!("correct `columns: {{{}: …}}`", role.key()),
                )
            })?;
            roles.insert(role, column);
        }
        Ok(roles)
    }
}

/// A column name without case, spaces, punctuation and leading numbering: `1. Open` is `open`.
pub(crate) fn plain(name: &str) -> String {
    let numbered = name
        .trim_start()
        .split_once(". ")
        .filter(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    numbered
        .map_or(name, |(_, rest)| rest)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(names: &[&str], mapping: &[(&str, &str)]) -> Result<Vec<(Role, usize)>, Error> {
        let header =
            Header { path: "x.csv".into(), names: names.iter().map(|n| (*n).to_owned()).collect() };
        let mapping = mapping.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        header.roles(&mapping).map(|roles| roles.into_iter().collect())
    }

    #[test]
    fn two_columns_of_one_meaning_are_refused() {
        let error = roles(&["date", "close", "Close"], &[]).unwrap_err();
        assert!(error.to_string().contains("two columns for close"), "{error}");
        assert!(roles(&["date", "px"], &[("close", "px_last")]).is_err());
        assert!(roles(&["date", "px"], &[("settle", "px")]).is_err());
    }

    #[test]
    fn usual_headers_are_understood() {
        use Role as R;
        let yahoo = ["Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"];
        let found = roles(&yahoo, &[]).unwrap();
        assert_eq!(found[0], (R::Time, 0));
        assert!(found.contains(&(R::AdjClose, 5)) && found.contains(&(R::Close, 4)));
        let numbered = ["timestamp", "1. open", "5. adjusted close", "6. volume", "4. close"];
        let found = roles(&numbered, &[]).unwrap();
        assert!(found.contains(&(R::AdjClose, 2)) && found.contains(&(R::Close, 4)));
        let metatrader = ["<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<TICKVOL>"];
        let found = roles(&metatrader, &[]).unwrap();
        assert_eq!(found[..2], [(R::Time, 0), (R::Clock, 1)]);
        assert_eq!(roles(&["", "close"], &[]).unwrap(), [(R::Time, 0), (R::Close, 1)]);
        assert_eq!(roles(&["time", "c"], &[]).unwrap(), [(R::Time, 0), (R::Close, 1)]);
        let mapped = roles(&["date", "px_last"], &[("close", "px_last")]).unwrap();
        assert_eq!(mapped, [(R::Time, 0), (R::Close, 1)]);
    }
}
