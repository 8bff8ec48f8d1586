//! `ensemble`: how the strategies of a file vote.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `ensemble`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Ensemble {
    /// `min_agreement`, from 0 to 1.
    pub min_agreement: f64,
    /// `regime_weights`, by regime and strategy.
    pub regime_weights: Option<BTreeMap<String, BTreeMap<String, f64>>>,
    /// `regime_tilt`, from 0 to 1.
    pub regime_tilt: f64,
}

impl Default for Ensemble {
    fn default() -> Self {
        Self { min_agreement: 0.5, regime_weights: None, regime_tilt: 1.0 }
    }
}
