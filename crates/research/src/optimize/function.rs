//! Functions with known minima, to test optimizers with.
//!
//! Shifted by default where the usual box has the minimum in its middle, which would flatter
//! methods that start there.

use std::f64::consts::{E, PI};

/// What the fractional parts of its multiples scatter evenly: the golden ratio less one.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// A test function to be minimized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sum of squares.
    Sphere,
    /// A long curved valley.
    Rosenbrock,
    /// A bowl with a grid of local minima.
    Rastrigin,
    /// A plain full of holes, with one deep hole.
    Ackley,
    /// Two dimensions, three equal minima.
    Branin,
    /// Six dimensions, six local minima.
    Hartmann6,
}

/// A function of some dimensions in its usual box.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    kind: Kind,
    /// By how much the minimum is moved.
    shift: Vec<f64>,
}

impl Function {
    /// The function called `name`, such as `rastrigin`, in so many dimensions; with `shifted`,
    /// where the minimum of sphere, rastrigin and ackley lies off the middle of the box.
    ///
    /// # Errors
    /// If there is no such function, or not in so many dimensions.
    pub fn new(name: &str, dimensions: usize, shifted: bool) -> Result<Self, String> {
        let kind = match name {
            "sphere" => Kind::Sphere,
            "rosenbrock" => Kind::Rosenbrock,
            "rastrigin" => Kind::Rastrigin,
            "ackley" => Kind::Ackley,
            "branin" => Kind::Branin,
            "hartmann6" => Kind::Hartmann6,
            _ => {
                return Err(format!(
                    "there is no function `{name}`; there are sphere, rosenbrock, rastrigin, \
                     ackley, branin, hartmann6"
                ));
            }
        };
        let fits = match kind {
            Kind::Branin => dimensions == 2,
            Kind::Hartmann6 => dimensions == 6,
            Kind::Rosenbrock => dimensions >= 2,
            Kind::Sphere | Kind::Rastrigin | Kind::Ackley => dimensions >= 1,
        };
        if !fits {
            return Err(format!("`{name}` has no form in {dimensions} dimensions"));
        }
        let moves = shifted && matches!(kind, Kind::Sphere | Kind::Rastrigin | Kind::Ackley);
        let function = Self { kind, shift: vec![0.0; dimensions] };
        let (low, high) = function.bounds(0);
        let shift = |place: usize| {
            let turn = (place + 1) as f64 * GOLDEN;
            low + (high - low) * (0.2 + 0.6 * (turn - libm::trunc(turn)))
        };
        let shift = (0..dimensions).map(|place| if moves { shift(place) } else { 0.0 }).collect();
        Ok(Self { shift, ..function })
    }

    /// How many arguments it takes.
    pub fn dimensions(&self) -> usize {
        self.shift.len()
    }

    /// Between which values an argument lies.
    pub fn bounds(&self, place: usize) -> (f64, f64) {
        match self.kind {
            Kind::Sphere | Kind::Rastrigin => (-5.12, 5.12),
            Kind::Ackley => (-32.768, 32.768),
            Kind::Rosenbrock => (-5.0, 10.0),
            Kind::Branin if place == 0 => (-5.0, 10.0),
            Kind::Branin => (0.0, 15.0),
            Kind::Hartmann6 => (0.0, 1.0),
        }
    }

    /// Its least value.
    pub fn minimum(&self) -> f64 {
        match self.kind {
            Kind::Branin => 0.397_887_357_729_738_16,
            Kind::Hartmann6 => -3.322_368_011_415_515,
            Kind::Sphere | Kind::Rosenbrock | Kind::Rastrigin | Kind::Ackley => 0.0,
        }
    }

    /// Its value at `x`, which must have its dimensions.
    pub fn value(&self, x: &[f64]) -> f64 {
        let x: Vec<f64> = x.iter().zip(&self.shift).map(|(x, shift)| x - shift).collect();
        match self.kind {
            Kind::Sphere => x.iter().map(|x| x * x).sum(),
            Kind::Rosenbrock => x.windows(2).map(|pair| valley(pair[0], pair[1])).sum(),
            Kind::Rastrigin => {
                x.iter().map(|x| 10.0 + x * x - 10.0 * libm::cos(2.0 * PI * x)).sum()
            }
            Kind::Ackley => ackley(&x),
            Kind::Branin => branin(x[0], x[1]),
            Kind::Hartmann6 => hartmann6(&x),
        }
    }
}

fn valley(x: f64, next: f64) -> f64 {
    let (off, rest) = (next - x * x, 1.0 - x);
    100.0 * off * off + rest * rest
}

fn ackley(x: &[f64]) -> f64 {
    let count = x.len() as f64;
    let squares = x.iter().map(|x| x * x).sum::<f64>() / count;
    let waves = x.iter().map(|x| libm::cos(2.0 * PI * x)).sum::<f64>() / count;
    -20.0 * libm::exp(-0.2 * libm::sqrt(squares)) - libm::exp(waves) + 20.0 + E
}

fn branin(x: f64, y: f64) -> f64 {
    let bend = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    bend * bend + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * libm::cos(x) + 10.0
}

fn hartmann6(x: &[f64]) -> f64 {
    const HEIGHT: [f64; 4] = [1.0, 1.2, 3.0, 3.2];
    const WIDTH: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const PLACE: [[f64; 6]; 4] = [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];
    let hill = |hill: usize| {
        let apart =
            |place: usize| (x[place] - PLACE[hill][place]) * (x[place] - PLACE[hill][place]);
        let distance: f64 = (0..6).map(|place| WIDTH[hill][place] * apart(place)).sum();
        HEIGHT[hill] * libm::exp(-distance)
    };
    -(0..4).map(hill).sum::<f64>()
}
