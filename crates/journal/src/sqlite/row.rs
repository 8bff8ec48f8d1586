//! Rows of the tables and what they stand for.
//!
//! Promises: an event decodes to exactly what was encoded; a row that cannot have been written by
//! this code is `Damaged`, never a panic.

use dirigent_core::{
    CorrelationId, Event, RunId, Sha256Hex, Timestamp,
    event::{ENVELOPE_VERSION, GENESIS_HASH},
};
use rusqlite::{Row, types::FromSql};

use crate::{Error, RunHead};

/// The columns of an event, as `decode_event` expects them from 0 on.
pub(super) const EVENT_COLUMNS: &str = "events.seq, events.envelope, events.time, events.type, \
     events.schema, events.source, events.causation_id, events.payload, events.prev_hash, events.hash";
/// How many they are.
pub(super) const EVENT_COLUMN_COUNT: usize = 10;

/// The columns of a run, as `decode_head` expects them.
pub(super) const HEAD_COLUMNS: &str = "runs.number, runs.run, runs.correlation_id, runs.last_seq, \
     runs.first_time, runs.last_time, runs.last_type, runs.head_hash";

/// A run's head and the number of its row.
#[derive(Clone, Debug)]
pub(super) struct StoredHead {
    pub(super) number: i64,
    pub(super) head: RunHead,
}

/// The event in `row`, which is the one at `seq` of the run unless the row says otherwise.
pub(super) fn decode_event(
    row: &Row<'_>,
    run: &RunId,
    correlation_id: &CorrelationId,
    seq: u64,
) -> Result<Event, Error> {
    let seq = cell::<i64>(row, 0, "position").map_or(seq, count);
    let damaged = |what: String| Error::Damaged { run: run.clone(), seq, what };
    let envelope: u32 = cell(row, 1, "envelope version").map_err(damaged)?;
    if envelope != ENVELOPE_VERSION {
        let (found, known) = (envelope, ENVELOPE_VERSION);
        return Err(Error::NewerRecord { run: run.clone(), seq, found, known });
    }
    decode_version_1(row, run, correlation_id, seq).map_err(damaged)
}

fn decode_version_1(
    row: &Row<'_>,
    run: &RunId,
    correlation_id: &CorrelationId,
    seq: u64,
) -> Result<Event, String> {
    let payload: String = cell(row, 7, "payload")?;
    Ok(Event {
        id: format!("{run}:{seq}"),
        run: run.clone(),
        correlation_id: correlation_id.clone(),
        causation_id: cell(row, 6, "causation id")?,
        seq,
        time: Timestamp::from_nanos(cell(row, 2, "time")?),
        kind: cell(row, 3, "type")?,
        schema: cell(row, 4, "schema")?,
        source: cell(row, 5, "source")?,
        payload: serde_json::from_str(&payload).map_err(|error| format!("payload: {error}"))?,
        prev_hash: hash_cell(row, 8, "previous hash")?.as_str().to_owned(),
        hash: hash_cell(row, 9, "hash")?,
    })
}

/// The run in the columns of `row` from `at` on; the error says what is wrong with it.
pub(super) fn decode_head(row: &Row<'_>, at: usize) -> Result<StoredHead, String> {
    let run: String = cell(row, at + 1, "run id")?;
    let correlation_id: String = cell(row, at + 2, "correlation id")?;
    let head = RunHead {
        run: run.parse().map_err(|error| format!("{error}"))?,
        correlation_id: correlation_id.parse().map_err(|error| format!("{error}"))?,
        last_seq: count(cell(row, at + 3, "last position")?),
        first_time: Timestamp::from_nanos(cell(row, at + 4, "first time")?),
        last_time: Timestamp::from_nanos(cell(row, at + 5, "last time")?),
        last_kind: cell(row, at + 6, "last type")?,
        head_hash: hash_cell(row, at + 7, "head hash")?,
    };
    Ok(StoredHead { number: cell(row, at, "number")?, head })
}

/// The value in column `index`, or a text that says it cannot be read.
pub(super) fn cell<T: FromSql>(row: &Row<'_>, index: usize, what: &str) -> Result<T, String> {
    row.get(index).map_err(|error| format!("{what}: {error}"))
}

/// The hash in column `index`.
pub(super) fn hash_cell(row: &Row<'_>, index: usize, what: &str) -> Result<Sha256Hex, String> {
    cell(row, index, what).map(Sha256Hex::from_bytes)
}

/// The 32 bytes of a hash in hexadecimal.
pub(super) fn hash_bytes(text: &str) -> [u8; 32] {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut bytes = [0_u8; 32];
    debug_assert_eq!(text.len(), GENESIS_HASH.len(), "a hash has 64 digits");
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0]).unwrap_or(0) << 4 | digit(pair[1]).unwrap_or(0);
    }
    bytes
}

/// A position as SQLite stores it; nothing counts to 2^63.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A position as it was stored; a negative one cannot be, and reads as 0, which no event has.
pub(super) fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
