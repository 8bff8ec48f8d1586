//! Densities: a mixture of one kernel for each point seen and one for the whole space.
//!
//! A kernel is a product over parameters: a normal distribution cut to the range for numbers, a
//! table of chances for names. Coordinates lie between 0 and 1.

use dirigent_core::seed::Stream;

use super::super::space::{Space, place};
use crate::normal;

/// A point seen, and how much it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel<'a> {
    pub(super) unit: &'a [f64],
    pub(super) weight: f64,
}

/// Kernels are no narrower than this share of the range.
const WIDTH_MIN: f64 = 0.01;
/// How much the kernel of the whole space counts.
const PRIOR: f64 = 1.0;

/// How fast the least width of a kernel falls with their number.
///
/// As one over their number is usual for both densities. For the good ones, a power of 1.5 has
/// found better points on 25 of 28 test functions, as the search then closes in on what it found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrowing(f64);

impl Narrowing {
    /// Of good points.
    pub(super) const GOOD: Self = Self(1.5);
    /// Of bad points.
    pub(super) const BAD: Self = Self(1.0);

    fn width_min(self, weight: f64) -> f64 {
        libm::pow(weight + 2.0, -self.0).max(WIDTH_MIN)
    }
}

/// A mixture of kernels; the last one is the whole space.
#[derive(Debug)]
pub(super) struct Density {
    dimensions: Vec<Dimension>,
    /// The weights of the kernels, summed up to each; the last sum is 1.
    ends: Vec<f64>,
    /// Logarithm of each kernel's weight over what its normal distributions are to be divided by.
    heights: Vec<f64>,
}

/// One parameter of all kernels.
#[derive(Debug)]
enum Dimension {
    Number(Number),
    Name(Name),
}

#[derive(Debug)]
struct Number {
    middle: Vec<f64>,
    sigma: Vec<f64>,
    /// One over twice the variance; 0 for a kernel that has no such number.
    narrowness: Vec<f64>,
}

#[derive(Debug)]
struct Name {
    /// For each name and each kernel, the logarithm of the chance.
    logs: Vec<Vec<f64>>,
    /// The name of each kernel, if it has one.
    taken: Vec<Option<usize>>,
    /// How likely a kernel keeps its own name.
    stay: f64,
}

impl Number {
    fn flat(kernels: usize) -> Self {
        Self {
            middle: vec![0.5; kernels],
            sigma: vec![1.0; kernels],
            narrowness: vec![0.0; kernels],
        }
    }

    /// Multiplies each divisor with what makes this factor of its kernel a density.
    fn divide(&self, divisors: &mut [f64], heights: &mut [f64], table: &NormalTable) {
        /// A product of many small factors becomes a logarithm before it is too small.
        const LEAST: f64 = 1e-100;
        for (kernel, divisor) in divisors.iter_mut().enumerate() {
            if self.narrowness[kernel] > 0.0 {
                let sigma = self.sigma[kernel];
                *divisor *= sigma * table.inside(self.middle[kernel], sigma);
            }
            if *divisor < LEAST {
                heights[kernel] -= libm::log(*divisor);
                *divisor = 1.0;
            }
        }
    }
}

impl Density {
    pub(super) fn new(
        space: &Space,
        kernels: &[Kernel<'_>],
        table: &NormalTable,
        narrowing: Narrowing,
    ) -> Self {
        let seen: f64 = kernels.iter().map(|kernel| kernel.weight).sum();
        let width_min = narrowing.width_min(seen);
        let weights = kernels.iter().map(|kernel| kernel.weight).chain([PRIOR]);
        let weights: Vec<f64> = weights.map(|weight| weight / (seen + PRIOR)).collect();
        let mut divisors = vec![1.0; weights.len()];
        let mut heights = vec![0.0; weights.len()];
        let mut dimensions = Vec::with_capacity(space.dimensions());
        for place in 0..space.dimensions() {
            if space.domain(place).is_unordered() {
                dimensions.push(names(space, place, kernels));
                continue;
            }
            let number = numbers(space, place, kernels, width_min);
            number.divide(&mut divisors, &mut heights, table);
            dimensions.push(Dimension::Number(number));
        }
        for ((height, weight), divisor) in heights.iter_mut().zip(&weights).zip(&divisors) {
            *height += libm::log(weight / divisor);
        }
        let mut sum = 0.0;
        let mut until = |weight: &f64| {
            sum += weight;
            sum
        };
        let ends = weights.iter().map(&mut until).collect();
        Self { dimensions, ends, heights }
    }

    /// Coordinates drawn from the mixture.
    pub(super) fn draw(&self, space: &Space, stream: &mut Stream) -> Vec<f64> {
        let chosen = stream.uniform();
        let kernel = self.ends.partition_point(|end| *end <= chosen).min(self.ends.len() - 1);
        let draw = |(dimension, parts): (usize, &Dimension)| match parts {
            Dimension::Number(number) => draw_inside(number, kernel, stream),
            Dimension::Name(names) => {
                let (first, second) = (stream.uniform(), stream.uniform());
                let name = match names.taken[kernel] {
                    Some(name) if first < names.stay => name,
                    _ => place(second * names.logs.len() as f64, names.logs.len()),
                };
                let (low, high) = space.domain(dimension).cell(name);
                f64::midpoint(low, high)
            }
        };
        self.dimensions.iter().enumerate().map(draw).collect()
    }

    /// The logarithm of the density at coordinates, up to a constant; those that are `NaN` do not
    /// count.
    pub(super) fn log(&self, unit: &[f64], terms: &mut Vec<f64>) -> f64 {
        terms.clear();
        terms.extend_from_slice(&self.heights);
        for (dimension, x) in self.dimensions.iter().zip(unit) {
            if x.is_nan() {
                continue;
            }
            match dimension {
                Dimension::Number(number) => {
                    let kernels = number.middle.iter().zip(&number.narrowness);
                    for (term, (middle, narrow)) in terms.iter_mut().zip(kernels) {
                        let apart = x - middle;
                        *term -= apart * apart * narrow;
                    }
                }
                Dimension::Name(names) => {
                    let name = place(x * names.logs.len() as f64, names.logs.len());
                    for (term, log) in terms.iter_mut().zip(&names.logs[name]) {
                        *term += log;
                    }
                }
            }
        }
        let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        most + libm::log(terms.iter().map(|term| exp(term - most)).sum())
    }
}

/// A number from a kernel, between 0 and 1.
fn draw_inside(number: &Number, kernel: usize, stream: &mut Stream) -> f64 {
    const DRAWS: usize = 16;
    for _ in 0..DRAWS {
        if number.narrowness[kernel] <= 0.0 {
            break;
        }
        let drawn = number.middle[kernel] + number.sigma[kernel] * stream.normal();
        if (0.0..=1.0).contains(&drawn) {
            return drawn;
        }
    }
    stream.uniform()
}

/// The kernels that have this number, from the least to the largest.
fn ascending(kernels: &[Kernel<'_>], place: usize) -> Vec<usize> {
    // The bits of positive doubles sort as the doubles do; with the index below them, whole numbers
    // are sorted, several times as fast as by comparing through the index.
    const INDEX_BITS: u32 = 64;
    let key = |(index, kernel): (usize, &Kernel<'_>)| {
        let x = kernel.unit[place];
        (!x.is_nan()).then(|| u128::from(x.abs().to_bits()) << INDEX_BITS | index as u128)
    };
    let mut keys: Vec<u128> = kernels.iter().enumerate().filter_map(key).collect();
    keys.sort_unstable();
    keys.into_iter().map(|key| (key & u128::from(u64::MAX)) as usize).collect()
}

/// The kernels of a number: each as wide as the larger gap to its neighbors.
fn numbers(space: &Space, place: usize, kernels: &[Kernel<'_>], width_min: f64) -> Number {
    let at = |kernel: &usize| kernels[*kernel].unit[place];
    let order = ascending(kernels, place);
    let cell = space.domain(place).levels().map_or(0.0, |levels| 1.0 / levels as f64);
    // The kernel of the whole space comes last; one that has no such number is as flat as can be.
    let mut number = Number::flat(kernels.len() + 1);
    number.narrowness[kernels.len()] = 0.5;
    for (index, kernel) in order.iter().enumerate() {
        let x = at(kernel);
        let below = index.checked_sub(1).map(|index| x - at(&order[index]));
        let above = order.get(index + 1).map(|next| at(next) - x);
        let gap = match (below, above) {
            (None, None) => x.max(1.0 - x),
            (below, above) => below.unwrap_or(0.0).max(above.unwrap_or(0.0)),
        };
        let width = gap.clamp(width_min, 1.0);
        // What a cell of a discrete parameter adds to the variance (Sheppard).
        let variance = width * width + cell * cell / 12.0;
        number.middle[*kernel] = x;
        number.sigma[*kernel] = libm::sqrt(variance);
        number.narrowness[*kernel] = 0.5 / variance;
    }
    number
}

fn names(space: &Space, place_of: usize, kernels: &[Kernel<'_>]) -> Dimension {
    let count = space.domain(place_of).levels().unwrap_or(1);
    let even = 1.0 / count as f64;
    // The more was seen, the surer is each kernel of its own name.
    let stay = 1.0 - 1.0 / (2.0 + kernels.len() as f64);
    let taken: Vec<Option<usize>> = kernels
        .iter()
        .map(|kernel| kernel.unit[place_of])
        .chain([f64::NAN])
        .map(|x| (!x.is_nan()).then(|| place(x * count as f64, count)))
        .collect();
    let (own, other) = (libm::log(stay + (1.0 - stay) * even), libm::log((1.0 - stay) * even));
    let log = |name: usize, taken: &Option<usize>| match taken {
        None => libm::log(even),
        Some(taken) if *taken == name => own,
        Some(_) => other,
    };
    let logs =
        (0..count).map(|name| taken.iter().map(|taken| log(name, taken)).collect()).collect();
    Dimension::Name(Name { logs, taken, stay })
}

/// The normal distribution by table: exact to five digits, which is plenty for a weight.
#[derive(Debug)]
pub(super) struct NormalTable(Vec<f64>);

impl NormalTable {
    const STEPS: usize = 64;
    const END: usize = 6;

    pub(super) fn new() -> Self {
        let x = |step: usize| step as f64 / Self::STEPS as f64;
        Self((0..=Self::STEPS * Self::END + 1).map(|step| normal::cdf(x(step))).collect())
    }

    fn cdf(&self, x: f64) -> f64 {
        let far = x.abs() * Self::STEPS as f64;
        let step = place(far, Self::STEPS * Self::END + 1);
        let part = (far - step as f64).min(1.0);
        let up = self.0[step] + part * (self.0[step + 1] - self.0[step]);
        if x < 0.0 { 1.0 - up } else { up }
    }

    /// The chance that a number lies between 0 and 1.
    fn inside(&self, middle: f64, sigma: f64) -> f64 {
        let scale = 1.0 / sigma;
        self.cdf((1.0 - middle) * scale) - self.cdf(-middle * scale)
    }
}

/// The exponential of a number up to 0, exact to about 1e-9 of its value; made of additions and
/// multiplications alone, so that the compiler can do several at once.
fn exp(x: f64) -> f64 {
    /// Adding this leaves the nearest whole number in the last bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN_2: f64 = std::f64::consts::LN_2;
    let x = x.max(-700.0);
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let rest = x - (shifted - ROUND) * LN_2;
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    let series =
        [1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5];
    power * (series.iter().fold(0.0, |sum, term| (sum + term) * rest) * rest + rest + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_exponential_is_exact_enough() {
        for step in 0..70_000 {
            let x = -f64::from(step) / 100.0;
            let exact = libm::exp(x);
            assert!((exp(x) - exact).abs() <= 2e-8 * exact, "{x}");
        }
    }

    #[test]
    fn the_table_is_exact_to_five_digits() {
        let table = NormalTable::new();
        for step in -900..=900 {
            let x = f64::from(step) / 100.0;
            assert!((table.cdf(x) - normal::cdf(x)).abs() < 1e-5, "{x}");
        }
    }
}
