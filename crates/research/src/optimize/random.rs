//! Random search: every trial drawn evenly and on its own.

use super::searcher::{At, Generation, Proposal, Searcher, Told};
use super::space::Space;

/// Draws each trial from its own numbers.
#[derive(Debug)]
pub(super) struct RandomSearch;

impl Searcher for RandomSearch {
    fn generation(&self) -> Generation {
        Generation::Unlimited
    }

    fn propose(&mut self, at: &At<'_>) -> Option<Proposal> {
        Some(at.random(&mut at.stream()))
    }

    fn learn(&mut self, _space: &Space, _told: &[Told]) {}
}
