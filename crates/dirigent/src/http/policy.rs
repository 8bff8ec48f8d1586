//! Policy: which servers may be asked, and how much of an answer is taken.
//!
//! Invariant: the addresses that were checked are the ones that are connected to: the name is
//! resolved once, here, and nothing behind this resolves it again.

use std::{
    fmt,
    net::{SocketAddr, ToSocketAddrs},
};

use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

use super::{
    Error,
    address::{is_nowhere, special},
};

/// The largest answer that is taken when nothing is said.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// Which servers may be asked, and how much of an answer is taken. By default only public ones,
/// over https.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Hosts, as `name` or `name:port`, that may be asked wherever they are and without TLS.
    pub allow_hosts: Vec<String>,
    /// Whether any host may be at an address that is not public.
    pub allow_private: bool,
    /// Whether https is needed.
    pub https_only: bool,
    /// The largest answer that is taken.
    pub answer_bytes_max: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            allow_hosts: Vec::new(),
            allow_private: false,
            https_only: true,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }
}

/// A URL that the policy lets through, as far as can be told without resolving its host.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) uri: Uri,
    /// `name:port`; messages say this and nothing else of the URL.
    pub(super) host: String,
    is_named: bool,
}

impl Policy {
    /// Checks `url`, and takes it apart once for all that follows.
    pub(super) fn target(&self, url: &str) -> Result<Target, Error> {
        let invalid = |what: &str| Error::Invalid(what.to_owned());
        // The parser's own message may quote the URL.
        let uri: Uri = url.parse().map_err(|_| invalid("its URL is none"))?;
        let port = match uri.scheme_str() {
            Some("https") => 443,
            Some("http") => 80,
            _ => return Err(invalid("its URL must begin with `https://` or `http://`")),
        };
        let authority = uri.authority().ok_or_else(|| invalid("its URL names no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("its URL holds a user or a password; send them in a header"));
        }
        let name = authority.host().to_ascii_lowercase();
        if name.is_empty() {
            return Err(invalid("its URL names no host"));
        }
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => port,
            _ => authority.port_u16().ok_or_else(|| invalid("its URL has a port that is none"))?,
        };
        let host = format!("{name}:{port}");
        let is_named =
            self.allow_hosts.iter().map(|allowed| allowed.to_ascii_lowercase()).any(|allowed| {
                allowed == name || allowed == host || format!("[{allowed}]") == name
            });
        if self.https_only && !is_named && uri.scheme_str() != Some("https") {
            return Err(Error::Insecure { host });
        }
        Ok(Target { uri, host, is_named })
    }

    /// Whether `target` may be asked at `address`.
    fn admit(&self, target: &Target, address: SocketAddr) -> Result<(), Error> {
        let ip = address.ip();
        match special(ip) {
            Some(what) if is_nowhere(ip) || !(target.is_named || self.allow_private) => {
                Err(Error::Blocked { host: target.host.clone(), address: ip, what })
            }
            _ => Ok(()),
        }
    }
}

/// `scheme://name:port` of `url`: what may see the same secrets.
///
/// # Errors
/// If it is no URL that could be asked.
pub(crate) fn origin(url: &str) -> Result<String, Error> {
    let anywhere = Policy { https_only: false, ..Policy::default() };
    let target = anywhere.target(url)?;
    Ok(format!("{}://{}", target.uri.scheme_str().unwrap_or_default(), target.host))
}

/// Resolves the one host of a request, and lets no address pass that the policy refuses.
pub(super) struct Checked {
    pub(super) policy: Policy,
    pub(super) target: Target,
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checked({})", self.target.host)
    }
}

impl Checked {
    fn addresses(&self) -> Result<Vec<SocketAddr>, Error> {
        let host = &self.target.host;
        let unresolved = |source| Error::Unresolved { host: host.clone(), source };
        let addresses: Vec<SocketAddr> =
            host.to_socket_addrs().map_err(|error| unresolved(Some(error)))?.collect();
        if addresses.is_empty() {
            return Err(unresolved(None));
        }
        // A name that is both inside and outside is no accident: all must pass, not just one.
        addresses.iter().try_for_each(|address| self.policy.admit(&self.target, *address))?;
        Ok(addresses)
    }
}

impl Resolver for Checked {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let refuse = |error: Error| ureq::Error::Other(Box::new(error));
        if *uri != self.target.uri {
            return Err(refuse(Error::Invalid("it was led to another URL".into())));
        }
        let mut resolved = self.empty();
        for address in self.addresses().map_err(refuse)? {
            // Beyond what the library tries, further addresses are of no use.
            if resolved.try_push(address).is_err() {
                break;
            }
        }
        Ok(resolved)
    }
}
