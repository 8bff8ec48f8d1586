//! The declaration of a file format as data: keys, kinds, defaults, one sentence each.
//!
//! Promises: everything that must agree comes from this one declaration: validation, defaults,
//! `--explain-config`, the JSON Schema and the reference page.
//! Not here: what the values mean together; the product checks that on the result.

/// A map with declared keys.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// What it is, in one sentence.
    pub doc: &'static str,
    /// Its keys, in the order they are documented.
    pub fields: &'static [Field],
    /// A plain text in its place means `{<this key>: text}`.
    pub shorthand: Option<&'static str>,
}

/// One key of a section.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Whether it must be there, and what it is if not.
    pub need: Need,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// An example value, as YAML on one line; empty if the default says enough.
    pub example: &'static str,
    /// It is read and checked, but this release does not act on it.
    pub is_planned: bool,
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// It must be there.
    Required,
    /// It may be absent.
    Optional,
    /// If absent, it is this YAML, written on one line.
    Default(&'static str),
}

/// What values a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text; a number written without quotes is taken as written.
    Text,
    /// A whole number from `min` to `max`.
    Whole {
        /// The smallest that is allowed.
        min: i64,
        /// The largest that is allowed.
        max: i64,
    },
    /// A number in a range, as a double.
    Number(Range),
    /// A number in a range, kept as its exact decimal text: at most nine decimals.
    Decimal(Range),
    /// `true` or `false`.
    Boolean,
    /// A day, as `2005-01-31`.
    Date,
    /// A time of day, as `09:30`.
    Time,
    /// A number of bytes: a whole number or text such as `512MB` (1 MB = 1024 KB).
    Bytes,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// One of these names, or one that a program registers; checked by the product.
    Registered(&'static [&'static str]),
    /// A path; `${NAME}` in it is replaced from the environment.
    Path,
    /// A secret; `${NAME}` in it is replaced when it is used, and it is never shown.
    Secret,
    /// An expression of the rules language; checked by the product.
    Expression,
    /// A list of these, from `min` to `max` of them.
    List {
        /// What it holds.
        of: &'static Kind,
        /// The least number of entries.
        min: usize,
        /// The greatest number of entries.
        max: usize,
    },
    /// A map from free names to these.
    Map(&'static Kind),
    /// A map with declared keys.
    Section(&'static Section),
    /// A map whose keys depend on the name under its first key.
    Tagged(&'static Tagged),
    /// Any of these; the first that fits.
    Either(&'static [Kind]),
    /// Anything, passed on as it is.
    Any,
    /// The same; whoever it is passed on to replaces `${NAME}` in it.
    Told,
}

/// A map whose keys depend on the name under `key`.
#[derive(Clone, Copy, Debug)]
pub struct Tagged {
    /// The key that holds the name, as `type`.
    pub key: &'static str,
    /// What it is, in one sentence.
    pub doc: &'static str,
    /// The names, each with its keys.
    pub variants: &'static [Variant],
}

/// One name of a [`Tagged`] map, and the keys that go with it.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// The name.
    pub name: &'static str,
    /// Its keys, without the one that holds the name.
    pub section: Section,
}

/// The allowed numbers.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The lower bound.
    pub min: f64,
    /// The upper bound, allowed itself.
    pub max: f64,
    /// The lower bound itself is not allowed.
    pub is_above_min: bool,
}

impl Range {
    /// From `min` to `max`, both allowed.
    pub const fn from_to(min: f64, max: f64) -> Self {
        Self { min, max, is_above_min: false }
    }

    /// Above zero and at most `max`.
    pub const fn positive(max: f64) -> Self {
        Self { min: 0.0, max, is_above_min: true }
    }

    /// Whether `x` is allowed.
    pub fn contains(&self, x: f64) -> bool {
        x <= self.max && (x > self.min || (!self.is_above_min && x >= self.min))
    }

    /// For messages: `above 0 and at most 100`, `from 0 to 100`.
    pub fn describe(&self) -> String {
        if self.is_above_min {
            format!("above {} and at most {}", self.min, self.max)
        } else {
            format!("from {} to {}", self.min, self.max)
        }
    }
}

impl Section {
    /// A section with these keys.
    pub const fn new(doc: &'static str, fields: &'static [Field]) -> Self {
        Self { doc, fields, shorthand: None }
    }

    /// What is declared at `path`, as `notifications.0.webhook`; `None` for no declared key, and
    /// for keys that depend on the value of another.
    pub fn kind_at(&self, path: &str) -> Option<&'static Kind> {
        let (key, rest) = path.split_once('.').unwrap_or((path, ""));
        let field = self.fields.iter().find(|field| field.key == key)?;
        field.kind.below(rest)
    }

    /// The same; a plain text in its place means `{<key>: text}`.
    #[must_use]
    pub const fn shorthand(self, key: &'static str) -> Self {
        Self { shorthand: Some(key), ..self }
    }
}

impl Field {
    /// A key that must be there.
    pub const fn required(key: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { key, kind, need: Need::Required, doc, example: "", is_planned: false }
    }

    /// A key that may be absent.
    pub const fn optional(key: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { need: Need::Optional, ..Self::required(key, kind, doc) }
    }

    /// A key with a default, given as YAML on one line.
    pub const fn default(
        key: &'static str,
        kind: Kind,
        default: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { need: Need::Default(default), ..Self::required(key, kind, doc) }
    }

    /// The same with an example value, as YAML on one line.
    #[must_use]
    pub const fn example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// The same, but this release does not act on it.
    #[must_use]
    pub const fn planned(self) -> Self {
        Self { is_planned: true, ..self }
    }
}

impl Kind {
    /// What is declared at `path` inside this.
    fn below(&'static self, path: &str) -> Option<&'static Self> {
        if path.is_empty() {
            return Some(self);
        }
        let rest = path.split_once('.').map_or("", |(_, rest)| rest);
        match self {
            Self::Section(section) => section.kind_at(path),
            Self::List { of, .. } | Self::Map(of) => of.below(rest),
            _ => None,
        }
    }

    /// For messages and the reference: `a whole number from 1 to 10`.
    pub fn describe(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Whole { min, max: i64::MAX } => format!("a whole number from {min}"),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Number(range) | Self::Decimal(range) => {
                format!("a number {}", range.describe())
            }
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Date => "a day such as `2005-01-31`".to_owned(),
            Self::Time => "a time of day such as `09:30`".to_owned(),
            Self::Bytes => "a size such as `512MB` or `2GB`".to_owned(),
            Self::Choice(names) => format!("one of {}", quoted(names.iter().copied())),
            Self::Registered(names) => {
                let known = quoted(names.iter().copied());
                format!("one of {known}, or one that a program registers")
            }
            Self::Path => "a path".to_owned(),
            Self::Secret => "a secret such as `${NAME}`".to_owned(),
            Self::Expression => "an expression".to_owned(),
            Self::List { of, .. } => format!("a list; each entry {}", of.describe()),
            Self::Map(of) => format!("a map of names; each value {}", of.describe()),
            Self::Section(_) => "a section".to_owned(),
            Self::Tagged(tagged) => {
                let names = quoted(tagged.variants.iter().map(|variant| variant.name));
                format!("a section with `{}` {names}", tagged.key)
            }
            Self::Either(kinds) => {
                kinds.iter().map(Self::describe).collect::<Vec<_>>().join(", or ")
            }
            Self::Any | Self::Told => "any value".to_owned(),
        }
    }
}

/// Names in backticks, separated by commas.
pub fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
