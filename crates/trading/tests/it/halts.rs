//! Rows without volume, as bars and as halts.

use std::fs;

use dirigent_trading::{
    backtest::{self, Options, Unwatched},
    data::{Error, Loaded, Request, Source, ZeroVolume, load},
    order::SymbolId,
    portfolio::Ledger,
    signal::Signal,
    strategy::{Strategy, Window, Wishes},
};

fn text(text: &str, zero_volume: ZeroVolume) -> Result<Loaded, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.csv");
    fs::write(&path, text).unwrap();
    let symbols = if text.contains(",B,") { &["A", "B"][..] } else { &["A"] };
    let source = Source::Csv { path: path.to_str().unwrap().into() };
    load(&Request { zero_volume, ..Request::new(source, symbols) })
}

/// Buys everything at the first close it sees.
struct Buyer;

impl Strategy for Buyer {
    fn on_bar(&mut self, _: &Window<'_>, _: &Ledger, wishes: &mut Wishes) {
        wishes.signal(SymbolId::new(0), Signal::LONG_ENTRY);
    }
}

#[test]
fn a_halted_symbol_does_not_trade_until_it_has_volume_again() {
    let file = "date,symbol,close,volume\n2024-01-02,A,10,5\n2024-01-02,B,1,5\n2024-01-03,A,11,0\n\
                2024-01-03,B,1,5\n2024-01-04,A,12,5\n2024-01-04,B,1,5\n";
    for (zero_volume, price, bars) in [(ZeroVolume::Trade, "11", 3), (ZeroVolume::Halt, "12", 2)] {
        let loaded = text(file, zero_volume).unwrap();
        assert_eq!(loaded.bars[0].len(), bars);
        assert_eq!(loaded.bars[1].len(), 3);
        let outcome =
            backtest::run(&loaded.bars, &mut Buyer, &Options::default(), &Unwatched).unwrap();
        assert_eq!(outcome.fills[0].price.to_string(), price);
        assert_eq!(outcome.equity.time.len(), 3, "the other symbol goes on");
    }
}

#[test]
fn a_file_in_which_nothing_was_traded_is_refused_as_halts() {
    for file in ["date,close\n2024-01-02,10\n", "date,close,volume\n2024-01-02,10,0\n"] {
        assert_eq!(text(file, ZeroVolume::Trade).unwrap().bars[0].len(), 1);
        let error = text(file, ZeroVolume::Halt).unwrap_err();
        assert!(error.to_string().contains("all of it would be a halt"), "{error}");
    }
}
