//! Seeds: a tree of random streams, each child named, so that adding one shifts no other.
//!
//! Invariant: a number depends only on the master seed, the names on the path, and its index.

use sha2::{Digest, Sha256};

/// The master seed when a workflow file names none (seed 000).
pub const MASTER_SEED_DEFAULT: u64 = 42;

/// A point in the tree of seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The root of the tree.
    pub fn master(seed: u64) -> Self {
        Self(Sha256::digest([b"dirigent seed 1".as_slice(), &seed.to_le_bytes()].concat()).into())
    }

    /// The child called `name`.
    pub fn child(&self, name: &str) -> Self {
        Self(Sha256::digest([self.0.as_slice(), name.as_bytes()].concat()).into())
    }

    /// The seed as a container shows it: 0 to 2^32 − 1.
    pub fn as_u32(&self) -> u32 {
        u32::from_le_bytes([self.0[0], self.0[1], self.0[2], self.0[3]])
    }

    /// The stream of random numbers that starts here.
    pub fn stream(&self) -> Stream {
        let word = |i: usize| {
            u64::from_le_bytes(self.0[i * 8..i * 8 + 8].try_into().expect("eight bytes of 32"))
        };
        Stream { state: [word(0), word(1), word(2), word(3)] }
    }
}

/// Random numbers: xoshiro256++ (Blackman and Vigna, 2019), whose output is pinned by a test.
#[derive(Clone, Debug)]
pub struct Stream {
    state: [u64; 4],
}

impl Stream {
    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number from 0 (included) to 1 (excluded), in steps of 2^-53.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A standard normal number: the sum of twelve uniforms less six (Irwin-Hall), which needs no
    /// platform-dependent logarithm; its tails end at ±6.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rep_02_streams_are_pinned() {
        let mut stream = Seed::master(42).child("a").stream();
        let first = [stream.next_u64(), stream.next_u64()];
        assert_eq!(first, PINNED);
    }

    const PINNED: [u64; 2] = [731_206_959_920_244_811, 6_808_083_029_664_816_006];

    #[test]
    fn children_differ_and_do_not_depend_on_siblings() {
        let root = Seed::master(42);
        assert_ne!(root.child("a"), root.child("b"));
        assert_eq!(root.child("a"), Seed::master(42).child("a"));
        assert_ne!(Seed::master(42), Seed::master(43));
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut stream = Seed::master(1).stream();
        let draws: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
