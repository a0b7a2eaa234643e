//! Codes and their sentences. The sentences are ours: Microsoft's may change at any time and
//! clients must not depend on them, so ours do not pretend to be theirs.

/// By ascending code.
const REASONS: &[(u32, &str)] = &[
    (0, "Other."),
    (50013, "The token presented is no assertion or no primary refresh token."),
    (50034, "The user does not exist in this tenant."),
    (50057, "The user account is disabled."),
    (50074, "A second factor is required and was not given."),
    (50076, "A Conditional Access policy requires a second factor."),
    (50079, "The user must enrol a second factor."),
    (50097, "The device must authenticate."),
    (50126, "User name or password is wrong."),
    (50129, "The device is not registered."),
    (50132, "The session ended when the password changed."),
    (50133, "The session ended when the password changed."),
    (50142, "A Conditional Access policy requires a password change."),
    (50155, "Device authentication failed."),
    (50158, "An external challenge was not satisfied."),
    (50173, "The tokens of this user were revoked; a fresh sign-in is needed."),
    (50187, "The request carries no device information."),
    (53000, "A Conditional Access policy requires a compliant device."),
    (53001, "A Conditional Access policy requires a hybrid joined device."),
    (53002, "A Conditional Access policy requires an approved app."),
    (53003, "A Conditional Access policy blocked the request."),
    (53009, "A Conditional Access policy requires an app under app protection."),
    (70000, "The grant is not valid."),
    (70003, "The grant type is not supported."),
    (70008, "The token expired from inactivity."),
    (70043, "The token is older than the sign-in frequency allows."),
    (70044, "The session is older than the sign-in frequency allows."),
    (130004, "The user key is not registered."),
    (130005, "The signature of the user key is wrong."),
    (130006, "The device has no transport key."),
    (130007, "The device of the user key is disabled."),
    (130008, "The device of the user key was not found."),
    (135011, "The device is disabled."),
    (140000, "The request nonce is missing or not accepted."),
    (140001, "The session key is not the one of the token."),
    (530035, "Security defaults blocked the request."),
    (530084, "Token protection policy of this organization blocked the request."),
    (700082, "The token expired from inactivity."),
    (5000611, "The version of the key derivation is not accepted."),
];

/// The sentence for a code, with a full stop as the log has it; a general one for other codes.
#[must_use]
pub fn failure_reason(code: u32) -> &'static str {
    let known = REASONS.binary_search_by_key(&code, |(code, _)| *code).ok();
    known
        .and_then(|at| REASONS.get(at))
        .map_or("The request was refused.", |(_, sentence)| sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_in_ascending_order() {
        assert!(REASONS.is_sorted_by(|(a, _), (b, _)| a < b));
        assert_eq!(failure_reason(0), "Other.");
        assert!(failure_reason(530084).starts_with("Token protection"));
        assert_eq!(failure_reason(1), "The request was refused.");
    }
}
