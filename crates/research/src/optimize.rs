//! Optimizers: which point of a space to try next, by what came of the points before.
//!
//! A `Study` is asked for trials and told what came of them. Trials come in generations: those of
//! one generation may run side by side and be told in any order.
//!
//! Promises: the trials of a study are a function of its space, method, seed and of the values it
//! was told, whatever the number of workers and the order of their answers; a study restored from
//! the trials it was told goes on as if it had never stopped.
//! Not here: what is optimized. Nothing in this module knows of markets, files, threads or time.

mod cma;
mod error;
mod evolution;
pub mod function;
mod genetic;
mod grid;
mod halving;
mod inherit;
mod method;
mod nsga;
mod pareto;
mod point;
mod random;
mod searcher;
mod sobol;
mod space;
mod study;
mod tpe;
mod trial;

pub use error::Error;
pub use function::Function;
pub use method::{
    Cma, Evolution, Genetic, Grid, Halving, Inner, Method, Nsga, Restarts, Tpe, Unguided,
};
pub use pareto::front;
pub use point::{Point, Value};
pub use space::{Assignment, Condition, Domain, Order, Parameter, Scale, Space};
pub use study::{Asked, Study};
pub use trial::{Direction, Outcome, Trial};
