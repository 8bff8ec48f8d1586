//! Ensembles: strategies that vote on one position.
//!
//! Each member says at every close what it would hold by itself: long, flat or short. Where the
//! members behind one side have enough of the weight, and more than those behind the other, the
//! ensemble holds that side. Weights may differ by regime.
//!
//! Promises: weights are whole parts, so that the outcome does not depend on the order in which
//! votes are summed; a vote on stances that were captured is the vote on the members themselves, to
//! the last signal, and takes no indicator.
//! Not here: searching weights; the caller asks for as many votes as it likes.

mod ballot;
mod stance;
mod weights;

pub use ballot::{Ballot, Change};
pub use stance::{Stance, stances_after, stances_of};
pub use weights::{PARTS, Vote, WeightError, Weights};
