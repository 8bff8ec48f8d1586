//! How long loading a file of bars takes, beside the hash of its bytes, one thread.
//!
//! `cargo bench -p dirigent-trading --bench load_speed [-- X.csv X.parquet X.feather]`
//!
//! Without a file, a million minutes are written as CSV. Each file holds one symbol and is read from
//! the cache of the system. A figure is the best of several rounds, because other work on the machine
//! can only make a round slower.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use dirigent_core::{Seed, Timestamp, hash::Hasher};
use dirigent_trading::data::{Request, Source, load};

const ROUNDS: usize = 15;
const BARS: i64 = 1_000_000;
const MINUTE: i64 = 60_000_000_000;

fn main() {
    let folder = tempfile::tempdir().expect("there is room for a file");
    let mut files: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if files.is_empty() {
        let path = folder.path().join("X.csv").display().to_string();
        std::fs::write(&path, walk()).expect("there is room for a file");
        files.push(path);
    }
    for path in &files {
        let request = Request::new(Source::of_file(path.clone()), &["X"]);
        let load = || load(&request).expect("the file holds bars of one symbol");
        let bars = load().bars[0].len();
        let (loaded, hashed) = (best(load), best(|| hash(path)));
        let ratio = loaded.as_secs_f64() / hashed.as_secs_f64();
        println!("{path}: {bars} bars in {loaded:.1?}, {ratio:.1} × reading and hashing it");
    }
}

/// A random walk of minutes that is the same everywhere.
fn walk() -> String {
    let mut stream = Seed::master(42).child("bars").stream();
    let (mut text, mut price) = ("timestamp,open,high,low,close,volume\n".to_owned(), 100_000_i64);
    for minute in 0..BARS {
        let open = price;
        let step = i64::try_from(stream.next_u64() % 101).expect("it is small");
        price = (price + step - 50).max(10_000);
        let (high, low) = (open.max(price) + 20, open.min(price) - 20);
        let time = Timestamp::from_nanos(minute * MINUTE);
        let [open, high, low, close] =
            [open, high, low, price].map(|x| format!("{}.{:03}", x / 1_000, x % 1_000));
        let row = writeln!(text, "{time},{open},{high},{low},{close},{}", 1_000 + minute % 997);
        row.expect("a string takes any text");
    }
    text
}

/// Reads a file as the loader does, block by block, and hashes it.
fn hash(path: &str) -> impl Sized {
    use std::io::Read as _;
    let mut file = std::fs::File::open(path).expect("the file was read before");
    let (mut block, mut hasher) = (vec![0; 256 << 10], Hasher::default());
    loop {
        match file.read(&mut block).expect("the file was read before") {
            0 => return hasher.finish(),
            count => hasher.update(&block[..count]),
        }
    }
}

fn best<T>(mut work: impl FnMut() -> T) -> Duration {
    let once = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..ROUNDS).map(once).min().expect("there are rounds")
}
