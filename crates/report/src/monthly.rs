//! Returns by calendar month, as the table shows them.
//!
//! Convention: a month's return is its last equity over the last equity of the month before, less
//! one; a year's is the same over its months with data; months are those of UTC.

use crate::sheet::Curve;

/// The months of one year.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Year {
    /// The year.
    pub(crate) year: i64,
    /// Return of each month as a fraction; `None` where there is no data.
    pub(crate) months: [Option<f64>; 12],
    /// Return of the whole year.
    pub(crate) total: Option<f64>,
}

/// The years of an equity curve that started from `initial`.
pub(crate) fn years(initial: f64, equity: &Curve<'_>) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    let (mut month_base, mut year_base) = (initial, initial);
    for (year, month, last) in month_ends(equity) {
        if years.last().is_none_or(|known| known.year != year) {
            years.push(Year { year, months: [None; 12], total: None });
            year_base = month_base;
        }
        if let Some(current) = years.last_mut() {
            current.months[month] = growth(month_base, last);
            current.total = growth(year_base, last);
        }
        month_base = last;
    }
    years
}

/// Year, month from 0, and last finite equity of each month that has one.
fn month_ends(equity: &Curve<'_>) -> Vec<(i64, usize, f64)> {
    let mut ends: Vec<(i64, usize, f64)> = Vec::new();
    for (time, &value) in equity.time.iter().zip(equity.value).filter(|(_, v)| v.is_finite()) {
        let (year, month, _) = time.date();
        let month = usize::try_from(month - 1).expect("months are 1 to 12");
        match ends.last_mut() {
            Some(end) if (end.0, end.1) == (year, month) => end.2 = value,
            _ => ends.push((year, month, value)),
        }
    }
    ends
}

/// Growth as a fraction; undefined unless it starts from something positive.
pub(crate) fn growth(from: f64, to: f64) -> Option<f64> {
    (from > 0.0).then(|| to / from - 1.0).filter(|growth| growth.is_finite())
}

#[cfg(test)]
mod tests {
    use dirigent_core::Timestamp;

    use super::*;

    #[track_caller]
    fn check(initial: f64, points: &[(i64, u32, u32, f64)], expected: &[(i64, usize, f64, f64)]) {
        let time: Vec<_> =
            points.iter().map(|&(y, m, d, _)| Timestamp::from_date(y, m, d).unwrap()).collect();
        let value: Vec<_> = points.iter().map(|point| point.3).collect();
        let years = years(initial, &Curve { time: &time, value: &value });
        let mut cells = Vec::new();
        for year in &years {
            for (month, value) in year.months.iter().enumerate() {
                cells.extend(value.map(|v| (year.year, month + 1, v, year.total.unwrap())));
            }
        }
        assert_eq!(cells.len(), expected.len(), "{cells:?}");
        for (cell, expected) in cells.iter().zip(expected) {
            assert_eq!((cell.0, cell.1), (expected.0, expected.1));
            assert!((cell.2 - expected.2).abs() < 1e-12, "{cell:?}");
            assert!((cell.3 - expected.3).abs() < 1e-12, "{cell:?}");
        }
    }

    #[test]
    fn nothing_is_undefined_or_divided_by_zero() {
        check(100.0, &[], &[]);
        check(0.0, &[(2020, 1, 2, 5.0)], &[]);
        check(100.0, &[(2020, 1, 2, f64::NAN)], &[]);
    }

    #[test]
    fn months_chain_from_the_initial_equity_over_years_and_gaps() {
        let points = [
            (2020, 11, 30, 105.0),
            (2020, 12, 1, 1.0),
            (2020, 12, 31, 110.0),
            (2021, 3, 5, 99.0),
            (2021, 3, 31, 121.0),
        ];
        let expected =
            [(2020, 11, 0.05, 0.1), (2020, 12, 110.0 / 105.0 - 1.0, 0.1), (2021, 3, 0.1, 0.1)];
        check(100.0, &points, &expected);
    }
}
