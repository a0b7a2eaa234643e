//! `ath`: the hash that ties a proof to one access token (RFC 9449 section 4.2).

use ring::digest::{SHA256, digest};

use crate::base::b64;

/// The `ath` of an access token: base64url of SHA-256 over its ASCII text, 43 characters.
#[must_use]
pub fn ath(token: &str) -> String {
    b64::encode_url(digest(&SHA256, token.as_bytes()))
}

/// Whether `text` is the `ath` of `token`. Neither is a secret here: a verified token was shown.
pub(super) fn is_ath_of(text: &str, token: &str) -> bool {
    let mut expected = [0; 43];
    b64::encode_url_into(digest(&SHA256, token.as_bytes()), &mut expected).is_ok()
        && text.as_bytes() == expected
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9449 section 7.1, figure 13.
    #[test]
    fn it_is_the_hash_of_the_text() {
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
        assert_eq!(ath(token), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
        assert!(is_ath_of(&ath(token), token));
        assert!(!is_ath_of(&ath(token), "another"));
        assert!(!is_ath_of("", token));
    }
}
