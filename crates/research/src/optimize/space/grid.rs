//! Grids: counting the points of a space and naming them by number.
//!
//! Parameters form a forest: one that waits for another hangs below it. The points of a tree are
//! the sum, over the values of its root, of the products over the trees that hang below; so points
//! are counted and found without listing them, and a parameter that is not active is not varied.

use super::super::point::{Point, Value};
use super::{Domain, Space, domain};

/// How many points hang below each value of each parameter.
#[derive(Clone, Debug)]
pub(in super::super) struct GridShape {
    /// Values of each parameter.
    sizes: Vec<usize>,
    /// Parameters that wait for this one, and for which of its values.
    children: Vec<Vec<(usize, Vec<bool>)>>,
    /// Points of the tree of each parameter.
    counts: Vec<u64>,
    roots: Vec<usize>,
    total: u64,
}

impl GridShape {
    /// The grid with `levels` values of each continuous parameter; `None` if its points are too
    /// many to number.
    pub(in super::super) fn new(space: &Space, levels: usize) -> Option<Self> {
        let sizes: Vec<usize> =
            space.parameters.iter().map(|p| p.domain.levels().unwrap_or(levels)).collect();
        let mut children = vec![Vec::new(); sizes.len()];
        for (child, parent) in space.parents.iter().enumerate() {
            let (Some(parent), Some(when)) = (*parent, &space.parameters[child].when) else {
                continue;
            };
            let domain = &space.parameters[parent].domain;
            let wanted = (0..sizes[parent])
                .map(|level| {
                    let json = domain.json(value_at(domain, level, sizes[parent]));
                    when.values.iter().any(|value| domain::same(value, &json))
                })
                .collect();
            children[parent].push((child, wanted));
        }
        let roots: Vec<usize> =
            (0..sizes.len()).filter(|place| space.parents[*place].is_none()).collect();
        let counts = vec![0; sizes.len()];
        let mut shape = Self { sizes, children, counts, roots, total: 0 };
        // Children come after their parents, so their counts are ready first.
        for place in (0..shape.sizes.len()).rev() {
            shape.counts[place] = shape.count_tree(place)?;
        }
        shape.total = product(shape.roots.iter().map(|root| shape.counts[*root]))?;
        Some(shape)
    }

    /// How many points there are, allowed or not.
    pub(in super::super) fn count(&self) -> u64 {
        self.total
    }

    fn count_tree(&self, place: usize) -> Option<u64> {
        if self.children[place].is_empty() {
            return u64::try_from(self.sizes[place]).ok();
        }
        (0..self.sizes[place])
            .try_fold(0_u64, |sum, level| sum.checked_add(self.below(place, level)?))
    }

    /// Points below one value of a parameter.
    fn below(&self, place: usize, level: usize) -> Option<u64> {
        product(self.active(place, level).map(|child| self.counts[child]))
    }

    fn active(&self, place: usize, level: usize) -> impl DoubleEndedIterator<Item = usize> {
        let wanted = self.children[place].iter().filter(move |(_, wanted)| wanted[level]);
        wanted.map(|(child, _)| *child)
    }

    /// The point of a number below `count`; the last parameter varies fastest.
    pub(in super::super) fn point(&self, space: &Space, index: u64) -> Point {
        let mut values = vec![None; self.sizes.len()];
        self.fill(space, &mut values, self.roots.iter().copied(), index);
        Point(values)
    }

    fn fill(
        &self,
        space: &Space,
        values: &mut [Option<Value>],
        trees: impl DoubleEndedIterator<Item = usize>,
        mut index: u64,
    ) {
        for place in trees.rev() {
            let mut rest = index % self.counts[place];
            index /= self.counts[place];
            let mut level = 0;
            if self.children[place].is_empty() {
                level = usize::try_from(rest).unwrap_or(0);
                rest = 0;
            } else {
                while let Some(below) = self.below(place, level)
                    && rest >= below
                {
                    rest -= below;
                    level += 1;
                }
            }
            values[place] = Some(value_at(space.domain(place), level, self.sizes[place]));
            let below: Vec<usize> = self.active(place, level).collect();
            self.fill(space, values, below.into_iter(), rest);
        }
    }
}

impl Space {
    /// The allowed points in order, the last parameter varying fastest; `None` if a parameter is
    /// continuous or there are too many points to number.
    pub fn points(&self) -> Option<impl Iterator<Item = Point> + '_> {
        let shape = GridShape::new(self, 1).filter(|_| self.is_finite())?;
        let all = (0..shape.count()).map(move |index| shape.point(self, index));
        Some(all.filter(|point| self.allows(point)))
    }
}

/// Value number `level` of `count`: of a continuous domain, evenly from one end to the other.
fn value_at(domain: &Domain, level: usize, count: usize) -> Value {
    match domain.levels() {
        Some(_) => domain.value_of(level),
        None if count < 2 => domain.decode(0.5),
        None => domain.decode(level as f64 / (count - 1) as f64),
    }
}

fn product(mut factors: impl Iterator<Item = u64>) -> Option<u64> {
    factors.try_fold(1_u64, u64::checked_mul)
}
