//! YAML events become a tree of values with places.
//!
//! Promises: ends on any input, in time linear in its size and without deep recursion; refuses
//! more than [`DEPTH_MAX`] levels, [`NODES_MAX`] values, several documents, tags, merge keys,
//! duplicate keys and keys that are not names, each with its place.

use std::{borrow::Cow, collections::BTreeMap};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as YamlSpan, StrInput, Tag};

use super::{
    problem::Problem,
    source::{Place, Span},
    tree::{Content, DEPTH_MAX, Entry, Map, NODES_MAX, Node},
};

/// The tree of `text`, and the mistakes that did not stop the reading.
///
/// # Errors
/// Every mistake found up to the one that stopped the reading.
pub(super) fn parse(source: u32, text: &str) -> Result<(Node, Vec<Problem>), Vec<Problem>> {
    let mut builder = Builder::new(source);
    match builder.run(text) {
        Ok(()) => match builder.root {
            Some(root) => Ok((root, builder.problems)),
            None => Ok((Node::scalar(Span::at(source, Place::new(1, 1)), "", true), Vec::new())),
        },
        Err(problem) => {
            builder.problems.push(*problem);
            Err(builder.problems)
        }
    }
}

/// A map or list whose end was not seen yet.
struct Open {
    span: Span,
    anchor: usize,
    size: usize,
    height: usize,
    content: OpenContent,
}

enum OpenContent {
    List(Vec<Node>),
    Map { map: Map, key: Option<Key> },
}

struct Key {
    text: String,
    span: Span,
    is_plain: bool,
}

/// A finished node, with how many nodes and levels it has.
struct Built {
    node: Node,
    size: usize,
    height: usize,
}

struct Builder {
    source: u32,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: BTreeMap<usize, Built>,
    nodes: usize,
    problems: Vec<Problem>,
}

type Step = Result<(), Box<Problem>>;

impl Builder {
    fn new(source: u32) -> Self {
        let (open, problems) = (Vec::new(), Vec::new());
        Self { source, open, root: None, anchors: BTreeMap::new(), nodes: 0, problems }
    }

    fn run(&mut self, text: &str) -> Step {
        let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
        let mut documents = 0;
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|error| Box::new(self.syntax(text, &error)))?;
            let span = self.span(span);
            if matches!(event, Event::DocumentStart(_)) {
                documents += 1;
                if documents > 1 {
                    let problem = Problem::error(span, "", "a second document starts here");
                    return Err(Box::new(problem.hint("keep one workflow in one file")));
                }
            }
            self.event(event, span)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Step {
        match event {
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag, span);
                self.count(1, span)?;
                self.scalar(text.into_owned(), style, anchor, span)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag, span);
                self.start(OpenContent::List(Vec::new()), anchor, span)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag, span);
                self.start(OpenContent::Map { map: Map::new(), key: None }, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
        }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, anchor: usize, span: Span) -> Step {
        let is_plain = style == ScalarStyle::Plain;
        if let Some(Open { content: OpenContent::Map { key: key @ None, .. }, .. }) =
            self.open.last_mut()
        {
            *key = Some(Key { text, span, is_plain });
            return Ok(());
        }
        let mut node = Node::scalar(span, text, is_plain);
        node.anchor = anchor;
        self.put(Built { node, size: 1, height: 1 })
    }

    fn start(&mut self, content: OpenContent, anchor: usize, span: Span) -> Step {
        self.count(1, span)?;
        self.refuse_as_key(span)?;
        if self.open.len() >= DEPTH_MAX {
            return Err(self.too_deep(span));
        }
        self.open.push(Open { span, anchor, size: 1, height: 1, content });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Step {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let content = match open.content {
            OpenContent::List(items) => Content::List(items),
            OpenContent::Map { map, .. } => Content::Map(map),
        };
        let span = Span { end: span.end.max(open.span.end), ..open.span };
        let node = Node { span, content, anchor: open.anchor };
        self.put(Built { node, size: open.size, height: open.height })
    }

    /// Puts a copy of an anchored node here, with the place of the alias at its top.
    fn alias(&mut self, anchor: usize, span: Span) -> Step {
        self.refuse_as_key(span)?;
        let Some((size, height)) = self.anchors.get(&anchor).map(|b| (b.size, b.height)) else {
            let problem = Problem::error(span, "", "this alias stands inside its own anchor");
            return Err(Box::new(problem.hint("write the value out instead of the alias")));
        };
        if self.open.len() + height > DEPTH_MAX {
            return Err(self.too_deep(span));
        }
        self.count(size, span)?;
        let Some(node) = self.anchors.get(&anchor).map(|built| built.node.clone()) else {
            return Ok(());
        };
        self.put(Built { node: Node { span, ..node }, size, height })
    }

    /// Files a finished node under its parent.
    fn put(&mut self, built: Built) -> Step {
        let Built { node, size, height } = built;
        if node.anchor > 0 && !self.anchors.contains_key(&node.anchor) {
            self.count(size, node.span)?;
            self.anchors.insert(node.anchor, Built { node: node.clone(), size, height });
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.size += size;
        parent.height = parent.height.max(height + 1);
        match &mut parent.content {
            OpenContent::List(items) => items.push(node),
            OpenContent::Map { map, key } => {
                let Some(key) = key.take() else { return Ok(()) };
                if let Some(problem) = insert(map, key, node) {
                    self.problems.push(problem);
                }
            }
        }
        Ok(())
    }

    /// Refuses a list, a map or an alias in the place of a key.
    fn refuse_as_key(&self, span: Span) -> Step {
        match self.open.last() {
            Some(Open { content: OpenContent::Map { key: None, .. }, .. }) => {
                let problem = Problem::error(span, "", "a key must be a name");
                Err(Box::new(problem.hint("write `name: value`; quote text that holds `{` or `[`")))
            }
            _ => Ok(()),
        }
    }

    fn refuse_tag(&mut self, tag: Option<Cow<'_, Tag>>, span: Span) {
        let Some(tag) = tag else { return };
        let shown = if tag.handle == "tag:yaml.org,2002:" {
            format!("!!{}", tag.suffix)
        } else {
            format!("{}{}", tag.handle, tag.suffix)
        };
        let shown: String = shown.chars().take(60).collect();
        let problem = Problem::error(span, "", format!("the tag `{shown}` is not allowed"));
        self.problems.push(problem.hint("remove it; quote a value to make it text"));
    }

    fn count(&mut self, nodes: usize, span: Span) -> Step {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= NODES_MAX {
            return Ok(());
        }
        let message = format!("more than {NODES_MAX} values, counting what aliases repeat");
        Err(Box::new(Problem::error(span, "", message).hint("split the workflow, or use `count`")))
    }

    fn too_deep(&self, span: Span) -> Box<Problem> {
        let message = format!("nested more than {DEPTH_MAX} levels deep");
        Box::new(Problem::error(span, "", message).hint("no key of a workflow is that deep"))
    }

    fn span(&self, span: YamlSpan) -> Span {
        Span { source: self.source, start: place(&span.start), end: place(&span.end) }
    }

    fn syntax(&self, text: &str, error: &ScanError) -> Problem {
        let place = place(error.marker());
        let span = Span::at(self.source, place);
        let line = usize::try_from(place.line.max(1) - 1).unwrap_or(0);
        let line = text.lines().nth(line).unwrap_or_default();
        let indent = line.len() - line.trim_start().len();
        let hint = if line[..indent].contains('\t') {
            "indent with spaces; YAML does not allow tabs"
        } else if line.trim_start().starts_with(['@', '`', '%']) || error.info().contains("`%'") {
            "quote a value that starts with a special character"
        } else {
            "check indentation, quotes and brackets here and on the line above"
        };
        Problem::error(span, "", format!("this is not YAML: {}", error.info())).hint(hint)
    }
}

/// Adds `key: node`; a key that may not be there is a problem, and the first one stays.
fn insert(map: &mut Map, key: Key, node: Node) -> Option<Problem> {
    let Key { text, span, is_plain } = key;
    if is_plain && text == "<<" {
        let problem = Problem::error(span, "", "merge keys (`<<`) are not supported");
        return Some(problem.hint("write the merged keys out"));
    }
    if text.is_empty() {
        return Some(Problem::error(span, "", "a key is empty").hint("write `name: value`"));
    }
    if let Some(first) = map.get(&text) {
        let shown: String = text.chars().take(60).collect();
        let hint = if shown.contains(')') {
            "a comma ends a value inside `{…}`: put quotes around each expression"
        } else {
            "keep one of the two"
        };
        let problem = Problem::error(span, "", format!("duplicate key `{shown}`")).hint(hint);
        return Some(problem.related(first.key_span, "first here"));
    }
    map.insert(text, Entry { key_span: span, is_plain_key: is_plain, value: node });
    None
}

fn place(marker: &saphyr_parser::Marker) -> Place {
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place::new(small(marker.line()).max(1), small(marker.col()).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first problem of `text` as `line:column message`, or `ok`.
    fn outcome(text: &str) -> String {
        let problems = match parse(0, text) {
            Ok((_, problems)) | Err(problems) => problems,
        };
        let show = |p: &Problem| format!("{} {}", p.span.unwrap().start, p.message);
        problems.first().map_or_else(|| "ok".to_owned(), show)
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(outcome(text), expected, "{text}");
    }

    #[test]
    fn what_is_not_allowed_is_refused_with_its_place() {
        check("a: 1\nb: 2\na: 3\n", "3:1 duplicate key `a`");
        check(
            "a: !!python/object:os.system x\n",
            "1:4 the tag `!!python/object:os.system` is not allowed",
        );
        check("a: &x {b: 1}\nc:\n  <<: *x\n", "3:3 merge keys (`<<`) are not supported");
        check("a: 1\n---\nb: 2\n", "2:1 a second document starts here");
        check("? [a]\n: 1\n", "1:3 a key must be a name");
        check("a: &x [*x]\n", "1:8 this alias stands inside its own anchor");
        check("\"\": 1\n", "1:1 a key is empty");
    }

    #[test]
    fn depth_is_bounded_also_through_aliases() {
        let nested = |n: usize| format!("{}x{}", "[".repeat(n), "]".repeat(n));
        check(&nested(64), "ok");
        check(&nested(65), "1:65 nested more than 64 levels deep");
        check(&"- ".repeat(20_000), "1:129 nested more than 64 levels deep");
        check(&"? ".repeat(100_000), "1:3 a key must be a name");
        let aliased = format!("a: &a {}\nb: {}", nested(40), nested(40).replace('x', "*a"));
        check(&aliased, "2:44 nested more than 64 levels deep");
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", ")));
        }
        let problem = outcome(&bomb);
        assert!(problem.contains("more than 250000 values"), "{problem}");
    }

    #[test]
    fn a_document_may_be_marked_and_empty() {
        check("--- \na: 1\n...\n", "ok");
        check("", "ok");
        check("# only a remark\n", "ok");
    }
}
