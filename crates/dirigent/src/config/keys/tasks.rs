//! Keys of `tasks` and `stages`.

use dirigent_workflow::file::spec::{Field, Kind, Section};

use super::{NAMES, SECONDS, coordinate::LIMITS};

const PRIORITY: Kind = Kind::Either(&[
    Kind::Choice(&["CRITICAL", "HIGH", "MEDIUM", "NORMAL", "LOW"]),
    Kind::Whole { min: 1, max: 4 },
]);
const RETRIES: Kind = Kind::Whole { min: 0, max: 1_000 };

pub(super) static TASK: Section = Section::new(
    "One task of a task graph",
    &[
        Field::required("name", Kind::Text, "Its name").example("fetch"),
        Field::required("kind", Kind::Text, "What it does").example("command"),
        Field::default("needs", NAMES, "[]", "Tasks that must be done before"),
        Field::default("with", Kind::Map(&Kind::Told), "{}", "What its kind needs to know"),
        Field::optional("on", Kind::Text, "The event that starts it"),
        Field::default("count", Kind::Whole { min: 1, max: 1_000_000 }, "1", "How many of it"),
        Field::default("priority", PRIORITY, "MEDIUM", "Who goes first; 4 is CRITICAL, 1 is LOW"),
        Field::optional("timeout", SECONDS, "Seconds before it is stopped"),
        Field::optional("max_retries", RETRIES, "How often it is tried again"),
        Field::default(
            "optional",
            Kind::Boolean,
            "false",
            "If it fails, what needs it is skipped and the run ends degraded, not failed",
        ),
        Field::optional("resources", Kind::Section(&LIMITS), "What it takes while it runs"),
        Field::default(
            "isolation",
            Kind::Choice(&["thread", "process"]),
            "thread",
            "Where it runs; a process of its own is held to what it takes by the system",
        ),
    ],
);

const STAGE: Kind = Kind::Section(&STAGE_SECTION);

pub(super) static STAGES: Section = Section::new(
    "The stages of a trading day",
    &[
        Field::optional("pre_market", STAGE, "From 3:30 hours before the open"),
        Field::optional("market_open", STAGE, "At the open"),
        Field::optional("intraday", STAGE, "From 1:00 to 5:30 hours after the open"),
        Field::optional("closing", STAGE, "From there to the close"),
        Field::optional("post_market", STAGE, "To 2:00 hours after the close"),
    ],
);

static STAGE_SECTION: Section = Section::new(
    "One stage",
    &[Field::required(
        "tasks",
        Kind::List { of: &Kind::Section(&AGENT_TASK), min: 0, max: 10_000 },
        "Its tasks",
    )],
);

static AGENT_TASK: Section = Section::new(
    "One task for an agent",
    &[
        Field::required("agent", Kind::Text, "Who does it").example("junior_analyst"),
        Field::required("task_type", Kind::Text, "What is done").example("market_analysis"),
        Field::default("task_data", Kind::Map(&Kind::Any), "{}", "What the agent needs to know"),
        Field::default("priority", PRIORITY, "MEDIUM", "Who goes first; 4 is CRITICAL, 1 is LOW"),
        Field::default("dependencies", NAMES, "[]", "Tasks that must be done before"),
        Field::optional("timeout", SECONDS, "Seconds before it is stopped"),
        Field::optional("max_retries", RETRIES, "How often it is tried again"),
    ],
);
