//! The fast path: one plain row, byte by byte, straight into the columns.
//!
//! Invariant: a row that is read here comes out exactly as `row` would read it; anything unusual
//! (quotes, blanks, signs, exponents, missing cells, wrong counts) is left to `row`.

use super::{
    Parser,
    number::{fast_number, fast_price},
};
use crate::data::table::Cell;

impl Parser {
    /// Reads the row at `at`; `text` ends with a line end. `None` if `row` must look; the columns
    /// may then be of different length.
    #[inline]
    pub(super) fn fast_row(&mut self, text: &[u8], mut at: usize) -> Option<usize> {
        let (table, separator) = (&mut self.table, self.separator);
        let last = table.plan.cells.len() - 1;
        let mut time = 0;
        for (index, cell) in table.plan.cells.iter().enumerate() {
            let rest = &text[at..];
            at += match *cell {
                Cell::Skip => skip(rest, separator)?,
                Cell::Time => {
                    let (nanos, used) = self.stamps.fast(rest)?;
                    time = nanos;
                    used
                }
                Cell::Price(slot) | Cell::MaybePrice(slot) => {
                    let (raw, used) = fast_price(rest)?;
                    table.prices[slot].push(raw);
                    used
                }
                Cell::Number(slot) | Cell::MaybeNumber(slot) => {
                    let (number, used) = fast_number(rest)?;
                    table.numbers[slot].push(number);
                    used
                }
                Cell::Symbol => {
                    let used = skip(rest, separator)?;
                    table.symbol.push(self.symbols.known(&rest[..used])?);
                    used
                }
                Cell::Clock => return None,
            };
            if index < last {
                if *text.get(at)? != separator {
                    return None;
                }
                at += 1;
            }
        }
        at += usize::from(text.get(at) == Some(&b'\r'));
        if text.get(at) != Some(&b'\n') {
            return None;
        }
        table.time.push(time);
        Some(at + 1)
    }
}

/// The length of a field that is not read.
#[inline]
fn skip(rest: &[u8], separator: u8) -> Option<usize> {
    let length = rest.iter().position(|b| *b == separator || matches!(*b, b'\n' | b'\r' | b'"'))?;
    (rest[length] != b'"').then_some(length)
}
