//! "Did you mean": the known name nearest to a misspelled one.

/// The longest name that is compared, in characters; nothing we declare is longer.
const NAME_LENGTH_MAX: usize = 64;

/// The candidate nearest to `name`, if it is near enough to be meant.
///
/// Near enough is a third of the letters, counted as insertions, deletions, substitutions and
/// swaps of neighbors (optimal string alignment); letter case and `-` for `_` cost nothing.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = fold(name)?;
    let limit = (name.len() / 3).max(1);
    let near = |candidate: &'a str| {
        let folded = fold(candidate)?;
        let distance = distance(&name, &folded);
        let is_start = name.len() >= 3 && folded.starts_with(&name);
        (distance <= limit || is_start).then_some((distance, candidate))
    };
    candidates.into_iter().filter_map(near).min_by_key(|(distance, _)| *distance).map(|(_, c)| c)
}

fn fold(name: &str) -> Option<Vec<char>> {
    let folded: Vec<char> = name
        .chars()
        .take(NAME_LENGTH_MAX + 1)
        .map(|c| if c == '-' || c == ' ' { '_' } else { c.to_ascii_lowercase() })
        .collect();
    (!folded.is_empty() && folded.len() <= NAME_LENGTH_MAX).then_some(folded)
}

fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substituted = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substituted.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        let known = ["path", "symbols", "start_date", "execution_mode", "TRADITIONAL", "on"];
        assert_eq!(suggest(name, known), expected, "{name}");
    }

    #[test]
    fn the_nearest_name_is_suggested() {
        check("", None);
        check("zzz", None);
        check(&"x".repeat(10_000), None);
        check("pah", Some("path"));
        check("ptah", Some("path"));
        check("symbol", Some("symbols"));
        check("start-date", Some("start_date"));
        check("traditional", Some("TRADITIONAL"));
        check("execution", Some("execution_mode"));
    }
}
