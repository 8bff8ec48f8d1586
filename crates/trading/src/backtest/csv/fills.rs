//! `fills.csv`: every fill of a run that knows more than bars, with what it met.

use std::io::{self, Write};

use crate::backtest::{Met, Outcome};
use crate::price::Quantity;

impl Outcome {
    /// Writes every fill, in the order they happened, with the quote it met, the way of its order
    /// and the queue before it.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_fills_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = self.rows(out);
        rows.daily = false;
        rows.text(
            "timestamp,order,symbol,side,quantity,price,fee,slippage,reason,by,quoted,bid,ask,\
             bid_size,ask_size,sent,arrived,latency_ms,ahead",
        );
        rows.end()?;
        for (fill, met) in self.fills.iter().zip(&self.mets) {
            rows.time(fill.time);
            rows.comma();
            rows.shown(&fill.order);
            rows.comma();
            rows.field(&self.symbols[fill.symbol.index()]);
            rows.comma();
            rows.text(fill.side.as_str());
            for raw in [fill.quantity.raw(), fill.price.raw()] {
                rows.comma();
                rows.decimal(raw.into());
            }
            for raw in [fill.fee.raw(), fill.slippage.raw()] {
                rows.comma();
                rows.decimal(raw);
            }
            rows.comma();
            rows.shown(&fill.reason);
            rows.comma();
            rows.met(met);
            rows.end()?;
        }
        rows.finish()
    }

    /// Per order what its last fill met.
    #[expect(clippy::cast_possible_truncation, reason = "ids are places in a vector, plus one")]
    pub(super) fn met_last(&self) -> Vec<Option<Met>> {
        let mut mets = vec![None; self.history.len()];
        for (fill, met) in self.fills.iter().zip(&self.mets) {
            mets[fill.order.0 as usize - 1] = Some(*met);
        }
        mets
    }
}

impl super::Rows<'_> {
    fn met(&mut self, met: &Met) {
        self.text(met.by.as_str());
        self.comma();
        if let Some(shown) = met.shown {
            self.time(shown.time);
        }
        let prices = met.shown.map(|shown| [shown.bid, shown.ask]);
        for at in 0..2 {
            self.comma();
            if let Some(prices) = prices {
                self.decimal(prices[at].raw().into());
            }
        }
        let sizes = met.shown.map(|shown| [shown.bid_size, shown.ask_size]);
        for at in 0..2 {
            self.comma();
            self.size(sizes.map(|sizes| sizes[at]));
        }
        self.comma();
        self.time(met.sent);
        self.comma();
        self.time(met.arrived);
        self.comma();
        // A millisecond in steps of a nanosecond is a number with six decimals.
        const NANOS_PER_MILLI: i128 = 1_000;
        let nanos = i128::try_from(met.latency().as_nanos()).unwrap_or(i128::MAX);
        self.decimal(nanos * NANOS_PER_MILLI);
        self.comma();
        self.size(met.ahead);
    }

    /// A size, if it is known.
    fn size(&mut self, size: Option<Quantity>) {
        if let Some(size) = size.filter(|size| size.raw() < i64::MAX) {
            self.decimal(size.raw().into());
        }
    }
}
