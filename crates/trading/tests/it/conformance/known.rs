//! Where a library and we differ under its profile: by how much, and why.

use super::Difference;

/// A difference that is understood.
pub(super) struct Known {
    peer: &'static str,
    case: &'static str,
    /// Of AAPL, then of IBM: fills of theirs and of ours that the other does not have, and our
    /// final equity less theirs in cents.
    found: [(usize, usize, i64); 2],
    /// Why, for the page.
    pub(super) why: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        peer: "backtesting.py",
        case: "stop_limit",
        found: [(27, 27, -92_453), (10, 10, -30_503)],
        why: "a stop-limit that opens beyond its stop is filled at the stop, a price below the market; ours pays \
              the open, or rests at its limit",
    },
    Known {
        peer: "nautilus_trader",
        case: "reversion",
        found: [(0, 0, -1), (0, 0, 0)],
        why: "levels are whole ticks of 0.0001",
    },
    Known {
        peer: "nautilus_trader",
        case: "bracket_limit",
        found: [(14, 14, 134_413), (4, 4, 36_048)],
        why: "a bar is four prices: a limit bought on the way to the low is there when the stop begins, which \
              trades at the low; ours trades at the stop on that way",
    },
    Known {
        peer: "nautilus_trader",
        case: "stop_limit",
        found: [(74, 86, 319_529), (57, 69, 320_392)],
        why: "a bar is four prices: one that passes stop and limit at once sets the order off and leaves it \
              resting; ours trades at the stop on the way",
    },
    Known {
        peer: "nautilus_trader",
        case: "trailing",
        found: [(30, 30, -140_205), (3, 3, -22_857)],
        why: "the stop follows the open, the high and the low within the bar; ours follows bars that ended",
    },
];

pub(super) fn of(peer: &str, case: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.peer == peer && known.case == case)
}

impl Known {
    pub(super) fn difference(&self, at: usize) -> Difference {
        let (theirs, ours, cents) = self.found[at];
        Difference { fills: (theirs, ours), cents }
    }
}
