//! Why there was no answer to a request.
//!
//! Invariant: a message names the host and nothing else of the URL, whose path and query may hold
//! secrets, and nothing of headers and bodies.

use std::{io, net::IpAddr, time::Duration};

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL, a header or the method cannot be used; nothing was sent.
    #[error("the request cannot be sent: {0}")]
    Invalid(String),
    /// The policy asks for TLS; nothing was sent.
    #[error("`{host}` is not allowed without https")]
    Insecure {
        /// The host as the URL names it.
        host: String,
    },
    /// The host is at an address that is not public; nothing was sent.
    #[error("`{host}` is not allowed: its address {address} is {what}")]
    Blocked {
        /// The host as the URL names it.
        host: String,
        /// Where it is.
        address: IpAddr,
        /// What kind of address that is.
        what: &'static str,
    },
    /// The name of the host means nothing; nothing was sent.
    #[error("cannot find `{host}`")]
    Unresolved {
        /// The host as the URL names it.
        host: String,
        /// What the resolver said.
        source: Option<io::Error>,
    },
    /// The connection could not be made, or broke. The request may have had its effect.
    #[error("the connection to `{host}` failed: {source}")]
    Connection {
        /// The host as the URL names it.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// The host could not prove who it is, or speaks no TLS.
    #[error("no secure connection to `{host}`: {reason}")]
    Tls {
        /// The host as the URL names it.
        host: String,
        /// Why.
        reason: String,
    },
    /// It took too long. The request may have had its effect.
    #[error("`{host}` did not answer within {} s", after.as_secs_f64())]
    Timeout {
        /// The host as the URL names it.
        host: String,
        /// The time it had.
        after: Duration,
    },
    /// The answer is larger than the policy allows; it was not read to its end.
    #[error("the answer of `{host}` is larger than {bytes_max} bytes")]
    TooLarge {
        /// The host as the URL names it.
        host: String,
        /// The limit.
        bytes_max: u64,
    },
    /// What came back is no HTTP.
    #[error("`{host}` does not answer in HTTP: {reason}")]
    Protocol {
        /// The host as the URL names it.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The caller wanted to stop. The request may have had its effect.
    #[error("the request to `{host}` was stopped")]
    Stopped {
        /// The host as the URL names it.
        host: String,
    },
}

impl Error {
    /// Whether the same request, sent again, would meet the same end.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Invalid(_)
            | Self::Insecure { .. }
            | Self::Blocked { .. }
            | Self::Tls { .. }
            | Self::TooLarge { .. } => true,
            Self::Unresolved { .. }
            | Self::Connection { .. }
            | Self::Timeout { .. }
            | Self::Protocol { .. }
            | Self::Stopped { .. } => false,
        }
    }

    /// The error of the library, met on the way to `host`.
    pub(super) fn of(error: ureq::Error, host: &str, after: Duration, bytes_max: u64) -> Self {
        let host = host.to_owned();
        match error {
            ureq::Error::Other(error) => match error.downcast::<Self>() {
                Ok(error) => *error,
                Err(error) => Self::Connection { host, source: io::Error::other(error) },
            },
            // The TLS library's errors come wrapped; a socket has no data of its own to judge.
            ureq::Error::Io(source) if source.kind() == io::ErrorKind::InvalidData => {
                Self::Tls { host, reason: source.to_string() }
            }
            ureq::Error::Io(source) => Self::Connection { host, source },
            ureq::Error::Timeout(_) => Self::Timeout { host, after },
            ureq::Error::HostNotFound => Self::Unresolved { host, source: None },
            ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => {
                Self::TooLarge { host, bytes_max }
            }
            ureq::Error::Tls(reason) => Self::Tls { host, reason: reason.to_owned() },
            ureq::Error::Rustls(error) => Self::Tls { host, reason: error.to_string() },
            ureq::Error::Protocol(error) => Self::Protocol { host, reason: error.to_string() },
            // What is left concerns the request, and its text may hold parts of it.
            _ => Self::Invalid("the library refuses it".to_owned()),
        }
    }
}
