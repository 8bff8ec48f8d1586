//! Periods of the calendar, at whose last bar a portfolio is looked at.

use dirigent_core::Timestamp;

const DAY_NANOS: i64 = 86_400_000_000_000;

/// A period of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A day.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A month.
    Month,
    /// Three months, from January on.
    Quarter,
    /// A year.
    Year,
}

impl Period {
    /// Whether `next`, the time of the next bar, belongs to another period than `now`. The last
    /// bar of the data ends none: what comes next is not known.
    pub fn ends(self, now: Timestamp, next: Option<Timestamp>) -> bool {
        next.is_some_and(|next| self.number(next) != self.number(now))
    }

    /// A number that all moments of one period share and no other period has.
    fn number(self, time: Timestamp) -> i64 {
        let (year, month, _) = time.date();
        let day = time.as_nanos().div_euclid(DAY_NANOS);
        match self {
            Self::Day => day,
            // 1970-01-01 was a Thursday; weeks start on Monday.
            Self::Week => (day + 3).div_euclid(7),
            Self::Month => year * 12 + month,
            Self::Quarter => year * 4 + (month - 1) / 3,
            Self::Year => year,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(now: &str, next: &str, expected: [bool; 5]) {
        let time = |text: &str| format!("{text}T00:00:00Z").parse::<Timestamp>().unwrap();
        let all = [Period::Day, Period::Week, Period::Month, Period::Quarter, Period::Year];
        let found = all.map(|period| period.ends(time(now), Some(time(next))));
        assert_eq!(found, expected, "{now} {next}");
        assert!(!all.iter().any(|period| period.ends(time(now), None)));
    }

    #[test]
    fn a_period_ends_where_the_next_bar_lies_in_another() {
        check("2024-01-05", "2024-01-05", [false; 5]);
        check("2024-01-04", "2024-01-05", [true, false, false, false, false]);
        check("2024-01-05", "2024-01-08", [true, true, false, false, false]);
        check("2024-01-31", "2024-02-01", [true, false, true, false, false]);
        check("2024-03-28", "2024-04-01", [true, true, true, true, false]);
        check("2024-12-31", "2025-01-02", [true, false, true, true, true]);
        // Weeks go on over the turn of a year before 1970, too.
        check("1968-12-30", "1969-01-05", [true, false, true, true, true]);
    }
}
