//! `dirigent resume`: continue a run where it stood.

use super::show;
use crate::{Context, follow::Follower};

pub(crate) fn resume(context: &Context, name: &str, workers: Option<u16>) -> anyhow::Result<u8> {
    let id = context.coordinator.find(name)?;
    let mut follower = Follower::new(context.printer);
    let summary = context.coordinator.resume(&id, workers.map(usize::from), &mut follower)?;
    drop(follower);
    show::finished(context, &summary)
}
