//! `dirigent man`: the manual pages.

use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory;

use crate::{Context, args::Args, exit};

pub(crate) fn man(context: &Context, out: Option<&Path>) -> anyhow::Result<u8> {
    let command = Args::command();
    if let Some(folder) = out {
        std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .with_context(|| format!("cannot write manual pages into `{}`", folder.display()))?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        context.printer.result(&String::from_utf8_lossy(&page))?;
    }
    Ok(exit::DONE)
}
