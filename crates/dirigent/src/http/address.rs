//! Which addresses belong to the public internet, so that a request to them cannot reach what only
//! this machine or its network can see.
//!
//! Invariant: what is not known to be public is refused; an IPv4 address that is wrapped in IPv6
//! is judged as itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks of IPv4 that are not public (IANA's registry of special addresses): the block, its
/// length, and what it is.
const SPECIAL: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, UNSPECIFIED),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a carrier"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "this machine"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for examples"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for examples"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for examples"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, MULTICAST),
    (Ipv4Addr::BROADCAST, 32, BROADCAST),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

const UNSPECIFIED: &str = "unspecified";
const MULTICAST: &str = "multicast";
const BROADCAST: &str = "broadcast";

/// What `address` is, if it is not public.
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

/// Whether no server can be at `address`, so that not even a host that is allowed by name may
/// resolve to it.
pub(super) fn is_nowhere(address: IpAddr) -> bool {
    matches!(special(address), Some(UNSPECIFIED | MULTICAST | BROADCAST))
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let is_in = |block: Ipv4Addr, length: u32| {
        (address.to_bits() ^ block.to_bits()).checked_shr(32 - length).unwrap_or(0) == 0
    };
    SPECIAL.iter().find(|(block, length, _)| is_in(*block, *length)).map(|(_, _, what)| *what)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let embedded = |from: u32| {
        let bits = u32::try_from((address.to_bits() >> from) & u128::from(u32::MAX));
        special_v4(Ipv4Addr::from_bits(bits.unwrap_or(0)))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(UNSPECIFIED),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("this machine"),
        // IPv4-mapped; NAT64 with the well-known prefix; 6to4.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => embedded(0),
        [0x2002, ..] => embedded(80),
        // Teredo and other assignments for protocols; examples.
        [0x2001, 0..0x200, ..] => Some("reserved for protocols"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => Some("for examples"),
        // Everything else of global unicast.
        [0x2000..=0x3fff, ..] => None,
        [0xfc00..=0xfdff, ..] => Some("private"),
        [0xfe80..=0xfebf, ..] => Some("link-local"),
        [0xfec0..=0xfeff, ..] => Some("site-local"),
        [0xff00..=0xffff, ..] => Some(MULTICAST),
        _ => Some("reserved"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Option<&'static str> {
        special(address.parse().unwrap())
    }

    #[test]
    fn special_addresses_are_known_in_every_form() {
        let check =
            |address: &str, expected: &str| assert_eq!(of(address), Some(expected), "{address}");
        check("0.0.0.0", "unspecified");
        check("0.1.2.3", "unspecified");
        check("10.0.0.1", "private");
        check("10.255.255.255", "private");
        check("100.64.0.1", "shared by a carrier");
        check("100.127.255.255", "shared by a carrier");
        check("127.0.0.1", "this machine");
        check("127.255.255.254", "this machine");
        check("169.254.169.254", "link-local");
        check("172.16.0.1", "private");
        check("172.31.255.255", "private");
        check("192.0.0.192", "reserved");
        check("192.0.2.1", "for examples");
        check("192.88.99.1", "a relay");
        check("192.168.1.1", "private");
        check("198.19.255.255", "for benchmarks");
        check("198.51.100.7", "for examples");
        check("203.0.113.7", "for examples");
        check("224.0.0.1", "multicast");
        check("239.255.255.250", "multicast");
        check("240.0.0.1", "reserved");
        check("255.255.255.255", "broadcast");
        check("::", "unspecified");
        check("::1", "this machine");
        check("::127.0.0.1", "reserved");
        check("::ffff:127.0.0.1", "this machine");
        check("::ffff:169.254.169.254", "link-local");
        check("::ffff:0.0.0.0", "unspecified");
        check("::ffff:0:127.0.0.1", "reserved");
        check("64:ff9b::10.0.0.1", "private");
        check("64:ff9b::a9fe:a9fe", "link-local");
        check("64:ff9b:1::1", "reserved");
        check("2002:7f00:1::", "this machine");
        check("2002:a9fe:a9fe::1", "link-local");
        check("2002:c0a8:101::1", "private");
        check("2001:0:7f00:1::", "reserved for protocols");
        check("2001:10::1", "reserved for protocols");
        check("2001:db8::1", "for examples");
        check("3fff:fff::1", "for examples");
        check("100::1", "reserved");
        check("5f00::1", "reserved");
        check("fc00::1", "private");
        check("fd00:ec2::254", "private");
        check("fe80::1", "link-local");
        check("fec0::1", "site-local");
        check("ff02::1", "multicast");
    }

    #[test]
    fn public_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert_eq!(of(address), None, "{address}");
        }
    }

    #[test]
    fn some_addresses_are_nowhere_whatever_is_allowed() {
        let nowhere = |address: &str| is_nowhere(address.parse().unwrap());
        assert!(
            ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:0.0.0.0"]
                .into_iter()
                .all(nowhere)
        );
        assert!(!["127.0.0.1", "10.0.0.1", "::1", "1.1.1.1"].into_iter().any(nowhere));
    }
}
