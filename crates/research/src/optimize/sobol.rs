//! Quasi-random search: a Sobol sequence, scrambled by the seed.
//!
//! Source: Bratley and Fox, 1988, for the sequence; Laine and Karras, "Stratified sampling for
//! stochastic transparency", 2011, with the constants of Burley, "Practical hash-based Owen
//! scrambling", 2020, for the scrambling.

mod table;

use dirigent_core::Seed;

use super::error::Error;
use super::searcher::{At, Generation, Proposal, Searcher, Told};
use super::space::Space;
use table::DIRECTIONS;

const BITS: usize = 32;
/// Points in a row that may be forbidden before one is drawn instead.
const SKIPPED_MAX: usize = 1000;

/// A sequence of points, of which forbidden ones are left out.
#[derive(Debug)]
pub(super) struct SobolSearch {
    directions: Vec<[u32; BITS]>,
    scrambles: Vec<u32>,
    next: u32,
}

impl SobolSearch {
    pub(super) fn new(space: &Space, seed: &Seed) -> Result<Self, Error> {
        let dimensions = space.dimensions();
        if dimensions > DIRECTIONS.len() + 1 {
            let problem = format!(
                "knows {} dimensions, the space has {dimensions}; use `random`",
                DIRECTIONS.len() + 1
            );
            return Err(Error::Method { method: "sobol", problem });
        }
        let scramble = |place| seed.child(&format!("scramble {place}")).as_u32();
        Ok(Self {
            directions: (0..dimensions).map(directions).collect(),
            scrambles: (0..dimensions).map(scramble).collect(),
            next: 0,
        })
    }

    /// Coordinates of point number `index`.
    fn unit(&self, index: u32) -> Vec<f64> {
        let coordinate = |(directions, seed): (&[u32; BITS], &u32)| {
            let bits = (0..BITS).filter(|bit| index >> bit & 1 == 1);
            let plain = bits.fold(0, |x, bit| x ^ directions[bit]);
            (f64::from(scramble(plain, *seed)) + 0.5) / 4_294_967_296.0
        };
        self.directions.iter().zip(&self.scrambles).map(coordinate).collect()
    }
}

/// The direction numbers of a dimension, as fractions of 2^32.
fn directions(dimension: usize) -> [u32; BITS] {
    let mut numbers = [0; BITS];
    let Some((polynomial, first)) = dimension.checked_sub(1).map(|place| DIRECTIONS[place]) else {
        for (bit, number) in numbers.iter_mut().enumerate() {
            *number = 1 << (BITS - 1 - bit);
        }
        return numbers;
    };
    let degree = first.len();
    for bit in 0..BITS {
        numbers[bit] = match first.get(bit) {
            Some(number) => number << (BITS - 1 - bit),
            None => {
                let start = numbers[bit - degree] ^ (numbers[bit - degree] >> degree);
                let taps = (1..degree).filter(|tap| polynomial >> (degree - tap) & 1 == 1);
                taps.fold(start, |number, tap| number ^ numbers[bit - tap])
            }
        };
    }
    numbers
}

/// Permutes the halves of the interval, of each half, and so on, as the seed says.
fn scramble(x: u32, seed: u32) -> u32 {
    let mut x = x.reverse_bits();
    x ^= x.wrapping_mul(0x3d20_adea);
    x = x.wrapping_add(seed);
    x = x.wrapping_mul((seed >> 16) | 1);
    x ^= x.wrapping_mul(0x0552_6c56);
    x ^= x.wrapping_mul(0x53a2_2864);
    x.reverse_bits()
}

impl Searcher for SobolSearch {
    fn generation(&self) -> Generation {
        Generation::Unlimited
    }

    fn propose(&mut self, at: &At<'_>) -> Option<Proposal> {
        for _ in 0..SKIPPED_MAX {
            let proposal = Proposal::new(at.space, self.unit(self.next));
            self.next = self.next.wrapping_add(1);
            if at.space.allows(&proposal.point) && at.is_new(&proposal.point) {
                return Some(proposal);
            }
        }
        Some(at.random(&mut at.stream()))
    }

    fn learn(&mut self, _space: &Space, _told: &[Told]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(dimension: usize, index: u32) -> f64 {
        let directions = directions(dimension);
        let bits = (0..BITS).filter(|bit| index >> bit & 1 == 1);
        f64::from(bits.fold(0, |x, bit| x ^ directions[bit])) / 4_294_967_296.0
    }

    #[test]
    fn every_dimension_puts_one_point_into_each_interval() {
        for dimension in 0..=DIRECTIONS.len() {
            let mut cells: Vec<f64> =
                (0..256).map(|index| (plain(dimension, index) * 256.0).floor()).collect();
            cells.sort_by(f64::total_cmp);
            let expected: Vec<f64> = (0..256).map(f64::from).collect();
            assert_eq!(cells, expected, "dimension {dimension}");
        }
    }

    #[test]
    fn first_points_are_those_of_the_literature() {
        let expected = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.25, 0.75, 0.75], [0.75, 0.25, 0.25]];
        for (index, expected) in (0..).zip(expected) {
            let found: Vec<f64> = (0..3).map(|dimension| plain(dimension, index)).collect();
            assert_eq!(found, expected, "point {index}");
        }
    }

    #[test]
    fn scrambling_keeps_one_point_in_each_interval() {
        for seed in [0, 1, 0xdead_beef] {
            let mut cells: Vec<u32> =
                (0..64_u32).map(|index| scramble(index.reverse_bits(), seed) >> 26).collect();
            cells.sort_unstable();
            assert_eq!(cells, (0..64).collect::<Vec<u32>>(), "seed {seed}");
        }
    }
}
