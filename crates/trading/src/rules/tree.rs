//! Trees: what an expression says, before its names and types mean anything.
//!
//! Invariant: children stand before their parents and the root is last.
//! Not here: reading one from a text; see `parse`.

use std::ops::Range;

use super::arithmetic::{Binary, Unary};

/// A node's index in its tree.
pub(super) type NodeId = usize;

/// One expression; never empty.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    /// The names of the parameters it reads.
    pub(super) fn params(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().filter_map(|node| match &node.form {
            Form::Param(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// A part of an expression and its bytes.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) form: Form,
    pub(super) span: Range<usize>,
}

/// What a node says.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Number(f64),
    Boolean(bool),
    Param(String),
    Name(String),
    Foreign { column: String, symbol: String },
    Slower { column: String, timeframe: String },
    Unary(Unary, NodeId),
    Binary(Binary, NodeId, NodeId),
    Call(Call),
    Output(NodeId, String),
    Lookback(NodeId, NodeId),
}

/// A name with arguments.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) name_span: Range<usize>,
    pub(super) arguments: Vec<NodeId>,
    /// The `1d` of `atr(14)@1d`, and its bytes.
    pub(super) timeframe: Option<(String, Range<usize>)>,
}
