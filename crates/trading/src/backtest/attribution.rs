//! Attribution: what each symbol, and each strategy of several, added to the result and its risk.
//!
//! Promises: amounts are exact; the net gains of all parts add up to what the account gained, and
//! each part's own gross gain less its costs to its net gain. Contributions to return and risk add
//! up to the account's but for the rounding of doubles.
//! Source of the shares in risk: Euler's allocation of the variance; D. Tasche, "Capital Allocation
//! to Business Units and Sub-Portfolios: the Euler Principle", 2008, for deviations; R. Litterman,
//! "Hot Spots and Hedges", 1996.

use dirigent_core::Timestamp;

use crate::backtest::sleeves::Account;
use crate::backtest::world::times;
use crate::backtest::{FlowKind, Options, Outcome};
use crate::currency::RateSeries;
use crate::data::bars::Bars;
use crate::order::{Side, SymbolId};
use crate::price::{Money, Price, Quantity, Rate};

/// What one symbol of one strategy added, or what its cash earned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Part {
    /// The place of the strategy; 0 where there is one.
    pub sleeve: usize,
    /// The symbol; none for interest on cash.
    pub symbol: Option<SymbolId>,
    /// The gain at the prices before slippage, before all costs and payments.
    pub gross: Money,
    /// Commissions.
    pub fees: Money,
    /// What slippage cost.
    pub slippage: Money,
    /// Dividends, less those paid while short.
    pub dividends: Money,
    /// Interest on cash, or the fees for borrowed units and the funding of swaps.
    pub interest: Money,
    /// `gross − fees − slippage + dividends + interest`.
    pub net: Money,
    /// The net gain over the initial cash of the account: its part of the total return.
    pub contribution: f64,
    /// Its share in the variance of the account's returns; `None` if they do not vary.
    pub risk: Option<f64>,
}

impl Part {
    /// The sum of `parts`, without a symbol.
    pub fn sum<'a>(parts: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let money = |of: fn(&Self) -> Money| parts.clone().map(of).sum();
        Self {
            sleeve: parts.clone().next().map_or(0, |part| part.sleeve),
            symbol: None,
            gross: money(|part| part.gross),
            fees: money(|part| part.fees),
            slippage: money(|part| part.slippage),
            dividends: money(|part| part.dividends),
            interest: money(|part| part.interest),
            net: money(|part| part.net),
            contribution: parts.clone().map(|part| part.contribution).sum(),
            risk: parts.map(|part| part.risk).sum(),
        }
    }
}

/// What is the same for all parts.
struct Whole<'a> {
    bars: &'a [Bars],
    options: &'a Options,
    initial: f64,
    time: &'a [Timestamp],
    /// Equity before each time.
    before: Vec<f64>,
    /// Each return of the account, less their mean.
    deviations: Vec<f64>,
    /// The sum of the squares of these.
    squares: f64,
}

impl Outcome {
    /// What each traded symbol added, in the order of the symbols, and what cash earned; `bars` and
    /// `options` are those of the run.
    pub fn attribution(&self, bars: &[Bars], options: &Options) -> Vec<Part> {
        let whole = Whole::of(self, bars, options);
        self.parts(&whole, 0, &|symbol| symbol)
    }

    fn parts(
        &self,
        whole: &Whole<'_>,
        sleeve: usize,
        symbol_of: &dyn Fn(SymbolId) -> SymbolId,
    ) -> Vec<Part> {
        let symbols = (0..self.symbols.len()).map(SymbolId::new).map(Some);
        let own_times = whole.times_of(&self.symbols);
        let part = |symbol: Option<SymbolId>| {
            let changes = self.changes(symbol);
            let name = symbol.map(|symbol| self.symbols[symbol.index()].as_str());
            (!changes.is_empty()).then(|| Part {
                sleeve,
                symbol: symbol.map(symbol_of),
                ..whole.part(name, &changes, &own_times)
            })
        };
        symbols.chain([None]).filter_map(part).collect()
    }

    /// Everything that changed cash and units of `symbol`, in order.
    fn changes(&self, symbol: Option<SymbolId>) -> Vec<Change> {
        let fills =
            self.fills.iter().filter(|fill| Some(fill.symbol) == symbol).map(|fill| Change {
                time: fill.time,
                units: fill.signed_quantity(),
                gain: if fill.side == Side::Buy { -fill.value() } else { fill.value() },
                fees: fill.fee,
                slippage: fill.slippage,
                ..Change::default()
            });
        let flows = self.flows.iter().filter(|flow| flow.symbol == symbol).map(|flow| {
            let none = Change { time: flow.time, ..Change::default() };
            match flow.what {
                FlowKind::Dividend(_) => Change { dividends: flow.amount, ..none },
                FlowKind::Roll(_) => Change { fees: -flow.amount, ..none },
                FlowKind::Interest(_)
                | FlowKind::MarginInterest(_)
                | FlowKind::BorrowFee(_)
                | FlowKind::Funding(_) => Change { interest: flow.amount, ..none },
                FlowKind::Split(_) | FlowKind::CashInLieu(_) | FlowKind::Delisting(_) => {
                    Change { units: flow.units, gain: flow.amount, ..none }
                }
            }
        });
        let mut changes: Vec<Change> = fills.chain(flows).collect();
        changes.sort_by_key(|change| change.time);
        changes
    }
}

impl Account {
    /// What each strategy's symbols added, strategy after strategy; `bars` are all of the run.
    pub fn attribution(&self, bars: &[Bars], options: &Options) -> Vec<Part> {
        let whole = Whole::of(&self.outcome, bars, options);
        let sleeves = self.sleeves.iter().enumerate();
        let parts = sleeves.flat_map(|(place, sleeve)| {
            sleeve.outcome.parts(&whole, place, &|symbol| sleeve.symbol(symbol))
        });
        parts.collect()
    }
}

/// One change of cash and units.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    time: Timestamp,
    units: Quantity,
    /// Cash, before fees.
    gain: Money,
    fees: Money,
    slippage: Money,
    dividends: Money,
    interest: Money,
}

impl<'a> Whole<'a> {
    fn of(outcome: &'a Outcome, bars: &'a [Bars], options: &'a Options) -> Self {
        let initial = outcome.initial_cash.to_f64();
        let equity = outcome.equity.iter().map(|money| money.to_f64());
        let mut before = vec![initial];
        before.extend(equity);
        let change = |pair: &[f64]| if pair[0] > 0.0 { pair[1] / pair[0] - 1.0 } else { 0.0 };
        let mut deviations: Vec<f64> = before.windows(2).map(change).collect();
        #[expect(clippy::cast_precision_loss, reason = "counts of bars are far below 2^53")]
        let mean = deviations.iter().sum::<f64>() / deviations.len().max(1) as f64;
        deviations.iter_mut().for_each(|change| *change -= mean);
        let squares = deviations.iter().map(|deviation| deviation * deviation).sum();
        let time = &outcome.equity.time;
        Self { bars, options, initial, time, before, deviations, squares }
    }

    /// The times at which any of these symbols has a bar: only then is what they are worth looked at.
    fn times_of(&self, symbols: &[String]) -> Vec<Timestamp> {
        let own = self.bars.iter().filter(|bars| symbols.contains(&bars.symbol));
        let mut times: Vec<Timestamp> = own.flat_map(|bars| &bars.time).copied().collect();
        times.sort_unstable();
        times.dedup();
        times
    }

    fn part(&self, symbol: Option<&str>, changes: &[Change], own_times: &[Timestamp]) -> Part {
        let total = |of: fn(&Change) -> Money| changes.iter().map(of).sum::<Money>();
        let (fees, slippage) = (total(|change| change.fees), total(|change| change.slippage));
        let dividends = total(|change| change.dividends);
        let interest = total(|change| change.interest);
        let (net, shared) = self.follow(symbol, changes, own_times);
        Part {
            gross: net + fees + slippage - dividends - interest,
            fees,
            slippage,
            dividends,
            interest,
            net,
            contribution: net.to_f64() / self.initial,
            risk: (self.squares > 0.0).then(|| shared / self.squares),
            ..Part::default()
        }
    }

    /// The gain at the end, and the sum of products of the gains at each time, as shares of the
    /// equity before, with the deviations of the account's returns.
    fn follow(
        &self,
        symbol: Option<&str>,
        changes: &[Change],
        own_times: &[Timestamp],
    ) -> (Money, f64) {
        let mut worth = symbol.and_then(|name| Worth::of(self, name));
        let mut own_times = own_times.iter().peekable();
        let mut next = 0;
        let (mut units, mut cash, mut gained) = (Quantity::ZERO, Money::ZERO, Money::ZERO);
        let mut shared = 0.0;
        for (t, time) in self.time.iter().enumerate() {
            while let Some(change) = changes.get(next).filter(|change| change.time <= *time) {
                units += change.units;
                cash = cash + change.gain - change.fees + change.dividends + change.interest;
                next += 1;
            }
            let is_looked_at = own_times.next_if_eq(&time).is_some();
            let value = match &mut worth {
                Some(worth) => worth.at(*time, is_looked_at).notional(units),
                None => Money::ZERO,
            };
            let gain = (cash + value - gained).to_f64();
            gained = cash + value;
            if self.before[t] > 0.0 {
                shared += gain / self.before[t] * self.deviations[t];
            }
        }
        (gained, shared)
    }
}

/// What a unit of a symbol is worth as time goes on.
struct Worth<'a> {
    bars: &'a Bars,
    seen: usize,
    multiplier: Rate,
    factor: Rate,
    /// What its currency is worth, and how long a bar lasts.
    rates: Option<(&'a RateSeries, i64)>,
}

impl<'a> Worth<'a> {
    fn of(whole: &Whole<'a>, symbol: &str) -> Option<Self> {
        let terms = whole.options.instruments.of(symbol);
        let currencies = &whole.options.currencies;
        let rates = terms.currency.and_then(|currency| currencies.rates.get(&currency));
        Some(Self {
            bars: whole.bars.iter().find(|bars| bars.symbol == symbol)?,
            seen: 0,
            multiplier: terms.multiplier,
            factor: terms.multiplier,
            rates: rates.map(|rates| (&**rates, currencies.bar)),
        })
    }

    /// At the close of `time`; that of its currency only where it is looked at.
    fn at(&mut self, time: Timestamp, is_looked_at: bool) -> Price {
        while self.bars.time.get(self.seen).is_some_and(|bar| *bar <= time) {
            self.seen += 1;
        }
        if let (Some((rates, length)), true) = (self.rates, is_looked_at)
            && let Some(rate) = rates.at_close(time.as_nanos().saturating_add(length))
        {
            self.factor = times(self.multiplier, rate);
        }
        let last = self.seen.checked_sub(1);
        last.map_or(Price::ZERO, |last| self.factor.times(self.bars.close[last]))
    }
}
