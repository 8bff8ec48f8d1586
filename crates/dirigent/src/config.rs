//! Under construction in its own branch; replaced whole by it.
