//! What a run needs from its surroundings: the home for itself, workers and a budget that fit it
//! and the machine, and somebody who watches the machine while it goes on.

use std::sync::Arc;

use dirigent_journal::Journal;
use dirigent_workflow::{
    event::Start,
    port::Isolate,
    resource::{
        Advice, Amount,
        callbacks::Callbacks,
        concurrency::{Concurrency, Target},
        steering::Steering,
    },
    runtime::{Execution, Host, POOL_SIZE_DEFAULT, Workers},
};

use super::{Coordinator, Opened};
use crate::{
    governor::Governor,
    machine::{Configured, Disk, Machine, Probe},
    tasks::isolate::Children,
};

impl Coordinator {
    /// The home with as many workers and as large a budget as `start` asks for and the machine has,
    /// or as others have asked for before in this process.
    pub(super) fn host(&self, opened: &Opened, start: &Start, workers: Option<usize>) -> Host {
        let host = self.fitted(self.host_on(Arc::clone(&opened.journal)), start, workers);
        opened.workers.at_least(host.workers.limit());
        Host { workers: opened.workers.clone(), ..host }
    }

    pub(super) fn host_on(&self, journal: Arc<dyn Journal>) -> Host {
        Host {
            journal,
            artifacts: self.home.artifacts(),
            clock: Arc::clone(&self.clock),
            kinds: Arc::new(self.kinds.clone()),
            workers: Workers::new(1),
            pool_size: POOL_SIZE_DEFAULT,
            budget: Amount::unlimited(),
            isolate: self.child.clone().map(|child| {
                let environment = Arc::clone(&self.outside.environment);
                Arc::new(Children { child, environment }) as Arc<dyn Isolate>
            }),
        }
    }

    /// `host` with as many workers and as large a budget as `start` asks for and the machine has.
    /// A graph of tasks mostly waits for others, so its workers may be more than the cores.
    pub(super) fn fitted(&self, host: Host, start: &Start, workers: Option<usize>) -> Host {
        let (machine, limits) = (Machine::detect(), &start.limits);
        let some = |bytes: u64| (bytes > 0).then_some(bytes);
        let configured = Configured {
            memory_bytes: some(limits.budget.memory_bytes),
            millicores: some(limits.budget.millicores),
        };
        let mut budget = machine.budget(configured, Disk::of(self.home.root()));
        budget.slots.clone_from(&limits.budget.slots);
        let at_once = limits.concurrency.map_or(0, |count| count as usize);
        let workers = workers.unwrap_or_else(|| machine.workers().max(at_once));
        let pool = &start.config["coordinator"]["resources"]["container_pool_size"];
        let pool_size = pool.as_u64().and_then(|size| usize::try_from(size).ok());
        Host {
            workers: Workers::new(workers),
            pool_size: pool_size.unwrap_or(POOL_SIZE_DEFAULT),
            budget,
            ..host
        }
    }

    /// Watches the machine while `run` goes on. A run that nobody can watch goes on unwatched.
    pub(super) fn govern(&self, run: &Execution) -> Option<Governor> {
        let most = run.host().workers.limit();
        // Not fewer than the cores: what others do on the machine shall slow a run down, not stop it.
        let least = Machine::detect().workers().min(most);
        let steering = Steering::new(Concurrency::new(least, most, most, Target::default()));
        let handle = run.handle();
        let told = Callbacks::none().with("run", move |advice: &Advice| {
            handle.advise(advice.clone());
            Ok(())
        });
        let probe = Probe::new().with_home(self.home.root());
        Governor::start(steering, probe, Arc::clone(&self.clock), told).ok()
    }
}
