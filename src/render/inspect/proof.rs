//! DPoP proofs: what one shows by itself, and what takes the request that it came with.

use super::Statement;
use crate::base::Check;
use crate::pop::dpop::{DpopError, Limits, Verifier};

/// A proof under the checks that need nothing else.
pub(super) struct Findings {
    pub(super) checked: Vec<Statement>,
    pub(super) not_checked: Vec<Statement>,
    pub(super) refused: Option<DpopError>,
}

pub(super) fn findings(text: &str) -> Findings {
    let found = Verifier::new(Limits::default()).outward(text.as_bytes());
    let mut checked: Vec<_> = found.passed.iter().copied().map(Statement::of).collect();
    let stop = found.refused.and_then(|error| error.check());
    if let (Some(check), Some(error)) = (stop, found.refused) {
        checked.push(Statement::because(check, &format!("refused, {error}")));
    }
    let open = Check::ALL.iter().copied().filter(|check| {
        check.id().starts_with("DPO-") && Some(*check) != stop && !found.passed.contains(check)
    });
    let not_checked = open.map(|check| Statement::because(check, why_open(check))).collect();
    Findings { checked, not_checked, refused: found.refused }
}

fn why_open(check: Check) -> &'static str {
    use Check as C;
    match check {
        C::DpopProofPresent | C::DpopOneProof | C::DpopMethod | C::DpopUri => {
            "there is no request here"
        }
        C::DpopNoncePresent | C::DpopNonce => "only the server can tell",
        C::DpopAge | C::DpopAhead | C::DpopExpiry | C::DpopNotBefore => "there is no clock here",
        C::DpopTokenHashPresent
        | C::DpopTokenHash
        | C::DpopBoundKey
        | C::DpopTokenBound
        | C::DpopScheme
        | C::DpopTokenHashAbsent => "there is no access token here",
        C::DpopReplay => "only the server remembers",
        _ => "another check had refused it",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use crate::base::stream::Seed;
    use crate::base::{Check, Timestamp, b64};
    use crate::jose::SigningKey;
    use crate::pop::dpop::ProofDraft;
    use crate::render::inspect::{Inspection, Kind, inspect};

    fn good() -> String {
        let mut rng = Seed(7).stream("proof");
        let key = SigningKey::generate(&mut rng);
        let now = Timestamp::from_unix(1_773_144_000);
        let draft = ProofDraft::new("GET", "https://resource.example/notes", now, &mut rng);
        draft.sign(key.public_key(), &key).unwrap()
    }

    /// The good proof with another header; its signature no longer fits.
    fn bent(bend: impl FnOnce(&mut Value)) -> String {
        let good = good();
        let (header, rest) = good.split_once('.').unwrap();
        let mut header: Value = serde_json::from_slice(&b64::decode_url(header).unwrap()).unwrap();
        bend(&mut header);
        format!("{}.{rest}", b64::encode_url(header.to_string()))
    }

    fn ids(found: &Inspection) -> (Vec<Check>, Vec<Check>) {
        let ids = |list: &[super::Statement]| list.iter().filter_map(|one| one.check).collect();
        (ids(&found.checked), ids(&found.not_checked))
    }

    #[test]
    fn every_check_of_proofs_is_either_made_or_not() {
        let all: BTreeSet<Check> =
            Check::ALL.iter().copied().filter(|check| check.id().starts_with("DPO-")).collect();
        for text in [
            good(),
            bent(|header| header["alg"] = json!("none")),
            bent(|header| header["jwk"]["d"] = json!("c2VjcmV0")),
            bent(|header| drop(header.as_object_mut().unwrap().remove("jwk"))),
        ] {
            let found = inspect(&text).unwrap();
            assert_eq!(found.kind, Kind::DpopProof);
            let (made, open) = ids(&found);
            let made: Vec<_> = made.into_iter().filter(|check| all.contains(check)).collect();
            assert_eq!(made.len() + open.len(), all.len(), "{text}");
            assert_eq!(made.into_iter().chain(open).collect::<BTreeSet<_>>(), all, "{text}");
        }
    }

    #[test]
    fn a_proof_that_no_server_takes_is_not_said_to_prove() {
        let found = inspect(&good()).unwrap();
        assert!(found.meaning.contains("It proves one request"), "{}", found.meaning);
        assert!(ids(&found).0.contains(&Check::DpopSignature));
        for (text, check) in [
            (bent(|header| header["alg"] = json!("none")), Check::DpopAlgorithm),
            (bent(|header| header["alg"] = json!("HS256")), Check::DpopAlgorithm),
            (bent(|header| header["jwk"]["d"] = json!("c2VjcmV0")), Check::DpopKeyPublic),
            (bent(|header| header["kid"] = json!("other")), Check::DpopSignature),
            (
                bent(|header| drop(header.as_object_mut().unwrap().remove("jwk"))),
                Check::DpopMembers,
            ),
        ] {
            let found = inspect(&text).unwrap();
            assert_eq!(ids(&found).0.last(), Some(&check), "{text}");
            let refusal = format!("{check}");
            assert!(found.meaning.contains(&refusal), "{}", found.meaning);
            assert!(!found.meaning.contains("It proves one request"), "{}", found.meaning);
        }
    }

    #[test]
    fn the_private_half_of_a_key_is_not_shown() {
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            let found = inspect(&bent(|header| header["jwk"][name] = json!("c2VjcmV0"))).unwrap();
            let shown = found.to_page().to_plain() + &serde_json::to_string(&found).unwrap();
            assert!(!shown.contains("c2VjcmV0"), "{shown}");
            let note = found.parts[0].members.iter().find(|member| member.name == "jwk").unwrap();
            let note = note.note.as_deref().unwrap();
            assert!(note.contains("DPO-13") && !note.contains("public"), "{note}");
        }
    }
}
