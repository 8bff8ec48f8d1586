//! `dirigent new`: a workflow file to begin with.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use dirigent::templates::{self, TEMPLATES, Template};
use serde_json::{Value, json};

use crate::{Context, args::New, exit, print::Style, usage::Advised};

pub(crate) fn new(context: &Context, options: &New) -> anyhow::Result<u8> {
    let Some(name) = options.template.as_deref().filter(|_| !options.list) else {
        return list(context);
    };
    let template = templates::find(name).map_err(|meant| unknown(name, meant))?;
    let path = options.file.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
    write(template, &path, options.force)?;
    if context.printer.json() {
        context.printer.document(&json!({"template": name, "file": path}))?;
    } else {
        let shown = path.display();
        context.printer.result(&format!("{shown}"))?;
        context.printer.note(&format!("run it with `dirigent run {shown}`"));
    }
    Ok(exit::DONE)
}

fn list(context: &Context) -> anyhow::Result<u8> {
    let printer = &context.printer;
    if printer.json() {
        let one = |template: &Template| json!({"name": template.name, "about": template.about()});
        let all: Vec<Value> = TEMPLATES.iter().map(one).collect();
        printer.document(&all)?;
        return Ok(exit::DONE);
    }
    let line = |template: &Template| {
        let name = printer.paint(Style::Bold, &format!("{:<14}", template.name));
        format!("{name}{}\n", template.about())
    };
    printer.result(&TEMPLATES.iter().map(line).collect::<String>())?;
    printer.note("write one with `dirigent new NAME [FILE]`");
    Ok(exit::DONE)
}

fn unknown(name: &str, meant: Option<&str>) -> anyhow::Error {
    let names: Vec<String> =
        TEMPLATES.iter().map(|template| format!("`{}`", template.name)).collect();
    let meant = meant.map_or_else(String::new, |name| format!("did you mean `{name}`? "));
    let hint = format!("{meant}there are {}", names.join(", "));
    Advised::error(anyhow!("there is no template `{name}`"), hint)
}

/// Writes the file. What stands there is the work of somebody, so it is only replaced on purpose.
fn write(template: &Template, path: &Path, force: bool) -> anyhow::Result<()> {
    let opened = if force { File::create(path) } else { File::create_new(path) };
    let mut file = match opened {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let message = anyhow!("`{}` exists already", path.display());
            let hint = "name another file, or replace it with `--force`";
            return Err(Advised::error(message, hint.to_owned()));
        }
        opened => opened.with_context(|| format!("cannot write `{}`", path.display()))?,
    };
    let written = file.write_all(template.text(path).as_bytes());
    written.with_context(|| format!("cannot write `{}`", path.display()))
}
