//! The typed values of what surrounds a strategy: coordinator, phases, tasks, stages.

use std::collections::BTreeMap;

use dirigent_workflow::plan::Isolation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::workflow::Secret;

/// `execution_mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// One thread, in order.
    Traditional,
    /// Chosen from the work.
    Auto,
    /// Freed budget carries over phases.
    Composable,
    /// Each phase has its own.
    Hybrid,
    /// All cores; of a phase only.
    Parallel,
    /// From stored signals; of a phase only.
    SignalReplay,
}

/// One of `workflow.phases`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Phase {
    /// `name`
    pub name: String,
    /// `type`
    #[serde(rename = "type")]
    pub kind: String,
    /// `container_count`
    pub container_count: u64,
    /// `container_type`
    pub container_type: String,
    /// `method`
    pub method: Option<String>,
    /// `inputs`: each `phase.key`.
    pub inputs: Vec<String>,
    /// `execution_mode`; see also `coordinator.phases`.
    pub execution_mode: Option<Mode>,
    /// `resources`
    pub resources: Option<Limits>,
    /// `config`
    #[serde(default)]
    pub config: Map<String, Value>,
    /// `tasks`
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// `optimization_config`
    pub optimization_config: Option<Map<String, Value>>,
    /// `allow_searched_data`
    #[serde(default)]
    pub allow_searched_data: bool,
    /// `validation_config`
    #[serde(default)]
    pub validation_config: Option<Map<String, Value>>,
    /// `analysis_config`
    #[serde(default)]
    pub analysis_config: Option<super::analysis::Analysis>,
}

/// `resources` of a phase, in either spelling.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Limits {
    memory_per_container: Option<u64>,
    cpu_per_container: Option<f64>,
    memory_gb: Option<f64>,
    cpu_cores: Option<f64>,
    disk_per_container: Option<u64>,
    #[serde(default)]
    slots: BTreeMap<String, u32>,
}

/// GiB as bytes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked: positive and at most a million GiB"
)]
fn gibibytes(gib: f64) -> u64 {
    const GIB: f64 = 1_073_741_824.0;
    (gib * GIB) as u64
}

/// Cores as thousandths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked: positive and at most 100,000"
)]
fn millicores(cores: f64) -> u64 {
    (cores * 1000.0).ceil() as u64
}

impl Limits {
    /// Memory of one trial, in bytes.
    pub fn memory_bytes(&self) -> Option<u64> {
        self.memory_per_container.or_else(|| self.memory_gb.map(gibibytes))
    }

    /// Processor time of one trial, in thousandths of a core.
    pub fn millicores(&self) -> Option<u64> {
        self.cpu_cores().map(millicores)
    }

    /// Room on the disk of one trial, in bytes.
    pub fn disk_bytes(&self) -> Option<u64> {
        self.disk_per_container
    }

    /// Named slots of one trial.
    pub fn slots(&self) -> &BTreeMap<String, u32> {
        &self.slots
    }

    /// Processor cores of one trial.
    pub fn cpu_cores(&self) -> Option<f64> {
        self.cpu_per_container.or(self.cpu_cores)
    }
}

/// `coordinator`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Coordinator {
    /// `reproducibility`
    pub reproducibility: Reproducibility,
    /// `resources`
    pub resources: Resources,
    /// `monitoring`
    pub monitoring: Monitoring,
    /// `fault_tolerance`
    pub fault_tolerance: FaultTolerance,
    /// `phases`, by name.
    pub phases: BTreeMap<String, PhaseOverlay>,
}

/// `coordinator.reproducibility`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reproducibility {
    /// `master_seed`
    pub master_seed: u64,
    /// `deterministic_order`
    pub deterministic_order: bool,
}

/// `coordinator.resources`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resources {
    /// `max_memory_gb`
    pub max_memory_gb: Option<f64>,
    /// `max_cpu_cores`
    pub max_cpu_cores: Option<f64>,
    /// `container_pool_size`
    pub container_pool_size: u64,
    /// `slots`
    #[serde(default)]
    pub slots: BTreeMap<String, u32>,
}

impl Resources {
    /// `max_memory_gb`, in bytes.
    pub fn max_memory_bytes(&self) -> Option<u64> {
        self.max_memory_gb.map(gibibytes)
    }

    /// `max_cpu_cores`, in thousandths of a core.
    pub fn max_millicores(&self) -> Option<u64> {
        self.max_cpu_cores.map(millicores)
    }
}

/// `coordinator.monitoring`; times in seconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Monitoring {
    /// `enable_metrics`
    pub enable_metrics: bool,
    /// `metrics_interval`
    pub metrics_interval: f64,
    /// `health_check_interval`
    pub health_check_interval: f64,
}

/// `coordinator.fault_tolerance`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FaultTolerance {
    /// `max_container_failures`
    pub max_container_failures: u64,
    /// `auto_restart`
    pub auto_restart: bool,
    /// `checkpoint_interval`, in seconds.
    pub checkpoint_interval: f64,
}

/// One of `coordinator.phases`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PhaseOverlay {
    /// `execution_mode`
    pub execution_mode: Option<Mode>,
    /// `max_containers`
    pub max_containers: Option<u64>,
    /// `resources`
    pub resources: Option<Limits>,
}

/// `orchestration`; times in seconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Orchestration {
    /// `max_concurrent_tasks`
    pub max_concurrent_tasks: u64,
    /// `max_concurrent_by_kind`
    #[serde(default)]
    pub max_concurrent_by_kind: BTreeMap<String, u64>,
    /// `default_task_timeout`
    pub default_task_timeout: f64,
    /// `enable_retry`
    pub enable_retry: bool,
    /// `max_retries`
    pub max_retries: u32,
    /// `retry_base_delay`
    pub retry_base_delay: f64,
    /// `retry_max_delay`
    pub retry_max_delay: f64,
    /// `retry_strategy`
    #[serde(default)]
    pub retry_strategy: RetryStrategy,
    /// `retry_jitter_percent`
    #[serde(default)]
    pub retry_jitter_percent: u8,
    /// `retry_permanent_errors`
    #[serde(default)]
    pub retry_permanent_errors: bool,
    /// `health_check_interval`
    pub health_check_interval: f64,
}

/// `orchestration.retry_strategy`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryStrategy {
    /// The wait doubles.
    #[default]
    Exponential,
    /// The wait is always the same.
    Fixed,
}

/// `market`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Market {
    /// `open_time`: `HH:MM`.
    pub open_time: String,
    /// `close_time`: `HH:MM`.
    pub close_time: String,
    /// `timezone`
    pub timezone: String,
}

/// One of `notifications`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Notification {
    /// `on`: names of events.
    pub on: Vec<String>,
    /// `webhook`
    pub webhook: Option<Secret>,
    /// `allow_hosts`
    #[serde(default)]
    pub allow_hosts: Vec<String>,
}

/// One of `tasks`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// `name`
    pub name: String,
    /// `kind`
    pub kind: String,
    /// `needs`
    pub needs: Vec<String>,
    /// `with`
    #[serde(rename = "with")]
    pub input: Map<String, Value>,
    /// `on`: the event that starts it.
    pub on: Option<String>,
    /// `count`
    pub count: u64,
    /// `priority`: a name, or a number from 1 to 4.
    pub priority: Value,
    /// `timeout`, in seconds.
    pub timeout: Option<f64>,
    /// `max_retries`
    pub max_retries: Option<u32>,
    /// `optional`
    #[serde(default)]
    pub optional: bool,
    /// `resources`
    pub resources: Option<Limits>,
    /// `isolation`
    #[serde(default)]
    pub isolation: Isolation,
}

/// One of `stages`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stage {
    /// `tasks`
    pub tasks: Vec<AgentTask>,
}

/// One task of a stage.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AgentTask {
    /// `agent`
    pub agent: String,
    /// `task_type`
    pub task_type: String,
    /// `task_data`
    pub task_data: Map<String, Value>,
    /// `priority`: a name, or a number from 1 to 4.
    pub priority: Value,
    /// `dependencies`
    pub dependencies: Vec<String>,
    /// `timeout`, in seconds.
    pub timeout: Option<f64>,
    /// `max_retries`
    pub max_retries: Option<u32>,
}
