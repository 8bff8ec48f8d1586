//! What the values of `execution` mean together.

use dirigent_workflow::file::{Problem, Resolved};

const COMMISSION: &str = "execution.commission";

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>) {
    tiers(root, problems);
    maker_taker(root, problems);
}

fn number(root: &Resolved, path: &str) -> Option<f64> {
    root.text(path)?.parse().ok()
}

/// Tiers begin at zero and rise.
fn tiers(root: &Resolved, problems: &mut Vec<Problem>) {
    let mut last = None;
    for at in 0..root.list(&format!("{COMMISSION}.tiers")).len() {
        let path = format!("{COMMISSION}.tiers.{at}.from");
        let Some(from) = number(root, &path) else { continue };
        let wrong = match last {
            None if from != 0.0 => Some("the first tier begins at 0"),
            Some(last) if from <= last => Some("tiers rise, each above the one before"),
            _ => None,
        };
        last = Some(from);
        if let Some(why) = wrong {
            let message = format!("`{path}` is {from}, but {why}");
            problems.push(Problem::error(root.place(&path), path, message).hint("sort the tiers"));
        }
    }
}

fn maker_taker(root: &Resolved, problems: &mut Vec<Problem>) {
    let (maker, taker) = (format!("{COMMISSION}.maker"), format!("{COMMISSION}.taker"));
    let (Some(less), Some(more)) = (number(root, &maker), number(root, &taker)) else { return };
    if less > more {
        let message = format!("`{maker}` is {less}, more than the {more} of a taker");
        let problem = Problem::error(root.place(&maker), maker, message);
        problems.push(problem.hint("give makers the smaller share"));
    }
}
