//! Times that are stored as numbers, as binary files do.

use super::{Civil, Reader, Refusal, Suffix, in_years, refusal};
use crate::data::{problem::Kind, timeframe::DAY};

impl Reader {
    /// A moment in nanoseconds since 1970, UTC.
    pub(crate) fn read_utc(&mut self, nanos: i64) -> Result<i64, Refusal> {
        if !in_years(nanos) {
            return refusal(Kind::BadTime, "is outside the years 1678 to 2261");
        }
        Ok(self.accept_utc(nanos))
    }

    /// A local time in nanoseconds since 1970 on the wall clock; midnight may be just a date.
    pub(crate) fn read_local(&mut self, nanos: i64) -> Result<i64, Refusal> {
        if !in_years(nanos) {
            return refusal(Kind::BadTime, "is outside the years 1678 to 2261");
        }
        let is_date = nanos.rem_euclid(DAY) == 0 && self.may_be_dates();
        let suffix = if is_date { Suffix::Date } else { Suffix::Local };
        self.settle(&Civil { days: nanos.div_euclid(DAY), nanos: nanos.rem_euclid(DAY), suffix })
    }
}
