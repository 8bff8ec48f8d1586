//! From compiled rules to a strategy: the signals of every symbol, computed before the run.
//!
//! Prices become doubles a chunk at a time, so that they stay in the cache.

use std::{cell::Cell, ops::Range, sync::Arc};

use dirigent_core::Timestamp;

use crate::data::bars::Bars;
use crate::indicator::Column;
use crate::price::Price;
use crate::rules::{Columns, Expression, Program};
use crate::signal::Signal;
use crate::strategy::SignalStrategy;

/// How many bars are converted at a time.
const CHUNK_BARS: usize = 1024;

/// Why the signals could not be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// The rules name a symbol there are no bars of.
    #[error("the rules use `{symbol}`, but there are no bars of it; there are: {known}")]
    UnknownSymbol {
        /// The symbol.
        symbol: String,
        /// The symbols there are bars of.
        known: String,
    },
    /// A bar lies in two bars of a slower timeframe that the rules name.
    #[error(
        "the bar of `{symbol}` from `{time}` reaches past `{end}`, where the next bar of a slower \
         timeframe of the rules begins"
    )]
    ReachesOver {
        /// The symbol.
        symbol: String,
        /// The start of the bar.
        time: Timestamp,
        /// The end of the slower one.
        end: Timestamp,
    },
}

impl SignalStrategy {
    /// The strategy of compiled rules on `bars`; `others` are symbols that the rules may name but
    /// that are not traded.
    ///
    /// # Errors
    /// If the rules name a symbol that is neither traded nor among the others, or a slower
    /// timeframe whose bars do not begin where bars begin.
    pub fn from_rules(
        program: &Program,
        bars: &[Bars],
        others: &[Bars],
    ) -> Result<Self, RulesError> {
        let foreign = Self::foreign(program.foreign(), bars, others)?;
        for bars in bars {
            if let Some((time, end)) = program.reaches_over(&bars.time) {
                return Err(RulesError::ReachesOver { symbol: bars.symbol.clone(), time, end });
            }
        }
        let columns = bars.iter().map(|bars| signals_of(program, bars, &foreign)).collect();
        Ok(Self::new(columns, program.warmup()))
    }

    /// The columns of other symbols that rules ask for.
    ///
    /// # Errors
    /// If a symbol is neither traded nor among the others.
    pub(crate) fn foreign<'b>(
        wanted: &[(Column, String)],
        bars: &'b [Bars],
        others: &'b [Bars],
    ) -> Result<Vec<(Column, &'b Bars)>, RulesError> {
        let find = |(column, symbol): &(Column, String)| {
            let found = bars.iter().chain(others).find(|bars| bars.symbol == *symbol);
            found.map(|bars| (*column, bars)).ok_or_else(|| RulesError::UnknownSymbol {
                symbol: symbol.clone(),
                known: names(bars.iter().chain(others)),
            })
        };
        wanted.iter().map(find).collect()
    }
}

fn names<'a>(bars: impl Iterator<Item = &'a Bars>) -> String {
    bars.map(|bars| bars.symbol.as_str()).collect::<Vec<_>>().join(", ")
}

thread_local! {
    static COMPUTED: Cell<u64> = const { Cell::new(0) };
}

/// How many columns of signals this thread has computed from rules so far.
pub fn signals_computed() -> u64 {
    COMPUTED.get()
}

/// The signals of one symbol; `foreign` are the columns that `program.foreign()` asks for.
pub fn signals_of(program: &Program, bars: &Bars, foreign: &[(Column, &Bars)]) -> Arc<[Signal]> {
    COMPUTED.set(COMPUTED.get() + 1);
    let mut signals: Arc<[Signal]> = std::iter::repeat_n(Signal::NONE, bars.len()).collect();
    let out = Arc::get_mut(&mut signals).expect("nobody shares it yet");
    if !program.compare_means(bars, out) {
        evaluate(program, bars, foreign, out);
    }
    signals
}

fn evaluate(program: &Program, bars: &Bars, foreign: &[(Column, &Bars)], out: &mut [Signal]) {
    let mut evaluator = program.start();
    let mut feed = Feed::new(bars, foreign, |column| program.reads(column));
    for from in (0..bars.len()).step_by(CHUNK_BARS) {
        let range = from..bars.len().min(from + CHUNK_BARS);
        feed.chunk(range.clone(), |columns| evaluator.run(columns, &mut out[range]));
    }
}

/// Computes the outputs of `expression` over the bars of a symbol and hands them to `take`, a stretch
/// of bars at a time; `others` are symbols that it may name but that are not traded.
///
/// # Errors
/// If it names a symbol that is neither traded nor among the others.
pub fn outputs_of(
    expression: &Expression,
    bars: &Bars,
    traded: &[Bars],
    others: &[Bars],
    mut take: impl FnMut(Range<usize>, &[Vec<f64>]),
) -> Result<(), RulesError> {
    let foreign = SignalStrategy::foreign(expression.foreign(), traded, others)?;
    let mut evaluator = expression.start();
    let mut feed = Feed::new(bars, &foreign, |column| expression.reads(column));
    let mut outputs = vec![Vec::with_capacity(CHUNK_BARS); expression.outputs().len()];
    for from in (0..bars.len()).step_by(CHUNK_BARS) {
        let range = from..bars.len().min(from + CHUNK_BARS);
        outputs.iter_mut().for_each(Vec::clear);
        feed.chunk(range.clone(), |columns| evaluator.run(columns, &mut outputs));
        take(range, &outputs);
    }
    Ok(())
}

/// The bars of a symbol as columns of doubles, a chunk at a time.
pub(crate) struct Feed<'a> {
    bars: &'a Bars,
    foreign: Vec<Vec<f64>>,
    buffers: [Buffer; 4],
}

impl<'a> Feed<'a> {
    /// `foreign` are the columns of other symbols; of its own, only those that `reads` are filled.
    pub(crate) fn new(
        bars: &'a Bars,
        foreign: &[(Column, &Bars)],
        reads: impl Fn(Column) -> bool,
    ) -> Self {
        let foreign = foreign.iter().map(|(column, other)| aligned(bars, *column, other));
        let buffers = [Column::Open, Column::High, Column::Low, Column::Close]
            .map(|column| Buffer { needed: reads(column), doubles: Vec::new() });
        Self { bars, foreign: foreign.collect(), buffers }
    }

    /// Calls `take` with the columns of the bars in `range`.
    pub(crate) fn chunk(&mut self, range: Range<usize>, take: impl FnOnce(&Columns<'_>)) {
        let Self { bars, foreign, buffers } = self;
        let foreign: Vec<&[f64]> = foreign.iter().map(|column| &column[range.clone()]).collect();
        let [open, high, low, close] = buffers;
        take(&Columns {
            time: &bars.time[range.clone()],
            open: open.fill(&bars.open[range.clone()]),
            high: high.fill(&bars.high[range.clone()]),
            low: low.fill(&bars.low[range.clone()]),
            close: close.fill(&bars.close[range.clone()]),
            volume: &bars.volume[range],
            foreign: &foreign,
        });
    }
}

/// A column of doubles for the present chunk; stays empty if the rules never read it.
struct Buffer {
    needed: bool,
    doubles: Vec<f64>,
}

impl Buffer {
    fn fill(&mut self, prices: &[Price]) -> &[f64] {
        if self.needed {
            self.doubles.clear();
            self.doubles.extend(prices.iter().map(|price| price.to_f64()));
        }
        &self.doubles
    }
}

/// A column of `other` as it was known at the times of `bars`: its last bar at or before each; NaN
/// before its first. A session that only `bars` has must not make a long average start over.
fn aligned(bars: &Bars, column: Column, other: &Bars) -> Vec<f64> {
    let prices = other.prices(column);
    let value = |bar: usize| prices.map_or_else(|| other.volume[bar], |p| p[bar].to_f64());
    let mut next = 0;
    let at = |time| {
        while other.time.get(next).is_some_and(|there| *there <= time) {
            next += 1;
        }
        if next > 0 { value(next - 1) } else { f64::NAN }
    };
    bars.time.iter().copied().map(at).collect()
}
