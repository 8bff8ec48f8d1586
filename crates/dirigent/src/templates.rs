//! Templates: workflow files to begin with, each complete and commented.
//!
//! Promises: every template runs as it is, in any folder, without files or programs of the user.
//! Not here: writing them to disk; see `dirigent new`.

use std::path::Path;

use dirigent_workflow::file::suggest;

/// A workflow file to begin with.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// What it is asked for by.
    pub name: &'static str,
    text: &'static str,
    /// Where the text names its own path.
    place: &'static str,
}

/// A template in a file of this crate.
const fn template(name: &'static str, text: &'static str) -> Template {
    Template { name, text, place: "FILE" }
}

/// All templates, the simplest first.
pub const TEMPLATES: &[Template] = &[
    template("backtest", include_str!("templates/backtest.yaml")),
    template("rules", include_str!("templates/rules.yaml")),
    template("reproducible", include_str!("templates/reproducible.yaml")),
    Template {
        name: "tasks",
        text: include_str!("../../../workflows/tasks.yaml"),
        place: "workflows/tasks.yaml",
    },
    template("multi-phase", include_str!("templates/multi-phase.yaml")),
    template("trading-day", include_str!("templates/trading-day.yaml")),
];

/// The template called `name`; if there is none, the nearest name, if one is near.
///
/// # Errors
/// If there is none.
pub fn find(name: &str) -> Result<&'static Template, Option<&'static str>> {
    let found = TEMPLATES.iter().find(|template| template.name == name);
    found.ok_or_else(|| suggest(name, TEMPLATES.iter().map(|template| template.name)))
}

impl Template {
    /// What it shows, in one line.
    pub fn about(&self) -> &'static str {
        let first = self.text.lines().next().unwrap_or_default();
        first.trim_start_matches(['#', ' ']).trim_end_matches('.')
    }

    /// The file, as it is to be written to `path`.
    pub fn text(&self, path: &Path) -> String {
        self.text.replace(self.place, &path.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_says_what_it_shows_and_how_to_run_it() {
        for template in TEMPLATES {
            let text = template.text(Path::new("my/own.yaml"));
            assert!(text.lines().nth(1).unwrap().contains("dirigent run my/own.yaml"), "{text}");
            assert!(!text.contains(template.place), "{text}");
            assert!((20..90).contains(&template.about().len()), "{}", template.about());
        }
    }

    #[test]
    fn a_misspelled_name_finds_the_nearest() {
        assert_eq!(find("tasks").map(|template| template.name), Ok("tasks"));
        assert_eq!(find("multi_phase").err(), Some(Some("multi-phase")));
        assert_eq!(find("zzz").err(), Some(None));
    }
}
