//! Any text either is refused with its place, or has the same values however the bars are cut.
//!
//! Run with `RUSTC_BOOTSTRAP=1 cargo fuzz run rules`.
#![no_main]

use std::{collections::BTreeMap, ops::Range, sync::LazyLock};

use dirigent_core::{Seed, Timestamp};
use dirigent_trading::rules::{
    Columns, Expression, Frame, RuleError, RuleSet, compile, compile_expression,
};
use dirigent_trading::signal::Signal;

const BARS: usize = 300;

struct Market {
    time: Vec<Timestamp>,
    columns: [Vec<f64>; 5],
}

static MARKET: LazyLock<Market> = LazyLock::new(|| {
    let mut random = Seed::master(1).stream();
    let mut column = || {
        let mut price = 100.0;
        let next = || {
            price += random.normal().round();
            price
        };
        std::iter::repeat_with(next).take(BARS).collect()
    };
    let hours = (0..).step_by(3_600_000_000_000).map(Timestamp::from_nanos);
    Market { time: hours.take(BARS).collect(), columns: std::array::from_fn(|_| column()) }
});

impl Market {
    fn slice<'a>(&'a self, range: Range<usize>, foreign: &'a [&'a [f64]]) -> Columns<'a> {
        let [open, high, low, close, volume] =
            self.columns.each_ref().map(|column| &column[range.clone()]);
        Columns { time: &self.time[range], open, high, low, close, volume, foreign }
    }
}

/// The bits of all values when the bars come in these pieces.
fn values(expression: &Expression, pieces: &[Range<usize>]) -> Vec<Vec<u64>> {
    let mut evaluator = expression.start();
    let mut out = vec![Vec::new(); expression.outputs().len()];
    for piece in pieces {
        let other = &MARKET.columns[1][piece.clone()];
        let foreign = vec![other; expression.foreign().len()];
        evaluator.run(&MARKET.slice(piece.clone(), &foreign), &mut out);
    }
    out.into_iter().map(|column| column.into_iter().map(f64::to_bits).collect()).collect()
}

fn check_spans(text: &str, errors: &[RuleError]) {
    assert!(!errors.is_empty());
    for error in errors {
        assert!(text.get(error.span.clone()).is_some(), "span outside the text: {error:?}");
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    let params = BTreeMap::from([("n".to_owned(), 5.0), ("x".to_owned(), 1.5)]);
    let frame = Some(Frame { timeframe: "1h".parse().expect("an hour"), session: None });
    match compile_expression(text, &params, frame.clone()) {
        Err(errors) => check_spans(text, &errors),
        Ok(expression) => {
            let whole = values(&expression, &[0..BARS]);
            let pieces = [0..1, 1..2, 2..2, 2..120, 120..121, 121..BARS];
            assert_eq!(whole, values(&expression, &pieces), "{text}");
        }
    }
    let set = RuleSet { params, entry: Some(text.to_owned()), frame, ..RuleSet::default() };
    if let Ok(program) = compile(&set) {
        let mut signals = vec![Signal::NONE; BARS];
        let foreign = vec![&MARKET.columns[1][..]; program.foreign().len()];
        program.start().run(&MARKET.slice(0..BARS, &foreign), &mut signals);
        let silent = program.warmup().min(BARS);
        assert!(signals[..silent].iter().all(|signal| signal.is_none()), "{text}");
    }
});
