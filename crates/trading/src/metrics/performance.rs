//! The product's own record of a run's performance: one convention for each metric.
//!
//! Promises: fields are exactly those of a backtest's result, in its order; fractions, not
//! percent; what is undefined is `None` and prints as `null`.
//! Not here: the other conventions, see `variants`; why these, see `docs/concepts/metrics.md`.

use dirigent_core::Timestamp;
use serde::Serialize;

use super::{
    Drawdown, Error, Relative, Returns, check_finite, check_length, drawdowns, finite, float,
    max_drawdown,
    moments::{self, Sum},
    periods_per_year, ratio, returns_of,
    tail::Tails,
};

const NANOS_PER_DAY: f64 = 86_400.0 * 1e9;

/// What a run left behind, to be judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Curve<'a> {
    /// The time of each point, rising.
    pub time: &'a [Timestamp],
    /// Worth of the account at each point, in money; the first is the capital before any fill.
    pub equity: &'a [f64],
    /// Gross market value over equity at each point; empty if unknown.
    pub exposure: &'a [f64],
    /// Sum of |quantity| times price over all fills, in money.
    pub traded_notional: f64,
    /// Commissions and other fees paid, in money.
    pub fees: f64,
    /// What slippage cost against the reference prices, in money.
    pub slippage_cost: f64,
    /// The closed trades.
    pub trades: &'a [TradeResult],
    /// Level of the benchmark at each point; `None` without one.
    pub benchmark: Option<&'a [f64]>,
    /// Periods in a year; `None` reads it off the times.
    pub periods_per_year: Option<f64>,
    /// Annual rate as a fraction: 0.02 is 2 %.
    pub risk_free_rate: f64,
}

/// How a closed trade ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TradeResult {
    /// Profit after all costs, in money.
    pub net_pnl: f64,
    /// Net profit over what was paid to enter, as a fraction.
    pub return_fraction: f64,
    /// Bars between entry and exit.
    pub bars: usize,
}

/// The metrics of a run. All but counts and sums of money are `None` where undefined.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Performance {
    /// Last level over first, less one.
    pub total_return: Option<f64>,
    /// Compound annual growth rate, by number of periods.
    pub cagr: Option<f64>,
    /// Annualized sample deviation of returns.
    pub volatility: Option<f64>,
    /// Annualized Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Annualized Sortino ratio.
    pub sortino: Option<f64>,
    /// `cagr` over the size of `max_drawdown`.
    pub calmar: Option<f64>,
    /// Deepest fall from a high, as a fraction, zero or negative.
    pub max_drawdown: Option<f64>,
    /// Longest time from a high until it was reached again or the curve ended, in calendar days.
    pub max_drawdown_days: Option<f64>,
    /// The 5 % quantile of returns per period: a loss is negative.
    pub var_95: Option<f64>,
    /// The mean of the worst 5 % of returns per period.
    pub cvar_95: Option<f64>,
    /// Adjusted skewness of returns.
    pub skew: Option<f64>,
    /// Adjusted excess kurtosis of returns.
    pub kurtosis: Option<f64>,
    /// Share of points with a position.
    pub exposure: Option<f64>,
    /// How often a year the average equity was replaced: half the traded notional over it.
    pub turnover: Option<f64>,
    /// Closed trades.
    pub trades: usize,
    /// Share of trades with a profit after costs.
    pub win_rate: Option<f64>,
    /// Profits over losses of the trades, after costs.
    pub profit_factor: Option<f64>,
    /// Mean net profit of a trade, in money.
    pub avg_trade: Option<f64>,
    /// Mean return of a trade, as a fraction.
    pub expectancy: Option<f64>,
    /// Fees paid, in money.
    pub fees: f64,
    /// Cost of slippage, in money.
    pub slippage_cost: f64,
    /// Jensen's alpha, arithmetically annualized.
    pub alpha: Option<f64>,
    /// Slope against the benchmark's returns.
    pub beta: Option<f64>,
    /// Mean over deviation of the return above the benchmark, per period, not annualized.
    pub information_ratio: Option<f64>,
}

impl Performance {
    /// Judges a curve.
    ///
    /// # Errors
    /// Columns of different lengths, numbers that are not finite, a first level or a level of the
    /// benchmark that is not above zero, or a rate or number of periods that makes no sense.
    pub fn of(curve: &Curve<'_>) -> Result<Self, Error> {
        check(curve)?;
        let annual = curve.periods_per_year.unwrap_or_else(|| periods_per_year(curve.time));
        let steps = returns_of(curve.equity);
        let returns = Returns::new(&steps, annual)?;
        let rate = returns.per_period(curve.risk_free_rate);
        let growth = growth(curve.equity);
        let cagr = growth.and_then(|growth| returns.annual_growth(growth.max(0.0)));
        let deepest = max_drawdown(curve.equity);
        let tails = Tails::of(&steps);
        let against = curve.benchmark.map(returns_of);
        let against = against.as_ref().map(|steps| Relative::new(&returns, steps)).transpose()?;
        Ok(Self {
            total_return: growth.map(|growth| growth - 1.0),
            cagr,
            volatility: returns.volatility(),
            sharpe: returns.sharpe(rate),
            sortino: returns.sortino(rate),
            calmar: cagr.zip(deepest).and_then(|(cagr, depth)| ratio(cagr, -depth)),
            max_drawdown: deepest,
            max_drawdown_days: longest_days(curve),
            var_95: tails.map(|tails| tails.quantile_05),
            cvar_95: tails.map(|tails| tails.partition_mean_05),
            skew: returns.skew(),
            kurtosis: returns.kurtosis(),
            exposure: exposure(curve.exposure),
            turnover: turnover(curve, annual),
            trades: curve.trades.len(),
            win_rate: win_rate(curve.trades),
            profit_factor: profit_factor(curve.trades),
            avg_trade: moments::mean(curve.trades.iter().map(|trade| trade.net_pnl)),
            expectancy: moments::mean(curve.trades.iter().map(|trade| trade.return_fraction)),
            fees: curve.fees,
            slippage_cost: curve.slippage_cost,
            alpha: against.as_ref().and_then(|pair| pair.alpha(rate)),
            beta: against.as_ref().and_then(Relative::beta),
            information_ratio: against.as_ref().and_then(Relative::information_ratio),
        })
    }
}

/// The edge: everything that later code relies on.
fn check(curve: &Curve<'_>) -> Result<(), Error> {
    let points = curve.equity.len();
    check_length("time", curve.time.len(), points)?;
    check_finite("equity", curve.equity)?;
    if let Some(&first) = curve.equity.first().filter(|first| **first <= 0.0) {
        return Err(Error::NotPositive { what: "equity", index: 0, value: first });
    }
    if !curve.exposure.is_empty() {
        check_length("exposure", curve.exposure.len(), points)?;
        check_finite("exposure", curve.exposure)?;
    }
    if let Some(benchmark) = curve.benchmark {
        check_length("benchmark", benchmark.len(), points)?;
        check_finite("benchmark", benchmark)?;
        if let Some(index) = benchmark.iter().position(|level| *level <= 0.0) {
            let value = benchmark[index];
            return Err(Error::NotPositive { what: "benchmark", index, value });
        }
    }
    check_finite("sum of money", &[curve.traded_notional, curve.fees, curve.slippage_cost])?;
    for trade in curve.trades {
        check_finite("trade", &[trade.net_pnl, trade.return_fraction])?;
    }
    let rate = curve.risk_free_rate;
    if rate.is_finite() && rate > -1.0 { Ok(()) } else { Err(Error::RiskFreeRate(rate)) }
}

/// Last level over first; `None` with fewer than two points, where nothing has happened yet.
fn growth(equity: &[f64]) -> Option<f64> {
    let (first, rest) = equity.split_first()?;
    rest.last().and_then(|last| ratio(*last, *first))
}

fn longest_days(curve: &Curve<'_>) -> Option<f64> {
    let days = |drawdown: &Drawdown| {
        let (from, to) = (curve.time[drawdown.peak_bar], curve.time[drawdown.last_bar()]);
        #[expect(clippy::cast_precision_loss, reason = "days need no last nanosecond")]
        let nanos = to.as_nanos().saturating_sub(from.as_nanos()) as f64;
        nanos / NANOS_PER_DAY
    };
    let longest = drawdowns(curve.equity).iter().map(days).fold(0.0, f64::max);
    (!curve.equity.is_empty()).then_some(longest)
}

fn exposure(exposure: &[f64]) -> Option<f64> {
    let invested = exposure.iter().filter(|share| **share != 0.0).count();
    ratio(float(invested), float(exposure.len()))
}

fn turnover(curve: &Curve<'_>, annual: f64) -> Option<f64> {
    let years = float(curve.equity.len().checked_sub(1)?) / annual;
    let average = moments::mean(curve.equity.iter().copied())?;
    let replaced = finite(0.5 * curve.traded_notional / average)?;
    (average > 0.0).then(|| ratio(replaced, years))?
}

fn win_rate(trades: &[TradeResult]) -> Option<f64> {
    let won = trades.iter().filter(|trade| trade.net_pnl > 0.0).count();
    ratio(float(won), float(trades.len()))
}

fn profit_factor(trades: &[TradeResult]) -> Option<f64> {
    let gains = Sum::of(trades.iter().map(|trade| trade.net_pnl.max(0.0)));
    let losses = Sum::of(trades.iter().map(|trade| (-trade.net_pnl).max(0.0)));
    ratio(gains, losses)
}
