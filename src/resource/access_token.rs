//! RES-01 to RES-05: what a resource server checks of an access token, in this order.

use super::{AccessError, ResourceServer};
use crate::base::{Check, Secret, Timestamp};
use crate::jose::jws::{UnverifiedJws, VerifyingKey};
use crate::token::access::{ACCESS_TOKEN_TYPE, AccessTokenClaims};
use crate::wire::Link;

impl ResourceServer {
    /// Checks an access token by itself and gives its claims.
    ///
    /// # Security
    /// A false accept serves a stranger; a false reject keeps one user out until the next token.
    pub(super) fn verify_access_token(
        &mut self,
        token: &Secret<String>,
        link: &mut dyn Link,
    ) -> Result<AccessTokenClaims, AccessError> {
        // MSG-02
        let jws = UnverifiedJws::parse(token.expose_secret())?;
        let kid = jws.header().kid.clone().unwrap_or_default();
        let danger = self.settings.danger;
        // RES-01: the key is one that the provider publishes, and it signed this.
        let found = self.keys.find(&kid, &self.settings.issuer, link)?.cloned();
        let key = match found {
            None if !danger.enforces(Check::AccessTokenSignature) => {
                self.keys.danger_any().cloned()
            }
            found => found,
        };
        let key = key.ok_or(AccessError::UnknownKey)?;
        let verified = jws.verify(VerifyingKey::P256(&key), Check::AccessTokenSignature, danger)?;
        // RES-02
        let is_access_token = verified.header().typ.as_deref().is_some_and(is_access_token_type);
        if danger.enforces(Check::AccessTokenType) && !is_access_token {
            return Err(AccessError::WrongType);
        }
        let claims = verified.json::<AccessTokenClaims>()?.into_inner();
        self.accept_claims(&claims, link.now())?;
        Ok(claims)
    }

    fn accept_claims(&self, claims: &AccessTokenClaims, now: Timestamp) -> Result<(), AccessError> {
        let danger = self.settings.danger;
        // RES-03
        if danger.enforces(Check::AccessTokenIssuer) && claims.iss != self.settings.issuer {
            return Err(AccessError::WrongIssuer);
        }
        // RES-04
        if danger.enforces(Check::AccessTokenAudience) && claims.aud != self.settings.id {
            return Err(AccessError::WrongAudience { audience: claims.aud });
        }
        // RES-05
        if danger.enforces(Check::AccessTokenLifetime) {
            if claims.nbf > now + self.settings.clock_skew {
                return Err(AccessError::NotYetValid);
            }
            if now >= claims.exp + self.settings.clock_skew {
                return Err(AccessError::Expired);
            }
        }
        Ok(())
    }
}

/// `at+jwt`, with or without the prefix that RFC 9068 section 4 lets an issuer write.
fn is_access_token_type(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ) == ACCESS_TOKEN_TYPE
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{NOW, Provider, bearer, server, server_with};
    use super::*;
    use crate::base::id::AppId;
    use crate::base::{Danger, Lifetime};
    use crate::jose::Signer as _;
    use crate::jose::jws::{Header, assemble, signing_input};
    use crate::pop::dpop::NonceDemand;

    /// The token is refused by `check` and by no other: with it taken out, it is served.
    fn only(check: Check, code: &str, token: impl Fn(&mut Provider) -> String) {
        let mut far = Provider::new();
        let request = bearer(&token(&mut far));
        let mut strict = server(Danger::NONE);
        assert_eq!(strict.handle(&request, &mut far).status(), 401, "{check}");
        let refusal = strict.take_refusal().unwrap();
        assert_eq!((refusal.code(), refusal.check()), (code, Some(check)));
        let mut lax = server(Danger::danger_without(check).unwrap());
        assert_eq!(lax.handle(&request, &mut far).status(), 200, "{check} taken out");
    }

    #[test]
    fn res_01_another_key_signs_under_the_name_of_the_provider_s() {
        only(Check::AccessTokenSignature, "jose.bad_signature", |far| {
            let header = far.header();
            far.signed_by_stranger(&header, |_| ())
        });
    }

    #[test]
    fn res_01_a_key_the_provider_does_not_publish() {
        only(Check::AccessTokenSignature, "resource.unknown_key", |far| {
            let header = Header { kid: Some("mine".to_owned()), ..far.header() };
            far.signed_by_stranger(&header, |_| ())
        });
    }

    #[test]
    fn res_01_an_altered_claim() {
        only(Check::AccessTokenSignature, "jose.bad_signature", |far| {
            let (good, other) = (far.token(|_| ()), far.token(|claims| claims.upn.push('x')));
            let signature = good.rsplit_once('.').unwrap().1;
            format!("{}.{signature}", other.rsplit_once('.').unwrap().0)
        });
    }

    #[test]
    fn res_02_a_token_of_another_type() {
        for typ in [None, Some("JWT"), Some("dpop+jwt"), Some("application/jwt")] {
            only(Check::AccessTokenType, "resource.wrong_type", |far| {
                let header = Header { typ: typ.map(str::to_owned), ..far.header() };
                far.signed(&header, |_| ())
            });
        }
    }

    #[test]
    fn res_03_another_issuer() {
        only(Check::AccessTokenIssuer, "resource.wrong_issuer", |far| {
            far.token(|claims| claims.iss.push('/'))
        });
    }

    #[test]
    fn res_04_another_audience() {
        only(Check::AccessTokenAudience, "resource.wrong_audience", |far| {
            far.token(|claims| claims.aud = AppId::from_u128(0xbad))
        });
    }

    #[test]
    fn res_05_expired_or_not_yet_in_date() {
        only(Check::AccessTokenLifetime, "resource.expired", |far| {
            far.token(|claims| claims.exp = NOW.minus(Lifetime::from_secs(300)))
        });
        only(Check::AccessTokenLifetime, "resource.not_yet_valid", |far| {
            far.token(|claims| claims.nbf = NOW + Lifetime::from_secs(301))
        });
    }

    #[test]
    fn res_05_the_skew_counts_to_its_last_second() {
        let mut far = Provider::new();
        let token = far.token(|claims| {
            claims.exp = NOW.minus(Lifetime::from_secs(299));
            claims.nbf = NOW + Lifetime::from_secs(300);
        });
        let mut server = server(Danger::NONE);
        assert_eq!(server.handle(&bearer(&token), &mut far).status(), 200);
        let mut strict = server_with(Danger::NONE, NonceDemand::NotUsed, |settings| {
            settings.clock_skew = Lifetime::from_secs(0);
        });
        let exact =
            far.token(|claims| (claims.nbf, claims.exp) = (NOW, NOW + Lifetime::from_secs(1)));
        assert_eq!(strict.handle(&bearer(&exact), &mut far).status(), 200);
        let over = far.token(|claims| claims.exp = NOW);
        assert_eq!(strict.handle(&bearer(&over), &mut far).status(), 401);
    }

    #[test]
    fn msg_04_and_05_the_header_agrees_with_the_key() {
        only(Check::HeaderAlgorithm, "jose.wrong_algorithm", |far| {
            let header = Header { alg: "HS256".to_owned(), ..far.header() };
            let input = signing_input(&header, &far.payload(|_| ()));
            let signature = far.key.sign(input.as_bytes()).unwrap();
            assemble(input, &signature)
        });
        only(Check::HeaderCritical, "jose.critical_extension", |far| {
            let header = Header { crit: Some(vec!["exp".to_owned()]), ..far.header() };
            far.signed(&header, |_| ())
        });
    }

    #[test]
    fn the_type_may_carry_its_prefix_and_any_case() {
        assert!(is_access_token_type("application/AT+JWT"));
        assert!(is_access_token_type("at+jwt"));
        assert!(!is_access_token_type("application/application/at+jwt"));
    }
}
