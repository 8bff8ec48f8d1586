//! Returns by calendar month (UTC), for the table in the report.

use dirigent_core::Timestamp;

/// One row of the table: a calendar year.
#[derive(Clone, Debug, PartialEq)]
pub struct Year {
    /// The year.
    pub year: i64,
    /// January to December as fractions; `None` where the curve has no bar.
    pub months: [Option<f64>; 12],
    /// The return of the year's months together.
    pub total: f64,
}

/// Return of each month: its last level over the last level before it, less one. The first month
/// counts from the first point. Points without a time are left out.
pub fn monthly_returns(time: &[Timestamp], equity: &[f64]) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    let Some(&first) = equity.first() else {
        return years;
    };
    let mut before = Base { level: first, month: first, year: first };
    for (moment, &level) in time.iter().zip(equity) {
        let (year, month, _) = moment.date();
        let slot = usize::try_from(month - 1).map_or(0, |index| index.min(11));
        if years.last().is_none_or(|last| last.year != year) {
            years.push(Year { year, months: [None; 12], total: 0.0 });
            (before.year, before.month) = (before.level, before.level);
        }
        let row = years.last_mut().expect("a row was pushed for this year");
        if row.months[slot].is_none() {
            before.month = before.level;
        }
        row.months[slot] = Some(level / before.month - 1.0);
        row.total = level / before.year - 1.0;
        before.level = level;
    }
    years
}

/// The levels that returns are counted from.
struct Base {
    level: f64,
    month: f64,
    year: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_start_from_the_last_level_before_them() {
        let date = |y, m, d| Timestamp::from_date(y, m, d).expect("a date");
        let time = [date(2023, 11, 15), date(2023, 11, 30), date(2023, 12, 29), date(2024, 2, 1)];
        let years = monthly_returns(&time, &[100.0, 110.0, 99.0, 198.0]);
        assert_eq!(years.iter().map(|row| row.year).collect::<Vec<_>>(), [2023, 2024]);
        let close = |found: Option<f64>, expected: f64| {
            assert!((found.expect("a month") - expected).abs() < 1e-12, "{found:?}");
        };
        close(years[0].months[10], 0.1);
        close(years[0].months[11], -0.1);
        close(Some(years[0].total), -0.01);
        assert_eq!(years[1].months[0], None);
        close(years[1].months[1], 1.0);
    }

    #[test]
    fn no_curve_has_no_months() {
        assert_eq!(monthly_returns(&[], &[]), []);
    }
}
