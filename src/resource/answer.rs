//! What the peer is told: status, challenges and nonce (RFC 6750 section 3, RFC 9449 sections 7.1,
//! 7.2 and 9).
//!
//! Each scheme that is spoken here has a challenge of its own, in a field of its own. The error
//! stands in the challenge of the scheme that was used; where none can be told, in all of them.

use http::{HeaderValue, StatusCode, header};

use super::error::{LegacyDenial, Told};
use super::presented::Shown;
use super::{AcceptedTokens, AccessError};
use crate::pop::dpop::DpopError;
use crate::wire::Response;
use crate::wire::answer::text_response;
use crate::wire::dpop::{PROOF_ALGORITHM, TokenType, give_nonce};

/// What a script in a browser may read of an answer (RFC 9449 section 8.2).
const EXPOSED: HeaderValue = HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate");
/// What a peer is told about a key that does not fit (RFC 9449 figure 15).
const KEY_BINDING: &str = "Invalid DPoP key binding";

/// 200 with a text.
pub(super) fn content(text: String) -> Response {
    text_response(StatusCode::OK, "text/plain; charset=utf-8", text.into_bytes())
}

/// The answer to a request that is refused.
pub(super) fn refusal(error: &AccessError, shown: Shown, accepted: AcceptedTokens) -> Response {
    let mut response = text_response(error.status(), "text/plain", Vec::new());
    for challenge in challenges(error, shown, accepted) {
        if let Ok(value) = HeaderValue::from_str(&challenge) {
            response.headers_mut().append(header::WWW_AUTHENTICATE, value);
            response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
    response
}

/// The nonce that the client's next proof is to carry; at most one stands in an answer.
pub(super) fn with_nonce(mut response: Response, nonce: Option<String>) -> Response {
    if let Some(nonce) = nonce {
        give_nonce(&mut response, &nonce);
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

fn challenges(error: &AccessError, shown: Shown, accepted: AcceptedTokens) -> Vec<String> {
    let told = error.told();
    if let AccessError::LegacyRefused { denial, .. } = error {
        return match denial {
            LegacyDenial::Credentials => vec!["Basic realm=\"legacy protocols\"".to_owned()],
            LegacyDenial::Policy => Vec::new(),
        };
    }
    if matches!(told, Told::Unavailable) {
        return Vec::new();
    }
    let spoken: &[TokenType] = match accepted {
        AcceptedTokens::Bound => &[TokenType::Dpop],
        AcceptedTokens::BoundAndUnbound => &[TokenType::Bearer, TokenType::Dpop],
    };
    let used = match shown {
        Shown::Token(scheme) => Some(scheme),
        Shown::Basic | Shown::Nothing => None,
    };
    // The scheme that was used comes first, even one that is not offered.
    let others = spoken.iter().copied().filter(|scheme| Some(*scheme) != used);
    let challenge = |scheme: TokenType| {
        let at_fault = used.is_none_or(|used| used == scheme);
        one(scheme, told.error().filter(|_| at_fault), description(error, scheme))
    };
    used.into_iter().chain(others).map(challenge).collect()
}

fn one(scheme: TokenType, error: Option<&str>, description: Option<&str>) -> String {
    let mut parameters = Vec::new();
    if let Some(error) = error {
        parameters.push(format!("error=\"{error}\""));
        parameters.extend(description.map(|text| format!("error_description=\"{text}\"")));
    }
    if scheme == TokenType::Dpop {
        parameters.push(format!("algs=\"{PROOF_ALGORITHM}\""));
    }
    match parameters.is_empty() {
        true => scheme.as_str().to_owned(),
        false => format!("{} {}", scheme.as_str(), parameters.join(", ")),
    }
}

fn description(error: &AccessError, scheme: TokenType) -> Option<&'static str> {
    let key = matches!(error, AccessError::Dpop(DpopError::JktMismatch | DpopError::NotBound));
    (key && scheme == TokenType::Dpop).then_some(KEY_BINDING)
}

#[cfg(test)]
mod tests {
    use http::header::WWW_AUTHENTICATE;

    use super::super::scripted::{Client, NOW, Provider, bearer, get, server_with};
    use super::*;
    use crate::base::{Check, Danger, Lifetime};
    use crate::pop::dpop::NonceDemand;
    use crate::wire::Request;
    use crate::wire::dpop::{DPOP, nonce_of};

    const DEMANDED: NonceDemand = NonceDemand::Demanded(Lifetime::from_secs(300));
    const BEARER: &str = "Bearer";
    const DPOP_BARE: &str = "DPoP algs=\"ES256\"";
    const DPOP_TOKEN: &str = "DPoP error=\"invalid_token\", algs=\"ES256\"";
    const BEARER_TOKEN: &str = "Bearer error=\"invalid_token\"";
    const KEY: &str = "DPoP error=\"invalid_token\", \
        error_description=\"Invalid DPoP key binding\", algs=\"ES256\"";
    const PROOF: &str = "DPoP error=\"invalid_dpop_proof\", algs=\"ES256\"";

    fn ask(accepted: AcceptedTokens, nonces: NonceDemand, request: &Request) -> Response {
        let mut far = Provider::new();
        let mut server = server_with(Danger::NONE, nonces, |settings| settings.accepted = accepted);
        server.handle(request, &mut far)
    }

    fn told(response: &Response) -> Vec<&str> {
        let fields = response.headers().get_all(WWW_AUTHENTICATE).iter();
        fields.map(|value| value.to_str().unwrap()).collect()
    }

    fn with_authorization(values: &[&str]) -> Request {
        let mut request = get("/me");
        for value in values {
            request.headers_mut().append("authorization", value.parse().unwrap());
        }
        request
    }

    /// dpop 7: every situation with its status and challenges, where both schemes are spoken and
    /// where one is.
    #[test]
    fn every_refusal_has_its_status_and_challenges() {
        let (far, mut client) = (Provider::new(), Client::new());
        let bound = far.token(|claims| claims.cnf = Some(client.cnf()));
        let unbound = far.token(|_| ());
        let expired = far.token(|claims| {
            claims.cnf = Some(client.cnf());
            claims.exp = NOW.minus(Lifetime::from_secs(300));
        });
        let mut other = Client::new();
        let _ = other.request(&bound, |draft| draft);
        other.key =
            crate::jose::SigningKey::generate(&mut crate::base::stream::Seed(9).stream("k"));
        let mut bare = client.request(&bound, |draft| draft);
        bare.headers_mut().remove(DPOP);
        let both: [&[&str]; 2] = [&[BEARER, DPOP_BARE], &[DPOP_BARE]];
        let request_error: [&[&str]; 2] = [
            &["Bearer error=\"invalid_request\"", "DPoP error=\"invalid_request\", algs=\"ES256\""],
            &["DPoP error=\"invalid_request\", algs=\"ES256\""],
        ];
        let under_dpop = |challenge: &'static str| -> [Vec<&str>; 2] {
            [vec![challenge, BEARER], vec![challenge]]
        };
        let under_bearer: [&[&str]; 2] = [&[BEARER_TOKEN, DPOP_BARE]; 2];
        let owned = |given: [&[&'static str]; 2]| given.map(<[&str]>::to_vec);
        let old = |draft| crate::pop::dpop::ProofDraft {
            iat: NOW.minus(Lifetime::from_secs(301)),
            ..draft
        };
        let cases = [
            ("no credentials", get("/me"), 401, owned(both)),
            ("bad proof", client.request(&bound, old), 401, under_dpop(PROOF)),
            ("no proof", bare, 401, under_dpop(PROOF)),
            ("another key", other.request(&bound, |draft| draft), 401, under_dpop(KEY)),
            ("expired", client.request(&expired, |draft| draft), 401, under_dpop(DPOP_TOKEN)),
            ("bound token as bearer", bearer(&bound), 401, owned(under_bearer)),
            ("no token at all", with_authorization(&["Bearer a.b"]), 401, owned(under_bearer)),
            ("two fields", with_authorization(&["DPoP a", "Bearer a"]), 400, owned(request_error)),
            ("no scheme", with_authorization(&["Digest a"]), 400, owned(request_error)),
        ];
        for (name, request, status, expected) in cases {
            let ways = [AcceptedTokens::BoundAndUnbound, AcceptedTokens::Bound];
            for (accepted, expected) in ways.into_iter().zip(expected) {
                let response = ask(accepted, NonceDemand::NotUsed, &request);
                assert_eq!(response.status(), status, "{name}");
                assert_eq!(told(&response), expected, "{name}, {accepted:?}");
                let headers = response.headers();
                assert_eq!(headers["cache-control"], "no-store", "{name}");
                let exposed = &headers["access-control-expose-headers"];
                assert_eq!(exposed, "DPoP-Nonce, WWW-Authenticate", "{name}");
                assert!(!headers.contains_key("dpop-nonce"), "{name}");
            }
        }
        // An unbound token under DPoP is refused whatever else is taken.
        let request = client.request(&unbound, |draft| draft);
        let response = ask(AcceptedTokens::BoundAndUnbound, NonceDemand::NotUsed, &request);
        assert_eq!((response.status().as_u16(), told(&response)), (401, vec![KEY, BEARER]));
        let response = ask(AcceptedTokens::Bound, NonceDemand::NotUsed, &request);
        assert_eq!((response.status().as_u16(), told(&response)), (401, vec![DPOP_TOKEN]));
    }

    #[test]
    fn a_nonce_is_demanded_given_and_taken() {
        let (mut far, mut client) = (Provider::new(), Client::new());
        let token = far.token(|claims| claims.cnf = Some(client.cnf()));
        let mut server = server_with(Danger::NONE, DEMANDED, |_| ());
        let wrong = client.request(&token, |draft| draft.with_nonce(Some("mine")));
        for (request, check) in [
            (client.request(&token, |draft| draft), Check::DpopNoncePresent),
            (wrong, Check::DpopNonce),
        ] {
            let response = server.handle(&request, &mut far);
            assert_eq!(response.status(), 401);
            let nonce_needed = "DPoP error=\"use_dpop_nonce\", algs=\"ES256\"";
            assert_eq!(told(&response), [nonce_needed, BEARER]);
            assert_eq!(response.headers().get_all("dpop-nonce").iter().count(), 1);
            assert_eq!(server.take_refusal().unwrap().check(), Some(check));
        }
        let challenge = server.handle(&client.request(&token, |draft| draft), &mut far);
        let nonce = nonce_of(&challenge).unwrap().to_owned();
        let good = client.request(&token, |draft| draft.with_nonce(Some(&nonce)));
        let response = server.handle(&good, &mut far);
        assert_eq!(response.status(), 200);
        let next = nonce_of(&response).unwrap();
        assert_ne!(next, nonce, "the next one goes with the content");
        assert_eq!(response.headers()["cache-control"], "no-store");
        // Another server's nonce is none of this one's.
        let mut second =
            server_with(Danger::NONE, DEMANDED, |settings| settings.display_name.clear());
        let same_seed = second.handle(&good, &mut far);
        assert_eq!(same_seed.status(), 200, "the same mint, made from the same seed");
        let bearer = server.handle(&bearer(&far.token(|_| ())), &mut far);
        assert_eq!((bearer.status().as_u16(), nonce_of(&bearer)), (200, None));
    }

    #[test]
    fn what_the_server_cannot_tell_is_503_without_a_challenge() {
        let (mut far, mut client) = (Provider::new(), Client::new());
        let token = far.token(|claims| claims.cnf = Some(client.cnf()));
        let mut server = server_with(Danger::NONE, NonceDemand::NotUsed, |_| ());
        let answers: Vec<Response> = (0..65)
            .map(|_| server.handle(&client.request(&token, |draft| draft), &mut far))
            .collect();
        let (last, first) = answers.split_last().unwrap();
        assert!(first.iter().all(|answer| answer.status() == 200));
        assert_eq!((last.status().as_u16(), told(last)), (503, vec![]));
        assert_eq!(server.take_refusal().unwrap().code(), "pop.replay_full");
    }
}
