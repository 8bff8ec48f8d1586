//! The trials of a stage: what is kept of them, and their table.

use dirigent_workflow::{artifact::ArtifactRef, port::TaskError};

use super::{
    super::{
        found::{Found, Tried},
        rows::{self, Columns, Rows, write_row},
    },
    Staging,
};
use crate::{
    config::search::{Objective, Trials, stages::Sought},
    tasks::backtest::write_failed,
};

pub(super) fn names(trials: &Trials) -> Vec<String> {
    match trials {
        Trials::Grid(axes) => axes.iter().map(|axis| axis.name.clone()).collect(),
        Trials::Guided(guided) => {
            guided.space.parameters().iter().map(|own| own.name.clone()).collect()
        }
    }
}

/// All trials of a stage, by regime if it searches each apart.
pub(super) struct Sheet {
    parts: Vec<Option<String>>,
    names: Vec<String>,
    pub(super) found: Vec<Found>,
    text: String,
}

impl Sheet {
    pub(super) fn new(parts: Vec<Option<String>>, names: Vec<String>) -> Self {
        let found = vec![Found::default(); parts.len()];
        Self { parts, names, found, text: String::new() }
    }

    pub(super) fn take(&mut self, part: usize, tried: &[Tried], objective: Option<&Objective>) {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let columns = self.columns(names, objective.is_none());
        let mut text = String::new();
        for (index, tried) in tried.iter().enumerate() {
            write_row(&mut text, &columns, (index, self.parts[part].as_deref()), tried);
        }
        for tried in tried {
            match objective {
                Some(one) => self.found[part].add(tried, true, std::slice::from_ref(one)),
                None => self.found[part].add_judged(tried),
            }
        }
        self.text += &text;
    }

    fn columns<'a>(&self, names: Vec<&'a str>, is_detector: bool) -> Columns<'a> {
        match (is_detector, &self.parts[0]) {
            (true, _) => Columns::of_detector(names),
            (false, Some(_)) => Columns::by_regime(names),
            (false, None) => Columns::plain(names),
        }
    }

    pub(super) fn table(&self, staging: &Staging<'_>) -> Result<ArtifactRef, TaskError> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let is_detector = matches!(staging.stage.sought, Sought::Detector);
        let name = format!("{}-trials.csv", staging.stage.name);
        let (columns, parts) = (self.columns(names, is_detector), [Rows::Text(self.text.clone())]);
        let table = rows::named_table(staging.context, &name, &columns, &parts);
        table.map_err(write_failed)
    }
}
