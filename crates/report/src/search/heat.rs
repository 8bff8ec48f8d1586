//! Where good values lie: the mean over the other parameters, and the best, for two parameters.

use super::{
    SearchAxis, Searched,
    plot::{
        BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, canvas, close, quantile, share as between, short,
    },
    span,
};
use crate::{
    format::float,
    html::{Html, Text},
};

/// Cells in a row.
const CELLS_MAX: usize = 24;
/// Words along an axis.
const WORDS_MAX: usize = 8;

/// The values of a parameter in parts: each value, or stretches of equal length.
pub(super) struct Parts {
    low: f64,
    /// Of a part; each value is its own where they are few.
    width: f64,
    values: Vec<f64>,
    count: usize,
}

impl Parts {
    /// At most `most` parts of the values of parameter number `axis`; `None` if it has no values.
    pub(super) fn of(one: &Searched, axis: usize, most: usize) -> Option<Self> {
        let values = one.points.iter().map(|point| point.values[axis]);
        let (low, high) = span(values.clone())?;
        let mut distinct: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup_by(|a, b| a.total_cmp(b).is_eq());
        if distinct.len() <= most {
            return Some(Self { low, width: 0.0, count: distinct.len(), values: distinct });
        }
        let (mut width, mut count) = ((high - low) / float(most), most);
        if distinct.iter().all(|value| value.fract().abs() <= 0.0) {
            // Parts of whole numbers hold equally many of them.
            width = ((high - low + 1.0) / float(most)).ceil();
            while count > 1 && low + width * float(count - 1) > high {
                count -= 1;
            }
        }
        Some(Self { low, width, values: Vec::new(), count })
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The part that `value` is in.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part")]
    pub(super) fn place(&self, value: f64) -> usize {
        if self.values.is_empty() {
            return (((value - self.low) / self.width) as usize).min(self.count - 1);
        }
        self.values.partition_point(|own| *own < value).min(self.count - 1)
    }

    /// What a part holds.
    fn text(&self, axis: &SearchAxis, place: usize) -> String {
        match self.values.get(place) {
            Some(value) => axis.text(*value),
            None => {
                let from = self.low + self.width * float(place);
                format!("{} to {}", short(from), short(from + self.width))
            }
        }
    }

    /// Where a part begins.
    fn word(&self, axis: &SearchAxis, place: usize) -> String {
        let begin = self.low + self.width * float(place);
        self.values.get(place).map_or_else(|| short(begin), |value| axis.text(*value))
    }
}

/// Sums of one cell.
#[derive(Clone, Copy)]
struct Cell {
    sum: f64,
    count: usize,
    best: f64,
}

/// The maps of the two parameters that explain most; with more than two, of the best as well.
pub(super) fn maps(out: &mut Html, one: &Searched, shares: &[f64]) {
    let mut order: Vec<usize> = (0..one.axes.len()).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]).then(a.cmp(b)));
    let &[x, y, ..] = &order[..] else { return };
    let (x, y) = (x.min(y), x.max(y));
    let others = if one.axes.len() > 2 { " over the other parameters" } else { "" };
    map(out, one, (x, y), &format!("Mean {}{others}", one.goal), |cell| {
        cell.sum / float(cell.count)
    });
    if one.axes.len() > 2 {
        map(out, one, (x, y), &format!("Best {}{others}", one.goal), |cell| cell.best);
    }
}

fn map(
    out: &mut Html,
    one: &Searched,
    (x, y): (usize, usize),
    title: &str,
    figure: impl Fn(&Cell) -> f64,
) {
    let both = (Parts::of(one, x, CELLS_MAX), Parts::of(one, y, CELLS_MAX));
    let (Some(columns), Some(rows)) = both else { return };
    let cells = cells(one, (x, &columns), (y, &rows));
    let figures: Vec<f64> = cells.iter().filter(|cell| cell.count > 0).map(&figure).collect();
    let Some((_, high)) = span(figures.iter().copied()) else { return };
    let low = quantile(&figures, 0.1);
    canvas(out, title);
    let width = (WIDTH - LEFT - RIGHT) / float(columns.count());
    let height = (HEIGHT - TOP - BOTTOM) / float(rows.count());
    for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.count > 0) {
        let (column, row) = (at % columns.count(), at / columns.count());
        let shown = figure(cell);
        out.put(format_args!(
            "<rect class=\"heat\" fill-opacity=\"{:.2}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" \
             height=\"{:.1}\"><title>{} {}, {} {}: {} ({} trials)</title></rect>",
            0.06 + 0.94 * between(shown, (low, high)),
            LEFT + width * float(column),
            HEIGHT - BOTTOM - height * float(row + 1),
            width + 0.2,
            height + 0.2,
            Text::line(&one.axes[x].name),
            Text::line(&columns.text(&one.axes[x], column)),
            Text::line(&one.axes[y].name),
            Text::line(&rows.text(&one.axes[y], row)),
            short(shown),
            cell.count,
        ));
    }
    words(out, one, (x, &columns), (y, &rows));
    if let Some(best) = one.best().filter(|best| best.values[x].is_finite()) {
        let middle = |place: usize, size: f64| size * (float(place) + 0.5);
        out.put(format_args!(
            "<circle class=\"ring\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\"/>",
            LEFT + middle(columns.place(best.values[x]), width),
            HEIGHT - BOTTOM - middle(rows.place(best.values[y]), height),
        ));
    }
    close(
        out,
        &format!(
            "{title}: from {} or less, pale, to {}, dark. The ring is the best trial. A good trial \
             among bad neighbors is likely luck.",
            short(low),
            short(high)
        ),
    );
}

fn cells(one: &Searched, (x, columns): (usize, &Parts), (y, rows): (usize, &Parts)) -> Vec<Cell> {
    let none = Cell { sum: 0.0, count: 0, best: f64::NEG_INFINITY };
    let mut cells = vec![none; columns.count() * rows.count()];
    for point in &one.points {
        let (a, b) = (point.values[x], point.values[y]);
        if a.is_finite() && b.is_finite() && point.goal.is_finite() {
            let cell = &mut cells[rows.place(b) * columns.count() + columns.place(a)];
            cell.sum += point.goal;
            cell.count += 1;
            cell.best = cell.best.max(point.goal);
        }
    }
    cells
}

/// What stands along the axes.
fn words(
    out: &mut Html,
    one: &Searched,
    (x, columns): (usize, &Parts),
    (y, rows): (usize, &Parts),
) {
    let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let every = |parts: &Parts| parts.count().div_ceil(WORDS_MAX).max(1);
    for place in (0..columns.count()).step_by(every(columns)) {
        out.put(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            LEFT + width * (float(place) + 0.5) / float(columns.count()),
            HEIGHT - BOTTOM + 16.0,
            Text::cut(&columns.word(&one.axes[x], place), 12)
        ));
    }
    for place in (0..rows.count()).step_by(every(rows)) {
        out.put(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            HEIGHT - BOTTOM - height * (float(place) + 0.5) / float(rows.count()) + 4.0,
            Text::cut(&rows.word(&one.axes[y], place), 8)
        ));
    }
    out.put(format_args!(
        "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
         <text class=\"name\" transform=\"translate(13 {:.1}) rotate(-90)\" \
         text-anchor=\"middle\">{}</text>",
        LEFT + width / 2.0,
        HEIGHT - 6.0,
        Text::cut(&one.axes[x].name, 40),
        TOP + height / 2.0,
        Text::cut(&one.axes[y].name, 40)
    ));
}
