//! Access tokens bound to keys, and as many different proofs for them as a bench needs.

use token_protection_lab::base::stream::{Seed, Stream};
use token_protection_lab::base::{Danger, Timestamp, b64};
use token_protection_lab::jose::jws::sign_compact;
use token_protection_lab::jose::{
    Header, JwkThumbprint, SignatureAlgorithm, SigningKey, VerifyEs256,
};
use token_protection_lab::pop::NonceMint;
use token_protection_lab::pop::dpop::{
    DpopError, DpopPossession, NONCE_LIFETIME, NonceRule, Presented, ProofDraft, RequestFacts,
    Scheme, TargetUri, Verifier,
};
use token_protection_lab::pop::replay::{ReplayKey, ReplayWindow, Window};

/// All inputs come from this seed.
pub const SEED: Seed = Seed(0xd_b0b);

/// Distinct signatures in a workload.
pub const SIGNATURES: usize = 1_024;

/// The time of all proofs.
pub const NOW: Timestamp = Timestamp::from_unix(1_773_144_000);

/// One request with its access token.
pub struct Bound {
    pub token: String,
    pub jkt: JwkThumbprint,
    pub proof: String,
    /// The same proof as a bare signature check takes it: key, signing input, signature.
    pub key: [u8; 65],
    pub input: Vec<u8>,
    pub signature: [u8; 64],
}

/// Requests under `keys` keys, one after another, with everything a server needs to check them.
pub struct Workload {
    pub requests: Vec<Bound>,
    pub issuer: SigningKey,
    pub uri: TargetUri,
    pub mint: NonceMint,
}

impl Workload {
    pub fn new(keys: usize) -> Self {
        let mut rng = SEED.stream("proofs");
        let issuer = SigningKey::generate(&mut rng);
        let mint = NonceMint::generate(&mut rng);
        let uri = TargetUri::parse("https://api.example.com/v1.0/me/messages").unwrap();
        let holders: Vec<_> = (0..keys)
            .map(|n| {
                let key = SigningKey::generate(&mut rng);
                let token = access_token(n, &key, &issuer);
                (key, token)
            })
            .collect();
        let count = SIGNATURES.max(keys);
        let one = |(key, token): &(SigningKey, String), rng: &mut Stream| {
            let mut draft = ProofDraft::new("GET", uri.as_str(), NOW, rng).for_token(token);
            draft.nonce = Some(mint.issue(NOW, rng));
            bound(draft.sign(key.public_key(), key).unwrap(), key, token.clone())
        };
        let requests =
            holders.iter().cycle().take(count).map(|holder| one(holder, &mut rng)).collect();
        Self { requests, issuer, uri, mint }
    }

    /// The whole check of a proof, as a server makes it.
    pub fn check<B: VerifyEs256>(
        &self,
        verifier: &Verifier<B>,
        bound: &Bound,
        replay: (&dyn ReplayWindow, &ReplayKey),
    ) -> Result<DpopPossession, DpopError> {
        let request = RequestFacts {
            method: "GET",
            uri: &self.uri,
            proofs: &[bound.proof.as_bytes()],
            scheme: Scheme::Dpop,
        };
        let presented = Presented::AccessToken { token: &bound.token, jkt: Some(bound.jkt) };
        let nonces = NonceRule::Demanded(&self.mint, NONCE_LIFETIME);
        verifier.verify(&request, presented, nonces, Some(replay), NOW, Danger::NONE)
    }
}

/// An access token of 1.7 kB: the claims of a cloud's with a dozen of roles.
fn access_token(n: usize, holder: &SigningKey, issuer: &SigningKey) -> String {
    let header = Header::new(SignatureAlgorithm::Es256).with_typ("at+jwt").with_kid("issuer");
    let roles: Vec<String> =
        (0..12).map(|role| format!("\"62e90394-69f5-4237-9190-{:012x}\"", n * 12 + role)).collect();
    let payload = format!(
        r#"{{"iss":"https://login.example/tenant/v2.0","aud":"00000002-0000-0ff1-ce00-000000000000","tid":"3338040d-6c67-4c5b-b112-36a304b66dad","oid":"0f3b9f6e-0000-4a63-9ab7-{n:012x}","upn":"user-{n}@example.com","appid":"29d9ed98-a469-4536-ade2-f981bc1d605e","scp":"Mail.ReadWrite Calendars.ReadWrite Contacts.Read Files.ReadWrite.All","iat":{0},"nbf":{0},"auth_time":{0},"exp":{1},"uti":"5b3e2c1d-0000-4000-8000-{n:012x}","amr":["mfa"],"deviceid":"aaaaaaaa-0000-4000-8000-{n:012x}","cnf":{{"jkt":"{2}"}},"ver":"2.0","wids":[{3}]}}"#,
        NOW.as_unix(),
        NOW.as_unix() + 3_600,
        holder.public_key().thumbprint(),
        roles.join(","),
    );
    sign_compact(&header, payload.as_bytes(), issuer).unwrap()
}

fn bound(proof: String, key: &SigningKey, token: String) -> Bound {
    let (input, signature) = proof.rsplit_once('.').unwrap();
    let (input, signature) = (input.as_bytes().to_vec(), b64::decode_url(signature).unwrap());
    Bound {
        jkt: key.public_key().thumbprint(),
        key: key.public_key().to_sec1(),
        input,
        signature: signature.try_into().unwrap(),
        token,
        proof,
    }
}

/// A window in which every proof is new: its key changes each time all of them had their turn.
///
/// It is a million entries wide and a quarter full, as that of a server which has run for a while:
/// its memory was handed out by the system before.
pub struct Rounds {
    window: Window,
    key: ReplayKey,
    rng: Stream,
    left: usize,
}

impl Rounds {
    pub fn new() -> Self {
        let mut rng = SEED.stream("rounds");
        let (window, key) = (Window::with_capacity(1_000_000), ReplayKey::generate(&mut rng));
        let jkt = JwkThumbprint::of_p256_coordinates(&[b'x'; 43], &[b'y'; 43]);
        for n in 0..250_000_u64 {
            window.test_and_set(key.tag(&jkt, &n.to_be_bytes()), NOW, NOW).unwrap();
        }
        Self { window, key, rng, left: SIGNATURES }
    }

    /// For the next proof.
    pub fn next(&mut self) -> (&dyn ReplayWindow, &ReplayKey) {
        if self.left == 0 {
            self.key = ReplayKey::generate(&mut self.rng);
            self.left = SIGNATURES;
        }
        self.left -= 1;
        (&self.window, &self.key)
    }
}
