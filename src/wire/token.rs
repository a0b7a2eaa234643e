//! Requests to the token endpoint: nonces, signed requests and the plain grants.

use super::claims::JWT_BEARER;
use super::form::Form;
use super::{ParseError, Request};
use crate::base::Secret;
use crate::base::id::AppId;

/// Header that names the legacy protocol a client speaks to a resource server, such as `IMAP4`.
/// Simulated: it stands for the protocol itself.
pub const LEGACY_PROTOCOL: &str = "x-protocol";

/// One request to the token endpoint.
#[derive(Debug)]
pub enum TokenRequest {
    /// `grant_type=srv_challenge` (MS-OAPXBC 3.2.5.1.1).
    Nonce,
    /// A JWT in `request`: a PRT request or a use; its header and claims tell which.
    Signed(Secret<String>),
    /// RFC 6749 section 4.1.3 with RFC 7636.
    Code(CodeGrant),
    /// RFC 6749 section 6: a plain refresh grant, with an optional device credential header.
    Refresh(RefreshGrant),
}

/// Redemption of an authorization code.
#[derive(Debug)]
pub struct CodeGrant {
    /// The client.
    pub client_id: AppId,
    /// The code.
    pub code: Secret<String>,
    /// As at the authorize step.
    pub redirect_uri: String,
    /// PKCE verifier.
    pub code_verifier: Option<Secret<String>>,
}

/// Use of a refresh token outside the broker.
#[derive(Debug)]
pub struct RefreshGrant {
    /// The client.
    pub client_id: AppId,
    /// The refresh token.
    pub refresh_token: Secret<String>,
    /// Resource asked for: an application id or an origin.
    pub resource: Option<String>,
    /// Scope asked for.
    pub scope: Option<String>,
}

impl TokenRequest {
    /// Reads the body. The Content-Type is not looked at: some clients send none.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(request: &Request) -> Result<Self, ParseError> {
        let form = Form::parse(request.body())?;
        match form.required("grant_type")?.as_str() {
            "srv_challenge" => Ok(Self::Nonce),
            JWT_BEARER => Ok(Self::Signed(Secret::new(form.required("request")?))),
            "authorization_code" => Ok(Self::Code(CodeGrant {
                client_id: form.typed("client_id")?,
                code: Secret::new(form.required("code")?),
                redirect_uri: form.required("redirect_uri")?,
                code_verifier: form.optional("code_verifier").map(Secret::new),
            })),
            "refresh_token" => Ok(Self::Refresh(RefreshGrant {
                client_id: form.typed("client_id")?,
                refresh_token: Secret::new(form.required("refresh_token")?),
                resource: form.optional("resource"),
                scope: form.optional("scope"),
            })),
            _ => Err(ParseError::UnsupportedGrant),
        }
    }

    /// The form a client posts.
    #[must_use]
    pub fn to_form(&self) -> Form {
        let form = Form::default();
        match self {
            Self::Nonce => form.with("grant_type", "srv_challenge"),
            Self::Signed(jwt) => form
                .with("grant_type", JWT_BEARER)
                .with("request", jwt.expose_secret())
                .with("windows_api_version", "2.2"),
            Self::Code(grant) => form
                .with("grant_type", "authorization_code")
                .with("client_id", grant.client_id.to_string())
                .with("code", grant.code.expose_secret())
                .with("redirect_uri", &grant.redirect_uri)
                .with_optional(
                    "code_verifier",
                    grant.code_verifier.as_ref().map(|verifier| verifier.expose_secret().as_str()),
                ),
            Self::Refresh(grant) => form
                .with("grant_type", "refresh_token")
                .with("client_id", grant.client_id.to_string())
                .with("refresh_token", grant.refresh_token.expose_secret())
                .with_optional("resource", grant.resource.as_deref())
                .with_optional("scope", grant.scope.as_deref()),
        }
    }
}

/// A legacy sign-in, forwarded by a resource server to the provider. Simulated: the real wire
/// between them is not public.
#[derive(Debug)]
pub struct LegacySignIn {
    /// User name as typed.
    pub username: String,
    /// Password as typed.
    pub password: Secret<String>,
    /// Application id of the resource server that forwards.
    pub resource: AppId,
    /// Protocol name as the sign-in log writes it, for example `IMAP4`.
    pub protocol: String,
}

impl LegacySignIn {
    /// Reads the body.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(request: &Request) -> Result<Self, ParseError> {
        let form = Form::parse(request.body())?;
        Ok(Self {
            username: form.required("username")?,
            password: Secret::new(form.required("password")?),
            resource: form.typed("resource")?,
            protocol: form.required("protocol")?,
        })
    }

    /// The form a resource server posts.
    #[must_use]
    pub fn to_form(&self) -> Form {
        Form::default()
            .with("username", &self.username)
            .with("password", self.password.expose_secret())
            .with("resource", self.resource.to_string())
            .with("protocol", &self.protocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<TokenRequest, ParseError> {
        TokenRequest::parse(&http::Request::new(body.as_bytes().to_vec()))
    }

    #[test]
    fn every_grant_reads_back() {
        for body in [
            "grant_type=srv_challenge",
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&request=a.b.c&windows_api_version=2.2",
            "client_id=29d9ed98-a469-4536-ade2-f981bc1d605e&code=c&code_verifier=v&grant_type=authorization_code&redirect_uri=r%3A%2F",
            "client_id=29d9ed98-a469-4536-ade2-f981bc1d605e&grant_type=refresh_token&refresh_token=t&resource=x",
        ] {
            assert_eq!(parse(body).unwrap().to_form().encode(), body);
        }
    }

    #[test]
    fn unknown_grants_and_missing_fields_are_named() {
        assert_eq!(parse("grant_type=magic").unwrap_err(), ParseError::UnsupportedGrant);
        assert_eq!(parse("").unwrap_err(), ParseError::Missing { field: "grant_type" });
        assert_eq!(
            parse("grant_type=refresh_token&client_id=x&refresh_token=t").unwrap_err(),
            ParseError::Malformed { field: "client_id" }
        );
    }
}
