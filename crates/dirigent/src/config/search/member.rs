//! Each strategy of the file with what is tried of it.

use std::{collections::BTreeMap, sync::Arc};

use dirigent_research::optimize::{Method, Parameter, Space};
use dirigent_trading::{
    strategy::{Registry, StrategyKind},
    sweep::Axis,
};
use serde_json::{Map, Value};

use super::{
    COMBINATIONS_MAX, Guided, Member, TRIALS, Trials, Wrong,
    axes::{self, combinations},
    declared::{self, Grain},
    goal, space, trials, wrong,
};
use crate::{
    cast::name_of,
    config::{
        strategies::RULES,
        workflow::{Strategy, Workflow},
    },
    tasks::backtest::objective::Tested,
};

/// The most points of a grid that has names or conditions, which are listed one by one.
const LISTED_MAX: usize = 1_000_000;

/// A strategy and what the file says is tried of it.
struct Sought<'a> {
    name: Option<&'a str>,
    /// Where its parameters are, or would be.
    key: String,
    written: &'a Strategy,
    given: Option<&'a Map<String, Value>>,
}

/// What is tried of a strategy, as far as its own declarations say.
enum Tried {
    Fixed,
    Grid(Vec<Axis>),
    Space(Space),
}

/// All strategies that are searched.
pub(super) fn all(
    config: &Map<String, Value>,
    method: &Method,
    workflow: &Workflow,
    registry: &Registry,
) -> Result<Vec<Member>, Wrong> {
    let sought = sought(config, workflow)?;
    let mut constraints = Constraints::of(config);
    let mut tried = Vec::with_capacity(sought.len());
    for one in &sought {
        tried.push(one.tried(method, registry, &mut constraints)?);
    }
    constraints.check()?;
    if tried.iter().all(|one| matches!(one, Tried::Fixed)) {
        let hint = "leave out of `params` what is to be searched, or give `parameters`";
        return wrong("parameters", "leave nothing to search", hint);
    }
    let trials = match method {
        Method::Grid(_) => tried.into_iter().map(listed).collect::<Result<_, _>>()?,
        _ => shared(tried, method, trials(config).unwrap_or(TRIALS))?,
    };
    let named = sought.iter().map(|one| one.name.map(str::to_owned));
    let members: Vec<Member> =
        named.zip(trials).map(|(name, trials)| Member { name, trials }).collect();
    if matches!(method, Method::Grid(_)) {
        grid_fits(config, &members)?;
    }
    Ok(members)
}

/// The arguments of a test function.
pub(super) fn tested(
    config: &Map<String, Value>,
    method: &Method,
    tested: &Tested,
) -> Result<Member, Wrong> {
    if config.get("parameters").is_some_and(|given| !given.is_null()) {
        let what = "are given beside a function, which has its own";
        return wrong("parameters", what, "leave them out");
    }
    if matches!(method, Method::Grid(_) | Method::Halving(_)) {
        let what = format!("`{}` does not search a function", method.name());
        return wrong("algorithm", what, "use another: a function has no list of values, nor data");
    }
    let mut constraints = Constraints::of(config);
    let parameters = goal::arguments(&tested.function);
    let conditions = constraints.on(&parameters);
    constraints.check()?;
    let mut space = space::of("parameters", parameters)?;
    for (key, text) in conditions {
        let holds = space::condition_of(&key, text, space.parameters())?;
        space = space::constrained(space, &key, text, holds)?;
    }
    of_space(config, method, space)
}

/// The search of a space by itself.
pub(super) fn of_space(
    config: &Map<String, Value>,
    method: &Method,
    space: Space,
) -> Result<Member, Wrong> {
    let trials = match method {
        Method::Grid(_) => listed(Tried::Space(space))?,
        _ => {
            let (space, method) = (Arc::new(space), method.clone());
            let count = trials(config).unwrap_or(TRIALS);
            Trials::Guided(Guided { space, method, count })
        }
    };
    Ok(Member { name: None, trials })
}

fn sought<'a>(
    config: &'a Map<String, Value>,
    workflow: &'a Workflow,
) -> Result<Vec<Sought<'a>>, Wrong> {
    let given = config.get("parameters").and_then(Value::as_object);
    if let Some(written) = &workflow.strategy {
        let key = "parameters".to_owned();
        return Ok(vec![Sought { name: None, key, written, given }]);
    }
    let names: Vec<&str> = workflow.strategies.iter().map(name_of).collect();
    if let Some((key, _)) = given
        .into_iter()
        .flatten()
        .find(|(key, own)| !names.contains(&key.as_str()) || !own.is_object())
    {
        let hint = format!(
            "of several `strategies` each has its own: `parameters: {{{}: {{fast: [5, 10]}}}}`; \
             there are {}",
            names.first().unwrap_or(&"trend"),
            names.join(", ")
        );
        return wrong(&format!("parameters.{key}"), "is no strategy with parameters", hint);
    }
    let one = |written| {
        let name = name_of(written);
        let own = given.and_then(|given| given.get(name)).and_then(Value::as_object);
        let key = format!("parameters.{name}");
        Sought { name: Some(name), key, written: &written.strategy, given: own }
    };
    Ok(workflow.strategies.iter().map(one).collect())
}

impl Sought<'_> {
    fn tried(
        &self,
        method: &Method,
        registry: &Registry,
        constraints: &mut Constraints<'_>,
    ) -> Result<Tried, Wrong> {
        let is_grid = matches!(method, Method::Grid(_));
        let (parameters, kind) = match self.given {
            Some(given) if is_grid => (space::lists(&self.key, given)?, None),
            Some(given) => (space::parameters(&self.key, given)?, None),
            None => {
                let kind = self.kind(registry)?;
                let grain = if is_grid { Grain::Steps } else { Grain::Fine };
                (declared::parameters(kind, &self.written.params, grain), Some(kind))
            }
        };
        if parameters.is_empty() {
            return Ok(Tried::Fixed);
        }
        let conditions = constraints.on(&parameters);
        // A grid without conditions of the user's own refuses what makes no strategy one by one.
        if is_grid
            && conditions.is_empty()
            && let Some(axes) = axes::of(&parameters)
        {
            return Ok(Tried::Grid(axes));
        }
        let mut space = space::of(&self.key, parameters)?;
        for (key, text) in conditions {
            let holds = space::condition_of(&key, text, space.parameters())?;
            space = space::constrained(space, &key, text, holds)?;
        }
        for (kind, pair) in
            kind.into_iter().flat_map(|kind| kind.rising().iter().map(move |pair| (kind, pair)))
        {
            let (text, holds) = declared::rising(kind, &self.written.params, *pair);
            space = space::constrained(space, &self.key, &text, holds)?;
        }
        Ok(Tried::Space(space))
    }

    /// The strategy, which declares what of it is searched.
    fn kind<'r>(&self, registry: &'r Registry) -> Result<&'r dyn StrategyKind, Wrong> {
        if self.written.kind == RULES {
            let what = "are not given, and a strategy of `type: rules` declares none";
            let hint = "name what of its `params` is searched: `{length: [5, 10, 20]}`; `{}` \
                        leaves one of several strategies as it is";
            return wrong(&self.key, what, hint);
        }
        let kind = &self.written.kind;
        registry.get(kind).map_or_else(
            || wrong(&self.key, format!("are not given, and `{kind}` is unknown"), "give them"),
            Ok,
        )
    }
}

/// The conditions of the file: each must be readable for one strategy at least.
pub(super) struct Constraints<'a> {
    texts: Vec<&'a str>,
    unread: BTreeMap<usize, Wrong>,
    read: Vec<usize>,
}

impl<'a> Constraints<'a> {
    pub(super) fn of(config: &'a Map<String, Value>) -> Self {
        let texts = config.get("constraints").and_then(Value::as_array);
        let texts = texts.into_iter().flatten().map(|text| text.as_str().unwrap_or_default());
        Self { texts: texts.collect(), unread: BTreeMap::new(), read: Vec::new() }
    }

    /// Those that speak of these parameters, with their keys.
    pub(super) fn on(&mut self, parameters: &[Parameter]) -> Vec<(String, &'a str)> {
        let mut found = Vec::new();
        for (at, text) in self.texts.iter().enumerate() {
            let key = format!("constraints[{at}]");
            match space::condition_of(&key, text, parameters).map(drop) {
                Ok(()) => {
                    self.read.push(at);
                    found.push((key, *text));
                }
                Err(wrong) => drop(self.unread.entry(at).or_insert(wrong)),
            }
        }
        found
    }

    /// Refuses those that speak of nothing.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        match self.unread.iter().find(|(at, _)| !self.read.contains(at)) {
            Some((_, wrong)) => Err(wrong.clone()),
            None => Ok(()),
        }
    }
}

/// All points of a grid.
fn listed(tried: Tried) -> Result<Trials, Wrong> {
    let space = match tried {
        Tried::Fixed => return Ok(Trials::Grid(Vec::new())),
        Tried::Grid(axes) => return Ok(Trials::Grid(axes)),
        Tried::Space(space) => space,
    };
    let count = space.points().map(|points| points.take(LISTED_MAX + 1).count());
    match count {
        Some(count) if count <= LISTED_MAX => {
            let method = Method::Grid(dirigent_research::optimize::Grid::default());
            Ok(Trials::Guided(Guided { space: Arc::new(space), method, count }))
        }
        _ => wrong(
            "parameters",
            format!("with names or constraints have more than {LISTED_MAX} combinations"),
            "take fewer values, or search with `algorithm: tpe`",
        ),
    }
}

/// The trials, shared evenly among the strategies that are searched.
fn shared(tried: Vec<Tried>, method: &Method, count: usize) -> Result<Vec<Trials>, Wrong> {
    if count < tried.len() {
        let what = format!("are {count} for {} strategies", tried.len());
        return wrong("trials", what, "give more; they are shared evenly");
    }
    let fixed = tried.iter().filter(|one| matches!(one, Tried::Fixed)).count();
    let (searched, left) = (tried.len() - fixed, count - fixed);
    let mut place = 0;
    let trials = tried.into_iter().map(|one| match one {
        Tried::Fixed => Trials::Grid(Vec::new()),
        Tried::Grid(axes) => Trials::Grid(axes),
        Tried::Space(space) => {
            let count = left / searched + usize::from(place < left % searched);
            place += 1;
            Trials::Guided(Guided { space: Arc::new(space), method: method.clone(), count })
        }
    });
    Ok(trials.collect())
}

fn grid_fits(config: &Map<String, Value>, members: &[Member]) -> Result<(), Wrong> {
    let of = |member: &Member| match &member.trials {
        Trials::Grid(axes) => combinations(axes),
        Trials::Guided(guided) => Some(guided.count),
    };
    let count = members.iter().try_fold(0_usize, |sum, member| sum.checked_add(of(member)?));
    match (count.filter(|count| *count <= COMBINATIONS_MAX), trials(config)) {
        (None, _) => wrong(
            "parameters",
            format!("have more than {COMBINATIONS_MAX} combinations"),
            "take fewer values, or search with `algorithm: tpe`",
        ),
        (Some(count), Some(trials)) if count > trials => wrong(
            "trials",
            format!("are {trials}, and the grid has {count} combinations"),
            "a grid tries all: take fewer values, leave `trials` out, or use `algorithm: tpe`",
        ),
        _ => Ok(()),
    }
}
