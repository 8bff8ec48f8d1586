//! Keys of `coordinator`, `orchestration`, `notifications` and `monitoring`.

use dirigent_workflow::file::spec::{Field, Kind, Range, Section};

use super::{MODES, NAMES, PHASE_MODES, SECONDS, SECONDS_MAX};

const GIGABYTES: Kind = Kind::Number(Range::positive(1e6));
const CORES: Kind = Kind::Number(Range::positive(100_000.0));
const SLOTS: Kind = Kind::Whole { min: 1, max: 1_000_000 };

pub(super) static COORDINATOR: Section = Section::new(
    "Seed, resources, monitoring and fault tolerance",
    &[
        Field::optional(
            "execution_mode",
            Kind::Choice(MODES),
            "How work is scheduled, if `workflow.execution_mode` does not say",
        ),
        Field::default(
            "reproducibility",
            Kind::Section(&REPRODUCIBILITY),
            "{}",
            "What makes runs repeatable",
        ),
        Field::default("resources", Kind::Section(&RESOURCES), "{}", "What a run may use"),
        Field::default("monitoring", Kind::Section(&MONITORING), "{}", "What is measured")
            .planned(),
        Field::default(
            "fault_tolerance",
            Kind::Section(&FAULT_TOLERANCE),
            "{}",
            "What happens when a trial fails",
        ),
        Field::default(
            "phases",
            Kind::Map(&Kind::Section(&PHASE_OVERLAY)),
            "{}",
            "Mode and limits for phases, by name",
        ),
    ],
);

static REPRODUCIBILITY: Section = Section::new(
    "What makes runs repeatable",
    &[
        Field::default(
            "master_seed",
            Kind::Whole { min: 0, max: i64::MAX },
            "42",
            "The seed that all others come from",
        ),
        Field::default("deterministic_order", Kind::Boolean, "true", "Results in a fixed order"),
    ],
);

static RESOURCES: Section = Section::new(
    "What a run may use; never more than 80 percent of the memory",
    &[
        Field::optional("max_memory_gb", GIGABYTES, "Memory, in GiB").example("32"),
        Field::optional("max_cpu_cores", CORES, "Processor cores").example("16"),
        Field::default(
            "container_pool_size",
            Kind::Whole { min: 1, max: 1_000_000 },
            "100",
            "How many idle containers are kept",
        ),
        Field::default(
            "slots",
            Kind::Map(&SLOTS),
            "{}",
            "Named things that tasks share, and how many there are",
        )
        .example("{gpu: 1}"),
    ],
);

static MONITORING: Section = Section::new(
    "What is measured while a run goes on",
    &[
        Field::default("enable_metrics", Kind::Boolean, "true", "Take samples"),
        Field::default("metrics_interval", SECONDS, "10", "Seconds between samples"),
        Field::default("health_check_interval", SECONDS, "30", "Seconds between health checks"),
    ],
);

static FAULT_TOLERANCE: Section = Section::new(
    "What happens when a trial fails",
    &[
        Field::default(
            "max_container_failures",
            Kind::Whole { min: 0, max: 1_000_000 },
            "3",
            "Restarts before a container is given up",
        ),
        Field::default("auto_restart", Kind::Boolean, "true", "Restart a failed container"),
        Field::default("checkpoint_interval", SECONDS, "300", "Seconds between checkpoints"),
    ],
);

static PHASE_OVERLAY: Section = Section::new(
    "Mode and limits of the phase of this name",
    &[
        Field::optional("execution_mode", Kind::Choice(PHASE_MODES), "How it is scheduled"),
        Field::optional(
            "max_containers",
            Kind::Whole { min: 1, max: 1_000_000 },
            "How many trials run at once",
        ),
        Field::optional("resources", Kind::Section(&LIMITS), "What one trial may use"),
    ],
);

pub(super) static LIMITS: Section = Section::new(
    "What one trial may use; memory and cores each in one of two spellings",
    &[
        Field::optional("memory_per_container", Kind::Bytes, "Memory").example("512MB"),
        Field::optional("cpu_per_container", CORES, "Processor cores").example("0.5"),
        Field::optional("memory_gb", GIGABYTES, "Memory, in GiB").example("0.5"),
        Field::optional("cpu_cores", CORES, "Processor cores").example("0.5"),
        Field::optional("disk_per_container", Kind::Bytes, "Room on the disk").example("1GB"),
        Field::default("slots", Kind::Map(&SLOTS), "{}", "Named slots of `coordinator.resources`")
            .example("{gpu: 1}"),
    ],
);

pub(super) static ORCHESTRATION: Section = Section::new(
    "Limits and retries of tasks",
    &[
        Field::default(
            "max_concurrent_tasks",
            Kind::Whole { min: 1, max: 100_000 },
            "5",
            "How many tasks run at once",
        ),
        Field::default(
            "max_concurrent_by_kind",
            Kind::Map(&SLOTS),
            "{}",
            "How many tasks of one kind run at once",
        )
        .example("{command: 2}"),
        Field::default("default_task_timeout", SECONDS, "300", "Seconds before a task is stopped"),
        Field::default("enable_retry", Kind::Boolean, "true", "Failed tasks are tried again"),
        Field::default("max_retries", Kind::Whole { min: 0, max: 1_000 }, "3", "How often"),
        Field::default(
            "retry_base_delay",
            Kind::Number(Range::from_to(0.0, SECONDS_MAX)),
            "1",
            "Seconds before the first retry; doubled for each further one",
        ),
        Field::default(
            "retry_max_delay",
            Kind::Number(Range::from_to(0.0, SECONDS_MAX)),
            "60",
            "The longest wait before a retry, in seconds",
        ),
        Field::default(
            "retry_strategy",
            Kind::Choice(&["exponential", "fixed"]),
            "exponential",
            "Whether the wait doubles for each retry or is always `retry_base_delay`",
        ),
        Field::default(
            "retry_jitter_percent",
            Kind::Whole { min: 0, max: 100 },
            "0",
            "Part of each wait that is drawn at random, from the seed",
        ),
        Field::default(
            "retry_permanent_errors",
            Kind::Boolean,
            "false",
            "Also try again after errors that will not go away by themselves",
        ),
        Field::default("health_check_interval", SECONDS, "60", "Seconds between health checks"),
    ],
);

pub(super) static NOTIFICATION: Section = Section::new(
    "One way to tell somebody",
    &[
        Field::required("on", NAMES, "Events that are told").example("[workflow_failed]"),
        Field::optional("webhook", Kind::Secret, "Address that gets the event as JSON")
            .example("\"${ALERT_WEBHOOK_URL}\""),
        Field::default(
            "allow_hosts",
            Kind::List { of: &Kind::Text, min: 0, max: 100 },
            "[]",
            "Hosts, as `name` or `name:port`, that may be on a private network or without https",
        )
        .example("[alerts.internal:8080]"),
    ],
);

pub(super) static ALERTS: Section = Section::new(
    "Metrics and alerts of the process",
    &[
        Field::default("enabled", Kind::Boolean, "true", "Collect metrics").planned(),
        Field::optional("alert_webhook_url", Kind::Secret, "Address that gets alerts")
            .example("\"${ALERT_WEBHOOK_URL}\"")
            .planned(),
    ],
);
