//! The JSON Schema (draft 7) of a file format, for editors.
//!
//! Promises: accepts every file that validation accepts, as far as JSON Schema can say it; ranges,
//! names, defaults and docs are those of the declaration.

use serde_json::{Map, Value, json};

use super::{
    check::plain_value,
    spec::{Field, Kind, Need, Range, Section, Tagged},
};

/// The schema of a file that is `section`, called `title`.
pub fn schema(title: &str, section: &'static Section) -> Value {
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    root.insert("title".to_owned(), json!(title));
    root.extend(object(section.doc, section.fields, None));
    Value::Object(root)
}

fn object(doc: &str, fields: &[Field], tag: Option<(&str, &str)>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    if let Some((key, name)) = tag {
        properties.insert(key.to_owned(), json!({"const": name}));
        required.push(key);
    }
    for field in fields {
        properties.insert(field.key.to_owned(), property(field));
        if matches!(field.need, Need::Required) {
            required.push(field.key);
        }
    }
    let mut object = Map::new();
    object.insert("description".to_owned(), json!(doc));
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), Value::Object(properties));
    object.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

fn property(field: &Field) -> Value {
    let is_required = matches!(field.need, Need::Required);
    let value = kind(&field.kind);
    let mut property = match (is_required, value) {
        (true, value) => json!({"allOf": [value]}),
        (false, value) => json!({"anyOf": [value, {"type": "null"}]}),
    };
    property["description"] = json!(field.doc);
    if let Need::Default(yaml) = field.need {
        property["default"] = plain_value(yaml);
    }
    if !field.example.is_empty() {
        property["examples"] = json!([plain_value(field.example)]);
    }
    property
}

fn kind(kind_: &Kind) -> Value {
    match kind_ {
        Kind::Text => json!({"type": ["string", "number"]}),
        Kind::Expression => json!({"type": ["string", "number", "boolean"]}),
        Kind::Path => json!({"type": "string", "minLength": 1}),
        Kind::Secret => json!({"type": ["string", "number", "boolean"]}),
        Kind::Whole { min, max: i64::MAX } => json!({"type": "integer", "minimum": min}),
        Kind::Whole { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Kind::Number(range) => number(range),
        Kind::Decimal(range) => json!({"anyOf": [
            number(range),
            {"type": "string", "pattern": "^-?[0-9]+([.][0-9]+)?$"},
        ]}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Date => json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
        Kind::Time => json!({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}),
        Kind::Bytes => json!({"anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "string", "pattern": "^[0-9.]+ *([kKmMgGtT]([iI]?[bB])?|[bB])$"},
        ]}),
        Kind::Choice(names) | Kind::Registered(names) => json!({"enum": names}),
        Kind::List { of, min, max } => {
            let item = kind(of);
            let list = json!({"type": "array", "items": item, "minItems": min, "maxItems": max});
            if takes_one(of, *min) { json!({"anyOf": [list, item]}) } else { list }
        }
        Kind::Map(Kind::Expression) => json!({"type": "object"}),
        Kind::Map(of) => json!({"type": "object", "additionalProperties": kind(of)}),
        Kind::Section(section) => {
            let object = Value::Object(object(section.doc, section.fields, None));
            match section.shorthand {
                Some(_) => json!({"anyOf": [object, {"type": "string"}]}),
                None => object,
            }
        }
        Kind::Tagged(tagged_) => tagged(tagged_),
        Kind::Either(kinds) => json!({"anyOf": kinds.iter().map(kind).collect::<Vec<_>>()}),
        Kind::Any | Kind::Told => json!({}),
    }
}

/// One scalar may stand for a list of one.
fn takes_one(of: &Kind, min: usize) -> bool {
    let is_scalar = !matches!(of, Kind::List { .. } | Kind::Map(_) | Kind::Any | Kind::Told);
    min <= 1 && is_scalar && !matches!(of, Kind::Section(s) if s.shorthand.is_none())
}

fn number(range: &Range) -> Value {
    let lower = if range.is_above_min { "exclusiveMinimum" } else { "minimum" };
    json!({"type": "number", lower: range.min, "maximum": range.max})
}

fn tagged(tagged: &Tagged) -> Value {
    let variants = tagged.variants.iter().map(|variant| {
        let tag = Some((tagged.key, variant.name));
        Value::Object(object(variant.section.doc, variant.section.fields, tag))
    });
    let names: Vec<_> = tagged.variants.iter().map(|variant| variant.name).collect();
    let mut any: Vec<_> = variants.collect();
    any.push(json!({"enum": names}));
    json!({"description": tagged.doc, "anyOf": any})
}
