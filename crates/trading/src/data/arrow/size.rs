//! Sizes: what a file says of its own parts, before any memory is asked for on its word.

use std::path::Path;

use arrow_ipc::{
    Block, CompressionType, Message, MessageHeader, RecordBatch, root_as_footer, root_as_message,
};

use super::{ARROW_UNPACKED_BYTES_MAX, MARK, damaged, is_stream, too_many};
use crate::data::{error::Error, table::ROWS_MAX};

/// The length of the footer and the magic after it.
const END_BYTES: usize = 10;
/// LZ4 packs 255 bytes into one at best.
const LZ4_RATIO_MAX: i64 = 256;

/// Refuses bytes whose parts lie outside of them, or unpack to more than they may.
pub(super) fn check(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let blocks = if is_stream(bytes) { of_stream(path, bytes)? } else { of_file(path, bytes)? };
    let mut rows = 0;
    for block in &blocks {
        rows += check_block(path, bytes, block)?;
        if rows > ROWS_MAX {
            return Err(too_many(path, "rows", rows, ROWS_MAX));
        }
    }
    Ok(())
}

/// The batches that the table of contents at the end of a file names.
fn of_file(path: &Path, bytes: &[u8]) -> Result<Vec<Block>, Error> {
    let cut = || damaged(path, "a part of it lies outside of the file");
    let ends = bytes.len().checked_sub(END_BYTES).ok_or_else(cut)?;
    let length = bytes[ends..].first_chunk().map_or(-1, |length| i32::from_le_bytes(*length));
    let length = usize::try_from(length).map_err(|_| cut())?;
    let start = ends.checked_sub(length).ok_or_else(cut)?;
    let footer = root_as_footer(&bytes[start..ends]);
    let footer = footer.map_err(|_| damaged(path, "its table of contents cannot be read"))?;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    Ok(footer.recordBatches().into_iter().flatten().chain(dictionaries).copied().collect())
}

/// The batches of a stream, which ends with a mark: without it, rows may be missing.
fn of_stream(path: &Path, bytes: &[u8]) -> Result<Vec<Block>, Error> {
    let cut = || Error::Format {
        path: path.to_owned(),
        what: "is a truncated Arrow stream: its end is missing".into(),
        hint: "copy or write the file again; the writer has to be closed".into(),
    };
    let (mut blocks, mut at) = (Vec::new(), 0_usize);
    loop {
        let mark = bytes.get(at..at + 4).ok_or_else(cut)?;
        if mark != MARK {
            return Err(damaged(path, "its messages do not follow each other"));
        }
        let length = bytes.get(at + 4..at + 8).and_then(<[u8]>::first_chunk).ok_or_else(cut)?;
        let length = i32::from_le_bytes(*length);
        if length == 0 {
            break;
        }
        let size = usize::try_from(length);
        let size = size.map_err(|_| damaged(path, "a message has a negative size"))?;
        let message = bytes.get(at + 8..).and_then(|rest| rest.get(..size)).ok_or_else(cut)?;
        let message = root_as_message(message);
        let message = message.map_err(|_| damaged(path, "a message cannot be read"))?;
        let body = usize::try_from(message.bodyLength());
        let body = body.map_err(|_| damaged(path, "a message has a negative size"))?;
        if message.header_type() != MessageHeader::Schema {
            let from = i64::try_from(at).map_err(|_| cut())?;
            let meta = length.checked_add(8).ok_or_else(cut)?;
            blocks.push(Block::new(from, meta, message.bodyLength()));
        }
        let next = (at + 8 + size).checked_add(body).filter(|next| *next <= bytes.len());
        at = next.ok_or_else(cut)?;
    }
    match bytes.len() - at {
        8 => Ok(blocks),
        _ => Err(damaged(path, "it goes on after its end")),
    }
}

/// Looks at one batch; answers how many rows it has.
fn check_block(path: &Path, bytes: &[u8], block: &Block) -> Result<u64, Error> {
    let cut = || damaged(path, "a part of it lies outside of the file");
    let part = |from: i64, length: i64| {
        let from = usize::try_from(from).ok()?;
        bytes.get(from..from.checked_add(usize::try_from(length).ok()?)?)
    };
    let (at, length) = (block.offset(), i64::from(block.metaDataLength()));
    let meta = part(at, length).ok_or_else(cut)?;
    let body =
        at.checked_add(length).and_then(|at| part(at, block.bodyLength())).ok_or_else(cut)?;
    // The length of a message stands before it; files of new have a mark before that.
    let skipped = if meta.starts_with(&MARK) { 8 } else { 4 };
    let message = meta.get(skipped..).and_then(|meta| root_as_message(meta).ok());
    let batch = message.as_ref().and_then(batch);
    let batch = batch.ok_or_else(|| damaged(path, "a batch of rows cannot be read"))?;
    check_buffers(path, body, batch)?;
    u64::try_from(batch.length()).map_err(|_| damaged(path, "a batch has a negative size"))
}

fn batch<'a>(message: &Message<'a>) -> Option<RecordBatch<'a>> {
    message
        .header_as_record_batch()
        .or_else(|| message.header_as_dictionary_batch().and_then(|batch| batch.data()))
}

fn check_buffers(path: &Path, body: &[u8], batch: RecordBatch<'_>) -> Result<(), Error> {
    let codec = batch.compression().map(|compression| compression.codec());
    if codec.is_some_and(|codec| codec != CompressionType::LZ4_FRAME) {
        return Err(Error::Format {
            path: path.to_owned(),
            what: "is compressed with zstd; LZ4 and uncompressed files can be read".into(),
            hint: "write it again: `pyarrow.feather.write_feather(table, path, \
                   compression=\"lz4\")`, polars `df.write_ipc(path, compression=\"lz4\")`"
                .into(),
        });
    }
    let mut unpacked = 0_i64;
    for buffer in batch.buffers().into_iter().flatten() {
        let (from, length) = (usize::try_from(buffer.offset()), usize::try_from(buffer.length()));
        let part = from
            .ok()
            .zip(length.ok())
            .and_then(|(from, length)| body.get(from..from.checked_add(length)?));
        let Some(part) = part else {
            return Err(damaged(path, "a column lies outside of its batch"));
        };
        if codec.is_some() && !part.is_empty() {
            let length = part.first_chunk().map_or(-2, |length| i64::from_le_bytes(*length));
            if length < -1 || length > buffer.length().saturating_mul(LZ4_RATIO_MAX) {
                return Err(damaged(path, "a column unpacks to a size that cannot be"));
            }
            unpacked = unpacked.saturating_add(length.max(0));
        }
    }
    match unpacked > ARROW_UNPACKED_BYTES_MAX {
        false => Ok(()),
        true => Err(Error::TooLarge {
            path: path.to_owned(),
            what: "too many bytes in one batch once unpacked".into(),
            found: unpacked.unsigned_abs(),
            limit: ARROW_UNPACKED_BYTES_MAX.unsigned_abs(),
        }),
    }
}
