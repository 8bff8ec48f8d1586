//! A shelf: what the tasks of a process have in common, made once.
//!
//! Promises: what is asked for under one key is made by one task while the others wait for it; only
//! so much is kept, the oldest goes first. What stands here can always be made again.

use std::{
    any::Any,
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// How many things are kept.
const KEPT_MAX: usize = 32;

type Slot = Arc<Mutex<Option<Arc<dyn Any + Send + Sync>>>>;

/// What is kept, by key, the last asked for at the end.
#[derive(Debug, Default)]
pub(super) struct Shelf(Mutex<VecDeque<(String, Slot)>>);

impl Shelf {
    /// What stands under `key`, or what `make` makes.
    ///
    /// # Errors
    /// As `make`; the next one who asks tries again.
    pub(super) fn get<T: Send + Sync + 'static, E>(
        &self,
        key: String,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let slot = self.slot(key);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = slot.clone().and_then(|found| found.downcast().ok()) {
            return Ok(found);
        }
        let made = Arc::new(make()?);
        *slot = Some(Arc::clone(&made) as _);
        Ok(made)
    }

    fn slot(&self, key: String) -> Slot {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(own, _)| *own == key);
        let found = place.and_then(|place| kept.remove(place));
        let (key, slot) = found.unwrap_or_else(|| (key, Slot::default()));
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((key, Arc::clone(&slot)));
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(shelf: &Shelf, key: usize, value: usize) -> usize {
        *shelf.get(key.to_string(), || Ok::<_, ()>(value)).unwrap()
    }

    #[test]
    fn what_stands_there_is_not_made_again_and_the_oldest_goes_first() {
        let shelf = Shelf::default();
        assert_eq!(shelf.get("0".into(), || Err::<usize, _>("not now")), Err("not now"));
        assert_eq!((get(&shelf, 0, 1), get(&shelf, 0, 2)), (1, 1));
        for key in 1..KEPT_MAX {
            get(&shelf, key, key);
        }
        assert_eq!(get(&shelf, 0, 3), 1);
        get(&shelf, KEPT_MAX, 0);
        assert_eq!((get(&shelf, 0, 3), get(&shelf, 1, 4)), (1, 4));
    }
}
