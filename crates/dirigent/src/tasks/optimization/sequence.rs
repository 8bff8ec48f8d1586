//! The points of a search that does not learn: known in advance, whoever tries them.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use dirigent_core::Seed;
use dirigent_research::optimize::{Asked, Direction, Error, Point, Study};
use serde_json::{Map, Value};

use crate::config::search::Guided;

/// Points by number, as far as they were asked for.
#[derive(Debug)]
pub(super) struct Sequence(Mutex<Known>);

#[derive(Debug)]
struct Known {
    study: Study,
    points: Vec<Point>,
}

impl Sequence {
    pub(super) fn of(guided: &Guided, seed: Seed) -> Result<Self, Error> {
        let directions = vec![Direction::Maximize];
        let study = Study::new(guided.space.clone(), directions, &guided.method, seed)?;
        Ok(Self(Mutex::new(Known { study, points: Vec::new() })))
    }

    /// The values of points `part`, fewer if there are no more.
    pub(super) fn params(&self, part: Range<usize>) -> Vec<Map<String, Value>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { study, points } = &mut *known;
        while points.len() < part.end {
            let Asked::Trial(trial) = study.ask() else { break };
            points.push(trial.point);
        }
        let end = part.end.min(points.len());
        let map = |point: &Point| match study.space().to_json(point) {
            Value::Object(params) => params,
            _ => Map::new(),
        };
        points[part.start.min(end)..end].iter().map(map).collect()
    }
}
