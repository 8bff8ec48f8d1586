//! Eigenvalues of a symmetric matrix, by Jacobi's rotations.
//!
//! Source: Golub and Van Loan, Matrix Computations, 8.5. For the sizes of searches it is fast
//! enough, and it is exact to rounding whatever the matrix.

/// A square matrix, row by row.
pub(super) type Matrix = Vec<Vec<f64>>;

const SWEEPS_MAX: usize = 60;

pub(super) fn identity(size: usize) -> Matrix {
    (0..size).map(|row| (0..size).map(|c| f64::from(u8::from(row == c))).collect()).collect()
}

/// The eigenvalues of a symmetric matrix, and its eigenvectors as columns.
pub(super) fn decompose(matrix: &Matrix) -> (Vec<f64>, Matrix) {
    let size = matrix.len();
    let mut a = matrix.clone();
    // Rows are eigenvectors until the end, so that rotations work on whole rows.
    let mut vectors = identity(size);
    let whole: f64 = a.iter().flatten().map(|x| x * x).sum();
    for _ in 0..SWEEPS_MAX {
        let off: f64 = (0..size).flat_map(|r| a[r][..r].iter()).map(|x| x * x).sum();
        if off <= 1e-30 * whole {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    let values = (0..size).map(|place| a[place][place]).collect();
    let columns =
        (0..size).map(|row| (0..size).map(|column| vectors[column][row]).collect()).collect();
    (values, columns)
}

/// Makes the element at row `p`, column `q` zero.
fn rotate(a: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    let off = a[p][q];
    if off.abs() <= f64::MIN_POSITIVE {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * off);
    let sign = if theta < 0.0 { -1.0 } else { 1.0 };
    let tangent = sign / (theta.abs() + libm::sqrt(theta * theta + 1.0));
    let cosine = 1.0 / libm::sqrt(tangent * tangent + 1.0);
    let sine = tangent * cosine;
    turn(a, p, q, cosine, sine);
    for row in a.iter_mut() {
        let (x, y) = (row[p], row[q]);
        row[p] = cosine * x - sine * y;
        row[q] = sine * x + cosine * y;
    }
    turn(vectors, p, q, cosine, sine);
}

/// Rotates rows `p < q`.
fn turn(rows: &mut Matrix, p: usize, q: usize, cosine: f64, sine: f64) {
    let (above, below) = rows.split_at_mut(q);
    for (x, y) in above[p].iter_mut().zip(below[0].iter_mut()) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_make_the_matrix() {
        let size = 7;
        let matrix: Matrix = (0..size)
            .map(|r| (0..size).map(|c| libm::cos((r * c) as f64 + (r + c) as f64 / 3.0)).collect())
            .collect();
        let (values, vectors) = decompose(&matrix);
        for r in 0..size {
            for c in 0..size {
                let made: f64 = (0..size).map(|k| vectors[r][k] * values[k] * vectors[c][k]).sum();
                assert!((made - matrix[r][c]).abs() < 1e-12, "{r} {c}");
                let unit: f64 = (0..size).map(|k| vectors[k][r] * vectors[k][c]).sum();
                assert!((unit - f64::from(u8::from(r == c))).abs() < 1e-12, "{r} {c}");
            }
        }
    }
}
