//! What each strategy and each symbol added, as documents and as a file.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use dirigent_trading::backtest::{attribution::Part, sleeves::quoted};
use serde_json::{Value, json};

use super::finished::Played;

/// The sums by symbol, and by strategy if there are several.
pub(super) fn document(parts: &[Part], played: &Played) -> Value {
    let symbols: BTreeSet<_> = parts.iter().map(|part| part.symbol).collect();
    let mut by_symbol: Vec<Value> = Vec::new();
    // The interest on cash, which has no symbol, comes last.
    for symbol in symbols.iter().filter(|s| s.is_some()).chain(symbols.get(&None)) {
        let own = parts.iter().filter(|part| part.symbol == *symbol);
        let mut row = amounts(&Part::sum(own));
        row["symbol"] = json!(symbol.map(|id| &played.outcome().symbols[id.index()]));
        by_symbol.push(row);
    }
    let Some(account) = played.account() else { return json!({"symbols": by_symbol}) };
    let strategy = |(place, sleeve): (usize, &dirigent_trading::backtest::sleeves::Sleeve)| {
        let own = parts.iter().filter(|part| part.sleeve == place);
        let mut row = amounts(&Part::sum(own));
        row["strategy"] = sleeve.name.clone().into();
        row
    };
    let by_strategy: Vec<Value> = account.sleeves.iter().enumerate().map(strategy).collect();
    json!({"strategies": by_strategy, "symbols": by_symbol})
}

fn amounts(part: &Part) -> Value {
    json!({
        "gross_pnl": part.gross.to_f64(),
        "fees": part.fees.to_f64(),
        "slippage_cost": part.slippage.to_f64(),
        "dividends": part.dividends.to_f64(),
        "interest": part.interest.to_f64(),
        "net_pnl": part.net.to_f64(),
        "contribution": part.contribution,
        "risk_share": part.risk,
    })
}

/// Writes each symbol of each strategy; amounts are exact.
pub(super) fn write_csv(parts: &[Part], played: &Played, out: &mut dyn Write) -> io::Result<()> {
    let account = played.account();
    if account.is_some() {
        write!(out, "strategy,")?;
    }
    writeln!(
        out,
        "symbol,gross_pnl,fees,slippage_cost,dividends,interest,net_pnl,contribution,risk_share"
    )?;
    for part in parts {
        if let Some(account) = account {
            write!(out, "{},", quoted(&account.sleeves[part.sleeve].name))?;
        }
        if let Some(symbol) = part.symbol {
            write!(out, "{}", quoted(&played.outcome().symbols[symbol.index()]))?;
        }
        let Part { gross, fees, slippage, dividends, interest, net, contribution, risk, .. } = part;
        write!(out, ",{gross},{fees},{slippage},{dividends},{interest},{net},{contribution},")?;
        match risk {
            Some(risk) => writeln!(out, "{risk}")?,
            None => writeln!(out)?,
        }
    }
    out.flush()
}
