//! `prt-p256-flow.json`: nonce, PRT request, access token request, browser, with one set of keys.

use serde_json::Value;
use token_protection_lab::base::{Danger, json};
use token_protection_lab::jose::{Ctx, JwkThumbprint, KdfVersion, UnopenedJwe};

use super::{
    agreement_key, list, public_half, same_session, session_key, supplied, text, verify_es256,
    verify_use,
};

#[test]
fn one_pass_through_the_protocol() {
    let file = supplied("prt-p256-flow.json");
    let [nonce, prt, access, browser] = list(&file["steps"]) else { panic!("four steps") };
    let nonce = &nonce["response_json"]["Nonce"];

    // The PRT request is signed by the device key that `kid` names, over the nonce of step 1.
    let device = public_half(&file["device_private_jwk"]);
    let request = verify_es256(text(&prt["form"]["request"]), &device, Danger::NONE).unwrap();
    let kid: JwkThumbprint = request.header().kid.as_deref().unwrap().parse().unwrap();
    assert_eq!(
        (kid, kid.to_string().as_str()),
        (device.thumbprint(), text(&file["device_thumbprint"]))
    );
    assert_eq!(&request.json::<Value>().unwrap().get()["request_nonce"], nonce);

    // The answer holds the session key for the transport key alone.
    let transport = agreement_key(&file["transport_private_jwk"]);
    let apv = text(&file["transport_thumbprint"]);
    let jwe = UnopenedJwe::parse(text(&prt["response_json"]["session_key_jwe"])).unwrap();
    let session = jwe.unwrap_session_key(&transport, apv.as_bytes()).unwrap();
    assert!(same_session(&session, &session_key(&file["session_key_hex"])));

    // A use of the PRT is signed under a key derived from it, and so is the answer encrypted.
    let claims = verify_use(text(&access["form"]["request"]), &session, Danger::NONE).unwrap();
    let claims = claims.json::<Value>().unwrap().into_inner();
    assert_eq!(claims["refresh_token"], prt["response_json"]["refresh_token"]);
    let jwe = UnopenedJwe::parse(text(&access["response_body_jwe"])).unwrap();
    let ctx = Ctx::from_header(jwe.header().ctx.as_deref().unwrap()).unwrap();
    let answer = jwe.decrypt_dir(&session.derive(KdfVersion::V1, &ctx, b"")).unwrap();
    assert_eq!(json::from_slice::<Value>(&answer).unwrap()["token_type"], "bearer");

    let credential = text(&browser["header"]["x-ms-RefreshTokenCredential"]);
    let claims = verify_use(credential, &session, Danger::NONE).unwrap();
    assert_eq!(claims.json::<Value>().unwrap().get()["is_primary"], "true");
}
