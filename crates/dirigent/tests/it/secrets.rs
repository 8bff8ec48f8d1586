//! A secret is used, and shown nowhere.

use std::collections::BTreeMap;

use crate::configuration::{GOOD, environment, explained, read};

#[test]
fn values_of_variables_are_never_printed() {
    let variables = [("DIRIGENT__DATA__PAH", "hunter2"), ("DIRIGENT__DATA__SYMBOLS", "[hunter2")];
    let problems = read(GOOD, &variables, &[]).unwrap_err();
    assert!(problems.len() >= 2 && !problems.to_string().contains("hunter2"), "{problems}");
    assert!(!problems.to_json().to_string().contains("hunter2"));
}

#[test]
fn a_secret_of_the_environment_is_stored_as_its_name() {
    let secret = "postgres://user:hunter2@host/db";
    let config = read(GOOD, &[("DIRIGENT__CLUSTER", secret)], &[]).unwrap();
    let other = read(GOOD, &[("DIRIGENT__CLUSTER", "postgres://elsewhere")], &[]).unwrap();
    assert_eq!(config.document["cluster"], "${DIRIGENT__CLUSTER}");
    assert_eq!(config.config_hash, other.config_hash);
    let everything = format!("{:?}", config);
    assert!(!everything.contains("hunter2"), "{everything}");
    let environment = environment(&[("DIRIGENT__CLUSTER", secret)]);
    assert_eq!(config.workflow.cluster.unwrap().reveal(&environment).unwrap(), secret);
}

#[test]
fn a_secret_written_out_is_used_but_not_stored() {
    let config = read(&format!("{GOOD}cluster: postgres://u:hunter2@h/d\n"), &[], &[]).unwrap();
    assert_eq!(config.document["cluster"], "***");
    assert!(config.warnings.to_string().contains("is written out"), "{}", config.warnings);
    assert!(!config.warnings.to_string().contains("hunter2"), "{}", config.warnings);
    assert_eq!(explained(&config, "cluster").0, "***");
    let secret = config.workflow.cluster.unwrap();
    assert_eq!(secret.reveal(&BTreeMap::new()).unwrap(), "postgres://u:hunter2@h/d");
}

#[test]
fn a_secret_on_the_command_line_is_not_shown() {
    let config = read(GOOD, &[], &["cluster=postgres://u:hunter2@h/d"]).unwrap();
    let shown = format!(
        "{:?} {:?} {} {:?} {}",
        config.explained,
        config.document,
        config.warnings,
        config.warnings.lines(),
        config.warnings.to_json()
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_reference_in_what_a_task_is_told_is_stored_as_it_is() {
    let file = "workflow: {type: tasks}\ntasks:\n- name: a\n  kind: http\n  with:\n    \
                headers: {authorization: \"${TOKEN}\"}\n";
    let config = read(file, &[("TOKEN", "hunter2")], &[]).unwrap();
    assert_eq!(config.document["tasks"][0]["with"]["headers"]["authorization"], "${TOKEN}");
    assert!(config.warnings.to_string().is_empty(), "{}", config.warnings);
}
