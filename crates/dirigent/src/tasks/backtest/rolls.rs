//! Rolled series: contracts are loaded, and traded as one symbol.

use std::collections::BTreeMap;

use dirigent_trading::{
    Bars,
    corporate::{Action, Event},
    data::{self, Adjusted, Loaded, Roll, ZeroVolume},
};
use dirigent_workflow::event::Failure;
use serde_json::{Value, json};

use super::load::invalid;
use crate::{
    config::workflow::{self, RollBy},
    setup::{Setup, failure},
};

/// The column of the open interest, in the files and in `data.columns`.
const OPEN_INTEREST: &str = "open_interest";

/// Every change of contract of a symbol.
pub(super) type Rolls = Vec<(String, Roll)>;

/// Loads `symbols`, of which some are series of contracts.
pub(super) fn load(setup: &Setup, symbols: Vec<String>) -> Result<(Loaded, Rolls), Failure> {
    let rolled = &setup.data.roll;
    let contracts = |symbol: &String| match rolled.get(symbol) {
        Some(roll) => roll.contracts.clone(),
        None => vec![symbol.clone()],
    };
    let mut request = setup.request(symbols.iter().flat_map(contracts).collect());
    request.may_lack = rolled.values().flat_map(|roll| roll.contracts.clone()).collect();
    if setup.data.out_of_sample_start.is_some() && setup.data.symbols.len() > 1 {
        // Parts of the days are looked at apart, and some companies are younger than a part.
        request.may_lack.extend(setup.data.symbols.iter().cloned());
    }
    let open_interest = request.columns.remove(OPEN_INTEREST);
    let mut loaded = data::load(&request).map_err(invalid)?;
    let mut rolls = Rolls::new();
    let has = |symbol: &String| loaded.bars.iter().any(|bars| bars.symbol == *symbol);
    let lacking: Vec<&String> = setup.data.symbols.iter().filter(|name| !has(name)).collect();
    if rolled.is_empty() {
        if lacking.len() == setup.data.symbols.len() {
            return Err(lacks(&setup.data.symbols[0]));
        }
        let left_out = |symbol: &&String| format!("`{symbol}` has no bar on these days: left out");
        let notes: Vec<String> = lacking.iter().map(left_out).collect();
        loaded.notes.extend(notes);
        return Ok((loaded, rolls));
    }
    let mut of_contract: BTreeMap<String, (Bars, Adjusted)> = BTreeMap::new();
    for (bars, adjusted) in loaded.bars.drain(..).zip(loaded.adjusted.drain(..)) {
        of_contract.insert(bars.symbol.clone(), (bars, adjusted));
    }
    for symbol in &symbols {
        let (bars, adjusted) = match rolled.get(symbol) {
            None => of_contract.remove(symbol).ok_or_else(|| lacks(symbol))?,
            Some(roll) => {
                let part = part(symbol, roll, |contract| of_contract.contains_key(contract))?;
                let named = &roll.contracts[part.clone()];
                let bars = named.iter().filter_map(|name| Some(of_contract.remove(name)?.0));
                let bars: Vec<Bars> = bars.collect();
                let interest = match roll.by {
                    RollBy::OpenInterest => {
                        request.symbols = named.to_vec();
                        Some(interest(&request, open_interest.as_deref())?)
                    }
                    _ => None,
                };
                let rule = roll.to_domain().of_part(part);
                let days = (loaded.timeframe, request.session.as_ref());
                let made = data::roll(symbol, &bars, interest.as_deref(), &rule, days);
                let made = made.map_err(invalid)?;
                loaded.notes.extend(made.rolls.iter().map(|roll| told(symbol, roll)));
                rolls.extend(made.rolls.into_iter().map(|roll| (symbol.clone(), roll)));
                (made.bars, Adjusted::No)
            }
        };
        loaded.bars.push(bars);
        loaded.adjusted.push(adjusted);
    }
    Ok((loaded, rolls))
}

/// The contracts that have bars in the range, which follow each other.
fn part(
    symbol: &str,
    roll: &workflow::Roll,
    has_bars: impl Fn(&str) -> bool,
) -> Result<std::ops::Range<usize>, Failure> {
    let with: Vec<usize> =
        (0..roll.contracts.len()).filter(|at| has_bars(&roll.contracts[*at])).collect();
    let (Some(first), Some(last)) = (with.first(), with.last()) else { return Err(lacks(symbol)) };
    match (*first..=*last).find(|at| !with.contains(at)) {
        None => Ok(*first..*last + 1),
        Some(missing) => {
            let name = &roll.contracts[missing];
            let message =
                format!("contract `{name}` of `{symbol}` has no bars, and a later one has");
            Err(failure("data_invalid", message))
        }
    }
}

fn lacks(symbol: &str) -> Failure {
    failure("data_invalid", format!("there are no bars of `{symbol}` from the start to the end"))
}

/// The open units of each contract, as the volumes of bars.
fn interest(request: &data::Request, column: Option<&str>) -> Result<Vec<Bars>, Failure> {
    let mut request = request.clone();
    let column = column.unwrap_or(OPEN_INTEREST).to_owned();
    request.columns.insert("volume".into(), column);
    // As the file has them: open units of finer rows do not add up.
    (request.timeframe, request.zero_volume) = (None, ZeroVolume::Trade);
    Ok(data::load(&request).map_err(invalid)?.bars)
}

fn told(symbol: &str, roll: &Roll) -> String {
    let Roll { time, from, to, sold, bought } = roll;
    let (year, month, day) = time.date();
    format!(
        "`{symbol}`: from {from} at {sold} into {to} at {bought} on {year:04}-{month:02}-{day:02}"
    )
}

/// What a run has to know of the rolls.
pub(super) fn actions(rolls: &Rolls) -> impl Iterator<Item = Action> {
    rolls.iter().map(|(symbol, roll)| {
        let event = Event::Roll { left: roll.sold, entered: roll.bought };
        Action { symbol: symbol.clone(), date: roll.time, event }
    })
}

/// The rolls in the result.
pub(super) fn facts(rolls: &Rolls) -> Value {
    let fact = |(symbol, roll): &(String, Roll)| {
        json!({
            "symbol": symbol,
            "time": roll.time,
            "from": roll.from,
            "to": roll.to,
            "sold": roll.sold.to_f64(),
            "bought": roll.bought.to_f64(),
        })
    };
    rolls.iter().map(fact).collect()
}
