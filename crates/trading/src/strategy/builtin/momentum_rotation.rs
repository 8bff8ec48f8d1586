//! Holds the strongest symbols, in equal weights, and looks again at the end of every period.
//!
//! Source: N. Jegadeesh and S. Titman, "Returns to Buying Winners and Selling Losers", Journal of
//! Finance 48 (1993), long side only, without skipping the last month.

use std::cmp::Reverse;

use super::{bars, period};
use crate::order::SymbolId;
use crate::period::Period;
use crate::portfolio::Ledger;
use crate::price::{Price, Rate};
use crate::strategy::{Build, Definition, Parameter, Strategy, Values, Window, Wishes};

pub(super) const DEFINITION: Definition = Definition {
    name: "momentum_rotation",
    summary: "At the last session of every period, holds the `top` symbols by their return over `lookback` bars, in equal weights.",
    parameters: &[
        bars("lookback", "Bars over which the return is measured.", 126, 1, (21, 252, 21)),
        Parameter {
            name: "top",
            summary: "How many symbols are held.",
            values: Values::Whole { default: 5, min: 1, max: 1000, search: (1, 10, 1) },
        },
        period::PARAMETER,
    ],
    rising: &[],
    build: Build::Strategy(|params| {
        Box::new(MomentumRotation {
            lookback: params.whole("lookback"),
            top: params.whole("top"),
            period: period::of(params),
        })
    }),
};

#[derive(Debug)]
struct MomentumRotation {
    lookback: usize,
    top: usize,
    period: Period,
}

impl MomentumRotation {
    /// The close of now and of `lookback` bars ago, if the symbol trades now and has both.
    fn closes(&self, window: &Window<'_>, symbol: SymbolId) -> Option<(Price, Price)> {
        let closes = window.close(symbol);
        let before = closes.len().checked_sub(self.lookback + 1)?;
        window.is_open_for(symbol).then(|| (closes[closes.len() - 1], closes[before]))
    }
}

impl Strategy for MomentumRotation {
    fn warmup(&self) -> usize {
        self.lookback
    }

    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        if !period::ends(self.period, window) {
            return;
        }
        let mut ranked: Vec<(SymbolId, Price, Price)> = window
            .symbols()
            .filter_map(|symbol| {
                self.closes(window, symbol).map(|(now, before)| (symbol, now, before))
            })
            .collect();
        // The exact order of now / before, by products; the sort is stable, so that equal returns
        // stay in the order of the symbols.
        ranked.sort_by(|(_, now_a, before_a), (_, now_b, before_b)| {
            let product = |a: Price, b: Price| i128::from(a.raw()) * i128::from(b.raw());
            Reverse(product(*now_a, *before_b)).cmp(&Reverse(product(*now_b, *before_a)))
        });
        ranked.truncate(self.top);
        let Ok(count) = i64::try_from(ranked.len()) else { return };
        if count > 0 {
            let weight = Rate::from_raw(Rate::ONE.raw() / count);
            wishes.weights(ranked.into_iter().map(|(symbol, ..)| (symbol, weight)));
        }
    }
}
