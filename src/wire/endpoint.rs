//! Endpoints of the provider: method and path, compared without case as the real clients need.

use http::Method;

use super::{ParseError, Request};
use crate::base::id::DeviceId;

/// What a request to the provider asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `GET /{tenant}/oauth2/authorize`: browser credentials in headers, or a sign-in page.
    Authorize,
    /// `GET /{tenant}/discovery/keys`: the JWKS.
    Keys,
    /// `POST /{tenant}/legacy-sign-in`: a resource server forwards a password. Simulated.
    LegacySignIn,
    /// `POST /{tenant}/login`: what the sign-in page posts. Simulated.
    Login,
    /// `GET /{tenant}/.well-known/openid-configuration`.
    OpenIdConfiguration,
    /// `POST /EnrollmentServer/device`: join (MS-DVRJ 3.1.5.1.1).
    RegisterDevice,
    /// `POST /EnrollmentServer/key`: user key (MS-KPP 3.1.5.1).
    RegisterKey,
    /// `DELETE /EnrollmentServer/device/{id}` (MS-DVRJ 3.1.5.1.2).
    RemoveDevice(DeviceId),
    /// `POST /{tenant}/oauth2/token`: nonces and every grant.
    Token,
}

impl Endpoint {
    /// Finds the endpoint of a request. The tenant segment is not compared: one lab, one tenant.
    ///
    /// # Errors
    /// [`ParseError::UnknownEndpoint`], or [`ParseError::Malformed`] for a device id that is none.
    pub fn of(request: &Request) -> Result<Self, ParseError> {
        let path = request.uri().path().to_ascii_lowercase();
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).take(5).collect();
        let get = request.method() == Method::GET;
        let post = request.method() == Method::POST;
        match segments.as_slice() {
            ["enrollmentserver", "device"] if post => Ok(Self::RegisterDevice),
            ["enrollmentserver", "device", id] if request.method() == Method::DELETE => id
                .parse()
                .map(Self::RemoveDevice)
                .map_err(|_| ParseError::Malformed { field: "device id" }),
            ["enrollmentserver", "key"] if post => Ok(Self::RegisterKey),
            [_, "oauth2", "token"] | [_, "oauth2", "v2.0", "token"] if post => Ok(Self::Token),
            [_, "oauth2", "authorize"] | [_, "oauth2", "v2.0", "authorize"] if get => {
                Ok(Self::Authorize)
            }
            [_, "login"] if post => Ok(Self::Login),
            [_, "legacy-sign-in"] if post => Ok(Self::LegacySignIn),
            [_, "discovery", "keys"] if get => Ok(Self::Keys),
            [_, ".well-known", "openid-configuration"] if get => Ok(Self::OpenIdConfiguration),
            _ => Err(ParseError::UnknownEndpoint),
        }
    }

    /// A short name for traces and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Keys => "keys",
            Self::LegacySignIn => "legacy sign-in",
            Self::Login => "login",
            Self::OpenIdConfiguration => "metadata",
            Self::RegisterDevice => "register device",
            Self::RegisterKey => "register key",
            Self::RemoveDevice(_) => "remove device",
            Self::Token => "token",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(method: &str, path: &str) -> Result<Endpoint, ParseError> {
        Endpoint::of(&http::Request::builder().method(method).uri(path).body(vec![]).unwrap())
    }

    #[test]
    fn paths_are_found_without_case() {
        assert_eq!(endpoint("POST", "/common/oAuth2/v2.0/token"), Ok(Endpoint::Token));
        assert_eq!(endpoint("GET", "/t/oauth2/authorize?x=y"), Ok(Endpoint::Authorize));
        assert_eq!(endpoint("POST", "/EnrollmentServer/device/"), Ok(Endpoint::RegisterDevice));
    }

    #[test]
    fn the_method_counts() {
        assert_eq!(endpoint("GET", "/t/oauth2/token"), Err(ParseError::UnknownEndpoint));
        assert_eq!(
            endpoint("DELETE", "/EnrollmentServer/device/zz"),
            Err(ParseError::Malformed { field: "device id" })
        );
    }
}
