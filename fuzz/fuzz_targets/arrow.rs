//! Any bytes as an Arrow file or stream. Run with `RUSTC_BOOTSTRAP=1 cargo fuzz run arrow`.
#![no_main]

mod bars;

use dirigent_trading::data::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: bars::start(), |data: &[u8]| bars::check(data, |path| Source::Arrow { path }));
