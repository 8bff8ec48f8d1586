//! From the strategy of a workflow file to one that trades.

use std::collections::BTreeMap;

use dirigent_trading::{
    Bars,
    corporate::Action,
    rules::{self, Place, Program, RuleError, RuleSet},
    strategy::{Joined, Late, ParamValue, Plan, Registry, SignalStrategy, Strategy, WithHistory},
};
use serde_json::{Map, Value, json};

use crate::{
    config::{strategies::RULES, workflow},
    ensemble::Ensemble,
};

/// Whether strategies of this type set the weights of the whole portfolio, so that no sizing rule
/// applies to them.
pub(crate) fn has_weights(registry: &Registry, kind: &str) -> bool {
    kind != RULES && matches!(registry.build(kind, &BTreeMap::new()), Ok(Plan::Strategy(_)))
}

/// The signals of rules at `bars`, warm from `history`.
pub(crate) fn signals(
    program: &Program,
    history: &[Bars],
    bars: &[Bars],
    others: &[Bars],
) -> Result<SignalStrategy, String> {
    let of = |bars| SignalStrategy::from_rules(program, bars, others);
    let signals = if history.is_empty() {
        of(bars)
    } else {
        let joined = Joined::of(history, bars);
        of(&joined.whole).map(|signals| signals.after(&joined.before))
    };
    signals.map_err(|error| error.to_string())
}

/// A strategy that was chosen and found to be right.
pub(crate) struct Chosen {
    /// Its type.
    pub(crate) label: String,
    /// Its parameters, as written.
    pub(crate) params: Map<String, Value>,
    /// What its author should know.
    pub(crate) warnings: Vec<String>,
    /// How many bars its decisions are late; zero but where that is tried.
    pub(crate) late_bars: usize,
    /// By symbol, as the file says it.
    sectors: BTreeMap<String, String>,
    made: Made,
}

enum Made {
    Rules(Box<RuleSet>, Program),
    Code(Box<dyn Strategy>),
    Ensemble(Box<Ensemble>),
}

/// Chooses the strategy that a file describes, for the bars of `data`.
///
/// # Errors
/// With everything that is wrong with its rules or parameters.
pub(crate) fn choose(
    registry: &Registry,
    written: &workflow::Strategy,
    data: Option<&workflow::Data>,
) -> Result<Chosen, Vec<RuleError>> {
    let plan = if written.kind == RULES {
        Plan::Rules(rule_set(written))
    } else {
        let values = written
            .params
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), ParamValue::from_json(value)?)));
        let given: BTreeMap<String, ParamValue> = values.collect();
        registry.build(&written.kind, &given).map_err(|error| vec![whole(error.to_string())])?
    };
    let (made, warnings) = match plan {
        Plan::Rules(set) => {
            let set = RuleSet { frame: data.and_then(workflow::Data::frame), ..set };
            let program = rules::compile(&set)?;
            let warnings = program.warnings().iter().map(ToString::to_string).collect();
            (Made::Rules(Box::new(set), program), warnings)
        }
        Plan::Strategy(strategy) => (Made::Code(strategy), Vec::new()),
    };
    let (label, params) = (written.kind.clone(), written.params.clone());
    // What is built in is right by construction, and its user cannot change it.
    let warnings = if label == RULES { warnings } else { Vec::new() };
    let sectors = data.map(|data| data.sectors.clone()).unwrap_or_default();
    Ok(Chosen { label, params, warnings, late_bars: 0, sectors, made })
}

/// An error of the strategy as a whole.
fn whole(message: String) -> RuleError {
    RuleError { place: Place::Expression, span: 0..0, message, hint: None }
}

fn rule_set(written: &workflow::Strategy) -> RuleSet {
    let number = |(name, value): (&String, &Value)| Some((name.clone(), value.as_f64()?));
    RuleSet {
        params: written.params.iter().filter_map(number).collect(),
        terms: written.terms.iter().map(|(name, text)| (name.clone(), text.clone())).collect(),
        entry: written.entry.clone(),
        exit: written.exit.clone(),
        short_entry: written.short_entry.clone(),
        short_exit: written.short_exit.clone(),
        frame: None,
    }
}

impl From<Ensemble> for Chosen {
    fn from(ensemble: Ensemble) -> Self {
        Self {
            label: "ensemble".into(),
            params: ensemble.terms().fractions(),
            warnings: Vec::new(),
            late_bars: 0,
            sectors: BTreeMap::new(),
            made: Made::Ensemble(Box::new(ensemble)),
        }
    }
}

impl Chosen {
    /// The strategy for these bars, with `others` to look at and `history` before them; `actions` are
    /// those on both.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub(crate) fn strategy(
        self,
        history: &[Bars],
        bars: &[Bars],
        others: &[Bars],
        actions: &[Action],
    ) -> Result<Box<dyn Strategy>, String> {
        let late_bars = self.late_bars;
        let strategy = self.in_time(history, bars, others, actions)?;
        Ok(if late_bars == 0 { strategy } else { Box::new(Late::new(strategy, late_bars)) })
    }

    fn in_time(
        self,
        history: &[Bars],
        bars: &[Bars],
        others: &[Bars],
        actions: &[Action],
    ) -> Result<Box<dyn Strategy>, String> {
        match self.made {
            Made::Code(mut strategy) => {
                let sector = |bars: &Bars| self.sectors.get(&bars.symbol).cloned();
                strategy.sectors(&bars.iter().map(sector).collect::<Vec<_>>());
                if history.is_empty() {
                    return Ok(strategy);
                }
                Ok(Box::new(WithHistory::new(strategy, Joined::of(history, bars))))
            }
            Made::Rules(_, program) => {
                let signals = signals(&program, history, bars, others)?;
                Ok(Box::new(signals))
            }
            Made::Ensemble(ensemble) => {
                Ok(Box::new(ensemble.strategy(history, bars, others, actions)?))
            }
        }
    }

    /// The symbols that its rules look at beside the one they trade.
    pub(crate) fn foreign(&self) -> Vec<String> {
        match &self.made {
            Made::Rules(_, program) => {
                program.foreign().iter().map(|(_, symbol)| symbol.clone()).collect()
            }
            Made::Code(_) => Vec::new(),
            Made::Ensemble(ensemble) => ensemble.foreign(),
        }
    }

    /// The rules that it is made of.
    pub(crate) fn rule_set(&self) -> Option<&RuleSet> {
        match &self.made {
            Made::Rules(set, _) => Some(set),
            Made::Code(_) | Made::Ensemble(_) => None,
        }
    }

    /// Its rules, ready to compute signals.
    pub(crate) fn program(&self) -> Option<&Program> {
        match &self.made {
            Made::Rules(_, program) => Some(program),
            Made::Code(_) | Made::Ensemble(_) => None,
        }
    }

    /// The strategies that vote, if it is made of them.
    pub(crate) fn ensemble(&self) -> Option<&Ensemble> {
        match &self.made {
            Made::Ensemble(ensemble) => Some(ensemble),
            Made::Rules(..) | Made::Code(_) => None,
        }
    }

    /// Its rules, if it is made of rules.
    pub(crate) fn rules_json(&self) -> Value {
        let set = match &self.made {
            Made::Rules(set, _) => set,
            Made::Ensemble(ensemble) => return ensemble.facts(),
            Made::Code(_) => return Value::Null,
        };
        let terms: Map<String, Value> =
            set.terms.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
        json!({
            "params": set.params,
            "let": terms,
            "entry": set.entry,
            "exit": set.exit,
            "short_entry": set.short_entry,
            "short_exit": set.short_exit,
        })
    }

    /// Its type and parameters in one line.
    pub(crate) fn describe(&self) -> String {
        if let Some(ensemble) = self.ensemble() {
            return ensemble.terms().describe();
        }
        let params: Vec<String> =
            self.params.iter().map(|(name, value)| format!("{name} {value}")).collect();
        if params.is_empty() {
            self.label.clone()
        } else {
            format!("{} ({})", self.label, params.join(", "))
        }
    }
}
