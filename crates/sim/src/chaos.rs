//! Chaos: faults that come by the clock, and their end.

use dirigent_workflow::{
    resource::{Advice, Level},
    step::Input,
};

use crate::{
    faults::Fault,
    world::{Happening, SECOND, World},
};

impl World {
    /// Something may go wrong; and later again.
    pub(crate) fn chaos(&mut self) {
        if self.faults_over {
            return;
        }
        let pause = self.dice.around(2 * SECOND) + 1;
        self.agenda.after(pause, Happening::Chaos);
        self.jump(Fault::ClockForward, 1);
        self.jump(Fault::ClockBackward, -1);
        for run in 0..self.subjects.len() {
            self.disturb(run);
        }
        if !self.halted && self.faults.hit(Fault::Halt) {
            self.halted = true;
            let lasts = self.dice.around(30 * SECOND);
            self.agenda.after(lasts, Happening::LiftHalt);
            for run in 0..self.subjects.len() {
                self.deliver(run, Input::Interrupt { by: "halt".into() });
            }
        }
        if self.process.is_some() && self.faults.hit(Fault::Kill) {
            self.crash(false);
        }
        if self.process.is_some() && self.faults.hit(Fault::PowerCut) {
            self.crash(true);
        }
    }

    fn jump(&mut self, fault: Fault, sign: i64) {
        if self.faults.hit(fault) {
            let dice = self.faults.dice();
            let far = if dice.chance(50) { 3600 * SECOND } else { 10 * SECOND };
            let nanos = i64::try_from(dice.below(far)).unwrap_or(0);
            self.clock_off += sign * nanos;
            let (at, off) = (self.agenda.now(), self.clock_off);
            self.trace.note(at, format_args!("the clock jumps and is {off} ns off"));
        }
    }

    /// Somebody, or the machine, meddles with a run.
    fn disturb(&mut self, run: usize) {
        if !self.shell(run).is_some_and(|shell| shell.is_working()) {
            return;
        }
        if self.faults.hit(Fault::Cancel) {
            self.deliver(run, Input::Cancel { by: "somebody".into() });
        }
        if self.faults.hit(Fault::Interrupt) {
            self.deliver(run, Input::Interrupt { by: "a signal".into() });
        }
        if self.faults.hit(Fault::Advice) {
            let concurrency = self.faults.dice().index(self.machine.workers as usize);
            let level = *self.faults.dice().pick(&[Level::None, Level::Low, Level::Medium]);
            self.advise(run, Advice { concurrency, level, reason: "the machine is busy".into() });
        }
        if self.faults.hit(Fault::Critical) {
            let concurrency = self.faults.dice().index(1);
            let level = *self.faults.dice().pick(&[Level::High, Level::Critical]);
            self.advise(run, Advice { concurrency, level, reason: "the machine is full".into() });
        }
    }

    fn advise(&mut self, run: usize, advice: Advice) {
        if let Some(shell) = self.shell(run) {
            shell.advice = Some(advice.clone());
        }
        self.deliver(run, Input::Advice(advice));
    }

    /// Nothing goes wrong from here on; every run has to come to its end.
    pub(crate) fn end_faults(&mut self) {
        self.faults_over = true;
        self.faults.end();
        self.halted = false;
        let at = self.agenda.now();
        self.trace.note(at, format_args!("faults end"));
        for run in 0..self.subjects.len() {
            let concurrency = self.machine.workers as usize;
            let reason = "the machine is free".to_owned();
            self.advise(run, Advice { concurrency, level: Level::None, reason });
        }
    }
}
