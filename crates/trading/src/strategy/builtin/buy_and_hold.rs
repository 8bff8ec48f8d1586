//! Buys at the first opportunity and never sells: what every other strategy is measured against.

use super::long;
use crate::strategy::{Build, Definition};

pub(super) const DEFINITION: Definition = Definition {
    name: "buy_and_hold",
    summary: "Buys at the first opportunity and never sells.",
    parameters: &[],
    rising: &[],
    build: Build::Rules(|params| long(params, &[], "true", None)),
};
