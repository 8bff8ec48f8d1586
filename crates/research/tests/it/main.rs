//! The crate from outside: what optimizers promise, and the verdict against worlds whose truth is
//! known.

mod calibration;
mod optimize;
mod worlds;
