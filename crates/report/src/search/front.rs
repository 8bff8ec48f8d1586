//! What two objectives cost each other.

use super::{
    DOTS_MAX, SearchFront,
    plot::{Frame, Plot, ends, quantile},
};
use crate::html::Html;

/// All trials, those that none beats, and the one that is run.
pub(super) fn front(out: &mut Html, own: &SearchFront) {
    let axis = |of: fn(&(f64, f64)) -> f64| -> Option<(f64, f64)> {
        let (low, high) = ends(own.front.iter().map(of))?;
        let all: Vec<f64> = own.all.iter().map(of).collect();
        // Very bad trials would press the front together.
        Some((low.min(quantile(&all, 0.25)), high))
    };
    let (Some(x), Some(y)) = (axis(|point| point.0), axis(|point| point.1)) else { return };
    let frame = Frame::new(x, y);
    let title = "The front: what more of one objective costs of the other";
    let mut plot = Plot::open(out, title, &frame, (&own.names[0], &own.names[1]));
    let is_inside = |point: &&(f64, f64)| point.0 >= x.0 && point.1 >= y.0;
    let every = own.all.len().div_ceil(DOTS_MAX).max(1);
    plot.dots("dot", own.all.iter().filter(is_inside).step_by(every).copied());
    plot.dots("dot front", own.front.iter().copied());
    plot.dots("dot knee", [own.knee].into_iter());
    plot.close(&format!(
        "{title}. More is better on both axes. {} of {} trials are on it; the large dot is the knee, \
         which was run.",
        own.front.len(),
        own.all.len()
    ));
}
