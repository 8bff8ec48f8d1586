//! The pages that teach by example: what they print runs.

use crate::world::{World, root};

/// The blocks of a page that begin with the name of a file, as names and texts.
pub(crate) fn files(page: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let blocks = text.split("```").skip(1).step_by(2);
    let bodies = blocks.filter_map(|block| block.split_once('\n')).map(|(_, body)| body);
    let named = |body: &str| {
        let name = body.lines().next()?.strip_prefix("# ")?;
        let is_file = name.ends_with(".py") || name.ends_with(".yaml");
        is_file.then(|| (name.to_owned(), body.to_owned()))
    };
    bodies.filter_map(named).collect()
}

#[test]
fn the_graph_of_the_page_about_tasks_runs_resumes_and_repeats() {
    let world = World::new();
    let files = files("docs/how-to/tasks.md");
    assert_eq!(files.len(), 4, "{files:?}");
    for (name, text) in &files {
        world.file(name, text);
    }
    for command in ["validate", "plan"] {
        let answer = world.run(&[command, "nightly.yaml"]);
        assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer:?}");
    }
    let key = ["run", "nightly.yaml", "--correlation-id", "tonight"];
    let first = world.json(&key);
    assert_eq!(first["status"], "completed", "{first}");
    let outputs = &first["phases"][0]["outputs"];
    let scores: Vec<f64> =
        outputs["train"].as_array().unwrap().iter().map(|x| x["score"].as_f64().unwrap()).collect();
    let best = scores.iter().copied().fold(0.0, f64::max);
    assert_eq!(outputs["pick"]["score"].as_f64(), Some(best));
    assert!(scores[0] < scores[1] || scores[1] < scores[0], "seeds of their own: {scores:?}");
    assert!(first["warnings"].to_string().contains("train/0 trains on 500 rows"), "{first}");
    assert_eq!(world.json(&key)["run_id"], first["run_id"]);
    assert_eq!(world.digest(&["nightly.yaml"]), first["digest"]);
}
