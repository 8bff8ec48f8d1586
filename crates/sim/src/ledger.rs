//! The outside: what tasks change where no journal reaches.
//!
//! The rules of the outside world, which tasks keep: an effect has the key (run, task), and the
//! attempt is its fencing token. An effect with a lower token than one that was seen is refused. One
//! with a higher token and the same key is the same effect asked for again: it is taken once. It
//! must then say the same, because what a task does depends on no attempt. Only when a person had a
//! run tried again that had ended badly may it say something else, as what it needs may have changed
//! by that: then it takes the place of the first.

use std::collections::BTreeMap;

use crate::violation::{Checked, ensure};

/// All effects.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    taken: BTreeMap<(usize, String), Effect>,
    refused: u64,
}

#[derive(Debug)]
struct Effect {
    content: String,
    /// How often the run had been tried again after its end.
    tries: u32,
    token: u32,
    asked: u32,
}

impl Ledger {
    /// An attempt of a task asks for its effect, in a run that was tried again `tries` times.
    pub(crate) fn ask(
        &mut self,
        run: usize,
        task: &str,
        (tries, attempt): (u32, u32),
        content: &str,
    ) -> Checked {
        let key = (run, task.to_owned());
        let Some(known) = self.taken.get_mut(&key) else {
            let content = content.to_owned();
            self.taken.insert(key, Effect { content, tries, token: attempt, asked: 1 });
            return Ok(());
        };
        ensure(known.token != attempt, "effects_happen_once", || {
            format!("attempt {attempt} of `{task}` of run {run} asked for its effect twice")
        })?;
        if attempt < known.token {
            self.refused += 1;
            return Ok(());
        }
        ensure(known.content == content || known.tries < tries, "effects_happen_once", || {
            format!(
                "attempts {} and {attempt} of `{task}` of run {run} want different effects: {} and \
                 {content}",
                known.token, known.content
            )
        })?;
        (known.tries, known.token, known.asked) = (tries, attempt, known.asked + 1);
        content.clone_into(&mut known.content);
        Ok(())
    }

    /// What was changed outside for a task.
    pub(crate) fn content(&self, run: usize, task: &str) -> Option<&str> {
        Some(self.taken.get(&(run, task.to_owned()))?.content.as_str())
    }

    /// Effects that were asked for again, and effects of attempts that were given up.
    pub(crate) fn repeated(&self) -> (u64, u64) {
        (self.taken.values().map(|effect| u64::from(effect.asked) - 1).sum(), self.refused)
    }
}
