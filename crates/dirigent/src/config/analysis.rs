//! `analysis_config` as typed values.

use serde::{Deserialize, Serialize};

/// `analysis_config`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Analysis {
    /// `include`
    pub include: Vec<AnalysisPart>,
    /// `horizons`, in bars.
    pub horizons: Vec<u32>,
    /// `lags`, in bars.
    pub lags: u32,
}

/// `analysis_config.include`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisPart {
    /// The files themselves.
    Data,
    /// Returns of each symbol.
    Returns,
    /// When returns come.
    Seasonality,
    /// How symbols go together.
    Correlations,
    /// Kinds of market.
    Regimes,
    /// What entries foretell.
    Signals,
}

impl Default for Analysis {
    /// All of it.
    fn default() -> Self {
        use AnalysisPart as P;
        Self {
            include: vec![
                P::Data,
                P::Returns,
                P::Seasonality,
                P::Correlations,
                P::Regimes,
                P::Signals,
            ],
            horizons: vec![1, 5, 10, 20],
            lags: 10,
        }
    }
}

impl Analysis {
    /// Whether a part is wanted.
    pub fn has(&self, part: AnalysisPart) -> bool {
        self.include.contains(&part)
    }
}
