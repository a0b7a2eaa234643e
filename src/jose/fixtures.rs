//! For unit tests: reads the supplied vector files, and asserts what a type must not implement.

use serde_json::Value;

use super::{AgreementKey, P256PublicKey};
use crate::base::b64;

pub(crate) fn vectors(file: &str) -> Value {
    let path = format!("{}/tests/vectors/supplied/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub(crate) fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

pub(crate) fn octets(base64url: &Value) -> Vec<u8> {
    b64::decode_url(base64url.as_str().unwrap()).unwrap()
}

pub(crate) fn agreement_key(jwk: &Value) -> AgreementKey {
    AgreementKey::from_jwk(jwk.to_string().as_bytes()).unwrap()
}

pub(crate) fn public_key(jwk: &Value) -> P256PublicKey {
    P256PublicKey::from_jwk(&serde_json::from_value(jwk.clone()).unwrap()).unwrap()
}

/// Compiles only if the type lacks each of the traits: with one of them, both impls below apply and
/// the call is ambiguous.
macro_rules! assert_lacks {
    ($type:ty: $($forbidden:path),+) => {$({
        struct Has;
        trait Absent<Marker> {
            fn holds() {}
        }
        impl<T: ?Sized> Absent<()> for T {}
        impl<T: ?Sized + $forbidden> Absent<Has> for T {}
        <$type as Absent<_>>::holds();
    })+};
}
pub(crate) use assert_lacks;
