//! What strategies decide when bars before the first that is traded are known to them.

use std::sync::{Arc, Mutex};

use dirigent_core::Timestamp;
use dirigent_trading::Bars;
use dirigent_trading::backtest::{Options, Unwatched, run};
use dirigent_trading::portfolio::Ledger;
use dirigent_trading::rules::compile;
use dirigent_trading::strategy::{
    Joined, Plan, Registry, SignalStrategy, Strategy, Window, Wishes, WithHistory, catalogue,
};

use crate::causality::walk;

type Wanted = Arc<Mutex<Vec<(Timestamp, Wishes)>>>;

/// Writes down what a strategy wants, and trades none of it.
struct Written {
    inner: Box<dyn Strategy>,
    wanted: Wanted,
}

impl Strategy for Written {
    fn warmup(&self) -> usize {
        self.inner.warmup()
    }

    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, _: &mut Wishes) {
        let mut wishes = Wishes::default();
        self.inner.on_bar(window, ledger, &mut wishes);
        if !wishes.is_empty() {
            self.wanted.lock().unwrap().push((window.now(), wishes));
        }
    }
}

fn wanted(inner: Box<dyn Strategy>, bars: &[Bars]) -> Vec<(Timestamp, Wishes)> {
    let wanted = Wanted::default();
    let mut strategy = Written { inner, wanted: Arc::clone(&wanted) };
    run(bars, &mut strategy, &Options::default(), &Unwatched).unwrap();
    drop(strategy);
    Arc::into_inner(wanted).unwrap().into_inner().unwrap()
}

/// Three symbols, the last of which begins in the middle of what is traded.
fn symbols() -> [Bars; 3] {
    let late = walk("C", 600);
    [walk("A", 600), walk("B", 600), late.part(420..600)]
}

fn built(name: &str, bars: &[Bars], history: &[Bars]) -> Box<dyn Strategy> {
    let joined = Joined::of(history, bars);
    match Registry::builtin().build(name, &Default::default()).unwrap() {
        Plan::Strategy(strategy) if history.is_empty() => strategy,
        Plan::Strategy(strategy) => Box::new(WithHistory::new(strategy, joined)),
        Plan::Rules(rules) => {
            let program = compile(&rules).unwrap();
            let signals = SignalStrategy::from_rules(&program, &joined.whole, &[]).unwrap();
            Box::new(signals.after(&joined.before))
        }
    }
}

#[test]
fn with_history_every_strategy_wants_what_it_would_have_wanted() {
    let whole = symbols();
    let first = whole[0].time[400];
    let parts = |bars: &Bars| {
        let cut = bars.time.partition_point(|time| *time < first);
        (bars.part(0..cut), bars.part(cut..bars.len()))
    };
    let (history, bars): (Vec<_>, Vec<_>) = whole.iter().map(parts).unzip();
    let mut some = 0;
    for definition in catalogue() {
        let name = definition.name;
        let all = wanted(built(name, &whole, &[]), &whole);
        let later: Vec<_> = all.into_iter().filter(|(time, _)| *time >= first).collect();
        assert_eq!(wanted(built(name, &bars, &history), &bars), later, "{name}");
        some += usize::from(!later.is_empty());
        // Without the history, what needs many bars would want less.
        let cold = wanted(built(name, &bars, &[]), &bars);
        assert!(cold.len() <= later.len(), "{name}");
    }
    assert!(some >= 8, "only {some} strategies wanted anything");
}

#[test]
fn history_joins_by_symbol() {
    let [a, b, c] = symbols();
    let joined = Joined::of(&[b.part(0..100), a.part(0..50)], &[a.part(50..600), c.clone()]);
    assert_eq!(joined.before, [50, 0]);
    assert_eq!(joined.whole, [a, c]);
}
