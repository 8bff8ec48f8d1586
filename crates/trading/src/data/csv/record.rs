//! Records: one line of fields, quotes removed.
//!
//! Invariant: a field is quoted only if its first character is a quote; inside, `""` is one quote
//! and separators and line ends are text (RFC 4180).

/// The fields of the record that was split last.
#[derive(Debug, Default)]
pub(super) struct Fields {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Line ends inside quotes.
    pub(super) lines_inside: u64,
    /// A quote was opened and the file ended.
    pub(super) is_unclosed: bool,
}

impl Fields {
    /// Splits the record that starts at `at`; says where the next one starts. `None` if its end
    /// is not in `text` and more text may come.
    pub(super) fn split(
        &mut self,
        text: &[u8],
        at: usize,
        separator: u8,
        is_last: bool,
    ) -> Option<usize> {
        self.bytes.clear();
        self.ends.clear();
        (self.lines_inside, self.is_unclosed) = (0, false);
        let mut at = at;
        loop {
            at = if text.get(at) == Some(&b'"') {
                self.quoted(text, at + 1, separator, is_last)?
            } else {
                self.plain(text, at, separator)
            };
            self.ends.push(self.bytes.len());
            match text.get(at) {
                Some(&byte) if byte == separator => at += 1,
                Some(_) => {
                    self.trim_carriage_return();
                    return Some(at + 1);
                }
                None if is_last => {
                    self.trim_carriage_return();
                    return Some(at);
                }
                None => return None,
            }
        }
    }

    /// Copies up to the separator, the line end or the end of the text.
    fn plain(&mut self, text: &[u8], at: usize, separator: u8) -> usize {
        let rest = &text[at..];
        let length = rest.iter().position(|b| *b == separator || *b == b'\n');
        let length = length.unwrap_or(rest.len());
        self.bytes.extend_from_slice(&rest[..length]);
        at + length
    }

    /// Copies a quoted field and whatever follows its closing quote.
    fn quoted(
        &mut self,
        text: &[u8],
        mut at: usize,
        separator: u8,
        is_last: bool,
    ) -> Option<usize> {
        while let Some(&byte) = text.get(at) {
            if byte == b'"' {
                if text.get(at + 1) != Some(&b'"') {
                    return Some(self.plain(text, at + 1, separator));
                }
                at += 1;
            }
            self.lines_inside += u64::from(byte == b'\n');
            self.bytes.push(byte);
            at += 1;
        }
        self.is_unclosed = true;
        is_last.then_some(at)
    }

    fn trim_carriage_return(&mut self) {
        let start = self.ends.len().checked_sub(2).map_or(0, |i| self.ends[i]);
        if self.bytes[start..].last() == Some(&b'\r') {
            self.bytes.pop();
            if let Some(end) = self.ends.last_mut() {
                *end -= 1;
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |i| self.ends[i]);
        &self.bytes[start..self.ends[index]]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Whether there is nothing but blanks in all fields.
    pub(super) fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str], next: usize) {
        let mut fields = Fields::default();
        assert_eq!(fields.split(text.as_bytes(), 0, b',', true), Some(next), "{text:?}");
        let found: Vec<&[u8]> = fields.iter().collect();
        let expected: Vec<&[u8]> = expected.iter().map(|f| f.as_bytes()).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn fields_are_split_as_rfc_4180_says() {
        check("a,b,c\nd", &["a", "b", "c"], 6);
        check("a,b\r\n", &["a", "b"], 5);
        check("\"a,1\",\"b\"\"c\"\n", &["a,1", "b\"c"], 13);
        check("\"a\nb\",c", &["a\nb", "c"], 7);
        check(",\n", &["", ""], 2);
        check("", &[""], 0);
        check("12\" pipe,x\n", &["12\" pipe", "x"], 11);
        check("\r\n", &[""], 2);
        check("\"a\"b,c\n", &["ab", "c"], 7);
    }

    #[test]
    fn an_incomplete_record_waits_for_more() {
        let mut fields = Fields::default();
        assert_eq!(fields.split(b"a,b", 0, b',', false), None);
        assert_eq!(fields.split(b"\"a\n", 0, b',', false), None);
        assert_eq!(fields.split(b"\"a\n", 0, b',', true), Some(3));
        assert!(fields.is_unclosed);
    }
}
