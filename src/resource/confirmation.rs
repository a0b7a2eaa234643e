//! RES-06, RES-07 and the proofs: what a token with `cnf` asks of its presenter.
//!
//! Every method that `cnf` names is checked. `jkt` demands a DPoP proof and `x5t#S256` a client
//! certificate; neither stands for the other. A method that cannot be checked here refuses the token.

use super::{AcceptedTokens, AccessError, Endpoint, ResourceServer};
use crate::base::{Check, Secret, Timestamp};
use crate::pop::dpop::{DpopError, Presented, RequestFacts, Scheme};
use crate::pop::{Confirmation, certificate};
use crate::token::access::AccessTokenClaims;
use crate::wire::Request;
use crate::wire::dpop::{TokenType, client_certificate, proofs};

impl ResourceServer {
    /// # Security
    /// A false accept lets a stolen token in; a false reject keeps out one who holds the key.
    pub(super) fn verify_confirmation(
        &self,
        claims: &AccessTokenClaims,
        endpoint: Endpoint,
        request: &Request,
        scheme: TokenType,
        token: &Secret<String>,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let cnf = claims.cnf.as_ref();
        self.accept_methods(cnf)?;
        self.verify_certificate(cnf, request)?;
        let jkt = cnf.and_then(Confirmation::jkt);
        // Under the scheme `Bearer` an unbound token is what it was in RFC 6750.
        if jkt.is_none() && scheme == TokenType::Bearer {
            return Ok(());
        }
        // DPO-26: a bound token under `Bearer` is told so whether or not a proof came along (RFC 9449
        // section 7.2), so this is asked before the verifier looks for one.
        if scheme == TokenType::Bearer && self.settings.danger.enforces(Check::DpopScheme) {
            return Err(DpopError::Scheme.into());
        }
        let fields = proofs(request.headers());
        let facts = RequestFacts {
            method: request.method().as_str(),
            uri: match endpoint {
                Endpoint::Content => &self.content_uri,
                Endpoint::Notes | Endpoint::WriteNote => &self.notes_uri,
            },
            proofs: &fields,
            scheme: match scheme {
                TokenType::Bearer => Scheme::Bearer,
                TokenType::Dpop => Scheme::Dpop,
            },
        };
        let presented = Presented::AccessToken { token: token.expose_secret(), jkt };
        self.recipient.verify(&facts, presented, now, self.settings.danger)?;
        Ok(())
    }

    fn accept_methods(&self, cnf: Option<&Confirmation>) -> Result<(), AccessError> {
        let danger = self.settings.danger;
        let Some(cnf) = cnf else {
            // RES-07
            let refused = self.settings.accepted == AcceptedTokens::Bound
                && danger.enforces(Check::AccessTokenBound);
            return if refused { Err(AccessError::Unbound) } else { Ok(()) };
        };
        // RES-06
        let checkable = cnf.kid().is_none();
        match checkable || !danger.enforces(Check::AccessTokenConfirmation) {
            true => Ok(()),
            false => Err(AccessError::Confirmation),
        }
    }

    fn verify_certificate(
        &self,
        cnf: Option<&Confirmation>,
        request: &Request,
    ) -> Result<(), AccessError> {
        let Some(bound) = cnf.and_then(Confirmation::certificate) else { return Ok(()) };
        let shown = client_certificate(request.headers()).map_err(|_| AccessError::Certificate)?;
        // CNF-01
        certificate::verify(shown.as_deref(), bound, self.settings.danger)
            .map_err(|_| AccessError::Certificate)?;
        Ok(())
    }
}

/// Whether an answer to a request under this scheme carries the nonce of the next proof.
pub(super) fn wants_nonce(scheme: TokenType) -> bool {
    scheme == TokenType::Dpop
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{Client, Provider, Server, bearer, get, server, server_with};
    use super::*;
    use crate::base::{Danger, b64};
    use crate::pop::CertificateThumbprint;
    use crate::pop::dpop::NonceDemand;
    use crate::wire::dpop::{CLIENT_CERTIFICATE, with_proof, with_token};

    const DER: &[u8] = b"0\x82 stands for a certificate";

    fn with_certificate(mut request: Request, der: &[u8]) -> Request {
        let value = b64::encode_standard(der).parse().unwrap();
        request.headers_mut().insert(CLIENT_CERTIFICATE, value);
        request
    }

    fn refusal(server: &mut Server, request: &Request, far: &mut Provider) -> Option<String> {
        let response = server.handle(request, far);
        let refusal = server.take_refusal().map(|error| error.code().to_owned());
        assert_eq!(response.status().is_success(), refusal.is_none());
        refusal
    }

    #[test]
    fn a_bound_token_is_served_with_its_proof_once() {
        let (mut far, mut client, mut server) =
            (Provider::new(), Client::new(), server(Danger::NONE));
        let token = far.token(|claims| claims.cnf = Some(client.cnf()));
        let request = client.request(&token, |draft| draft);
        assert_eq!(refusal(&mut server, &request, &mut far), None);
        let again = refusal(&mut server, &request, &mut far);
        assert_eq!(again.as_deref(), Some("pop.replay_seen"));
    }

    #[test]
    fn the_address_comes_from_configuration() {
        let (mut far, mut client, mut server) =
            (Provider::new(), Client::new(), server(Danger::NONE));
        let token = far.token(|claims| claims.cnf = Some(client.cnf()));
        let elsewhere = |draft| crate::pop::dpop::ProofDraft {
            htu: "https://evil.example/me".to_owned(),
            ..draft
        };
        let mut request = client.request(&token, elsewhere);
        request.headers_mut().insert("host", "evil.example".parse().unwrap());
        request.headers_mut().insert("x-forwarded-host", "evil.example".parse().unwrap());
        *request.uri_mut() = "https://evil.example/me".parse().unwrap();
        let code = refusal(&mut server, &request, &mut far);
        assert_eq!(code.as_deref(), Some("pop.dpop_htu"));
        let mut request = client.request(&token, |draft| draft);
        *request.uri_mut() = "http://10.0.0.7:8080/me".parse().unwrap();
        assert_eq!(refusal(&mut server, &request, &mut far), None);
    }

    #[test]
    fn a_proof_is_for_one_endpoint() {
        let (mut far, mut client, mut server) =
            (Provider::new(), Client::new(), server(Danger::NONE));
        let token = far.token(|claims| claims.cnf = Some(client.cnf()));
        let moved = |mut request: Request, method: &str| {
            *request.uri_mut() = "/me/notes".parse().unwrap();
            *request.method_mut() = method.parse().unwrap();
            request
        };
        let request = moved(client.request(&token, |draft| draft), "GET");
        assert_eq!(refusal(&mut server, &request, &mut far).as_deref(), Some("pop.dpop_htu"));
        let notes = |draft| crate::pop::dpop::ProofDraft {
            htu: format!("{}/notes", "https://outlook.lab.example/me"),
            ..draft
        };
        let request = moved(client.request(&token, notes), "POST");
        assert_eq!(refusal(&mut server, &request, &mut far).as_deref(), Some("pop.dpop_htm"));
        let request = moved(client.request(&token, notes), "GET");
        assert_eq!(refusal(&mut server, &request, &mut far), None);
    }

    #[test]
    fn what_cannot_be_checked_is_refused_beside_what_can() {
        let (mut far, mut client, mut server) =
            (Provider::new(), Client::new(), server(Danger::NONE));
        let kid = far.token(|claims| claims.cnf = Some(Confirmation::of_kid("k".to_owned())));
        let code = refusal(&mut server, &bearer(&kid), &mut far);
        assert_eq!(code.as_deref(), Some("resource.confirmation"));
        let both = |far: &Provider, cnf: &str| {
            let payload = String::from_utf8(far.payload(|_| ())).unwrap();
            far.signed_octets(payload.replacen('{', &format!("{{\"cnf\":{cnf},"), 1).as_bytes())
        };
        let jkt = client.key.public_key().thumbprint();
        let token = both(&far, &format!(r#"{{"jkt":"{jkt}","kid":"k"}}"#));
        let request = client.request(&token, |draft| draft);
        let code = refusal(&mut server, &request, &mut far);
        assert_eq!(code.as_deref(), Some("resource.confirmation"));
        let token = both(&far, &format!(r#"{{"jkt":"{jkt}","later":[1]}}"#));
        let request = client.request(&token, |draft| draft);
        assert_eq!(refusal(&mut server, &request, &mut far), None, "unknown members are ignored");
        let token = both(&far, r#"{"later":[1]}"#);
        let code = refusal(&mut server, &bearer(&token), &mut far);
        assert_eq!(code.as_deref(), Some("jose.payload_not_json"));
    }

    #[test]
    fn certificate_and_proof_do_not_stand_for_each_other() {
        let (mut far, mut client, mut server) =
            (Provider::new(), Client::new(), server(Danger::NONE));
        let thumbprint = CertificateThumbprint::of_der(DER);
        let by_certificate =
            far.token(|claims| claims.cnf = Some(Confirmation::of_certificate(thumbprint)));
        let good = with_certificate(bearer(&by_certificate), DER);
        assert_eq!(refusal(&mut server, &good, &mut far), None);
        let twice = {
            let mut twice = good.clone();
            let value = good.headers()[CLIENT_CERTIFICATE].clone();
            twice.headers_mut().append(CLIENT_CERTIFICATE, value);
            twice
        };
        for bad in [
            bearer(&by_certificate),
            with_certificate(bearer(&by_certificate), b"another"),
            client.request(&by_certificate, |draft| draft),
            twice,
        ] {
            let code = refusal(&mut server, &bad, &mut far);
            assert_eq!(code.as_deref(), Some("resource.certificate"));
        }
        // Under the scheme `DPoP` a token without `jkt` is not bound to a DPoP key.
        let under_dpop =
            with_token(get("/me"), TokenType::Dpop, &by_certificate.as_str().into()).unwrap();
        let code = refusal(&mut server, &with_certificate(under_dpop, DER), &mut far);
        assert!(code.is_some_and(|code| code.starts_with("pop.dpop_")));
        // Both are asked for where both are named.
        let cnf = client.cnf().and_certificate(thumbprint);
        let token = far.token(|claims| claims.cnf = Some(cnf));
        let request = client.request(&token, |draft| draft);
        let code = refusal(&mut server, &request, &mut far);
        assert_eq!(code.as_deref(), Some("resource.certificate"));
        let code = refusal(&mut server, &with_certificate(bearer(&token), DER), &mut far);
        assert_eq!(code.as_deref(), Some("pop.dpop_scheme"));
        let request = with_certificate(client.request(&token, |draft| draft), DER);
        assert_eq!(refusal(&mut server, &request, &mut far), None);
    }

    #[test]
    fn where_only_bound_tokens_are_taken_a_bearer_token_is_none() {
        let bound_alone = |danger| {
            server_with(danger, NonceDemand::NotUsed, |settings| {
                settings.accepted = AcceptedTokens::Bound;
            })
        };
        let (mut far, mut client) = (Provider::new(), Client::new());
        let mut server = bound_alone(Danger::NONE);
        let unbound = bearer(&far.token(|_| ()));
        let code = refusal(&mut server, &unbound, &mut far);
        assert_eq!(code.as_deref(), Some("resource.unbound"));
        let token = far.token(|claims| claims.cnf = Some(client.cnf()));
        let request = client.request(&token, |draft| draft);
        assert_eq!(refusal(&mut server, &request, &mut far), None);
        let mut lax = bound_alone(Danger::danger_without(Check::AccessTokenBound).unwrap());
        assert_eq!(refusal(&mut lax, &unbound, &mut far), None);
    }

    #[test]
    fn two_proofs_are_none() {
        let (mut far, mut client, mut server) =
            (Provider::new(), Client::new(), server(Danger::NONE));
        let token = far.token(|claims| claims.cnf = Some(client.cnf()));
        let mut request = client.request(&token, |draft| draft);
        let proof = request.headers()["dpop"].clone();
        request.headers_mut().append("dpop", proof.clone());
        let code = refusal(&mut server, &request, &mut far);
        assert_eq!(code.as_deref(), Some("pop.dpop_header_count"));
        // A proof beside an unbound bearer token is nobody's business.
        let stray = with_proof(bearer(&far.token(|_| ())), &proof.to_str().unwrap().into());
        assert_eq!(refusal(&mut server, &stray.unwrap(), &mut far), None);
    }
}
