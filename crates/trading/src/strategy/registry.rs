//! The strategies that a workflow file can name: those built in and those a program registers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rules::RuleSet;
use crate::strategy::{ParamValue, Parameter, Params, ParamsError, Strategy, catalogue};

/// What a kind of strategy makes of its parameters.
pub enum Plan {
    /// Rules, to be compiled and shown to the user.
    Rules(RuleSet),
    /// Code.
    Strategy(Box<dyn Strategy>),
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rules(rules) => f.debug_tuple("Rules").field(rules).finish(),
            Self::Strategy(_) => f.write_str("Strategy(..)"),
        }
    }
}

/// A kind of strategy; implement it to make your own known to workflow files.
pub trait StrategyKind: Send + Sync {
    /// The name in `strategy.type`: lower-case words joined by `_`.
    fn name(&self) -> &str;

    /// What it does, in one sentence.
    fn summary(&self) -> &str;

    /// Its parameters.
    fn parameters(&self) -> &[Parameter];

    /// Pairs of parameters, the first of which must be smaller than the second.
    fn rising(&self) -> &[(&str, &str)] {
        &[]
    }

    /// Makes a strategy; `params` has a value in range for each of `parameters`.
    ///
    /// # Errors
    /// If values do not go together.
    fn build(&self, params: &Params) -> Result<Plan, ParamsError>;
}

/// How a built-in strategy is made.
#[derive(Clone, Copy, Debug)]
pub enum Build {
    /// As rules.
    Rules(fn(&Params) -> RuleSet),
    /// As code.
    Strategy(fn(&Params) -> Box<dyn Strategy>),
}

/// A built-in kind of strategy.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The name in `strategy.type`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Pairs of them, the first of which must be smaller than the second.
    pub rising: &'static [(&'static str, &'static str)],
    /// How it is made.
    pub build: Build,
}

impl StrategyKind for Definition {
    fn name(&self) -> &str {
        self.name
    }

    fn summary(&self) -> &str {
        self.summary
    }

    fn parameters(&self) -> &[Parameter] {
        self.parameters
    }

    fn rising(&self) -> &[(&str, &str)] {
        self.rising
    }

    fn build(&self, params: &Params) -> Result<Plan, ParamsError> {
        self.rising.iter().try_for_each(|(smaller, larger)| params.rising(smaller, larger))?;
        Ok(match self.build {
            Build::Rules(build) => Plan::Rules(build(params)),
            Build::Strategy(build) => Plan::Strategy(build(params)),
        })
    }
}

/// There is a strategy of that name already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is a strategy `{0}` already")]
pub struct NameTaken(pub String);

/// Why a strategy could not be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BuildError {
    /// No strategy has that name.
    #[error("there is no strategy `{0}`")]
    Unknown(String),
    /// Its parameters do not suit.
    #[error("strategy `{name}`: {source}")]
    Params {
        /// The strategy.
        name: String,
        /// What is wrong with them.
        source: ParamsError,
    },
}

/// All strategies a program knows, by name.
#[derive(Clone)]
pub struct Registry(BTreeMap<String, Arc<dyn StrategyKind>>);

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Registry {
    /// Those of `catalogue`.
    pub fn builtin() -> Self {
        let entry = |definition: &Definition| {
            let kind: Arc<dyn StrategyKind> = Arc::new(*definition);
            (definition.name.to_owned(), kind)
        };
        Self(catalogue().iter().map(entry).collect())
    }

    /// Adds a strategy.
    ///
    /// # Errors
    /// If its name is taken.
    pub fn register(&mut self, kind: Arc<dyn StrategyKind>) -> Result<(), NameTaken> {
        let name = kind.name().to_owned();
        if self.0.contains_key(&name) {
            return Err(NameTaken(name));
        }
        self.0.insert(name, kind);
        Ok(())
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The kind called `name`.
    pub fn get(&self, name: &str) -> Option<&dyn StrategyKind> {
        self.0.get(name).map(Arc::as_ref)
    }

    /// Makes the strategy called `name` with the values `given` and the defaults of the rest.
    ///
    /// # Errors
    /// If there is no such strategy or the values do not suit it.
    pub fn build(
        &self,
        name: &str,
        given: &BTreeMap<String, ParamValue>,
    ) -> Result<Plan, BuildError> {
        let kind = self.get(name).ok_or_else(|| BuildError::Unknown(name.to_owned()))?;
        Params::complete(kind.parameters(), given)
            .and_then(|params| kind.build(&params))
            .map_err(|source| BuildError::Params { name: name.to_owned(), source })
    }
}
