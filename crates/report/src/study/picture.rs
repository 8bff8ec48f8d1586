//! The pictures of a study, as shapes and words.

use dirigent_core::Timestamp;

use super::chart::{Axis, LEFT, WIDTH, open, percent};
use crate::{
    format::{float, grouped},
    histogram::histogram,
    html::{Html, Text},
    thin::envelope,
};

/// Points of a line.
const POINTS_MAX: usize = 1_200;
/// Stretches of regimes that are drawn.
const BANDS_MAX: usize = 5_000;
/// Symbols of a heat map.
const HEAT_MAX: usize = 30;
/// Colors there are.
const COLORS: usize = 8;
const HEIGHT: f64 = 340.0;
const LOW_HEIGHT: f64 = 240.0;

/// One picture.
#[derive(Clone, Debug)]
pub enum Picture<'a> {
    /// A price over time, with the regime behind it.
    Regimes(Regimes<'a>),
    /// A table of numbers from -1 to 1 in colors.
    Heat(Heat<'a>),
    /// Bars side by side.
    Bars(Bars),
    /// How often which returns were.
    Distribution(Distribution<'a>),
}

/// A price over time, with the regime behind it.
#[derive(Clone, Debug)]
pub struct Regimes<'a> {
    /// Time of each bar.
    pub time: &'a [Timestamp],
    /// Level of each bar, above zero.
    pub level: Vec<f64>,
    /// Regime of each bar.
    pub label: &'a [Option<u8>],
    /// The names of the regimes.
    pub names: &'a [String],
}

/// A table of numbers from -1 to 1 in colors.
#[derive(Clone, Debug)]
pub struct Heat<'a> {
    /// The names of rows and columns.
    pub names: Vec<&'a str>,
    /// The numbers.
    pub cells: &'a [Vec<Option<f64>>],
}

/// Bars side by side, as fractions.
#[derive(Clone, Debug)]
pub struct Bars {
    /// What it is, for those who cannot see it.
    pub label: &'static str,
    /// Names under the groups.
    pub groups: Vec<String>,
    /// Each series: what it is called, and a value for each group.
    pub series: Vec<(&'static str, Vec<Option<f64>>)>,
}

/// How often which returns were, beside a normal distribution of their mean and deviation.
#[derive(Clone, Debug)]
pub struct Distribution<'a> {
    /// The returns, as fractions.
    pub returns: &'a [f64],
}

impl Picture<'_> {
    pub(super) fn draw(&self, out: &mut Html) {
        match self {
            Self::Regimes(of) => regimes(out, of),
            Self::Heat(of) => heat(out, of),
            Self::Bars(of) => bars(out, of),
            Self::Distribution(of) => distribution(out, of),
        }
    }
}

fn swatches<'n>(out: &mut Html, names: impl Iterator<Item = &'n str>) {
    out.push("<p class=\"legend\">");
    for (at, name) in names.enumerate() {
        let (color, name) = (at % COLORS, Text::line(name));
        out.put(format_args!("<span><i class=\"swatch k{color}\"></i>{name}</span>"));
    }
    out.push("</p>");
}

/// Bars have equal widths, so that nights and holidays take no room.
fn regimes(out: &mut Html, of: &Regimes<'_>) {
    let logs: Vec<f64> = of.level.iter().map(|x| x.ln()).collect();
    let Some(axis) = Axis::of(logs.iter().copied(), HEIGHT) else { return };
    let last = float(logs.len().max(2) - 1);
    let x = |bar: usize| LEFT + (WIDTH - LEFT) * float(bar) / last;
    swatches(out, of.names.iter().map(String::as_str));
    open(out, HEIGHT, "Level over time on a logarithmic scale, colored by regime");
    let mut start = 0;
    let mut bands = 0;
    for same in of.label.chunk_by(|a, b| a == b) {
        let end = start + same.len();
        if let (Some(label), true) = (same[0], bands < BANDS_MAX) {
            let (from, to) = (x(start), x(end.min(logs.len() - 1)));
            out.put(format_args!(
                "<rect class=\"k{}\" fill-opacity=\"0.22\" x=\"{from:.1}\" y=\"10\" \
                 width=\"{:.1}\" height=\"{:.1}\"/>",
                usize::from(label) % COLORS,
                (to - from).max(0.5),
                axis.floor() - 10.0
            ));
            bands += 1;
        }
        start = end;
    }
    axis.ticks(out, true, |log| grouped(log.exp(), if log.exp() < 100.0 { 2 } else { 0 }));
    out.push("<path class=\"curve\" d=\"");
    for (at, bar) in envelope(&logs, POINTS_MAX).into_iter().enumerate() {
        let pen = if at == 0 { 'M' } else { 'L' };
        out.put(format_args!("{pen}{:.1} {:.1}", x(bar), axis.y(logs[bar])));
    }
    out.push("\"/>");
    for step in 0..=6 {
        let bar = (logs.len() - 1) * step / 6;
        let (year, month, _) = of.time[bar].date();
        let place = x(bar).clamp(LEFT + 24.0, WIDTH - 26.0);
        axis.label(out, place, &format!("{year:04}-{month:02}"));
    }
    out.push("</svg>");
}

fn heat(out: &mut Html, of: &Heat<'_>) {
    let names = &of.names[..of.names.len().min(HEAT_MAX)];
    let count = float(names.len().max(1));
    let left = 120.0;
    let cell = ((WIDTH - left) / count).min(90.0);
    let height = 30.0 + cell.min(44.0) * count;
    let tall = cell.min(44.0);
    open(out, height, "Correlations of each symbol with each");
    for (row, name) in names.iter().enumerate() {
        let y = 26.0 + tall * float(row);
        let (label, middle) = (Text::cut(name, 14), y + tall / 2.0 + 4.5);
        out.put(format_args!(
            "<text class=\"end on\" x=\"{:.1}\" y=\"{middle:.1}\">{label}</text>",
            left - 8.0
        ));
        let x = left + cell * (float(row) + 0.5);
        let short = Text::cut(name, if cell < 50.0 { 4 } else { 9 });
        out.put(format_args!("<text class=\"middle on\" x=\"{x:.1}\" y=\"18\">{short}</text>"));
        for column in 0..names.len() {
            let Some(value) = of.cells[row][column] else { continue };
            let x = left + cell * float(column);
            let class = if value < 0.0 { "k1" } else { "k0" };
            out.put(format_args!(
                "<rect class=\"{class}\" fill-opacity=\"{:.2}\" x=\"{x:.1}\" y=\"{y:.1}\" \
                 width=\"{:.1}\" height=\"{:.1}\"/>",
                0.65 * value.abs(),
                cell - 1.0,
                tall - 1.0
            ));
            if cell >= 34.0 {
                out.put(format_args!(
                    "<text class=\"middle on\" x=\"{:.1}\" y=\"{middle:.1}\">{}</text>",
                    x + cell / 2.0,
                    grouped(value, 2)
                ));
            }
        }
    }
    out.push("</svg>");
}

fn bars(out: &mut Html, of: &Bars) {
    let all = of.series.iter().flat_map(|(_, values)| values).filter_map(|x| *x);
    let Some(axis) = Axis::of(all.chain([0.0]), LOW_HEIGHT) else { return };
    if of.series.len() > 1 {
        swatches(out, of.series.iter().map(|(name, _)| *name));
    }
    open(out, LOW_HEIGHT, of.label);
    axis.ticks(out, false, percent);
    let group = (WIDTH - LEFT) / float(of.groups.len().max(1));
    let width = 0.7 * group / float(of.series.len().max(1));
    for (at, name) in of.groups.iter().enumerate() {
        let from = LEFT + group * (float(at) + 0.15);
        for (place, (_, values)) in of.series.iter().enumerate() {
            let Some(value) = values.get(at).copied().flatten() else { continue };
            let class = match (of.series.len() > 1, value < 0.0) {
                (true, _) => format!("k{}", place % COLORS),
                (false, true) => "down".to_owned(),
                (false, false) => "up".to_owned(),
            };
            let (top, bottom) = (axis.y(value.max(0.0)), axis.y(value.min(0.0)));
            out.put(format_args!(
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" \
                 height=\"{:.1}\"/>",
                from + width * float(place),
                (width - 2.0).max(1.0),
                (bottom - top).max(0.5)
            ));
        }
        axis.label(out, LEFT + group * (float(at) + 0.5), name);
    }
    let zero = axis.y(0.0);
    out.put(format_args!("<path class=\"zero\" d=\"M{LEFT} {zero:.1}H{WIDTH}\"/></svg>"));
}

fn distribution(out: &mut Html, of: &Distribution<'_>) {
    let mut values: Vec<f64> = of.returns.iter().map(|x| 100.0 * x).collect();
    let Some(found) = histogram(&mut values) else { return };
    let count = float(values.len());
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    let bell = |x: f64| {
        let density = (-0.5 * (x - mean) * (x - mean) / variance).exp();
        count * found.step * density / (std::f64::consts::TAU * variance).sqrt()
    };
    let bins = found.counts.len();
    let highest = found.counts.iter().map(|n| float(*n)).chain([0.0, bell(mean)]);
    let Some(axis) = Axis::of(highest, LOW_HEIGHT) else { return };
    open(out, LOW_HEIGHT, "How many bars had which return, and a normal distribution");
    axis.ticks(out, false, |n| grouped(n, 0));
    let width = (WIDTH - LEFT) / float(bins);
    for (bin, n) in found.counts.iter().enumerate() {
        let (x, top) = (LEFT + width * float(bin), axis.y(float(*n)));
        let class = if found.edge(bin) < 0.0 { "down" } else { "up" };
        out.put(format_args!(
            "<rect class=\"{class}\" fill-opacity=\"0.75\" x=\"{:.1}\" y=\"{top:.1}\" \
             width=\"{:.1}\" height=\"{:.1}\"/>",
            x + 1.0,
            (width - 2.0).max(1.0),
            axis.floor() - top
        ));
    }
    if variance > 0.0 {
        out.push("<path class=\"bell\" d=\"");
        for step in 0..=120 {
            let share = float(step) / 120.0;
            let value = found.edge(0) + found.step * float(bins) * share;
            let (pen, x) = (if step == 0 { 'M' } else { 'L' }, LEFT + (WIDTH - LEFT) * share);
            out.put(format_args!("{pen}{x:.1} {:.1}", axis.y(bell(value))));
        }
        out.push("\"/>");
    }
    let every = bins.div_ceil(8).max(1);
    for bin in (0..bins).step_by(every) {
        let x = (LEFT + width * float(bin)).max(LEFT + 16.0);
        axis.label(out, x, &percent(found.edge(bin) / 100.0));
    }
    out.push("</svg>");
}
