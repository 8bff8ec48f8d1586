//! Indicators, seen from outside: values, warm-up, missing values, chunks, parameters.

use dirigent_trading::indicator::{Column, Definition, Input};

mod golden;
mod parameters;
mod properties;

/// Columns of bars, and nothing else of them.
#[derive(Clone, Default)]
struct Frame {
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    volume: Vec<f64>,
}

impl Frame {
    fn len(&self) -> usize {
        self.close.len()
    }

    fn push(&mut self, [open, high, low, close, volume]: [f64; 5]) {
        self.open.push(open);
        self.high.push(high);
        self.low.push(low);
        self.close.push(close);
        self.volume.push(volume);
    }

    fn column(&self, column: Column) -> &[f64] {
        match column {
            Column::Open => &self.open,
            Column::High => &self.high,
            Column::Low => &self.low,
            Column::Close => &self.close,
            Column::Volume => &self.volume,
        }
    }

    /// The inputs of an indicator; `arguments` are the columns its call names.
    fn inputs(&self, definition: &Definition, arguments: &[Column]) -> Vec<&[f64]> {
        let mut arguments = arguments.iter();
        let column = |input: &Input| match input {
            Input::Argument(_) => *arguments.next().unwrap(),
            Input::Column(column) => *column,
        };
        definition.inputs.iter().map(column).map(|column| self.column(column)).collect()
    }

    /// Bars of a random walk with volume in each; no two prices are equal.
    fn random(seed: u64, bars: usize) -> Self {
        let mut random = Random(seed);
        let mut frame = Self::default();
        let mut close = 50.0;
        for _ in 0..bars {
            let open = close;
            close *= 1.0 + (random.next() - 0.5) / 25.0;
            let high = open.max(close) * (1.0 + random.next() / 50.0);
            let low = open.min(close) * (1.0 - random.next() / 50.0);
            frame.push([open, high, low, close, 1.0 + (random.next() * 1e6).floor()]);
        }
        frame
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): numbers from 0 to 1 that a seed repeats.
struct Random(u64);

impl Random {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small and positive"
    )]
    fn up_to(&mut self, most: u32) -> usize {
        (self.next() * f64::from(most + 1)) as usize
    }
}

/// Runs an indicator over inputs that are cut into chunks of the sizes given, the rest at once.
fn run(
    definition: &Definition,
    params: &[f64],
    inputs: &[&[f64]],
    chunks: &[usize],
) -> Vec<Vec<f64>> {
    let bars = inputs.iter().map(|input| input.len()).min().unwrap_or(0);
    let mut outputs = vec![vec![0.0; bars]; definition.outputs.len()];
    let mut kernel = (definition.build)(params);
    let mut start = 0;
    for size in chunks.iter().copied().chain([bars]) {
        let end = bars.min(start + size);
        let inputs: Vec<&[f64]> = inputs.iter().map(|input| &input[start..end]).collect();
        let mut outputs: Vec<&mut [f64]> =
            outputs.iter_mut().map(|output| &mut output[start..end]).collect();
        kernel.run(&inputs, &mut outputs);
        start = end;
    }
    outputs
}

/// Outputs as bits, in which all NaNs are equal.
fn bits(outputs: &[Vec<f64>]) -> Vec<Vec<u64>> {
    let bits = |x: &f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
    outputs.iter().map(|output| output.iter().map(bits).collect()).collect()
}
