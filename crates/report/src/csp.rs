//! The content security policy of the page: nothing but its own style and script, by hash.
//!
//! Source: W3C Content Security Policy Level 3, hash-source; RFC 4648 for base64.

use dirigent_core::Sha256Hex;

/// A policy that allows exactly this style sheet and this script, and no request at all.
pub(crate) fn policy(style: &str, script: &str) -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; \
         base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    )
}

fn hash(text: &str) -> String {
    let hex = Sha256Hex::of(text.as_bytes());
    let digit = |b: u8| if b.is_ascii_digit() { b - b'0' } else { b - b'a' + 10 };
    let bytes: Vec<u8> = hex
        .as_str()
        .as_bytes()
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect();
    base64(&bytes)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_usize, |word, &b| word << 8 | usize::from(b));
        let word = word << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let shown = place <= chunk.len();
            let digit = DIGITS[word >> (18 - 6 * place) & 63];
            text.push(if shown { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_matches_the_published_vectors() {
        // RFC 4648, section 10.
        for (bytes, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }

    #[test]
    fn hash_matches_the_example_of_the_specification() {
        // CSP Level 3, section 8.3: `echo -n "alert('Hello, world.');" | openssl dgst -sha256`.
        assert_eq!(hash("alert('Hello, world.');"), "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    }
}
