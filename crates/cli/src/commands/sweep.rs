//! `dirigent sweep`: many values of the parameters of a strategy, each only measured.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Write as _},
    num::NonZeroUsize,
    thread::available_parallelism,
};

use anyhow::Context as _;
use dirigent::{
    sweep::{Ranked, Request, Swept},
    trading::{backtest::Watch, sweep::Axis},
};

use super::{run::source, search};
use crate::{Context, args, exit, follow::draw_line, print::Printer};

pub(crate) fn sweep(context: &Context, options: &args::Sweep) -> anyhow::Result<u8> {
    let printer = &context.printer;
    let prepared = context.coordinator.prepare(&source(&options.source)?)?;
    let cores = || available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let request = Request {
        axes: options.over.clone(),
        by: options.by.into(),
        top: options.top,
        threads: options.threads.unwrap_or_else(cores),
    };
    let mut table = match &options.csv {
        Some(path) => Some(Table::create(path, &request.axes)?),
        None => None,
    };
    let mut failed = None;
    let mut each = |ranked: &Ranked| {
        if let Some(table) = &mut table
            && let Err(error) = table.row(ranked)
        {
            failed.get_or_insert(error);
        }
    };
    let line = Line(context.printer);
    let swept = context.coordinator.sweep(&prepared, &request, &line, &mut each)?;
    line.clear();
    if let Some(table) = table {
        failed.map_or(Ok(()), Err).and_then(|()| table.finish()).context("cannot write the CSV")?;
    }
    if printer.json() {
        printer.document(&swept)?;
    } else {
        printer.result(&text(printer, &swept, &request.axes)?)?;
    }
    if let Some(why) = swept.first_refusal.as_ref().filter(|_| !printer.json()) {
        let count = swept.refused;
        printer.note(&format!("{count} combinations make no strategy, the first because {why}"));
    }
    Ok(exit::DONE)
}

fn text(printer: &Printer, swept: &Swept, axes: &[Axis]) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let Swept { combinations, bars, .. } = swept;
    writeln!(out, "{combinations} combinations on {bars} bars\n")?;
    let table = search::Table { names: axes.iter().map(|axis| axis.name.as_str()).collect() };
    table.header(printer, &mut out)?;
    for ranked in &swept.best {
        let row = search::Row {
            sharpe: ranked.sharpe,
            total_return: ranked.total_return,
            max_drawdown: ranked.max_drawdown,
            trades: ranked.trades as u64,
            final_equity: ranked.final_equity,
        };
        table.row(&mut out, |name| ranked.params[name].to_string(), &row)?;
    }
    search::Table::luck(&mut out)?;
    Ok(out)
}

/// All combinations as CSV.
struct Table {
    out: BufWriter<File>,
    names: Vec<String>,
}

impl Table {
    fn create(path: &std::path::Path, axes: &[Axis]) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write `{}`", path.display()));
        let names: Vec<String> = axes.iter().map(|axis| axis.name.clone()).collect();
        let mut out = BufWriter::new(file?);
        let columns = "sharpe,total_return,cagr,max_drawdown,trades,final_equity";
        writeln!(out, "{},{columns}", names.join(","))?;
        Ok(Self { out, names })
    }

    fn row(&mut self, ranked: &Ranked) -> std::io::Result<()> {
        for name in &self.names {
            write!(self.out, "{},", ranked.params[name])?;
        }
        let scores = [ranked.sharpe, ranked.total_return, ranked.cagr, ranked.max_drawdown];
        for score in scores {
            match score {
                Some(score) => write!(self.out, "{score},")?,
                None => write!(self.out, ",")?,
            }
        }
        writeln!(self.out, "{},{}", ranked.trades, ranked.final_equity)
    }

    fn finish(mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Tells on stderr how far the sweep is.
struct Line(Printer);

impl Line {
    fn clear(&self) {
        if self.0.draws() {
            draw_line(&self.0, "");
        }
    }
}

impl Watch for Line {
    fn progress(&self, done: usize, total: usize) {
        if self.0.draws() {
            draw_line(&self.0, &format!("{done} of {total} combinations"));
        }
    }
}
