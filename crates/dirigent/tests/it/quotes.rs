//! What a file says of quotes, latencies and queues is what becomes of orders.

use dirigent::{Request, coordinator::Unobserved};

use crate::world::World;

const BARS: &str = "timestamp,open,high,low,close,volume
2024-01-02T10:00:00Z,100,100,100,100,1000
2024-01-02T10:01:00Z,100,100,100,100,1000
2024-01-02T10:02:00Z,100,100,100,100,1000
2024-01-02T10:03:00Z,100,100,100,100,1000
";
const QUOTES: &str = "timestamp,bid,ask,bid_size,ask_size
2024-01-02T10:01:00.010Z,98,100,40,3
2024-01-02T10:01:30Z,99,101,40,9
2024-01-02T10:02:00Z,97,98,5,6
";
const TRADES: &str = "timestamp,price,size
2024-01-02T10:01:40Z,99,45
";
const FILE: &str = "
workflow: {type: backtest}
data: {path: IT.csv, symbols: [IT], timeframe: 1m, adjust: none}
strategy: {type: buy_and_hold}
portfolio: {sizing: {type: fixed_quantity, quantity: 5}}
";

fn world() -> World {
    let world = World::new();
    world.write("IT.csv", BARS);
    world.write("quotes.csv", QUOTES);
    world.write("trades.csv", TRADES);
    world
}

/// The file `name` of a run with these settings.
fn run(settings: &str, name: &str) -> String {
    let world = world();
    let coordinator = world.coordinator();
    let prepared = world.prepare_text(&coordinator, &format!("{FILE}{settings}")).unwrap();
    let summary = coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap();
    let folder = world.home().run_folder(&summary.run_id.parse().unwrap());
    let failed = || panic!("{summary:?}");
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|_| failed())
}

/// Time, units, price, what let it trade and what stood ahead, of every fill.
#[track_caller]
fn check(execution: &str, expected: &[&str]) {
    let text = run(&format!("execution: {{{execution}}}\n"), "fills.csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let column = |name: &str| rows[0].iter().position(|other| *other == name).unwrap();
    let wanted = ["timestamp", "quantity", "price", "by", "ahead"].map(column);
    let tell = |row: &Vec<&str>| wanted.map(|column| row[column]).join(" ").trim().to_owned();
    let found: Vec<String> = rows[1..].iter().map(tell).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn orders_meet_the_quotes_of_the_file_when_they_arrive() {
    let both = ["2024-01-02T10:01:00.010Z 3 100 taking", "2024-01-02T10:01:30Z 2 101 taking"];
    check("quotes: quotes.csv", &both);
    check("quotes: quotes.csv, latency: {type: fixed, ms: 10}", &both);
    let late = ["2024-01-02T10:01:30Z 5 101 taking"];
    check("quotes: quotes.csv, latency: {type: fixed, ms: 10.000001}", &late);
    check("quotes: quotes.csv, latency: {type: measured, list_ms: [11, 12]}", &late);
    check("quotes: quotes.csv, latency: {type: sampled, median_ms: 40, p99_ms: 40}", &late);
}

#[test]
fn limit_orders_stand_behind_what_the_file_displays() {
    let limit = "entry: {type: limit, offset_pct: 1}, quotes: quotes.csv";
    let trade = ["2024-01-02T10:02:00Z 5 99 crossed 0"];
    check(limit, &trade);
    // It joins 99 where 98 is the best bid, so that nobody is there before it.
    let queued = ["2024-01-02T10:01:40Z 5 99 trade 40"];
    let late = "latency: {type: fixed, ms: 20}";
    check(&format!("{limit}, trades: trades.csv, {late}"), &queued);
    check(&format!("{limit}, trades: trades.csv, {late}, queue: {{type: proportional}}"), &queued);
    check("trades: trades.csv", &["2024-01-02T10:01:40Z 5 99 taking"]);
}

#[test]
fn on_bars_latency_and_queues_are_told_too() {
    let late = "latency: {type: fixed, ms: 60000}";
    check(late, &["2024-01-02T10:02:00Z 5 100 bar"]);
    let queue =
        "entry: {type: limit, offset_pct: 0}, queue: {type: volume, ahead_pct: 1, touch_pct: 0.75}";
    let text = run(&format!("execution: {{{queue}}}\n"), "fills.csv");
    // The open of the bar after is at the level, which a limit order takes.
    assert!(text.contains(",bar,"), "{text}");
}

#[track_caller]
fn refused(settings: &str, says: &str) {
    let world = world();
    let coordinator = world.coordinator();
    let problems = world.prepare_text(&coordinator, &format!("{FILE}{settings}"));
    let error = format!("{:?}", problems.unwrap_err());
    assert!(error.contains(says), "{error}");
}

#[test]
fn what_contradicts_quotes_is_refused_in_the_file() {
    let with = |more: &str| format!("execution: {{quotes: quotes.csv, {more}}}\n");
    refused(&with("slippage: {type: spread, value: 4}"), "count the spread of the quotes twice");
    refused(&with("slippage: {type: square_root, value: 4}"), "a bar that is not over yet");
    refused(&with("fill: same_close"), "leaves no time for `execution.quotes`");
    refused(&with("max_volume_pct: 5"), "the sizes of quotes bound each trade");
    refused(&with("intrabar: nearest"), "quotes tell what came first");
    refused(
        &with("profile: backtrader"),
        "`execution.profile` has no meaning with `execution.quotes`",
    );
    refused(&with("limit_fill: through"), "the queue decides");
    let volume = "queue: {type: volume, ahead_pct: 5, touch_pct: 1}";
    refused(&with(volume), "is for bars, and orders trade at `execution.quotes`");
    refused("execution: {queue: {type: proportional}}\n", "needs quotes");
    refused(&format!("execution: {{{volume}, limit_fill: through}}\n"), "answer one question");
    let sampled = "latency: {type: sampled, median_ms: 9, p99_ms: 8}";
    refused(&format!("execution: {{{sampled}}}\n"), "less than the median");
    refused("execution: {latency: {type: fixed, ms: -1}}\n", "execution.latency.ms");
    refused("execution: {quotes: nowhere.csv}\n", "nowhere.csv");
    let rolled =
        FILE.replace("symbols: [IT]", "symbols: [IT], roll: {IT: {contracts: [A, B], by: volume}}");
    assert!(rolled.contains("roll"), "{rolled}");
    let other = self::world();
    let error = other.prepare_text(&other.coordinator(), &format!("{rolled}{}", with("")));
    let error = format!("{:?}", error.unwrap_err());
    assert!(error.contains("a roll moves the level of the others"), "{error}");
    let several =
        "strategies: [{type: buy_and_hold, weight: 1}, {name: b, type: buy_and_hold, weight: 1}]";
    let text = FILE.replace("strategy: {type: buy_and_hold}", several);
    let world = world();
    let coordinator = world.coordinator();
    let prepared = world.prepare_text(&coordinator, &format!("{text}{}", with("")));
    let error = format!("{:?}", prepared.unwrap_err());
    assert!(error.contains("several would take the same units twice"), "{error}");
}

#[test]
fn quotes_of_another_time_are_refused() {
    let world = world();
    world.write("quotes.csv", &QUOTES.replace("2024", "2023"));
    let coordinator = world.coordinator();
    let text = format!("{FILE}execution: {{quotes: quotes.csv}}\n");
    let prepared = world.prepare_text(&coordinator, &text).unwrap();
    let summary = coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap();
    let told = format!("{summary:?}");
    assert!(told.contains("no quote of `IT` lies between 2024-01-02T10:00:00Z and"), "{told}");
}
