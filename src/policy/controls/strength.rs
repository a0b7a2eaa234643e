//! `authenticationStrength`: which combinations of methods are strong enough.
//!
//! An export usually carries the combinations; where it carries an id alone, the built-in strengths
//! are known from the catalogue.

use crate::base::id::{AuthenticationStrengthId, PolicyId};
use crate::catalog::PolicyWords;
use crate::policy::error::PolicyError;
use crate::policy::facts::AuthenticationMethod;
use crate::policy::flags::Flags;
use crate::policy::reader::{self, Object, Unknown, Words};

use AuthenticationMethod as M;

/// `grantControls.authenticationStrength`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationStrength {
    /// The id.
    pub id: AuthenticationStrengthId,
    /// The name people read; empty if the policy gives none.
    pub display_name: String,
    /// Sets of methods; one whose methods were all used is enough.
    pub allowed_combinations: Vec<Flags<AuthenticationMethod>>,
}

impl AuthenticationStrength {
    /// Whether these methods satisfy it.
    #[must_use]
    pub fn is_met_by(&self, methods: Flags<AuthenticationMethod>) -> bool {
        self.allowed_combinations.iter().any(|combination| combination.without(methods).is_empty())
    }
}

impl Words for AuthenticationMethod {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("password", M::Password),
        ("voice", M::Voice),
        ("hardwareOath", M::HardwareOath),
        ("softwareOath", M::SoftwareOath),
        ("sms", M::Sms),
        ("fido2", M::Fido2),
        ("windowsHelloForBusiness", M::WindowsHelloForBusiness),
        ("microsoftAuthenticatorPush", M::MicrosoftAuthenticatorPush),
        ("deviceBasedPush", M::DeviceBasedPush),
        ("temporaryAccessPassOneTime", M::TemporaryAccessPassOneTime),
        ("temporaryAccessPassMultiUse", M::TemporaryAccessPassMultiUse),
        ("email", M::Email),
        ("x509CertificateSingleFactor", M::X509CertificateSingleFactor),
        ("x509CertificateMultiFactor", M::X509CertificateMultiFactor),
        ("federatedSingleFactor", M::FederatedSingleFactor),
        ("federatedMultiFactor", M::FederatedMultiFactor),
        ("qrCodePin", M::QrCodePin),
    ];
}

/// None if it is absent or null.
pub(super) fn read(
    grant: &mut Object<'_>,
    policy: PolicyId,
) -> Result<Option<AuthenticationStrength>, PolicyError> {
    let Some(mut object) = grant.object("authenticationStrength")? else { return Ok(None) };
    let id = object.id::<AuthenticationStrengthId>("id")?;
    let display_name = object.text("displayName")?.unwrap_or_default().to_owned();
    let listed = object.list("allowedCombinations", combination)?;
    let path = object.path_of("allowedCombinations");
    object.not_evaluated(&["combinationConfigurations"])?;
    object.without_influence(&[
        "createdDateTime",
        "description",
        "modifiedDateTime",
        "policyType",
        "requirementsSatisfied",
    ]);
    object.finish(Unknown::Refuse)?;
    let allowed_combinations = match listed.is_empty() {
        false => listed,
        true => built_in(id).ok_or(PolicyError::Incomplete {
            policy,
            path,
            reason: "is empty, and the strength is no built-in one",
        })?,
    };
    Ok(Some(AuthenticationStrength { id, display_name, allowed_combinations }))
}

fn combination(
    value: &mut serde_json::Value,
    path: String,
) -> Result<Flags<AuthenticationMethod>, PolicyError> {
    let methods = reader::flags(value, path.clone())?;
    if methods.is_empty() {
        return Err(PolicyError::Missing { path });
    }
    Ok(methods)
}

/// The combinations of a built-in strength.
fn built_in(id: AuthenticationStrengthId) -> Option<Vec<Flags<AuthenticationMethod>>> {
    let strength = PolicyWords::builtin().strength(id)?;
    let methods = |text: &String| -> Flags<AuthenticationMethod> {
        let named = |name| M::WORDS.iter().find(|(word, _)| *word == name).map(|(_, it)| *it);
        text.split(',').filter_map(named).collect()
    };
    Some(strength.allowed_combinations.iter().map(methods).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_catalogue_are_methods() {
        for (last, count) in [(2, 17), (3, 4), (4, 3)] {
            let id = AuthenticationStrengthId::from_u128(last);
            let texts = &PolicyWords::builtin().strength(id).unwrap().allowed_combinations;
            let read = built_in(id).unwrap();
            assert_eq!(texts.len(), count);
            for (text, flags) in texts.iter().zip(read) {
                assert_eq!(text.split(',').count(), flags.iter().count(), "{text}");
            }
        }
        assert_eq!(built_in(AuthenticationStrengthId::from_u128(5)), None);
    }

    #[test]
    fn the_words_are_the_names_of_the_methods() {
        for (word, method) in M::WORDS {
            assert_eq!(*word, method.as_str());
        }
    }
}
