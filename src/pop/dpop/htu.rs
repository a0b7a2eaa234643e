//! [`TargetUri`]: the URI a proof is for, in the one form that is compared.
//!
//! RFC 9449 section 4.3 asks for the syntax-based and scheme-based normalisation of RFC 3986
//! sections 6.2.2 and 6.2.3, and for nothing else. Parsers of browsers repair what they read, and a
//! repaired URI is another one than the sender's: what is no `http` URI is refused here instead.

use std::fmt;

/// The text is no URI that a proof can be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an absolute `http` or `https` URI without user information")]
pub struct NotATargetUri;

impl NotATargetUri {
    /// The stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "pop.dpop_target_uri"
    }
}

/// The public URI of an endpoint, normalised, without query and fragment.
///
/// Scheme and host in lower case; hex digits of `%xx` in upper case, and unreserved characters
/// decoded; no dot segments; no port that is empty or the scheme's own; `/` for an empty path. Path
/// case, a slash at the end, `//`, `%2F` and a dot at the end of the host all make a difference.
///
/// # Source
/// RFC 9449 section 4.3, RFC 3986 sections 6.2.2 and 6.2.3.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetUri(String);

impl TargetUri {
    /// Reads the public URI of a request.
    ///
    /// # Errors
    /// [`NotATargetUri`] for another scheme, user information, no or a malformed host, characters
    /// that stand in no URI (non-ASCII, controls, spaces, backslashes) and malformed `%xx`.
    ///
    /// # Security
    /// Behind a proxy the public URI comes from configuration, never from `Host` or
    /// `X-Forwarded-*`: whoever sends those would choose what the proof is compared with.
    ///
    /// # Example
    /// ```
    /// use token_protection_lab::pop::dpop::TargetUri;
    ///
    /// let uri = TargetUri::parse("HTTPS://API.example:443/a/../%7Euser?page=2")?;
    /// assert_eq!(uri.as_str(), "https://api.example/~user");
    /// # Ok::<(), token_protection_lab::pop::dpop::NotATargetUri>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, NotATargetUri> {
        let mut out = vec![0; text.len() + 1];
        let length = normalise(text, &mut out).ok_or(NotATargetUri)?.len();
        out.truncate(length);
        String::from_utf8(out).map(Self).map_err(|_| NotATargetUri)
    }

    /// The normalised text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `htu` names this URI.
    #[must_use]
    pub(super) fn is(&self, htu: &str) -> bool {
        // What is normalised is what most senders write.
        self.0 == htu || self.is_after_normalising(htu)
    }

    #[inline(never)]
    fn is_after_normalising(&self, htu: &str) -> bool {
        let mut out = [0; super::MAX_PROOF];
        normalise(htu, &mut out).is_some_and(|normal| normal == self.0.as_bytes())
    }
}

impl fmt::Display for TargetUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TargetUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TargetUri({self})")
    }
}

/// The normal form in `out`, which has to hold one octet more than `text`; nothing if it is none.
fn normalise<'o>(text: &str, out: &'o mut [u8]) -> Option<&'o [u8]> {
    let (scheme, rest) = text.split_once("://")?;
    let (scheme, default_port) = match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => ("https", "443"),
        _ if scheme.eq_ignore_ascii_case("http") => ("http", "80"),
        _ => return None,
    };
    let (hierarchy, dropped) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let (authority, path) = hierarchy.split_at(hierarchy.find('/').unwrap_or(hierarchy.len()));
    well_formed(dropped, b"/?#:@")?;
    // A fragment begins at the first `#`, and holds none.
    (dropped.matches('#').count() <= 1).then_some(())?;
    let (host, port) = host_and_port(authority)?;
    let mut out = Writer { out, length: 0 };
    out.push(scheme.as_bytes())?;
    out.push(b"://")?;
    out.push_normal(host, if host.starts_with('[') { b"[]:" } else { b"" }, Case::Lower)?;
    if !port.is_empty() && port != default_port {
        out.push(b":")?;
        out.push(port.as_bytes())?;
    }
    let start = out.length;
    out.push_normal(path, b"/:@", Case::Kept)?;
    out.remove_dot_segments(start)?;
    if out.length == start {
        out.push(b"/")?;
    }
    let Writer { out, length } = out;
    out.get(..length)
}

/// Host and digits of the port; nothing for user information, no host, or a malformed one.
fn host_and_port(authority: &str) -> Option<(&str, &str)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']')?;
            rest.get(..end)?.parse::<std::net::Ipv6Addr>().ok()?;
            let (host, port) = authority.split_at_checked(end + 2)?;
            (host, if port.is_empty() { port } else { port.strip_prefix(':')? })
        }
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    (!host.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit())).then_some((host, port))
}

/// Whether every character may stand in a URI beside `extra`, and every `%` has two hex digits.
fn well_formed(text: &str, extra: &[u8]) -> Option<()> {
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'%' => {
                hex(octets.next()?)?;
                hex(octets.next()?)?;
            }
            _ if is_unreserved(octet) || is_sub_delim(octet) || extra.contains(&octet) => {}
            _ => return None,
        }
    }
    Some(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Kept,
    Lower,
}

struct Writer<'o> {
    out: &'o mut [u8],
    length: usize,
}

impl Writer<'_> {
    fn push(&mut self, octets: &[u8]) -> Option<()> {
        let end = self.length.checked_add(octets.len())?;
        self.out.get_mut(self.length..end)?.copy_from_slice(octets);
        self.length = end;
        Some(())
    }

    /// Appends with `%xx` normalised (RFC 3986 sections 6.2.2.1 and 6.2.2.2).
    fn push_normal(&mut self, text: &str, extra: &[u8], case: Case) -> Option<()> {
        well_formed(text, extra)?;
        let cased = |octet: u8| match case {
            Case::Kept => octet,
            Case::Lower => octet.to_ascii_lowercase(),
        };
        let mut octets = text.bytes();
        while let Some(octet) = octets.next() {
            if octet != b'%' {
                self.push(&[cased(octet)])?;
                continue;
            }
            let (high, low) = (octets.next()?, octets.next()?);
            let value = hex(high)? << 4 | hex(low)?;
            match is_unreserved(value) {
                true => self.push(&[cased(value)])?,
                false => {
                    self.push(&[b'%', high.to_ascii_uppercase(), low.to_ascii_uppercase()])?;
                }
            }
        }
        Some(())
    }

    /// RFC 3986 section 5.2.4, on the path that begins at `start`.
    fn remove_dot_segments(&mut self, start: usize) -> Option<()> {
        let end = self.length;
        let (mut from, mut to) = (start, start);
        while from < end {
            // INVARIANT: a path is empty or begins with a slash, and so does what is left of it.
            let after = from + 1;
            let rest = self.out.get(after..end)?;
            let length = rest.iter().position(|octet| *octet == b'/').unwrap_or(rest.len());
            let next = after + length;
            match rest.get(..length)? {
                b"." | b".." if next == end => {
                    if length == 2 {
                        to = self.parent(start, to)?;
                    }
                    *self.out.get_mut(to)? = b'/';
                    to += 1;
                }
                b"." => {}
                b".." => to = self.parent(start, to)?,
                _ => {
                    self.out.copy_within(from..next, to);
                    to += next - from;
                }
            }
            from = next;
        }
        self.length = to;
        Some(())
    }

    /// Where the last segment before `to` begins, with its slash.
    fn parent(&self, start: usize, to: usize) -> Option<usize> {
        let kept = self.out.get(start..to)?;
        Some(start + kept.iter().rposition(|octet| *octet == b'/').unwrap_or(0))
    }
}

const fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~')
}

const fn is_sub_delim(octet: u8) -> bool {
    matches!(octet, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Option<String> {
        TargetUri::parse(text).ok().map(|uri| uri.0)
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        for (text, expected) in [
            ("https://h", "https://h/"),
            ("HTTP://H:80/", "http://h/"),
            ("https://h:/a", "https://h/a"),
            ("https://h:8443/a?q#f", "https://h:8443/a"),
            ("https://h/%7e%2f%c3", "https://h/~%2F%C3"),
            ("https://%48%c3/", "https://h%C3/"),
            ("https://[::A]:443/", "https://[::a]/"),
            ("https://h/a/./b/../c", "https://h/a/c"),
            ("https://h/a/..", "https://h/"),
            ("https://h/a/b/..", "https://h/a/"),
            ("https://h/a/.", "https://h/a/"),
            ("https://h/../..", "https://h/"),
            ("https://h/%2E%2e/a", "https://h/a"),
            ("https://h//a/../b", "https://h//b"),
            ("https://h/.a/..b/...", "https://h/.a/..b/..."),
        ] {
            assert_eq!(normal(text).as_deref(), Some(expected), "{text}");
            let uri = TargetUri::parse(expected).unwrap();
            assert!(uri.is(text) && uri.is(expected), "{text}");
        }
    }

    #[test]
    fn what_the_rfc_tells_apart_stays_apart() {
        let uri = TargetUri::parse("https://h/a").unwrap();
        for other in [
            "https://h/A",
            "https://h/a/",
            "https://h//a",
            "https://h./a",
            "http://h/a",
            "https://h:80/a",
            "https://h:0443/a",
            "https://h/%2561",
            "https://h/a;b",
            "https://hh/a",
        ] {
            assert!(normal(other).is_some() && !uri.is(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_uri_is_refused_and_not_repaired() {
        for text in [
            "",
            "*",
            "/a",
            "//h/a",
            "h/a",
            "ftp://h/a",
            "https:/h/a",
            "https:h",
            "https:///a",
            "https://u@h/a",
            "https://u:p@h/a",
            "https://h:x/",
            "https://h:1:2/",
            " https://h/",
            "https://h/ ",
            "https://h/\t",
            "https://h\\a",
            "https://h/\u{e9}",
            "https://h/%",
            "https://h/%1",
            "https://h/%zz",
            "https://h/<",
            "https://[::1/",
            "https://[::1]x/",
            "https://[h]/",
            "https://[v1.a]/",
            "https://h]/",
            "https://h/[",
            "https://h/?[",
            "https://h/#a#b",
            "https://h/?%",
            "https://h/#\\",
        ] {
            assert_eq!(normal(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_uri_fits_as_long_as_a_proof_can_hold_it() {
        let long = format!("https://h/{}", "a".repeat(super::super::MAX_PROOF - 20));
        let uri = TargetUri::parse(&long).unwrap();
        assert!(uri.is(&long) && uri.is(&long.replacen('h', "H", 1)));
        assert!(!uri.is(&"x".repeat(2 * super::super::MAX_PROOF)));
    }
}
