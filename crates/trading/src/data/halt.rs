//! Halts: rows in which nothing was traded.
//!
//! A row without volume is a quote that was carried on, or a halt: nobody could trade there. Left
//! out, a symbol has no bar at that time, so nothing of it trades and its position keeps the last
//! price; its indicators count the bars that it has.

use serde::{Deserialize, Serialize};

use super::{error::Error, rows::Rows};

/// What rows without volume are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroVolume {
    /// Bars as any other.
    #[default]
    Trade,
    /// Halts: as if they were not there.
    Halt,
}

/// Leaves out rows without volume, if they are halts.
///
/// # Errors
/// The file has no volume, or none above zero.
pub(crate) fn leave_out(
    rows: &mut Rows,
    zero_volume: ZeroVolume,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    if zero_volume == ZeroVolume::Trade {
        return Ok(());
    }
    let refuse = |what: &str| {
        Err(Error::Setting {
            what: format!("`{}` {what}, so all of it would be a halt", rows.symbol),
            hint: "set `data.zero_volume: trade`, or get a file with the volume".into(),
        })
    };
    if !rows.has_volume() {
        return refuse("has no column for the volume");
    }
    let traded: Vec<usize> = (0..rows.len()).filter(|row| rows.volume[*row] > 0.0).collect();
    if traded.is_empty() {
        return refuse("has no volume above zero");
    }
    let halted = rows.len() - traded.len();
    if halted > 0 {
        rows.pick(&traded);
        notes.push(format!(
            "`{}`: {halted} rows without volume were left out as halts",
            rows.symbol
        ));
    }
    Ok(())
}
