//! Grid search: every allowed combination, once.

use super::error::Error;
use super::method;
use super::searcher::{At, Generation, Proposal, Searcher, Told};
use super::space::{GridShape, Space};

/// Goes through the points by number.
#[derive(Debug)]
pub(super) struct GridSearch {
    shape: GridShape,
    next: u64,
}

impl GridSearch {
    pub(super) fn new(space: &Space, settings: method::Grid) -> Result<Self, Error> {
        let refuse = |problem: &str| Error::Method { method: "grid", problem: problem.to_owned() };
        if settings.levels < 1 {
            return Err(refuse("needs at least one level of a continuous parameter"));
        }
        let shape = GridShape::new(space, settings.levels)
            .ok_or_else(|| refuse("has more points than can be numbered; use another method"))?;
        Ok(Self { shape, next: 0 })
    }
}

impl Searcher for GridSearch {
    fn generation(&self) -> Generation {
        Generation::Unlimited
    }

    fn propose(&mut self, at: &At<'_>) -> Option<Proposal> {
        while self.next < self.shape.count() {
            let point = self.shape.point(at.space, self.next);
            self.next += 1;
            if at.space.allows(&point) {
                let unit = at.space.complete(at.space.encode(&point));
                return Some(Proposal { unit, point, fraction: 1.0 });
            }
        }
        None
    }

    fn learn(&mut self, _space: &Space, _told: &[Told]) {}
}
