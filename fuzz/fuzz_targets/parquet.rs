//! Any bytes as a Parquet file. Run with `RUSTC_BOOTSTRAP=1 cargo fuzz run parquet`.
#![no_main]

mod bars;

use dirigent_trading::data::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: bars::start(), |data: &[u8]| bars::check(data, |path| Source::Parquet { path }));
