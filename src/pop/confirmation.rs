//! `cnf`: the key a token's presenter must prove (RFC 7800 section 3).

use serde::{Deserialize, Serialize};

use crate::jose::JwkThumbprint;

/// A confirmation claim. One member, the method; others are refused, since a method that is not
/// understood cannot be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Confirmation {
    /// Thumbprint of a DPoP key (RFC 9449 section 6).
    Jkt(JwkThumbprint),
    /// Id of a key that the recipient knows (RFC 7800 section 3.4).
    Kid(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_member() {
        let kid = Confirmation::Kid("k".to_owned());
        assert_eq!(serde_json::to_string(&kid).unwrap(), r#"{"kid":"k"}"#);
        assert!(serde_json::from_str::<Confirmation>(r#"{"kid":"k","jkt":"x"}"#).is_err());
        assert!(serde_json::from_str::<Confirmation>(r#"{"x5t#S256":"x"}"#).is_err());
    }
}
