//! Closes: when the bars that were loaded end.
//!
//! A bar ends with its length, one that is made of so many trades with its stamp. A bar that belongs
//! to a date ends with that date in the zone of its session or its file, which may be hours after
//! midnight UTC. No bar ends before it is complete: a month counts as its 31 days, unless the next
//! begins before.

use std::time::Duration;

use dirigent_core::Timestamp;

use super::{
    Bars, Request,
    error::Error,
    load::no_zone,
    stamp::Zone,
    ticks::BarRule,
    timeframe::{DAY, Timeframe, Unit},
};
use crate::venue::Closes;

/// When `bars` of `timeframe` end that were loaded as `request` says.
///
/// # Errors
/// The zone is unknown.
pub fn closes(request: &Request, timeframe: Timeframe, bars: &[Bars]) -> Result<Closes, Error> {
    if request.bars.is_some_and(|rule| rule != BarRule::Time) {
        return Ok(Closes::After(Duration::ZERO));
    }
    let days = match timeframe.unit() {
        Unit::Month => 31 * DAY * i64::from(timeframe.count()),
        _ => timeframe.nanos(),
    };
    let name = request.session.as_ref().map(|session| session.timezone.as_str());
    let name = name.or(request.timezone.as_deref()).unwrap_or("UTC");
    if !timeframe.is_dated() || name.eq_ignore_ascii_case("utc") {
        return Ok(Closes::After(Duration::from_nanos(days.unsigned_abs())));
    }
    let zone = Zone::named(name).ok_or_else(|| no_zone(name))?;
    let mut stamps: Vec<Timestamp> = bars.iter().flat_map(|bars| &bars.time).copied().collect();
    stamps.sort_unstable();
    stamps.dedup();
    // A stamp at midnight is a date, any other a moment.
    let moment = |stamp: Timestamp| match stamp.nanos_of_day() {
        0 => zone.start_of_day(stamp),
        _ => stamp,
    };
    let end = |(at, stamp): (usize, &Timestamp)| {
        let own = moment(Timestamp::from_nanos(stamp.as_nanos().saturating_add(days)));
        let next = stamps.get(at + 1).map_or(own, |next| moment(*next));
        (*stamp, own.min(next))
    };
    Ok(Closes::Listed(stamps.iter().enumerate().map(end).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Source;

    fn bars(days: &[&str]) -> Bars {
        let time = |day: &&str| format!("{day}T00:00:00Z").parse().unwrap();
        Bars { time: days.iter().map(time).collect(), ..Bars::default() }
    }

    #[track_caller]
    fn check(timeframe: &str, zone: Option<&str>, days: &[&str], expected: &[&str]) {
        let mut request = Request::new(Source::Csv { path: "x".into() }, &["X"]);
        request.timezone = zone.map(str::to_owned);
        let bars = bars(days);
        let closes = closes(&request, timeframe.parse().unwrap(), std::slice::from_ref(&bars));
        let closes = closes.unwrap();
        let next = |at: usize| bars.time.get(at + 1).copied();
        let found: Vec<String> =
            (0..days.len()).map(|at| closes.of(bars.time[at], next(at)).to_string()).collect();
        assert_eq!(found, expected, "{timeframe} {zone:?}");
    }

    #[test]
    fn a_date_ends_in_its_zone() {
        let days = ["2024-07-05", "2024-07-08"];
        check("1d", None, &days, &["2024-07-06T00:00:00Z", "2024-07-09T00:00:00Z"]);
        let new_york = ["2024-07-06T04:00:00Z", "2024-07-09T04:00:00Z"];
        check("1d", Some("America/New_York"), &days, &new_york);
        let tokyo = ["2024-07-05T15:00:00Z", "2024-07-08T15:00:00Z"];
        check("1d", Some("Asia/Tokyo"), &days, &tokyo);
    }

    #[test]
    fn a_month_ends_with_the_next_or_after_31_days() {
        let days = ["2024-02-01", "2024-03-01"];
        check("1M", None, &days, &["2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z"]);
        check("5m", None, &days, &["2024-02-01T00:05:00Z", "2024-03-01T00:05:00Z"]);
    }
}
