//! Points: one value for each active parameter of a space.

/// The value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A real number.
    Float(f64),
    /// The position of an option in its list.
    Choice(usize),
}

impl Value {
    /// Bits that are equal for equal values of one parameter.
    pub(super) fn bits(self) -> u64 {
        match self {
            Self::Integer(value) => value.cast_unsigned(),
            Self::Float(value) => value.to_bits(),
            Self::Choice(place) => place as u64,
        }
    }
}

/// A place in a space: the value of each parameter in the order of declaration, `None` where the
/// parameter is not active.
#[derive(Clone, Debug, PartialEq)]
pub struct Point(pub(super) Vec<Option<Value>>);

impl Point {
    /// The values, by parameter.
    pub fn values(&self) -> &[Option<Value>] {
        &self.0
    }

    /// What is equal for equal points of one space.
    pub(super) fn key(&self) -> Box<[Option<u64>]> {
        self.0.iter().map(|value| value.map(Value::bits)).collect()
    }
}
