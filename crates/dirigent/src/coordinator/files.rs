//! Files: what becomes of a workflow file before anything runs.
//!
//! Promises: touches nothing.

use dirigent_trading::backtest::Watch;

use super::Coordinator;
use crate::{
    Error,
    prepare::{self, Prepared, Source, Valid},
    tasks::backtest::sweep,
    vocabulary::Registered,
};

impl Coordinator {
    /// Reads and checks a workflow file; touches nothing. What only this version cannot run is a
    /// warning.
    ///
    /// # Errors
    /// With every problem of the file, each with its place.
    pub fn check(&self, source: &Source) -> Result<Valid, Error> {
        let mut valid = prepare::check(source, &self.registered())?;
        match prepare::plan(valid.clone(), &self.planners, &self.kinds) {
            Ok(prepared) => valid.warnings = prepared.warnings,
            Err(Error::NotYet(problems)) => valid.warnings.extend(problems.lines()),
            Err(error) => return Err(error),
        }
        Ok(valid)
    }

    /// Reads, checks and plans a workflow file; touches nothing.
    ///
    /// # Errors
    /// As `check`; and if this version cannot run workflows of its type.
    pub fn prepare(&self, source: &Source) -> Result<Prepared, Error> {
        let valid = prepare::check(source, &self.registered())?;
        prepare::plan(valid, &self.planners, &self.kinds)
    }

    /// Tries every combination of `request` with the strategy and the data of a prepared backtest,
    /// each only measured; `each` is given all, in order. Records nothing.
    ///
    /// # Errors
    /// If the data cannot be loaded, the strategy does not trade by rules, or `watch` cancels.
    pub fn sweep(
        &self,
        prepared: &Prepared,
        request: &sweep::Request,
        watch: &dyn Watch,
        each: &mut dyn FnMut(&sweep::Ranked),
    ) -> Result<sweep::Swept, Error> {
        sweep::sweep(&self.strategies, &prepared.start, request, watch, each).map_err(Error::Sweep)
    }

    /// The JSON Schema of workflow files.
    pub fn schema(&self) -> serde_json::Value {
        crate::config::schema(&self.registered())
    }

    fn registered(&self) -> Registered<'_> {
        Registered { strategies: &self.strategies, planners: &self.planners, kinds: &self.kinds }
    }
}
