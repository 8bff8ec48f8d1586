//! What is refused, where, and with which advice.

use super::*;
use dirigent_trading::data::Session;
use dirigent_trading::rules::{ERRORS_PER_TEXT_MAX, NODES_MAX, Place, RuleError, TERMS_MAX};

/// The only error of an entry rule: the text it points at, the message, the hint.
#[track_caller]
fn check(text: &str, at: &str, message: &str, hint: &str) {
    let mut set = set(text, "false");
    set.params = BTreeMap::from([("fast".to_owned(), 2.5), ("broken".to_owned(), f64::INFINITY)]);
    let errors = compile(&set).unwrap_err();
    assert_eq!(errors.len(), 1, "{text}: {errors:#?}");
    let error = &errors[0];
    let found = (&text[error.span.clone()], error.message.as_str());
    assert_eq!(found, (at, message), "{text}");
    assert_eq!(
        (&error.place, error.hint.as_deref().unwrap_or("")),
        (&Place::Entry, hint),
        "{text}"
    );
}

#[test]
fn unknown_names_suggest_a_known_one() {
    check("clsoe > 1", "clsoe", "unknown name `clsoe`", "did you mean `close`?");
    check("xyzzy > 1", "xyzzy", "unknown name `xyzzy`", "");
    check("smaa(close, 3) > 1", "smaa", "unknown function `smaa`", "did you mean `sma`?");
    check("SMA(close, 3) > 1", "SMA", "unknown function `SMA`", "did you mean `sma`?");
    check("sma > 1", "sma", "`sma` is a function", "write `sma(x, n)`");
    check(
        "close(1) > 1",
        "close",
        "`close` is no function",
        "write `close`, or `close[n]` to look back",
    );
    check("fast > 1", "fast", "unknown name `fast`", "write `$fast` for the parameter");
    check("$fats > 1", "$fats", "the parameter `$fats` has no value", "did you mean `$fast`?");
    check(
        "$slowest > 1",
        "$slowest",
        "the parameter `$slowest` has no value",
        "give it a value in `params`; it has `$broken`, `$fast`",
    );
    check(
        "closing@SPY > 1",
        "closing",
        "only columns of the bars have a symbol, not `closing`",
        "did you mean `close`?",
    );
    check("hour@SPY > 1", "hour", "`hour` is the same for all symbols", "write `hour`");
    check("$broken > 1", "$broken", "the parameter `$broken` is not a finite number: inf", "");
}

#[test]
fn wrong_types_say_what_is_needed() {
    let compare = "compare the number with something, as in `x > 0`";
    let convert = "`if(condition, 1, 0)` makes a number of a condition";
    check("close", "close", "a rule must be a condition, this is a number", compare);
    check("close and true", "close", "`and` needs conditions, this is a number", compare);
    check("not close", "close", "`not` needs conditions, this is a number", compare);
    check("(close > 1) + 1 > 1", "(close > 1)", "`+` needs numbers, this is a condition", convert);
    check("-(close > 1) > 1", "(close > 1)", "`-` needs numbers, this is a condition", convert);
    check("abs(true) > 1", "true", "`abs` needs numbers, this is a condition", convert);
    check("sma(true, 3) > 1", "true", "`sma` needs numbers, this is a condition", convert);
    check("count(close, 3) > 1", "close", "`count` needs conditions, this is a number", compare);
    check("if(true, close, true) > 1", "true", "`if` needs numbers, this is a condition", convert);
    check("true == 1", "true == 1", "`==` cannot compare a condition with a number", "");
}

#[test]
fn windows_must_be_whole_constants_within_limits() {
    let hint = "write a number, a `$param`, or arithmetic of these";
    let name = "`n` of `sma`";
    let check_n = |n: &str, message: &str| {
        check(&format!("sma(close, {n}) > 1"), n, &format!("{name} {message}"), hint);
    };
    check_n("volume", "must be constant, this changes from bar to bar");
    check_n("sma(3, 1)", "must be constant, this changes from bar to bar");
    check_n("$fast", "must be a whole number, not 2.5");
    check_n("0", "must be at least 1, not 0");
    check_n("1 / 0", "is unknown, as its arithmetic has no finite answer");
    check_n("1e9", "must be at most 1048576, not 1000000000");
    check_n("true", "must be a number, this is a condition");
    check("t3(close, 5, 1.5) > 1", "1.5", "`v` of `t3` must be at most 1, not 1.5", hint);
    check("close[-1] > 1", "-1", "the lookback must be at least 0, not -1", hint);
    check("close[$fast] > 1", "$fast", "the lookback must be a whole number, not 2.5", hint);
    assert!(compile(&set("sma(close, 2 * 5 - 3) > 1", "false")).is_ok());
}

#[test]
fn calls_are_counted() {
    check("sma(close) > 1", "sma(close)", "`sma(x, n)` needs `n`", "");
    check(
        "sma(20) > 1",
        "sma(20)",
        "`sma(x, n)` needs `n`",
        "name the series first: `sma(close, …)`",
    );
    check("abs() > 1", "abs()", "`abs(x)` needs `x`", "");
    check("sma(close, 3, 4, 5) > 1", "4, 5", "`sma(x, n)` takes 2 arguments, not 4", "");
    check("change(close, 1, 2) > 1", "2", "`change(x, n = 1)` takes 2 arguments, not 3", "");
    let no_outputs = "only the call of an indicator with several outputs has them; \
                      write `.output` directly after it";
    check("close.value > 1", ".value", "this has no outputs, so no `.value`", no_outputs);
    check("macd(close)[1].hist > 1", ".hist", "this has no outputs, so no `.hist`", no_outputs);
    check(
        "macd(close).signl > 1",
        "signl",
        "`macd` has no output `signl`",
        "did you mean `signal`?",
    );
    check("macd(close).x > 1", "x", "`macd` has no output `x`", "it has `macd`, `signal`, `hist`");
    check(
        "macd(close, 26, 12) > 1",
        "macd(close, 26, 12)",
        "`fast` must be smaller than `slow` in `macd`, not 26, 12, 9",
        "",
    );
}

/// All errors, as `place: message`.
#[track_caller]
fn check_all(set: &RuleSet, expected: &[&str]) {
    let errors = compile(set).unwrap_err();
    let show = |error: &RuleError| format!("{}: {error}", error.place);
    assert_eq!(errors.iter().map(show).collect::<Vec<_>>(), expected);
}

fn with_terms(terms: &[(&str, &str)]) -> RuleSet {
    let mut set = set("true", "false");
    set.terms = terms.iter().map(|(n, text)| ((*n).to_owned(), (*text).to_owned())).collect();
    set
}

#[test]
fn all_errors_of_all_texts_come_at_once_in_their_order() {
    let mut set = with_terms(&[("slow", "smma(close, nn) + clsoe"), ("fast", "(close")]);
    set.entry = Some("slow > 1 and opne > 1".to_owned());
    set.exit = Some("fast < 1 and close".to_owned());
    check_all(
        &set,
        &[
            "let.slow: unknown function `smma`",
            "let.slow: unknown name `nn`",
            "let.slow: unknown name `clsoe`",
            "let.fast: this `(` is never closed",
            "entry: unknown name `opne`",
            "exit: `and` needs conditions, this is a number",
        ],
    );
}

#[test]
fn cycles_of_terms_are_named_and_blamed_once() {
    let set =
        with_terms(&[("d", "a + 1"), ("a", "b + c"), ("b", "close + a"), ("c", "1"), ("e", "e")]);
    check_all(
        &set,
        &["let.a: the terms need each other: a → b → a", "let.e: the terms need each other: e → e"],
    );
}

#[test]
fn names_of_terms_must_be_new_words() {
    let set = with_terms(&[("close", "1"), ("and", "1"), ("a b", "1"), ("x", "1"), ("x", "2")]);
    check_all(
        &set,
        &[
            "let.close: `close` has a meaning of its own",
            "let.and: `and` has a meaning of its own",
            "let.a b: `a b` cannot be the name of a term",
            "let.x: the term `x` is defined twice",
        ],
    );
}

#[test]
fn a_strategy_without_entry_is_refused() {
    let exit = RuleSet { exit: Some("true".to_owned()), ..RuleSet::default() };
    check_all(&exit, &["entry: the strategy has neither `entry` nor `short_entry`"]);
    let short = RuleSet { short_entry: Some("true".to_owned()), ..RuleSet::default() };
    assert!(compile(&short).is_ok());
}

#[test]
fn limits_are_held() {
    let names: Vec<String> = (0..=TERMS_MAX).map(|i| format!("t{i}")).collect();
    let terms: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    assert!(compile(&with_terms(&terms[..TERMS_MAX])).is_ok());
    check_all(&with_terms(&terms), &["let.t256: more than 256 terms: 257"]);

    let sums: Vec<String> =
        (0..20).map(|i| (0..220).map(|k| format!("close*{i}.{k:03}+")).collect()).collect();
    let terms: Vec<_> = sums.iter().map(|sum| format!("{sum}1")).collect();
    let terms: Vec<_> =
        names.iter().map(String::as_str).zip(terms.iter().map(String::as_str)).collect();
    let error = compile(&with_terms(&terms)).unwrap_err().remove(0);
    assert_eq!(error.message, format!("the rules need more than {NODES_MAX} nodes up to here"));

    let windows: String = (0..9).map(|i| format!("close[{}] + ", 1_000_000 + i)).collect();
    let error = compile(&set(&format!("{windows} 1 > 1"), "false")).unwrap_err().remove(0);
    assert_eq!(error.message, "the windows of the rules hold more than 8388608 bars up to here");

    let unknown = vec!["x"; 1_000].join("+");
    let errors = compile(&set(&unknown, "false")).unwrap_err();
    assert_eq!(errors.len(), ERRORS_PER_TEXT_MAX);

    let long = "close + ".repeat(600);
    let error = compile(&set(&long, "false")).unwrap_err().remove(0);
    assert_eq!(error.message, "longer than 4096 bytes: 4800");
}

/// The only error of an entry rule on hourly bars from 09:00 to 16:00.
#[track_caller]
fn check_slower(text: &str, at: &str, message: &str, hint: &str) {
    const HOUR: i64 = 3_600_000_000_000;
    let session = Session { open: 9 * HOUR, close: 16 * HOUR, timezone: "UTC".into() };
    let frame = Frame { timeframe: "1h".parse().unwrap(), session: Some(session) };
    let errors = compile(&RuleSet { frame: Some(frame), ..set(text, "false") }).unwrap_err();
    let RuleError { span, message: found, hint: advice, .. } = &errors[0];
    assert_eq!((&text[span.clone()], found.as_str()), (at, message), "{text}");
    assert!(advice.as_deref().unwrap_or_default().contains(hint), "{text}: {advice:?}");
    assert_eq!(errors.len(), 1, "{text}: {errors:#?}");
}

#[test]
fn timeframes_that_cannot_be_made_are_refused_where_they_stand() {
    let own = "is not slower than the bars of the data, `1h`";
    check_slower("close@1h > 1", "1h", &format!("`1h` {own}"), "leave it out");
    check_slower("sma(low@5m, 3) > 1", "5m", &format!("`5m` {own}"), "shorter `data.timeframe`");
    let parts = "`90m` is not made of whole bars of the data, `1h`";
    check_slower("close@90m > 1", "90m", parts, "name a multiple");
    let long = "bars of `8h` are longer than the trading day";
    check_slower("close@8h > 1", "8h", long, "name `1d`");
    check_slower("close@1y > 1", "1y", "`1y` is no timeframe", "in quotes");
    check_slower("close@0d > 1", "0d", "`0d` is no timeframe", "give a count");
    check_slower("close@2days > 1", "2days", "`2days` is no timeframe", "`1h` or `1d`");
    check_slower("atr(3)@x > 1", "x", "`x` is no timeframe", "`1h` or `1d`");
    check_slower(
        "(close + open)@1d > 1",
        "@1d",
        "expected an operator or the end, found `@1d`",
        "`atr(14)@1d`",
    );
    let one = "one `@` only: a symbol or a timeframe";
    check_slower("close@SPY@1d > 1", "@", one, "other symbols");
    let part = "`hour` is a part of the time, which has no timeframe";
    check_slower("hour@1d > 1", "hour", part, "write `hour`");
    let name = "only columns of the bars have a timeframe, not `clsoe`";
    check_slower("clsoe@1d > 1", "clsoe", name, "did you mean `close`?");
    let told = "`rsi` is told what it works on by its arguments";
    check_slower("rsi(close, 3)@1d > 1", "1d", told, "`rsi(close@1d, …)`");
    let told = "`abs` is told what it works on by its arguments";
    check_slower("abs(close)@1d > 1", "1d", told, "write it there");
    let unknown = "`1d` cannot be made: how long the bars are is not known";
    check("close@1d > 1", "1d", unknown, "give prices as bars of time");
}

#[test]
fn days_make_weeks_and_months_and_longer_ones_make_no_others() {
    let makes = |own: &str, slower: &str| {
        let frame = Frame { timeframe: own.parse().unwrap(), session: None };
        let set = RuleSet { frame: Some(frame), ..set(&format!("close@{slower} > 1"), "false") };
        compile(&set).is_ok()
    };
    assert!(makes("1d", "1w") && makes("1d", "1M") && makes("1d", "5d") && makes("1M", "3M"));
    assert!(makes("1w", "2w") && makes("1m", "1w") && makes("7m", "1d"));
    assert!(!makes("1w", "1M") && !makes("2d", "1w") && !makes("2w", "3w") && !makes("1d", "48h"));
    // A symbol may be called like a timeframe.
    assert!(compile(&set("close@\"1d\" > 1 and close@3COM > 1", "false")).is_ok());
}
