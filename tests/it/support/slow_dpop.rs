//! A second opinion on DPoP proofs: slow, obvious, and written from RFC 9449, 7515, 7517, 7518, 7519,
//! 7638 and 3986 and from the stated limits, not from `src`. It says only whether a request passes.

use std::collections::BTreeMap;

use p256::ecdsa::signature::Verifier as _;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use sha2::{Digest as _, Sha256};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct SlowRequest {
    pub method: String,
    /// The public URI.
    pub url: String,
    pub proofs: Vec<Vec<u8>>,
    /// The scheme of the access token.
    pub scheme: Option<String>,
    pub token: Option<String>,
    /// `cnf.jkt` of the token, or the key that a grant is bound to.
    pub jkt: Option<String>,
    /// The nonces that are good now, if any are demanded.
    pub nonces: Option<Vec<String>>,
    pub now: i64,
}

/// What a server remembers: key and `jti`, each until its time.
#[derive(Clone, Debug, Default)]
pub struct SlowServer {
    pub seen: BTreeMap<(String, String), i64>,
}

impl SlowServer {
    pub fn accepts(&mut self, request: &SlowRequest) -> bool {
        let Some((jkt, jti, until)) = checked(request) else { return false };
        let before = self.seen.get(&(jkt.clone(), jti.clone()));
        if before.is_some_and(|until| request.now <= *until) {
            return false;
        }
        self.seen.insert((jkt, jti), until);
        true
    }
}

/// Key, `jti` and last second of a proof that passes everything but the memory of used ones.
fn checked(request: &SlowRequest) -> Option<(String, String, i64)> {
    let [proof] = request.proofs.as_slice() else { return None };
    need(proof.len() <= 8192)?;
    let proof = String::from_utf8(proof.clone()).ok()?;
    let parts: Vec<&str> = proof.split('.').collect();
    need(parts.len() == 3)?;
    let header = object(&decode(parts[0])?)?;
    let claims = object(&decode(parts[1])?)?;
    let signature = decode(parts[2])?;

    need(!header.contains_key("crit") && !header.contains_key("b64"))?;
    need(text(&header, "typ")? == "dpop+jwt")?;
    need(text(&header, "alg")? == "ES256")?;
    let Tree::Object(jwk) = header.get("jwk")? else { return None };
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        need(!jwk.contains_key(private))?;
    }
    need(text(jwk, "kty")? == "EC")?;
    need(text(jwk, "crv")? == "P-256")?;
    if jwk.contains_key("use") {
        need(text(jwk, "use")? == "sig")?;
    }
    if jwk.contains_key("alg") {
        need(text(jwk, "alg")? == "ES256")?;
    }
    if let Some(ops) = jwk.get("key_ops") {
        let Tree::List(ops) = ops else { return None };
        need(ops.iter().all(|op| matches!(op, Tree::Text(_))))?;
        need(ops.iter().any(|op| *op == Tree::Text("verify".to_owned())))?;
    }
    let (x, y) = (text(jwk, "x")?, text(jwk, "y")?);
    let (x_octets, y_octets) = (decode(&x)?, decode(&y)?);
    need(x_octets.len() == 32 && y_octets.len() == 32)?;
    let point = [vec![4], x_octets, y_octets].concat();
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
    let signed = format!("{}.{}", parts[0], parts[1]);
    need(signature.len() == 64)?;
    let signature = p256::ecdsa::Signature::from_slice(&signature).ok()?;
    key.verify(signed.as_bytes(), &signature).ok()?;

    let jti = text(&claims, "jti")?;
    need(!jti.is_empty() && jti.len() <= 256)?;
    need(text(&claims, "htm")? == request.method)?;
    need(normal_uri(&text(&claims, "htu")?)? == normal_uri(&request.url)?)?;
    let iat = number(&claims, "iat")?;
    need(at_least(&iat, request.now - 300) && at_most(&iat, request.now + 30))?;
    if claims.contains_key("exp") {
        need(!at_most(&number(&claims, "exp")?, request.now))?;
    }
    if claims.contains_key("nbf") {
        need(at_most(&number(&claims, "nbf")?, request.now))?;
    }
    let nonce = optional_text(&claims, "nonce")?;
    match (&request.nonces, nonce) {
        (None, None) => {}
        (None, Some(_)) | (Some(_), None) => return None,
        (Some(good), Some(nonce)) => need(good.contains(&nonce))?,
    }

    let thumbprint =
        encode(&Sha256::digest(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)));
    let ath = optional_text(&claims, "ath")?;
    match &request.token {
        Some(token) => {
            need(request.scheme.as_ref()?.eq_ignore_ascii_case("DPoP"))?;
            need(ath? == encode(&Sha256::digest(token.as_bytes())))?;
            need(request.jkt.as_ref()? == &thumbprint)?;
        }
        None => {
            need(ath.is_none())?;
            need(request.jkt.as_ref().is_none_or(|jkt| *jkt == thumbprint))?;
        }
    }
    Some((thumbprint, jti, last_second(&iat)))
}

fn need(holds: bool) -> Option<()> {
    holds.then_some(())
}

/// JSON with every object's members told apart.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Null,
    Bool,
    Number(Number),
    Text(String),
    List(Vec<Tree>),
    Object(BTreeMap<String, Tree>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TreeVisitor;
        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = Tree;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
                Ok(Tree::Bool)
            }
            fn visit_i64<E>(self, it: i64) -> Result<Tree, E> {
                Ok(Tree::Number(it.into()))
            }
            fn visit_u64<E>(self, it: u64) -> Result<Tree, E> {
                Ok(Tree::Number(it.into()))
            }
            fn visit_f64<E: serde::de::Error>(self, it: f64) -> Result<Tree, E> {
                Number::from_f64(it).map(Tree::Number).ok_or_else(|| E::custom("not finite"))
            }
            fn visit_str<E>(self, it: &str) -> Result<Tree, E> {
                Ok(Tree::Text(it.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = list.next_element()? {
                    all.push(one);
                }
                Ok(Tree::List(all))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut all = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Tree>()? {
                    if all.insert(name, value).is_some() {
                        return Err(A::Error::custom("twice"));
                    }
                }
                Ok(Tree::Object(all))
            }
        }
        from.deserialize_any(TreeVisitor)
    }
}

type Members = BTreeMap<String, Tree>;

fn object(octets: &[u8]) -> Option<Members> {
    match serde_json::from_slice(octets).ok()? {
        Tree::Object(members) => Some(members),
        _ => None,
    }
}

fn text(members: &Members, name: &str) -> Option<String> {
    match members.get(name)? {
        Tree::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// Outer nothing: there, and no text.
fn optional_text(members: &Members, name: &str) -> Option<Option<String>> {
    match members.contains_key(name) {
        true => text(members, name).map(Some),
        false => Some(None),
    }
}

fn number(members: &Members, name: &str) -> Option<Number> {
    match members.get(name)? {
        Tree::Number(number) => Some(number.clone()),
        _ => None,
    }
}

fn at_least(number: &Number, second: i64) -> bool {
    match number.as_i128() {
        Some(whole) => whole >= i128::from(second),
        None => number.as_f64().unwrap() >= second as f64,
    }
}

fn at_most(number: &Number, second: i64) -> bool {
    match number.as_i128() {
        Some(whole) => whole <= i128::from(second),
        None => number.as_f64().unwrap() <= second as f64,
    }
}

/// The last second at which a proof of this date still passes.
fn last_second(iat: &Number) -> i64 {
    let whole = iat.as_i128().unwrap_or_else(|| iat.as_f64().unwrap().floor() as i128);
    i64::try_from(whole).unwrap() + 300
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// base64url without padding, bit by bit (RFC 4648 section 5).
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bits = Vec::new();
    for letter in text.chars() {
        let value = ALPHABET.find(letter)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1));
    }
    let whole = bits.len() / 8 * 8;
    let rest = &bits[whole..];
    need(rest.len() < 6 && rest.iter().all(|bit| *bit == 0))?;
    let octet = |bits: &[usize]| bits.iter().fold(0, |value, bit| value << 1 | *bit as u8);
    Some(bits[..whole].chunks(8).map(octet).collect())
}

fn encode(octets: &[u8]) -> String {
    let mut bits: Vec<u8> =
        octets.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1)).collect();
    while !bits.len().is_multiple_of(6) {
        bits.push(0);
    }
    let letter = |bits: &[u8]| bits.iter().fold(0, |value, bit| value << 1 | usize::from(*bit));
    bits.chunks(6).map(|bits| ALPHABET.as_bytes()[letter(bits)] as char).collect()
}

/// RFC 3986: parsed as in appendix B, refused where the policy says so, normalised as in sections
/// 6.2.2 and 6.2.3, without query and fragment.
pub fn normal_uri(uri: &str) -> Option<String> {
    for (at, letter) in uri.char_indices() {
        let reserved = ":/?#[]@!$&'()*+,;=";
        need(
            letter.is_ascii_alphanumeric() || "-._~%".contains(letter) || reserved.contains(letter),
        )?;
        if letter == '%' {
            let digits = uri.get(at + 1..at + 3)?;
            need(digits.chars().all(|digit| digit.is_ascii_hexdigit()))?;
        }
    }
    let (uri, fragment) = uri.split_once('#').unwrap_or((uri, ""));
    need(!fragment.contains(['#', '[', ']']))?;
    let (uri, query) = uri.split_once('?').unwrap_or((uri, ""));
    need(!query.contains(['[', ']']))?;
    let (scheme, rest) = uri.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    need(scheme == "http" || scheme == "https")?;
    let rest = rest.strip_prefix("//")?;
    let (authority, path) = match rest.find('/') {
        Some(slash) => (&rest[..slash], &rest[slash..]),
        None => (rest, ""),
    };
    need(!authority.contains('@'))?;
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => {
            (&authority[..colon], &authority[colon + 1..])
        }
        _ => (authority, ""),
    };
    need(!host.is_empty() && port.chars().all(|digit| digit.is_ascii_digit()))?;
    match host.strip_prefix('[') {
        Some(literal) => {
            literal.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok()?;
        }
        None => need(!host.contains(['[', ']', ':']))?,
    }
    need(!path.contains(['[', ']']))?;
    let host = lower_but_percent(&decode_unreserved(host));
    let port = match (scheme.as_str(), port) {
        (_, "") | ("https", "443") | ("http", "80") => String::new(),
        (_, port) => format!(":{port}"),
    };
    let path = without_dots(&decode_unreserved(path));
    let path = if path.is_empty() { "/".to_owned() } else { path };
    Some(format!("{scheme}://{host}{port}{path}"))
}

fn decode_unreserved(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(percent) = rest.find('%') {
        out.push_str(&rest[..percent]);
        let digits = &rest[percent + 1..percent + 3];
        let letter = u8::from_str_radix(digits, 16).unwrap() as char;
        if letter.is_ascii_alphanumeric() || "-._~".contains(letter) {
            out.push(letter);
        } else {
            out.push_str(&format!("%{}", digits.to_ascii_uppercase()));
        }
        rest = &rest[percent + 3..];
    }
    out + rest
}

fn lower_but_percent(host: &str) -> String {
    let mut pieces = host.split('%');
    let mut out = pieces.next().unwrap().to_ascii_lowercase();
    for piece in pieces {
        out.push_str(&format!("%{}{}", &piece[..2], piece[2..].to_ascii_lowercase()));
    }
    out
}

/// RFC 3986 section 5.2.4, step by step.
fn without_dots(path: &str) -> String {
    let mut input = path.to_owned();
    let mut output = String::new();
    while !input.is_empty() {
        if let Some(rest) = input.strip_prefix("/./") {
            input = format!("/{rest}");
        } else if input == "/." {
            input = "/".to_owned();
        } else if let Some(rest) = input.strip_prefix("/../") {
            input = format!("/{rest}");
            output.truncate(output.rfind('/').unwrap_or(0));
        } else if input == "/.." {
            input = "/".to_owned();
            output.truncate(output.rfind('/').unwrap_or(0));
        } else {
            let end = input[1..].find('/').map_or(input.len(), |slash| slash + 1);
            output.push_str(&input[..end]);
            input = input[end..].to_owned();
        }
    }
    output
}
