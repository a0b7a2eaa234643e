//! Device and user-key registration (MS-DVRJ, MS-KPP) in the P-256 form of prt-protocol 9.3.

use serde::{Deserialize, Serialize};

/// The join body: JSON around one JWS by the new device key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JoinRequest {
    /// ES256 by the device key over [`JoinClaims`]; the header's `jwk` is that key. Simulated: the
    /// original sends a PKCS#10 request beside an unsigned transport key.
    #[serde(rename = "JoinRequest")]
    pub join_request: String,
}

/// What the device signs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JoinClaims {
    /// A nonce of this provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_nonce: Option<String>,
    /// The public transport key.
    #[serde(rename = "TransportKey")]
    pub transport_key: crate::jose::jwk::Jwk,
    /// 0 joined, 4 registered, 6 hybrid (prt-protocol 1.4).
    #[serde(rename = "JoinType")]
    pub join_type: u8,
    /// For example `Windows`.
    #[serde(rename = "DeviceType")]
    pub device_type: String,
    /// For example `10.0.26100`.
    #[serde(rename = "OSVersion")]
    pub os_version: String,
    /// Name shown to administrators.
    #[serde(rename = "DeviceDisplayName")]
    pub device_display_name: String,
    /// How the device is being registered. Simulated: the cloud infers it.
    #[serde(rename = "RegistrationMethod")]
    pub registration_method: String,
    /// Whether the private key is said to live in hardware. Simulated: stands for an attestation.
    #[serde(rename = "KeySecurity")]
    pub key_security: String,
    /// The device to register again; absent for a new one.
    #[serde(rename = "DeviceId", skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

/// The join answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JoinAnswer {
    /// The certificate and its names.
    #[serde(rename = "Certificate")]
    pub certificate: Certificate,
    /// Who registered.
    #[serde(rename = "User")]
    pub user: JoinUser,
    /// Id of the device, which the original puts into the certificate alone.
    #[serde(rename = "DeviceId")]
    pub device_id: String,
}

/// What names the registered device key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Certificate {
    /// RFC 7638 thumbprint of the device key: the `kid` of later requests.
    #[serde(rename = "Thumbprint")]
    pub thumbprint: String,
}

/// Who registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JoinUser {
    /// User principal name.
    #[serde(rename = "Upn")]
    pub upn: String,
}

/// The error body of the registration service (MS-DVRJ 2.2.3.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JoinError {
    /// For example `AuthenticationError`.
    #[serde(rename = "ErrorType")]
    pub error_type: String,
    /// A sentence.
    #[serde(rename = "Message")]
    pub message: String,
    /// Id of this request.
    #[serde(rename = "TraceId")]
    pub trace_id: String,
    /// RFC 3339.
    #[serde(rename = "Time")]
    pub time: String,
}

/// Removal: the DELETE body, a JWS by the device key. Simulated: the original uses client TLS.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveClaims {
    /// A nonce of this provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_nonce: Option<String>,
    /// The device to remove.
    pub device_id: String,
}

/// `{"kngc": <public key>}` (MS-KPP 3.1.5.1); the key as a JWK instead of a Windows blob.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyRequest {
    /// The public user key.
    pub kngc: crate::jose::jwk::Jwk,
    /// Id of the device the key lives on. Simulated: the original reads it from the token.
    pub device_id: String,
}

/// The answer to [`KeyRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyAnswer {
    /// Thumbprint of the key.
    pub kid: String,
    /// User principal name.
    pub upn: String,
}
