//! A file of any bytes either is refused with a hint, or gives bars that keep the promises.

use std::{fs, panic, path::PathBuf, sync::LazyLock};

use dirigent_trading::data::{Adjust, OnError, Request, Source, is_caught, load};

/// One file for each process, in memory where the system has such a place.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    folder.join(format!("dirigent-fuzz-{}", std::process::id()))
});

/// Lets the reader catch what a library makes of damage; all other panics end the process.
pub fn start() {
    let abort = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !is_caught() {
            abort(info);
        }
    }));
}

/// Loads the file that `data` holds after its first byte, which chooses policy, zone and symbols.
pub fn check(data: &[u8], source: impl Fn(String) -> Source) {
    let Some((choice, file)) = data.split_first() else { return };
    fs::write(&*FILE, file).expect("the file can be written");
    let source = source(FILE.to_str().expect("a plain path").to_owned());
    match load(&request(*choice, source)) {
        Ok(loaded) => {
            for bars in &loaded.bars {
                assert!(bars.time.windows(2).all(|pair| pair[0] < pair[1]));
                for t in 0..bars.len() {
                    let (open, close) = (bars.open[t], bars.close[t]);
                    assert!(bars.low[t].is_positive() && bars.low[t] <= open.min(close));
                    assert!(bars.high[t] >= open.max(close) && bars.volume[t] >= 0.0);
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty() && !error.hint().is_empty()),
    }
}

fn request(choice: u8, source: Source) -> Request {
    let symbols: &[&str] = if choice & 1 == 0 { &["A"] } else { &["A", "B"] };
    let mut request = Request::new(source, symbols);
    request.on_error = match choice >> 1 & 3 {
        0 => OnError::Fail,
        1 => OnError::Drop,
        _ => OnError::Repair,
    };
    request.adjust = if choice & 8 == 0 { Adjust::Auto } else { Adjust::None };
    let zone = ["UTC", "America/New_York", "Asia/Tokyo", "Europe/London"][usize::from(choice >> 6)];
    request.timezone = Some(zone.to_owned());
    request
}
