//! What a search tried, as pictures: how the best was found, where good values lie, which parameters
//! matter, what several objectives cost each other.
//!
//! Promises: every number comes from all trials that are given; only dots and lines are thinned.
//! Not here: which trials are given, and what is good; more of `goal` is better.

mod front;
mod heat;
mod parallel;
mod plot;
mod shares;

use crate::{
    csp,
    format::{float, grouped},
    html::{Html, Text},
    page::STYLE,
    section::{close, open},
};
use plot::{Frame, Plot, ends, quantile, short};

/// Dots of one picture.
const DOTS_MAX: usize = 1_500;

/// The search of one strategy or function.
#[derive(Clone, Debug, Default)]
pub struct Searched {
    /// What was searched; empty if there is no other.
    pub title: String,
    /// What is good, in words.
    pub objective: String,
    /// What one says of it: `Sharpe ratio`.
    pub goal: String,
    /// How many trials were made.
    pub trials: usize,
    /// The parameters that changed.
    pub axes: Vec<SearchAxis>,
    /// The trials that are drawn, in order.
    pub points: Vec<SearchPoint>,
    /// What several objectives cost each other.
    pub front: Option<SearchFront>,
}

/// A parameter.
#[derive(Clone, Debug, Default)]
pub struct SearchAxis {
    /// Its name.
    pub name: String,
    /// What numbers stand for, if its values are names.
    pub labels: Vec<String>,
}

/// A trial.
#[derive(Clone, Debug)]
pub struct SearchPoint {
    /// Its number.
    pub trial: usize,
    /// By parameter; NaN where it has none.
    pub values: Vec<f64>,
    /// What it reached, of which more is better; NaN if nothing.
    pub goal: f64,
}

/// The first two of several objectives.
#[derive(Clone, Debug, Default)]
pub struct SearchFront {
    /// What they are.
    pub names: [String; 2],
    /// All trials.
    pub all: Vec<(f64, f64)>,
    /// Those that none is better than.
    pub front: Vec<(f64, f64)>,
    /// The one that is run.
    pub knee: (f64, f64),
}

impl Searched {
    /// The best trial; the first of equals.
    fn best(&self) -> Option<&SearchPoint> {
        let reached = self.points.iter().filter(|point| point.goal.is_finite());
        reached.reduce(|best, next| if next.goal > best.goal { next } else { best })
    }
}

/// A page of nothing but a search.
pub fn render_search(title: &str, searched: &[Searched]) -> String {
    let mut out = Html::default();
    out.put(format_args!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{} – search</title>\n<style>{STYLE}</style></head>\n<body>\n\
         <header class=\"masthead\"><h1>{}</h1></header>\n<main>\n",
        csp::policy(STYLE, ""),
        Text::line(title),
        Text::line(title),
    ));
    section(&mut out, searched);
    out.push("</main>\n</body></html>\n");
    out.finish()
}

/// The section of a search; nothing if there was none.
pub(crate) fn section(out: &mut Html, searched: &[Searched]) {
    if searched.is_empty() {
        return;
    }
    open(out, "search", "Search");
    for one in searched {
        if !one.title.is_empty() {
            out.put(format_args!("<h3 class=\"searched\">{}</h3>", Text::line(&one.title)));
        }
        words(out, one);
        out.push("<div class=\"plots\">");
        convergence(out, one);
        if let Some(own) = &one.front {
            front::front(out, own);
        }
        let shares = shares::shares(one);
        heat::maps(out, one, &shares);
        parallel::parallel(out, one);
        shares::picture(out, one, &shares);
        out.push("</div>");
    }
    close(out);
}

fn words(out: &mut Html, one: &Searched) {
    out.put(format_args!(
        "<p class=\"note\">{} trials, {}.",
        grouped(float(one.trials), 0),
        Text::line(&one.objective)
    ));
    if one.points.len() < one.trials {
        let drawn = grouped(float(one.points.len()), 0);
        out.put(format_args!(" The pictures are of {drawn} of them, evenly spread."));
    }
    if let Some(best) = one.best() {
        let at = one.axes.iter().zip(&best.values).filter(|(_, value)| value.is_finite());
        let at: Vec<String> =
            at.map(|(axis, value)| format!("{} {}", axis.name, axis.text(*value))).collect();
        out.put(format_args!(
            " The highest {} is {}, of trial {}: {}.",
            Text::line(&one.goal),
            short(best.goal),
            best.trial,
            Text::cut(&at.join(", "), 600)
        ));
    }
    out.push("</p>");
}

impl SearchAxis {
    /// A value as people say it.
    fn text(&self, value: f64) -> String {
        let label = self.labels.iter().enumerate().find(|(at, _)| (float(*at) - value).abs() < 0.5);
        label.map_or_else(|| short(value), |(_, label)| label.clone())
    }
}

/// What each trial reached, and the best so far.
fn convergence(out: &mut Html, one: &Searched) {
    let reached: Vec<&SearchPoint> =
        one.points.iter().filter(|point| point.goal.is_finite()).collect();
    let (Some(first), Some(last)) = (one.points.first(), one.points.last()) else { return };
    let Some(best) = one.best() else { return };
    let goals: Vec<f64> = reached.iter().map(|point| point.goal).collect();
    // Very bad trials would press all others together.
    let low = quantile(&goals, 0.05);
    let frame = Frame::new((float(first.trial), float(last.trial)), (low, best.goal));
    let title = "What each trial reached, and the best so far";
    let mut plot = Plot::open(out, title, &frame, ("trial", &one.goal));
    let every = reached.len().div_ceil(DOTS_MAX).max(1);
    let dots = reached.iter().step_by(every).map(|p| (float(p.trial), p.goal.max(low)));
    plot.dots("dot", dots);
    let mut so_far = f64::NEG_INFINITY;
    let mut steps = Vec::new();
    for point in &reached {
        if point.goal > so_far {
            so_far = point.goal;
            steps.push((float(point.trial), so_far));
        }
    }
    steps.push((float(last.trial), so_far));
    plot.steps("best", &steps);
    let beneath = goals.iter().filter(|goal| **goal < low).count();
    plot.close(&format!(
        "{title}. Dots are trials{}; {beneath} below {} are drawn at the lower edge.",
        if every > 1 { format!(", one in {every}") } else { String::new() },
        short(low)
    ));
}

/// The least and the greatest of finite values.
fn span(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    ends(values).filter(|(low, high)| low <= high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(goal: impl Fn(f64, f64) -> f64) -> Searched {
        let axis = |name: &str| SearchAxis { name: name.into(), labels: Vec::new() };
        let pair = |trial: usize| (float(trial % 20), float(trial / 20));
        let point = |trial| {
            let (a, b) = pair(trial);
            SearchPoint { trial, values: vec![a, b], goal: goal(a, b) }
        };
        Searched {
            title: "<b>trend".into(),
            objective: "maximize_sharpe".into(),
            goal: "Sharpe ratio".into(),
            trials: 400,
            axes: vec![axis("fast"), axis("slow")],
            points: (0..400).map(point).collect(),
            front: None,
        }
    }

    #[test]
    fn a_page_has_its_pictures_and_says_what_was_best() {
        let page = render_search("w", &[searched(|a, b| -(a - 3.0).powi(2) - 0.1 * b)]);
        assert!(page.contains("of trial 3: fast 3, slow 0"), "{page}");
        assert!(page.contains("&lt;b&gt;trend") && !page.contains("<b>trend"));
        assert_eq!(page.matches("<figure class=\"plot").count(), 4);
        assert!(!page.contains("<script") && !page.contains("NaN") && !page.contains("inf"));
    }

    #[test]
    fn nothing_that_was_reached_is_no_picture() {
        let none = searched(|_, _| f64::NAN);
        let page = render_search("w", &[none]);
        assert!(!page.contains("<figure") && page.contains("400 trials"), "{page}");
        assert!(!render_search("w", &[]).contains("<section"));
    }

    #[test]
    fn what_a_parameter_explains_is_its_share_of_the_variance() {
        let of = |goal: fn(f64, f64) -> f64| {
            let shares = shares::shares(&searched(goal));
            shares.iter().map(|share| (share * 100.0).round()).collect::<Vec<f64>>()
        };
        assert_eq!(of(|a, _| (a / 2.0).floor()), [100.0, 0.0]);
        assert_eq!(of(|a, b| (a / 2.0).floor() + (b / 2.0).floor()), [50.0, 50.0]);
        assert_eq!(of(|_, _| 1.0), [0.0, 0.0]);
    }
}
