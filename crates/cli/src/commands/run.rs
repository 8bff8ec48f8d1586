//! `dirigent run`: a workflow file to the end, or into the background.

use std::process::{Command, Stdio};

use anyhow::Context as _;
use dirigent::{
    Request,
    prepare::{Prepared, Source},
    workflow::RunStatus,
};

use super::{plan, show};
use crate::{Context, args, exit, follow::Follower};

pub(crate) fn run(context: &Context, options: &args::Run) -> anyhow::Result<u8> {
    let mut source = source(&options.source)?;
    let proof = options.prove_causal.iter().map(|count| format!("metrics.prove_causal={count}"));
    source.set.extend(proof);
    let prepared = context.coordinator.prepare(&source)?;
    if options.explain_config {
        return explain(context, &prepared);
    }
    prepared.warnings.iter().for_each(|warning| context.printer.note(warning));
    let request = Request {
        correlation_id: options.correlation_id.as_deref().map(str::parse).transpose()?,
        workers: options.workers.map(usize::from),
    };
    let start = &prepared.start;
    // Where it cannot be told how long it will take, the run goes on without.
    let estimate = || context.coordinator.estimate(&start.kind, &start.name).ok();
    let estimate = context.printer.draws().then(estimate).flatten();
    let usual = estimate.as_ref().and_then(plan::learned);
    let mut follower = Follower::expecting(context.printer, start.plan.count(), usual);
    if options.detach {
        let (id, status) = context.coordinator.register(&prepared, &request, &mut follower)?;
        return match status {
            status
                if status.is_terminal()
                    && !matches!(status, RunStatus::Failed | RunStatus::Timeout) =>
            {
                show::show(context, id.as_str())
            }
            _ => detach(context, id.as_str(), options.workers),
        };
    }
    let summary = context.coordinator.execute(&prepared, &request, &mut follower)?;
    drop(follower);
    show::finished(context, &summary)
}

/// The file and its overrides, as the library takes them.
pub(crate) fn source(options: &args::Source) -> anyhow::Result<Source> {
    let mut set = options.set.clone();
    set.extend(
        options.mode.iter().map(|mode| format!("workflow.execution_mode={}", mode.to_uppercase())),
    );
    set.extend(
        options.seed.iter().map(|seed| format!("coordinator.reproducibility.master_seed={seed}")),
    );
    let base = std::env::current_dir().context("cannot tell the present folder")?;
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Ok(Source { path: options.file.clone(), base, set, environment })
}

fn explain(context: &Context, prepared: &Prepared) -> anyhow::Result<u8> {
    if context.printer.json() {
        context.printer.document(&prepared.explained_json())?;
    } else {
        context.printer.result(&prepared.explained())?;
    }
    Ok(exit::DONE)
}

/// Continues the run in a process of its own that outlives this one and its terminal.
fn detach(context: &Context, id: &str, workers: Option<u16>) -> anyhow::Result<u8> {
    let program = std::env::current_exe().context("cannot find the program itself")?;
    let mut command = Command::new(program);
    command.arg("--home").arg(context.coordinator.home().root()).args(["--quiet", "resume", id]);
    if let Some(workers) = workers {
        command.args(["--workers", &workers.to_string()]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().context("cannot start the background process")?;
    if context.printer.json() {
        context.printer.document(&serde_json::json!({"run_id": id, "status": "running"}))?;
    } else {
        context.printer.result(id)?;
        context.printer.note(&format!("follow it with `dirigent events {id} --follow`"));
    }
    Ok(exit::DONE)
}
