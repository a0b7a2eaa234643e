//! Check ids: every rule that the provider and the resource servers enforce, in one table.
//!
//! A refusal names the check that made it, the code beside the check carries its id in a comment,
//! `docs/reference/checks.md` gives source, error and test, and a test compares all of them.
//! [`Danger`] takes one check out, to show what it was for; only the `testing` feature can make one
//! that takes anything out.

use std::fmt;

/// Whether a check can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// A decision that [`Danger`] can take out.
    Switchable,
    /// A step whose output is the value itself (parse, unseal, decrypt): nothing remains without it.
    Structural,
}

macro_rules! checks {
    ($($variant:ident $id:literal $kind:ident $title:literal $source:literal;)*) => {
        /// One rule. `Display` and [`Check::id`] give its id such as `USE-04`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "`title` says it, and checks.md prints it")]
        pub enum Check {
            $($variant,)*
        }

        impl Check {
            /// All checks, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable id, for example `USE-04`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The rule as a sentence without a full stop.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Document and section the rule comes from.
            #[must_use]
            pub const fn source(self) -> &'static str {
                match self { $(Self::$variant => $source,)* }
            }

            /// Whether it can be switched off.
            #[must_use]
            pub const fn kind(self) -> CheckKind {
                match self { $(Self::$variant => CheckKind::$kind,)* }
            }
        }
    };
}

checks! {
    // Shapes, before anything is believed.
    MessageShape "MSG-01" Structural "the message has a known endpoint, a bounded size and well-formed fields" "RFC 6749 section 3.2";
    JwsShape "MSG-02" Structural "a JWS has three strict base64url parts and JSON without duplicate members" "RFC 7515 section 5.2";
    ResponseUnreadable "MSG-03" Structural "the encrypted answer opens only with the key it was made for" "MS-OAPXBC 3.2.5.1.3.2";
    HeaderAlgorithm "MSG-04" Switchable "the header's `alg` is the one the key's kind allows" "RFC 8725 section 3.1";
    HeaderCritical "MSG-05" Switchable "a `crit` header is refused, since no extension is understood" "RFC 7515 section 4.1.11";
    MemoryRoom "MSG-06" Structural "what has to be remembered of a request finds room in a bounded memory" "project choice";

    // Server nonces.
    NonceMissing "NON-01" Switchable "a signed request carries a `request_nonce`" "MS-OAPXBC 3.2.5.1.2.1";
    NonceIssued "NON-02" Switchable "the nonce was issued by this provider" "MS-OAPXBC 3.2.5.1.1.3";
    NonceFresh "NON-03" Switchable "the nonce is not older than its limit" "MS-OAPXBC 3.2.5.1.1.3";
    NonceUnused "NON-04" Switchable "with single use on, the nonce was not used before" "project choice (product 8.4)";

    // Users.
    UserPassword "USR-01" Switchable "the password matches the user's verifier" "RFC 6749 section 4.3.2";
    UserEnabled "USR-02" Switchable "the user exists and is enabled" "MS-OAPXBC 3.2.5.1.2.3";
    UserSecondFactor "USR-03" Switchable "a second factor that is presented is right" "project choice";
    UserSecondFactorUnused "USR-04" Switchable "a code of the second factor was not accepted before" "RFC 6238 section 5.2";

    // Devices and their registration.
    DeviceKnown "DEV-01" Switchable "the device is registered and not deleted" "MS-OAPXBC 3.2.5.1.2.3";
    DeviceEnabled "DEV-02" Switchable "the device is enabled" "Entra concept-primary-refresh-token";
    RegistrationToken "REG-01" Switchable "the access token of a registration is signed, in date and meant for the registration service" "MS-DVRJ 3.1.5.1.1.3";
    RegistrationDeviceKey "REG-02" Switchable "the join body is signed by the device key it names" "MS-DVRJ 3.1.5.1.1.3, project choice 9.3";
    RegistrationKeysDiffer "REG-03" Switchable "device key and transport key are two keys" "project choice 9";
    RegistrationNonce "REG-04" Switchable "the join body carries a fresh nonce of this provider" "aad-join-spec 3.2";
    RegistrationQuota "REG-05" Switchable "the user stays within the device quota" "MS-DVRJ 1.5";
    RegistrationReplace "REG-06" Switchable "only the device's own key replaces its transport key" "MS-DVRJ 3.1.5.1.1.3";
    RegistrationRemoval "REG-07" Switchable "a device is removed only under its own key" "MS-DVRJ 3.1.5.1.2";
    UserKeyStrongAuth "REG-08" Switchable "a user key is registered only after a second factor" "MS-KPP 3.1.5.1";
    RegistrationJoinType "REG-09" Switchable "the join type is one the registration method allows" "project choice";

    // Asking for a PRT.
    PrtRequestPurpose "PRQ-01" Switchable "a PRT request asks for `aza` and `openid` and carries a grant type" "MS-OAPXBC 3.2.5.1.2.1";
    PrtRequestSignature "PRQ-02" Switchable "the request is signed by the registered device key" "MS-OAPXBC 3.2.5.1.2.3";
    PrtRequestProtocol "PRQ-03" Switchable "the protocol version is one the provider accepts" "project choice 12";
    PrtRequestBrokerToken "PRQ-04" Switchable "a refresh token that asks for a PRT was issued to the broker client" "dirkjanm.io 2023-10-10";
    AssertionSignature "PRQ-05" Switchable "the user assertion is signed by a registered key of that user" "MS-OAPXBC 3.2.5.1.2.3";
    AssertionNonce "PRQ-06" Switchable "inner and outer nonce of a user assertion agree" "CVE-2023-35348";
    AssertionTimes "PRQ-07" Switchable "the user assertion is in date and meant for this provider" "MS-OAPXBC 3.2.5.1.2.1.2";

    // Using a PRT.
    PrtUsePurpose "USE-01" Switchable "a use carries the `grant_type` or `purpose` of its step" "project choice 12";
    PrtUseCtx "USE-02" Switchable "the `ctx` header is present and 16 to 64 octets long" "MS-OAPXBC 3.2.5.1.3.1";
    PrtUseKdfVersion "USE-03" Switchable "the KDF version is one the provider accepts" "MS-OAPXBC 3.1.5.1.3.3, CVE-2021-33781";
    PrtUnseal "USE-04" Structural "the token unseals under the provider's key" "prt-protocol 10.11";
    PrtUseMac "USE-05" Switchable "the request's MAC is right under a key derived from the PRT's session key" "MS-OAPXBC 3.2.5.1.3.3";
    PrtUseDeviceSignature "USE-06" Switchable "in protocol 4 the request is signed by the device key of the PRT's device" "project choice 12";
    PrtUseProtocol "USE-07" Switchable "the protocol version is one the provider accepts" "project choice 8.5";
    PrtUseTimes "USE-08" Switchable "`iat` and `exp` are there and in date" "MS-OAPXBC 3.2.5.1.3.1";
    PrtUseJti "USE-09" Switchable "in protocol 4 the `jti` was not used before" "project choice 8.5";
    PrtExpired "USE-10" Switchable "the PRT is in date" "Entra concept-primary-refresh-token";
    PrtKind "USE-11" Switchable "the sealed token is a primary refresh token where one is needed" "AADSTS50013";
    ClientKnown "USE-12" Switchable "the client is registered in the tenant" "RFC 6749 section 5.2";
    ResourceKnown "USE-13" Switchable "the resource is known" "MS-OAPXBC 3.2.5.1.3.3";

    // What ends tokens early.
    FamilyLive "REV-01" Switchable "the token's family has not been ended" "RFC 9700 section 4.14";
    TokensNotRevoked "REV-02" Switchable "the user's tokens were not revoked after the token was made" "AADSTS50173";
    PasswordUnchanged "REV-03" Switchable "the password it was obtained with has not changed since" "Entra concept-primary-refresh-token";

    // Refresh tokens issued through the broker.
    BrokerTokenBinding "BRT-01" Switchable "a broker-issued refresh token is redeemed only under the session or device key of its PRT" "project choice 8.2";
    BrokerTokenClient "BRT-02" Switchable "it is redeemed by the client it was issued to" "RFC 6749 section 6";
    BrokerTokenExpired "BRT-03" Switchable "it is in date" "RFC 6749 section 6";
    BrokerTokenResource "BRT-04" Switchable "it asks for a resource it was issued for" "project choice 12";
    BrokerTokenNoPrt "BRT-05" Switchable "it is not exchanged for a primary refresh token" "AADSTS50013";

    // The authorize step and browser credentials.
    RedirectUri "AUT-01" Switchable "the redirect URI is registered for the client" "RFC 6749 section 3.1.2.3";
    PkceRequired "AUT-02" Switchable "a public client sends an S256 code challenge" "RFC 7636 section 4.4.1";
    BrowserPurpose "BRW-01" Switchable "a browser credential was made for the browser: no `grant_type`, no other `purpose`" "project choice 12";
    DeviceCredentialPurpose "BRW-02" Switchable "a device credential says `device_auth`" "MS-OAPXBC 3.2.5.2.1.1.2";
    DeviceCredentialSignature "BRW-03" Switchable "a device credential is signed by the registered device key" "MS-OAPXBC 3.2.5.2.1.3";

    // Codes and refresh tokens outside the broker.
    CodeExpired "COD-01" Switchable "the authorization code is in date" "RFC 6749 section 4.1.2";
    CodeUnused "COD-02" Switchable "the authorization code was not redeemed before" "RFC 6749 section 4.1.2";
    CodeClient "COD-03" Switchable "the code is redeemed by the client it was issued to" "RFC 6749 section 4.1.3";
    CodeRedirectUri "COD-04" Switchable "the redirect URI is the one of the authorize step" "RFC 6749 section 4.1.3";
    CodePkce "COD-05" Switchable "the code verifier matches the challenge" "RFC 7636 section 4.6";
    CodeDpopKey "COD-06" Switchable "a code that was asked for with `dpop_jkt` is redeemed with a proof of that key" "RFC 9449 section 10";
    RefreshExpired "RFT-01" Switchable "the refresh token is in date" "RFC 6749 section 6";
    RefreshClient "RFT-02" Switchable "the refresh token is redeemed by the client it was issued to" "RFC 6749 section 6";
    RefreshUnused "RFT-03" Switchable "a retired refresh token ends its family" "RFC 9700 section 4.14.2";
    RefreshDpopKey "RFT-04" Switchable "a refresh token that was issued with a DPoP proof to a public client is used with a proof of the same key" "RFC 9449 section 5";

    // Sender-constrained access tokens, asked for at the token endpoint.
    DpopDemanded "SCT-01" Switchable "where the provider demands DPoP, a token request carries a proof" "RFC 9449 section 5";
    DpopDemandedOfClient "SCT-02" Switchable "a client with `dpop_bound_access_tokens` sends a proof with its token requests" "RFC 9449 section 5.2";
    CertificateDemanded "SCT-03" Switchable "a client with `tls_client_certificate_bound_access_tokens` shows a certificate with its token requests" "RFC 8705 section 3.4";
    RegistrationTokenProof "SCT-04" Switchable "the registration service takes a bound access token with its proof alone" "RFC 7800 section 3";

    // Conditional Access.
    PolicyGrants "POL-01" Switchable "no enabled policy blocks, and every grant control and every sign-in frequency is met" "Graph conditionalAccessPolicy";
    PolicyTokenProtection "POL-02" Switchable "every enabled `secureSignInSession` policy that applies sees a bound request" "Entra concept-token-protection";
    SignInTainted "POL-03" Switchable "a sign-in once denied as unbound stays unbound" "Entra concept-token-protection, project choice 8.3";

    // Resource servers.
    AccessTokenSignature "RES-01" Switchable "the access token is signed by the provider" "RFC 9068 section 4";
    AccessTokenType "RES-02" Switchable "the token is an access token (`typ` is `at+jwt`)" "RFC 9068 section 4";
    AccessTokenIssuer "RES-03" Switchable "the issuer is the provider" "RFC 9068 section 4";
    AccessTokenAudience "RES-04" Switchable "the audience is this resource" "RFC 9068 section 4";
    AccessTokenLifetime "RES-05" Switchable "the access token is in date" "RFC 9068 section 4";
    AccessTokenConfirmation "RES-06" Switchable "a token with `cnf` is not accepted without a proof that can be checked here" "RFC 7800 section 3";
    AccessTokenBound "RES-07" Switchable "where only bound tokens are taken, a token has `cnf`" "RFC 9700 section 2.2.1";

    // Proofs of possession (DPoP), in the order of RFC 9449 section 4.3 and of what surrounds it.
    DpopProofPresent "DPO-01" Structural "a request for what is bound to a key has a `DPoP` field" "RFC 9449 section 7.1";
    DpopOneProof "DPO-02" Switchable "it has no more than one `DPoP` field" "RFC 9449 section 4.3, check 1";
    DpopProofSize "DPO-03" Structural "the proof is at most 8192 octets long" "project choice";
    DpopProofShape "DPO-04" Structural "the proof is three strict base64url parts over JSON objects with unique members" "RFC 9449 section 4.3, check 2";
    DpopCritical "DPO-05" Switchable "a proof with `crit` or `b64` is refused, since no extension is understood" "RFC 7515 section 4.1.11, RFC 7797 section 7";
    DpopMembers "DPO-06" Structural "`jwk` and the required claims are there, and every claim has its JSON type" "RFC 9449 section 4.3, check 3";
    DpopJtiSize "DPO-07" Switchable "the `jti` is at most 256 octets long" "RFC 9449 section 11.1";
    DpopType "DPO-08" Switchable "`typ` is `dpop+jwt`" "RFC 9449 section 4.3, check 4";
    DpopAlgorithm "DPO-09" Switchable "`alg` is `ES256`, the one algorithm accepted" "RFC 9449 section 4.3, check 5";
    DpopKey "DPO-10" Structural "`jwk` is an EC key of P-256 with whole coordinates, a point of the curve" "RFC 7518 section 6.2.1";
    DpopKeyUse "DPO-11" Switchable "`use`, `key_ops` and `alg` of the `jwk`, if there, allow it" "RFC 7517 sections 4.2 to 4.4";
    DpopSignature "DPO-12" Switchable "the signature verifies under the `jwk`" "RFC 9449 section 4.3, check 6";
    DpopKeyPublic "DPO-13" Switchable "the `jwk` has no private member" "RFC 9449 section 4.3, check 7";
    DpopMethod "DPO-14" Switchable "`htm` is the method of the request" "RFC 9449 section 4.3, check 8";
    DpopUri "DPO-15" Switchable "`htu` is the URI of the request, normalised, without query and fragment" "RFC 9449 section 4.3, check 9";
    DpopNoncePresent "DPO-16" Switchable "where nonces are demanded the proof has one" "RFC 9449 section 4.3, check 10, and section 11.3";
    DpopNonce "DPO-17" Switchable "the `nonce` is one that this server gave out lately" "RFC 9449 section 4.3, check 10, and section 8";
    DpopAge "DPO-18" Switchable "`iat` is not longer ago than the limit" "RFC 9449 section 4.3, check 11";
    DpopAhead "DPO-19" Switchable "`iat` does not lie further ahead than clocks may differ" "RFC 9449 section 11.1";
    DpopExpiry "DPO-20" Switchable "an `exp` has not passed" "RFC 7519 section 4.1.4";
    DpopNotBefore "DPO-21" Switchable "an `nbf` has come" "RFC 7519 section 4.1.5";
    DpopTokenHashPresent "DPO-22" Switchable "a proof that goes with an access token has an `ath`" "RFC 9449 section 4.3, check 12";
    DpopTokenHash "DPO-23" Switchable "`ath` is the hash of that access token" "RFC 9449 section 4.3, check 12";
    DpopBoundKey "DPO-24" Switchable "the thumbprint of the `jwk` is the one that the token is bound to" "RFC 9449 section 4.3, check 12";
    DpopTokenBound "DPO-25" Switchable "a token under the `DPoP` scheme is bound to a key" "RFC 9449 section 7.1";
    DpopScheme "DPO-26" Switchable "the access token came under the `DPoP` scheme" "RFC 9449 section 7.2";
    DpopTokenHashAbsent "DPO-27" Switchable "a proof that goes with no access token has no `ath`" "project choice (RFC 9449 section 7)";
    DpopReplay "DPO-28" Switchable "key and `jti` of the proof were not used before" "RFC 9449 section 11.1";
    CertificateBound "CNF-01" Switchable "the certificate of the connection is the one that the token is bound to" "RFC 8705 section 3";
}

impl Check {
    /// The check with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|check| check.id() == id)
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl serde::Serialize for Check {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.id())
    }
}

impl<'de> serde::Deserialize<'de> for Check {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let id = String::deserialize(from)?;
        Self::from_id(&id).ok_or_else(|| {
            serde::de::Error::custom(format!("`{id}` is no check id; see docs/reference/checks.md"))
        })
    }
}

/// Which checks are taken out. Outside the `testing` feature this is always none of them, and the
/// compiler removes the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Danger {
    #[cfg(feature = "testing")]
    out: u128,
}

impl Danger {
    /// Nothing is taken out.
    pub const NONE: Self = Self {
        #[cfg(feature = "testing")]
        out: 0,
    };

    /// Takes exactly one check out.
    ///
    /// # Errors
    /// Gives the check back if it is structural: there is nothing to go on with without it.
    #[cfg(feature = "testing")]
    pub const fn danger_without(check: Check) -> Result<Self, Check> {
        match check.kind() {
            CheckKind::Switchable => Ok(Self { out: 1 << check as u32 }),
            CheckKind::Structural => Err(check),
        }
    }

    /// Whether `check` is to be made. Checks read
    /// `if danger.enforces(Check::X) && !holds { refuse }`.
    #[must_use]
    pub const fn enforces(self, check: Check) -> bool {
        #[cfg(feature = "testing")]
        return self.out & (1 << check as u32) == 0;
        #[cfg(not(feature = "testing"))]
        {
            let _ = check;
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_fit_the_switches() {
        let ids: BTreeSet<_> = Check::ALL.iter().map(|check| check.id()).collect();
        assert_eq!(ids.len(), Check::ALL.len());
        assert!(Check::ALL.len() <= 128);
        assert!(Check::ALL.iter().all(|check| Check::from_id(check.id()) == Some(*check)));
    }

    #[cfg(feature = "testing")]
    #[test]
    fn a_switch_takes_out_exactly_one() {
        let danger = Danger::danger_without(Check::PrtUseMac).unwrap();
        let out: Vec<_> = Check::ALL.iter().filter(|check| !danger.enforces(**check)).collect();
        assert_eq!(out, [&Check::PrtUseMac]);
        assert_eq!(Danger::danger_without(Check::PrtUnseal), Err(Check::PrtUnseal));
    }
}
