//! What the account, currencies and margins mean together.

use dirigent_trading::currency::Currency;
use dirigent_workflow::file::{Problem, Resolved, resolved::Checked};

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>) {
    let account = root.text("portfolio.account.type").unwrap_or_default();
    let has_margin = matches!(account, "margin" | "futures");
    let own = root.text("portfolio.currency").unwrap_or_default();
    name(root, "portfolio.currency", own, problems);
    fx(root, own, problems);
    let path = "portfolio.account";
    ordered(root, path, "initial_margin_pct", "maintenance_margin_pct", problems);
    for symbol in names(root, "instruments") {
        let path = format!("instruments.{symbol}");
        currency(root, &path, own, problems);
        margins(root, &path, has_margin, problems);
        expiry(root, &path, problems);
    }
    if !has_margin {
        for path in ["portfolio.sizing.percent", "risk.max_position_pct"] {
            if number(root, path).is_some_and(|percent| percent > 100.0) {
                let hint = "set `portfolio.account: {type: margin}`, or give at most 100";
                wrong(root, path, "needs a margin account above 100", hint, problems);
            }
        }
    }
}

fn wrong(root: &Resolved, path: &str, what: &str, hint: &str, problems: &mut Vec<Problem>) {
    let message = format!("`{path}` {what}");
    problems.push(Problem::error(root.place(path), path, message).hint(hint));
}

fn number(root: &Resolved, path: &str) -> Option<f64> {
    root.text(path)?.parse().ok()
}

fn names(root: &Resolved, path: &str) -> Vec<String> {
    match root.get(path).map(|section| &section.value) {
        Some(Checked::Map(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

fn name(root: &Resolved, path: &str, text: &str, problems: &mut Vec<Problem>) {
    if let (false, Err(error)) = (text.is_empty(), text.parse::<Currency>()) {
        wrong(root, path, &error.to_string(), "write it as its exchange does", problems);
    }
}

fn fx(root: &Resolved, own: &str, problems: &mut Vec<Problem>) {
    for currency in names(root, "data.fx") {
        let path = format!("data.fx.{currency}");
        name(root, &path, &currency, problems);
        if currency == own {
            let hint = "name the other currencies only; one of its own is always worth one";
            wrong(root, &path, "is the currency of the account", hint, problems);
        }
    }
}

fn currency(root: &Resolved, path: &str, own: &str, problems: &mut Vec<Problem>) {
    let path = format!("{path}.currency");
    let Some(text) = root.text(&path) else { return };
    name(root, &path, text, problems);
    if text != own && root.get(&format!("data.fx.{text}")).is_none() {
        let what = format!("is {text}, whose worth in {own} is not given");
        let hint = format!("add `fx: {{{text}: FILE}}` below `data:`");
        wrong(root, &path, &what, &hint, problems);
    }
}

fn margins(root: &Resolved, path: &str, has_margin: bool, problems: &mut Vec<Problem>) {
    let pairs = [
        ("initial_margin", "maintenance_margin"),
        ("initial_margin_pct", "maintenance_margin_pct"),
    ];
    let mut given = Vec::new();
    for (initial, maintenance) in pairs {
        ordered(root, path, initial, maintenance, problems);
        let own = [initial, maintenance].map(|key| format!("{path}.{key}"));
        given.push(own.into_iter().find(|key| root.text(key).is_some()));
    }
    let (per_unit, of_value) = (given[0].clone(), given[1].clone());
    if let (Some(_), Some(of_value)) = (&per_unit, &of_value) {
        let hint = "give amounts per unit or percent of the value, not both";
        wrong(root, of_value, "is given beside an amount per unit", hint, problems);
    }
    if let (Some(path), false) = (per_unit.or(of_value), has_margin) {
        let hint = "set `portfolio.account: {type: margin}` or `{type: futures}`";
        wrong(root, &path, "needs an account with margins", hint, problems);
    }
}

/// What must be kept is at most what entering asks for.
fn ordered(root: &Resolved, path: &str, first: &str, second: &str, problems: &mut Vec<Problem>) {
    let (first, second) = (format!("{path}.{first}"), format!("{path}.{second}"));
    let (Some(initial), Some(maintenance)) = (number(root, &first), number(root, &second)) else {
        return;
    };
    if maintenance > initial {
        let what = format!("is {maintenance}, more than the {initial} that entering asks for");
        wrong(root, &second, &what, "give at most the initial margin", problems);
    }
}

fn expiry(root: &Resolved, path: &str, problems: &mut Vec<Problem>) {
    let is_future = root.text(&format!("{path}.type")) == Some("future");
    let path = format!("{path}.expiry");
    if root.text(&path).is_some() && !is_future {
        wrong(root, &path, "is for futures", "add `type: future`, or remove it", problems);
    }
}
