//! Strict base64url and base64 (RFC 4648), refusing what a second decoder might read differently.
//!
//! JWS, JWE and JWK parts are base64url without padding; the `ctx` header of a PRT-signed request
//! is *standard* base64 with padding. Both decoders refuse foreign characters, white space, wrong
//! padding and non-zero trailing bits, so one value has exactly one text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// The text is not the one canonical base64 form of any bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not strict base64: foreign character, padding or trailing bits")]
pub struct NotBase64;

/// base64url without padding, as JOSE writes every part (RFC 7515 section 2).
#[must_use]
pub fn encode_url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes base64url without padding.
///
/// # Errors
/// [`NotBase64`] for any text that [`encode_url`] would not have written.
pub fn decode_url(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64)
}

/// Decodes base64url without padding into `out`, and gives what was written.
///
/// # Errors
/// [`NotBase64`] as [`decode_url`], and if `out` is too short.
pub fn decode_url_into(text: impl AsRef<[u8]>, out: &mut [u8]) -> Result<&mut [u8], NotBase64> {
    let length = URL_SAFE_NO_PAD.decode_slice(text, out).map_err(|_| NotBase64)?;
    out.get_mut(..length).ok_or(NotBase64)
}

/// Decodes the base64url text of exactly `N` octets.
///
/// # Errors
/// [`NotBase64`] as [`decode_url`], and for any other number of octets.
pub fn decode_url_exact<const N: usize>(text: impl AsRef<[u8]>) -> Result<[u8; N], NotBase64> {
    let mut out = [0; N];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut out) {
        Ok(length) if length == N => Ok(out),
        _ => Err(NotBase64),
    }
}

/// Encodes into `out`, which has to have the length of the text.
///
/// # Errors
/// [`NotBase64`] if it has not.
pub fn encode_url_into(octets: impl AsRef<[u8]>, out: &mut [u8]) -> Result<(), NotBase64> {
    match URL_SAFE_NO_PAD.encode_slice(octets, out) {
        Ok(length) if length == out.len() => Ok(()),
        _ => Err(NotBase64),
    }
}

/// Standard base64 with padding, as the `ctx` header and `x5c` write it.
#[must_use]
pub fn encode_standard(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Decodes standard base64 with padding.
///
/// # Errors
/// [`NotBase64`] for any text that [`encode_standard`] would not have written.
pub fn decode_standard(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64> {
    STANDARD.decode(text).map_err(|_| NotBase64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_text() {
        assert_eq!(decode_url("_w"), Ok(vec![0xff]));
        for other in ["_w==", "_x", "/w", " _w", "_w\n", "_"] {
            assert_eq!(decode_url(other), Err(NotBase64), "{other:?}");
        }
        let mut two = [0; 2];
        assert_eq!(decode_url_into("_w", &mut two), Ok(&mut [0xff][..]));
        assert_eq!(decode_url_into("AAAA", &mut two), Err(NotBase64));
        assert_eq!(decode_url_exact("_w"), Ok([0xff]));
        assert_eq!(decode_url_exact::<2>("_w"), Err(NotBase64));
        assert_eq!(decode_url_exact::<1>("AAA"), Err(NotBase64));
        assert_eq!((encode_url_into([0xff], &mut two), &two), (Ok(()), b"_w"));
        assert_eq!(encode_url_into([], &mut two), Err(NotBase64));
        assert_eq!(decode_standard("/w=="), Ok(vec![0xff]));
        for other in ["/w", "_w==", "/x=="] {
            assert_eq!(decode_standard(other), Err(NotBase64), "{other:?}");
        }
    }
}
