//! The evaluator: carries out a plan chunk by chunk and keeps what each node remembers.
//!
//! Invariant: how the bars are cut into calls changes no bit; a live session that feeds one bar
//! at a time runs the same code as a backtest that feeds all.
//! Not here: what a value means; see `arithmetic`, `window` and the indicators.

use std::{mem, ops::Range, sync::Arc};

use dirigent_core::Timestamp;

use crate::{
    indicator::{Column, Kernel},
    signal::Signal,
};

use super::{
    arithmetic::{Binary, UNKNOWN, Unary, choose, forget_infinities},
    calendar::Part,
    plan::{Action, Plan, Source},
    slower::Slower,
    wishes::Wishes,
};

/// How many bars are computed at a time: a column of doubles is 8 KiB, so a handful of them fits
/// the first-level cache.
pub(crate) const CHUNK_BARS: usize = 1_024;

/// The most inputs and the most outputs that a function may have.
const KERNEL_COLUMNS_MAX: usize = 8;

/// The next bars, column by column, all of one length (or empty, if never read); every value is
/// finite, or NaN where it is not known.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// The start of each bar.
    pub time: &'a [Timestamp],
    /// First prices.
    pub open: &'a [f64],
    /// Highest prices.
    pub high: &'a [f64],
    /// Lowest prices.
    pub low: &'a [f64],
    /// Last prices.
    pub close: &'a [f64],
    /// Units traded.
    pub volume: &'a [f64],
    /// The columns of other symbols at the same bars, in the order of `foreign()`.
    pub foreign: &'a [&'a [f64]],
}

impl<'a> Columns<'a> {
    fn column(&self, column: Column) -> &'a [f64] {
        match column {
            Column::Open => self.open,
            Column::High => self.high,
            Column::Low => self.low,
            Column::Close => self.close,
            Column::Volume => self.volume,
        }
    }

    /// Open, high, low, close and volume of the bars in `range`; empty where there is none.
    fn at(&self, range: &Range<usize>) -> [&'a [f64]; 5] {
        let columns = [self.open, self.high, self.low, self.close, self.volume];
        columns.map(|column| column.get(range.clone()).unwrap_or_default())
    }
}

/// The rules of a strategy while they are being fed.
#[derive(Debug)]
pub struct Evaluator {
    engine: Engine,
    wishes: Arc<Wishes>,
    /// Bars taken so far.
    taken: usize,
}

impl Evaluator {
    pub(super) fn new(plan: &Arc<Plan>, wishes: &Arc<Wishes>) -> Self {
        Self { engine: Engine::new(plan), wishes: Arc::clone(wishes), taken: 0 }
    }

    /// Takes the next bars, as many as `out` has places, and answers with the signal of each.
    ///
    /// # Panics
    /// If a column that is read is shorter than `out`, or one of another symbol is missing.
    pub fn run(&mut self, bars: &Columns<'_>, out: &mut [Signal]) {
        for range in chunks(out.len()) {
            self.engine.run(bars, &range);
            let (first, out) = (self.taken, &mut out[range.clone()]);
            self.wishes.tell(&self.engine, bars, &range, first, out);
            self.taken += range.len();
        }
    }
}

/// An expression while it is being fed.
#[derive(Debug)]
pub struct ExpressionEvaluator {
    engine: Engine,
}

impl ExpressionEvaluator {
    pub(super) fn new(plan: &Arc<Plan>) -> Self {
        Self { engine: Engine::new(plan) }
    }

    /// Takes the next bars, as many as there are times, and appends a value for each to the
    /// column of each output; NaN where it is not known, 1 and 0 for true and false.
    ///
    /// # Panics
    /// If a column is shorter than the times, or one of another symbol is missing.
    pub fn run(&mut self, bars: &Columns<'_>, out: &mut [Vec<f64>]) {
        for range in chunks(bars.time.len()) {
            self.engine.run(bars, &range);
            for (wanted, out) in self.engine.plan.wanted.iter().zip(&mut *out) {
                out.extend_from_slice(self.engine.read(*wanted, bars, &range));
            }
        }
    }
}

fn chunks(bars: usize) -> impl Iterator<Item = Range<usize>> {
    (0..bars).step_by(CHUNK_BARS).map(move |start| start..bars.min(start + CHUNK_BARS))
}

/// A plan and what its tasks remember.
#[derive(Debug)]
pub(super) struct Engine {
    plan: Arc<Plan>,
    /// One for each task of the plan.
    works: Vec<Work>,
    slower: Vec<Slower>,
    scratch: Vec<Vec<f64>>,
}

/// A task with what it remembers of earlier bars.
#[derive(Debug)]
enum Work {
    Part(Part),
    Unary(Unary),
    Binary(Binary),
    Choose,
    Hold { place: usize, last: f64 },
    Past(Past),
    Kernel(Box<dyn Kernel>),
}

impl Engine {
    pub(super) fn new(plan: &Arc<Plan>) -> Self {
        // With one bar two slower ones can become known: one that ended early, and its own.
        let room = if plan.slower.is_empty() { CHUNK_BARS } else { 2 * CHUNK_BARS };
        let mut scratch: Vec<_> = plan.constants.iter().map(|x| vec![*x; room]).collect();
        scratch.resize(plan.scratch, vec![UNKNOWN; room]);
        let works = plan.tasks.iter().map(|task| Work::new(&task.action)).collect();
        Self { works, slower: plan.slower.clone(), scratch, plan: Arc::clone(plan) }
    }

    /// Computes all values of the bars in `range`, which fits a chunk.
    pub(super) fn run(&mut self, bars: &Columns<'_>, range: &Range<usize>) {
        let Self { plan, works, slower, scratch } = self;
        slower.iter_mut().for_each(|slower| slower.take(&bars.time[range.clone()], bars.at(range)));
        for (task, work) in plan.tasks.iter().zip(works) {
            let length = task.clock.map_or(range.len(), |place| slower[place].len());
            if length == 0 {
                continue;
            }
            // The outputs are taken out, so that the inputs can be read beside them.
            let mut out: [Vec<f64>; KERNEL_COLUMNS_MAX] = Default::default();
            for (out, column) in out.iter_mut().zip(&task.outputs) {
                *out = mem::take(&mut scratch[*column]);
            }
            let mut inputs: [&[f64]; KERNEL_COLUMNS_MAX] = Default::default();
            for (input, source) in inputs.iter_mut().zip(&task.inputs) {
                *input = &read(scratch, slower, *source, bars, range)[..work.reads(slower, length)];
            }
            let mut columns = out.each_mut().map(|column| {
                column.get_mut(..length).unwrap_or_default() // empty past the last output
            });
            let (inputs, out_of_task) = (&inputs[..task.inputs.len()], task.outputs.len());
            let time = &bars.time[range.clone()];
            work.run(time, slower, inputs, &mut columns[..out_of_task]);
            for (out, column) in out.iter_mut().zip(&task.outputs) {
                scratch[*column] = mem::take(out);
            }
        }
    }

    /// Where the wanted value number `place` is.
    pub(super) fn wanted(&self, place: usize) -> Source {
        self.plan.wanted[place]
    }

    pub(super) fn read<'a>(
        &'a self,
        source: Source,
        bars: &Columns<'a>,
        range: &Range<usize>,
    ) -> &'a [f64] {
        &read(&self.scratch, &self.slower, source, bars, range)[..range.len()]
    }
}

/// Where a value is; a scratch column with all it has room for.
fn read<'a>(
    scratch: &'a [Vec<f64>],
    slower: &'a [Slower],
    source: Source,
    bars: &Columns<'a>,
    range: &Range<usize>,
) -> &'a [f64] {
    match source {
        Source::Bar(column) => &bars.column(column)[range.clone()],
        Source::Foreign(column) => &bars.foreign[column][range.clone()],
        Source::Slower(place, column) => slower[place].column(column),
        Source::Scratch(column) => &scratch[column],
    }
}

impl Work {
    fn new(action: &Action) -> Self {
        match action {
            Action::Part(part) => Self::Part(*part),
            Action::Unary(unary) => Self::Unary(*unary),
            Action::Binary(binary) => Self::Binary(*binary),
            Action::Choose => Self::Choose,
            Action::Hold(place) => Self::Hold { place: *place, last: UNKNOWN },
            Action::Shift(bars) => Self::Past(Past::new(*bars)),
            Action::Stateful(stateful, params) => Self::Kernel((stateful.build)(params)),
        }
    }

    /// How many values it reads for this many answers.
    fn reads(&self, slower: &[Slower], answers: usize) -> usize {
        match self {
            Self::Hold { place, .. } => slower[*place].len(),
            _ => answers,
        }
    }

    fn run(
        &mut self,
        time: &[Timestamp],
        slower: &[Slower],
        inputs: &[&[f64]],
        out: &mut [&mut [f64]],
    ) {
        match self {
            Self::Part(part) => part.run(time, out[0]),
            Self::Unary(unary) => unary.run(inputs[0], out[0]),
            Self::Binary(binary) => binary.run(inputs[0], inputs[1], out[0]),
            Self::Choose => choose(inputs[0], inputs[1], inputs[2], out[0]),
            Self::Hold { place, last } => hold(slower[*place].known(), inputs[0], last, out[0]),
            Self::Past(past) => past.run(inputs[0], out[0]),
            Self::Kernel(kernel) => {
                kernel.run(inputs, out);
                out.iter_mut().for_each(|column| forget_infinities(column));
            }
        }
    }
}

/// Fills `out` with the last of the values that are known at each bar, `last` before the first.
fn hold(known: &[usize], values: &[f64], last: &mut f64, out: &mut [f64]) {
    let before = *last;
    for (out, known) in out.iter_mut().zip(known) {
        *out = known.checked_sub(1).map_or(before, |at| values[at]);
        *last = *out;
    }
}

/// The last values of a series, oldest at `next`.
#[derive(Debug)]
struct Past {
    ring: Vec<f64>,
    next: usize,
}

impl Past {
    fn new(bars: usize) -> Self {
        Self { ring: vec![UNKNOWN; bars], next: 0 }
    }

    /// Fills `out` with the values of as many bars ago as there are in the ring.
    fn run(&mut self, x: &[f64], out: &mut [f64]) {
        let (bars, now) = (self.ring.len(), x.len());
        if now < bars {
            for (out, x) in out.iter_mut().zip(x) {
                *out = mem::replace(&mut self.ring[self.next], *x);
                self.next = (self.next + 1) % bars;
            }
            return;
        }
        self.ring.rotate_left(self.next);
        self.next = 0;
        out[..bars].copy_from_slice(&self.ring);
        out[bars..].copy_from_slice(&x[..now - bars]);
        self.ring.copy_from_slice(&x[now - bars..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::CATALOGUE;

    #[test]
    fn every_indicator_has_room_for_its_columns() {
        for definition in CATALOGUE {
            let columns = definition.inputs.len().max(definition.outputs.len());
            assert!(columns <= KERNEL_COLUMNS_MAX, "{}", definition.name);
        }
    }

    #[test]
    fn the_past_comes_back_in_order_whatever_the_pieces() {
        for (bars, pieces) in [(3, vec![1, 1, 5, 2, 3]), (4, vec![4, 4, 4]), (1, vec![12])] {
            let mut past = Past::new(bars);
            let (mut next, mut out) = (0.0, Vec::new());
            for piece in pieces {
                let x: Vec<f64> = (0..piece).map(|i| next + f64::from(i)).collect();
                next += f64::from(piece);
                let mut column = vec![0.0; x.len()];
                past.run(&x, &mut column);
                out.extend(column);
            }
            let expected = (0..12).map(|i| {
                let ago = u32::try_from(bars).ok().and_then(|bars| u32::checked_sub(i, bars));
                ago.map_or(UNKNOWN, f64::from).to_bits()
            });
            assert!(out.iter().map(|x| x.to_bits()).eq(expected), "{bars}: {out:?}");
        }
    }
}
