//! How many bars make a year, read off the times of the bars.

use dirigent_core::Timestamp;

/// Sessions in a year of a market that rests at weekends.
pub const SESSIONS_PER_YEAR: f64 = 252.0;
/// Days in a year of a market that never rests.
const DAYS_PER_YEAR: f64 = 365.0;

const HOUR_NANOS: i64 = 3600 * 1_000_000_000;
const DAY_NANOS: i64 = 24 * HOUR_NANOS;

/// Bars longer than a day, by the shortest usual spacing in days, with their number in a year.
const LONG_BARS: [(i64, f64); 4] = [(300, 1.0), (80, 4.0), (27, 12.0), (5, 52.0)];

/// Periods per year of bars at these times, which rise.
///
/// By the median spacing: yearly 1, quarterly 4, monthly 12, weekly 52. Daily bars: 252, or 365
/// where Saturdays are traded too. Shorter bars: the median number of bars on a day (UTC) times
/// 252 or 365, so minutes of a US session give 390 * 252 and hours around the clock 24 * 365.
/// Fewer than two times: 252.
pub fn periods_per_year(times: &[Timestamp]) -> f64 {
    let gaps = times.windows(2).map(|pair| pair[1].as_nanos().saturating_sub(pair[0].as_nanos()));
    let Some(spacing) = median(gaps.collect()) else {
        return SESSIONS_PER_YEAR;
    };
    let long = LONG_BARS.iter().find(|(days, _)| spacing >= days * DAY_NANOS);
    if let Some((_, per_year)) = long {
        return *per_year;
    }
    let days = bars_by_day(times);
    let days_per_year = if trades_saturdays(&days) { DAYS_PER_YEAR } else { SESSIONS_PER_YEAR };
    if spacing >= 18 * HOUR_NANOS {
        return days_per_year;
    }
    // The first and the last day may be cut off.
    let whole = if days.len() > 2 { &days[1..days.len() - 1] } else { &days[..] };
    let bars = median(whole.iter().map(|(_, bars)| *bars).collect()).unwrap_or(1);
    #[expect(clippy::cast_precision_loss, reason = "bars of one day are far below 2^53")]
    let bars = bars as f64;
    bars * days_per_year
}

/// The days (counted from 1970-01-01) with the number of bars on each.
fn bars_by_day(times: &[Timestamp]) -> Vec<(i64, i64)> {
    let mut days: Vec<(i64, i64)> = Vec::new();
    for time in times {
        let day = time.as_nanos().div_euclid(DAY_NANOS);
        match days.last_mut() {
            Some((last, bars)) if *last == day => *bars += 1,
            _ => days.push((day, 1)),
        }
    }
    days
}

/// Whether Saturdays are ordinary days: a seventh of all days, here at least a fourteenth.
fn trades_saturdays(days: &[(i64, i64)]) -> bool {
    // 1970-01-01 was a Thursday.
    let saturdays = days.iter().filter(|(day, _)| day.rem_euclid(7) == 2).count();
    saturdays * 14 >= days.len()
}

/// The upper median.
fn median(mut values: Vec<i64>) -> Option<i64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable(middle).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = HOUR_NANOS / 60;

    /// Monday 2024-01-01T00:00:00Z.
    const MONDAY: i64 = 1_704_067_200_000_000_000;

    #[track_caller]
    fn check(times: impl Iterator<Item = i64>, expected: f64) {
        let times: Vec<_> = times.map(Timestamp::from_nanos).collect();
        let found = periods_per_year(&times);
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    }

    fn weekdays(count: i64) -> impl Iterator<Item = i64> {
        (0..count).filter(|day| day % 7 < 5).map(|day| MONDAY + day * DAY_NANOS)
    }

    #[test]
    fn too_few_times_count_as_daily() {
        check([].into_iter(), 252.0);
        check([MONDAY].into_iter(), 252.0);
    }

    #[test]
    fn days_depend_on_the_weekend() {
        check(weekdays(400), 252.0);
        check((0..400).map(|day| MONDAY + day * DAY_NANOS), 365.0);
    }

    #[test]
    fn long_bars_go_by_their_spacing() {
        check((0..60).map(|week| MONDAY + week * 7 * DAY_NANOS), 52.0);
        check((0..60).map(|month| MONDAY + month * 30 * DAY_NANOS), 12.0);
        check((0..9).map(|quarter| MONDAY + quarter * 91 * DAY_NANOS), 4.0);
        check((0..5).map(|year| MONDAY + year * 365 * DAY_NANOS), 1.0);
    }

    #[test]
    fn minutes_of_a_session_count_by_day() {
        let session = |day: i64| (0..390).map(move |minute| day + (870 + minute) * MINUTE);
        check(weekdays(40).flat_map(session), 252.0 * 390.0);
    }

    #[test]
    fn hours_around_the_clock_fill_the_year() {
        check((5..2000).map(|hour| MONDAY + hour * HOUR_NANOS), 8760.0);
    }
}
