//! Check: bars and options that cannot be traded are refused before a run.

use crate::backtest::{Error, Financing, Options};
use crate::data::bars::Bars;
use crate::instrument::Instrument;
use crate::portfolio::{Kelly, Margin, Requirement, Sizing};
use crate::price::{Price, Rate};

/// The most that units which are short may cost per year, as a share of their value.
const BORROW_MAX: Rate = Rate::percent(10_000);

pub(super) fn bars(bars: &[Bars]) -> Result<(), Error> {
    if bars.is_empty() {
        return Err(Error::NoBars);
    }
    if let Some(empty) = bars.iter().find(|bars| bars.is_empty()) {
        return Err(Error::NoBarsOf { symbol: empty.symbol.clone() });
    }
    let mut symbols: Vec<&str> = bars.iter().map(|bars| bars.symbol.as_str()).collect();
    symbols.sort_unstable();
    match symbols.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::SymbolTwice { symbol: pair[0].to_owned() }),
        None => Ok(()),
    }
}

/// Refuses symbols in a currency whose rate is not known from their first bar on.
pub(super) fn currencies(bars: &[Bars], options: &Options) -> Result<(), Error> {
    for bars in bars {
        let Some(currency) = options.instruments.of(&bars.symbol).currency else { continue };
        let Some(rates) = options.currencies.rates.get(&currency) else {
            let value = format!("{currency} of {}", bars.symbol);
            return Err(Error::Option {
                option: "currency",
                value,
                wanted: "one with a series of rates",
            });
        };
        let first = bars.time[0];
        if rates.at_open(first.as_nanos()).is_none() {
            return Err(Error::Option {
                option: "currency",
                value: format!("{currency} of {}, whose first bar is at {first}", bars.symbol),
                wanted: "one whose rates begin at or before that",
            });
        }
    }
    Ok(())
}

fn check_margin(margin: &Margin) -> Result<(), Error> {
    let Margin { initial, maintenance } = *margin;
    for (option, requirement) in [("initial_margin", initial), ("maintenance_margin", maintenance)]
    {
        match requirement {
            Requirement::Share(share) => {
                let fits = share.is_positive() && share <= Rate::ONE;
                require(fits, option, share, "a share above 0 and at most 1")?;
            }
            Requirement::PerUnit(amount) => {
                require(amount.is_positive(), option, amount, "a positive amount per unit")?;
            }
        }
    }
    let alike = matches!(
        (initial, maintenance),
        (Requirement::Share(_), Requirement::Share(_))
            | (Requirement::PerUnit(_), Requirement::PerUnit(_))
    );
    let shown = Price::from_raw(maintenance.raw());
    let fits = alike && maintenance.raw() <= initial.raw();
    require(fits, "maintenance_margin", shown, "of one kind with initial_margin, and at most that")
}

impl Options {
    pub(super) fn check(&self) -> Result<(), Error> {
        require(self.initial_cash.is_positive(), "initial_cash", self.initial_cash, "positive")?;
        require(self.lot.is_positive(), "lot", self.lot, "positive")?;
        self.check_instruments()?;
        let share = |option, rate: Option<Rate>| {
            let rate = rate.unwrap_or(Rate::ONE);
            let fits = rate.is_positive() && rate <= Rate::ONE;
            require(fits, option, rate, "above 0 and at most 1")
        };
        let most = self.account.share_max();
        let largest = self.limits.max_position.unwrap_or(Rate::ONE);
        let fits = largest.is_positive() && largest <= most;
        require(fits, "max_position", largest, "above 0 and at most what the account may hold")?;
        share("max_drawdown", self.limits.max_drawdown)?;
        share("participation", self.participation)?;
        let loss = self.limits.stop_loss.unwrap_or(Rate::percent(1));
        require(loss.is_positive() && loss < Rate::ONE, "stop_loss", loss, "above 0 and below 1")?;
        let back = self.limits.trailing_stop.unwrap_or(Rate::percent(1));
        let fits = back.is_positive() && back < Rate::ONE;
        require(fits, "trailing_stop", back, "above 0 and below 1")?;
        let gain = self.limits.take_profit.unwrap_or(Rate::percent(1));
        require(gain.is_positive(), "take_profit", gain, "positive")?;
        self.check_sizing()
    }

    fn check_instruments(&self) -> Result<(), Error> {
        for Instrument { multiplier, tick, lot, margin, borrow, currency: _, settles: _ } in
            self.instruments.all()
        {
            require(multiplier.is_positive(), "multiplier", multiplier, "positive")?;
            let tick = tick.unwrap_or(Price::from_raw(1));
            require(tick.is_positive(), "tick", tick, "positive")?;
            let lot = lot.unwrap_or(self.lot);
            require(lot.is_positive(), "lot", lot, "positive")?;
            margin.map_or(Ok(()), |margin| check_margin(&margin))?;
            let borrow = borrow.unwrap_or(Rate::ONE);
            let fits = !borrow.is_negative() && borrow <= BORROW_MAX;
            require(fits, "borrow_rate", borrow, "from 0 to 100: 0.05 is five percent")?;
        }
        self.account.margin().map_or(Ok(()), |margin| check_margin(&margin))?;
        let Financing { cash, margin, borrow } = self.financing;
        for (option, rate) in
            [("cash_rate", cash), ("margin_rate", margin), ("borrow_rate", borrow)]
        {
            let fits = rate.abs() <= Rate::ONE;
            require(fits, option, rate, "between -1 and 1: 0.05 is five percent")?;
        }
        Ok(())
    }

    fn check_sizing(&self) -> Result<(), Error> {
        match self.sizing {
            Sizing::PercentEquity(share) => require(
                share.is_positive() && share <= self.account.share_max(),
                "sizing.percent_equity",
                share,
                "above 0 and at most what the account may hold: 1, or more on margin",
            ),
            Sizing::FixedQuantity(units) => {
                require(units.is_positive(), "sizing.fixed_quantity", units, "positive")
            }
            Sizing::FixedCash(amount) => {
                require(amount.is_positive(), "sizing.fixed_cash", amount, "positive")
            }
            Sizing::VolatilityTarget { target, lookback_bars, bars_per_year } => {
                let option = "sizing.volatility_target";
                require(target.is_positive(), option, target, "positive")?;
                require(lookback_bars >= 2, option, lookback_bars, "measured over 2 bars or more")?;
                let fits = bars_per_year.is_finite() && bars_per_year > 0.0;
                require(fits, option, bars_per_year, "a positive number of bars per year")
            }
            Sizing::Kelly(Kelly { fraction, trades_min, trades_max, start, least, most }) => {
                let option = "sizing.kelly";
                let fits = fraction.is_positive() && fraction <= Rate::ONE;
                require(fits, option, fraction, "a fraction above 0 and at most 1")?;
                let fits = trades_min >= 1 && trades_max >= trades_min;
                require(fits, option, trades_max, "no fewer trades than the least number of them")?;
                let fits = !least.is_negative() && least <= start && start <= most;
                require(fits, option, start, "a start between the least and the largest share")?;
                let fits = most.is_positive() && most <= self.account.share_max();
                require(
                    fits,
                    option,
                    most,
                    "at most what the account may hold: 1, or more on margin",
                )
            }
        }
    }
}

pub(super) fn require(
    holds: bool,
    option: &'static str,
    value: impl std::fmt::Display,
    wanted: &'static str,
) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Option { option, value: value.to_string(), wanted }) }
}
