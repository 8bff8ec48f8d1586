//! A block: some combinations, traded together, chunk by chunk of the bars.

use std::ops::Range;

use super::judge::judge;
use super::meter::{Meter, Scratch, Sums};
use super::{Combinations, Scale, Score, Sweep, Trial};
use crate::backtest::fast::{self, Kernel, Market, Source};
use crate::backtest::{self, Unwatched, Watch};
use crate::rules::batch::{Batch, Collector, Texts};
use crate::rules::{CHUNK_BARS, RuleError, RuleSet, compile};
use crate::signal::Signal;
use crate::strategy::{Feed, Holding, SignalStrategy, wanted};

/// Tries the combinations of `part`; `None` if cancelled.
pub(super) fn run(
    sweep: &Sweep<'_>,
    combinations: &dyn Combinations,
    part: Range<usize>,
    scale: Scale,
    watch: &dyn Watch,
) -> Option<Vec<Trial>> {
    let rules: Vec<_> = part.clone().map(|index| combinations.rules(index)).collect();
    let block = Block { sweep, scale, watch };
    let mut scores: Vec<Result<Score, String>> = Vec::with_capacity(rules.len());
    while scores.len() < rules.len() {
        block.next(&rules[scores.len()..], &mut scores)?;
    }
    Some(part.zip(scores).map(|(index, score)| Trial { index, score }).collect())
}

struct Block<'a> {
    sweep: &'a Sweep<'a>,
    scale: Scale,
    watch: &'a dyn Watch,
}

impl Block<'_> {
    /// Tries as many of the first `rules` as fit a batch; `None` if cancelled.
    fn next(
        &self,
        rules: &[Result<RuleSet, String>],
        scores: &mut Vec<Result<Score, String>>,
    ) -> Option<()> {
        let first = rules[0].as_ref().map_err(Clone::clone);
        let texts = match first.and_then(|set| Texts::read(set).map_err(all)) {
            Ok(texts) => texts,
            Err(why) => {
                scores.push(Err(why));
                return Some(());
            }
        };
        let mut collector = Collector::new(&texts);
        let mut added: Vec<Result<&RuleSet, String>> = Vec::new();
        for rules in rules {
            added.push(match rules {
                Err(why) => Err(why.clone()),
                Ok(set) if !collector.takes(set) => break,
                Ok(set) => collector.add(set).map(|()| set).map_err(all),
            });
        }
        let mut fast = self.trade(&collector.finish())?.into_iter();
        for rules in added {
            scores.push(match rules {
                Ok(set) => fast.next().flatten().map_or_else(|| self.trade_whole(set), Ok),
                Err(why) => Err(why),
            });
        }
        Some(())
    }

    /// The scores of a batch: `None` where only a whole run knows; `None` of all if cancelled.
    fn trade(&self, batch: &Batch) -> Option<Vec<Option<Score>>> {
        let Sweep { bars, others, options, .. } = *self.sweep;
        let Ok(foreign) =
            SignalStrategy::foreign(batch.foreign(), std::slice::from_ref(bars), others)
        else {
            return Some(vec![None; batch.members().len()]); // a whole run says what is wrong
        };
        if batch.reaches_over(&bars.time) {
            return Some(vec![None; batch.members().len()]); // as above
        }
        let start =
            |first| fast::suits(options).then(|| Kernel::new(Market { bars, options, first }));
        let firsts = batch.members().iter().map(|member| options.first_bar.max(member.warmup));
        let mut kernels: Vec<_> = firsts.map(start).collect();
        let mut sums = vec![Sums::new(options.initial_cash); kernels.len()];
        let mut feed = Feed::new(bars, &foreign, |column| batch.reads(column));
        let (mut run, mut scratch) = (batch.start(), Scratch::default());
        let mut signals = [Signal::NONE; CHUNK_BARS];
        for start in (0..bars.len()).step_by(CHUNK_BARS) {
            if self.watch.cancelled() {
                return None;
            }
            let range = start..bars.len().min(start + CHUNK_BARS);
            let signals = &mut signals[..range.len()];
            feed.chunk(range.clone(), |columns| {
                run.run(columns);
                let members = batch.members().iter().zip(&mut kernels).zip(&mut sums);
                for ((member, slot), sums) in members {
                    let Some(kernel) = slot else { continue };
                    run.signals(member, columns, start, signals);
                    let mut meter = Meter { sums, scratch: &mut scratch };
                    let chunk = Chunk { start, signals };
                    let passed = kernel.proceed(&chunk, range.clone(), &mut meter);
                    if meter.settle().and(passed).is_err() {
                        *slot = None;
                    }
                }
            });
        }
        let close = *bars.close.last()?;
        let score = |(kernel, sums): (&Option<Kernel<'_>>, &Sums)| {
            kernel.as_ref().map(|kernel| sums.score(kernel, close, self.scale))
        };
        Some(kernels.iter().zip(&sums).map(score).collect())
    }

    /// The score of a whole run.
    fn trade_whole(&self, set: &RuleSet) -> Result<Score, String> {
        let Sweep { bars, others, options, .. } = self.sweep;
        let program = compile(set).map_err(all)?;
        let bars = std::slice::from_ref(*bars);
        let mut strategy = SignalStrategy::from_rules(&program, bars, others)
            .map_err(|error| error.to_string())?;
        let outcome = backtest::run(bars, &mut strategy, options, &Unwatched);
        judge(&outcome.map_err(|error| error.to_string())?, self.scale, self.sweep.risk_free_rate)
    }
}

/// The signals of a chunk that begins at bar `start`.
struct Chunk<'a> {
    start: usize,
    signals: &'a [Signal],
}

impl Source for Chunk<'_> {
    fn quiet_until(&self, bar: usize, limit: usize, holding: Holding) -> usize {
        bar + wanted(holding).first_in(&self.signals[bar - self.start..limit - self.start])
    }

    fn at(&self, bar: usize) -> Signal {
        self.signals[bar - self.start]
    }
}

/// All mistakes in one line.
fn all(errors: Vec<RuleError>) -> String {
    let texts: Vec<String> = errors.iter().map(RuleError::to_string).collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::backtest::Options;
    use crate::data::bars::Bars;
    use crate::price::Price;
    use crate::rules::RuleSet;

    /// Scores are right either way, so only this says that they are not those of whole runs.
    #[test]
    fn nothing_unusual_needs_no_whole_run() {
        let mut bars = Bars { symbol: "S".into(), ..Bars::default() };
        for day in 0..3_000_i64 {
            let price = Price::from_raw((10_000 + day * day % 991) * 10_000_000);
            bars.time.push(dirigent_core::Timestamp::from_nanos(day * 86_400_000_000_000));
            for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close] {
                column.push(price);
            }
            bars.volume.push(1.0);
        }
        let options = Options::default();
        let sweep = Sweep {
            bars: &bars,
            others: &[],
            options: &options,
            periods_per_year: None,
            risk_free_rate: 0.0,
            threads: NonZeroUsize::MIN,
        };
        let scale = sweep.scale().unwrap();
        let block = Block { sweep: &sweep, scale, watch: &Unwatched };
        let rules = |n: u32| RuleSet {
            params: [("n".to_owned(), f64::from(n))].into(),
            entry: Some("close > sma(close, $n)".into()),
            exit: Some("close <= sma(close, $n)".into()),
            ..RuleSet::default()
        };
        let sets: Vec<RuleSet> = (2..40).map(rules).collect();
        let texts = Texts::read(&sets[0]).unwrap();
        let mut collector = Collector::new(&texts);
        sets.iter().for_each(|set| collector.add(set).unwrap());
        let scores = block.trade(&collector.finish()).unwrap();
        assert!(scores.iter().all(|score| score.is_some_and(|score| score.trades > 100)));
    }
}
