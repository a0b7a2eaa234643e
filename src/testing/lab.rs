//! [`Lab`]: a provider with its tenant, a clock, and shortcuts for the messages tests need.

use http::header;

use crate::base::id::{AppId, UserId};
use crate::base::stream::{Seed, Stream, octets};
use crate::base::time::ManualClock;
use crate::base::{Check, Danger, Lifetime, Secret, Timestamp, b64};
use crate::catalog::RulePack;
use crate::directory::{Directory, PasswordVerifier, SecondFactor};
use crate::idp::{Provider, ProviderSettings, Verdict};
use crate::policy::PolicySet;
use crate::sim::policies::policy_set;
use crate::wire::answer::{PrtAnswer, TokenAnswer};
use crate::wire::authorize::{AuthorizeAnswer, AuthorizeQuery, Login};
use crate::wire::form::Form;
use crate::wire::token::{CodeGrant, RefreshGrant, TokenRequest};
use crate::wire::{Request, Response};

use super::device::{HandmadeDevice, post};
use super::dpop::HandmadeDpop;

/// Outlook, a native app that goes through the broker.
pub const OUTLOOK: AppId = AppId::from_u128(0xd3590ed6_52b3_4102_aeff_aad2292ab01c);
/// The Azure command line, a native app outside the broker.
pub const AZURE_CLI: AppId = AppId::from_u128(0x04b07795_8ddb_461a_bbee_02f9e1bf7b46);
/// Redirect URI of both.
pub const LOCALHOST: &str = "http://localhost";
/// The user of the lab.
pub const ALICE: &str = "alice@contoso.example";
/// Her password. It must appear in no error, log or trace; a test searches for it.
pub const PASSWORD: &str = "correct horse battery staple";
/// A PKCE verifier for tests.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A provider, its tenant and a clock.
pub struct Lab {
    provider: Provider,
    clock: ManualClock,
    rng: Stream,
    seed: Seed,
    second_factor: SecondFactor,
    /// When the code that was given last is replaced by another.
    next_code: Timestamp,
}

/// How a lab is set up.
#[derive(Clone, Debug)]
pub struct LabBuilder {
    settings: ProviderSettings,
    policies: Vec<String>,
    directory: Vec<u8>,
    rules: &'static RulePack,
    seed: Seed,
}

impl Default for LabBuilder {
    fn default() -> Self {
        Self {
            settings: ProviderSettings::default(),
            policies: Vec::new(),
            directory: crate::directory::SAMPLE.to_vec(),
            rules: RulePack::newest(),
            seed: Seed(7),
        }
    }
}

impl LabBuilder {
    /// Changes provider settings.
    #[must_use]
    pub fn settings(mut self, edit: impl FnOnce(&mut ProviderSettings)) -> Self {
        edit(&mut self.settings);
        self
    }

    /// Takes one check out.
    #[must_use]
    pub const fn danger(mut self, danger: Danger) -> Self {
        self.settings.danger = danger;
        self
    }

    /// Built-in policies by name, such as `b` and `d2`.
    #[must_use]
    pub fn policies(mut self, names: &[&str]) -> Self {
        self.policies = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// A directory file other than the built-in tenant's.
    #[must_use]
    pub fn directory(mut self, json: &[u8]) -> Self {
        self.directory = json.to_vec();
        self
    }

    /// Rules of another date.
    #[must_use]
    pub const fn rules(mut self, rules: &'static RulePack) -> Self {
        self.rules = rules;
        self
    }

    /// Another root of chance.
    #[must_use]
    pub const fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// The lab.
    ///
    /// # Panics
    /// If directory or policies cannot be read.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn build(self) -> Lab {
        let directory = Directory::from_json(&self.directory).expect("a directory");
        let names: Vec<_> = self.policies.iter().map(|name| name.as_str().into()).collect();
        let policies: PolicySet = policy_set(&names).expect("built-in policies");
        let mut rng = self.seed.stream("provider");
        let provider = Provider::new(directory, policies, self.rules, self.settings, &mut rng)
            .expect("a provider");
        let factor = octets::<32>(&mut self.seed.stream("second factor"));
        let mut lab = Lab {
            provider,
            clock: ManualClock::starting_at(Timestamp::from_unix(1_772_438_400)),
            rng,
            seed: self.seed,
            second_factor: SecondFactor::from_octets(&factor).expect("a second factor"),
            next_code: Timestamp::from_unix(0),
        };
        if lab.provider.directory().user_by_upn(ALICE).is_some() {
            lab.set_password(PASSWORD);
            let (alice, factor) = (lab.alice(), lab.second_factor.clone());
            lab.provider.set_second_factor(alice, factor).expect("alice is there");
        }
        lab
    }
}

/// What came back, and what the provider made of it.
#[derive(Debug)]
pub struct Answer {
    /// The answer as the peer sees it.
    pub response: Response,
    /// The precise reason, which the peer does not see.
    pub verdict: Option<Verdict>,
}

impl Answer {
    /// The check that refused, or had a credential ignored.
    #[must_use]
    pub fn check(&self) -> Option<Check> {
        self.verdict.as_ref().and_then(Verdict::check)
    }

    /// Whether the answer is a success: 200, or a redirect with a code.
    #[must_use]
    pub fn granted(&self) -> bool {
        match AuthorizeAnswer::read(&self.response) {
            Some(answer) => matches!(answer, AuthorizeAnswer::Code { .. }),
            None => self.response.status().is_success(),
        }
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not of that shape.
    #[must_use]
    #[expect(clippy::panic, reason = "a test fails by panicking")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_slice(self.response.body()).unwrap_or_else(|error| {
            let body = String::from_utf8_lossy(self.response.body());
            panic!("{error}: {} {body}", self.response.status())
        })
    }
}

impl Default for Lab {
    fn default() -> Self {
        Self::new()
    }
}

impl Lab {
    /// The built-in tenant without policies.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// To set one up otherwise.
    #[must_use]
    pub fn builder() -> LabBuilder {
        LabBuilder::default()
    }

    /// The provider.
    pub const fn provider(&mut self) -> &mut Provider {
        &mut self.provider
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets seconds pass.
    pub fn wait(&mut self, seconds: u32) {
        self.clock.advance_by(Lifetime::from_secs(seconds));
    }

    /// Alice's id.
    ///
    /// # Panics
    /// If she is not in the directory.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn alice(&self) -> UserId {
        self.provider.directory().user_by_upn(ALICE).expect("alice is in the directory").id()
    }

    /// Sets Alice's password.
    ///
    /// # Panics
    /// If she is not in the directory.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn set_password(&mut self, password: &str) {
        let rounds = std::num::NonZeroU32::MIN;
        let verifier = PasswordVerifier::make(&Secret::from(password), &[7; 16], rounds);
        let alice = self.alice();
        self.provider.set_password(alice, verifier).expect("alice is in the directory");
    }

    /// The code Alice's second factor shows now. She waits for another if she was given this one
    /// before: a code is good once (USR-04).
    #[must_use]
    pub fn second_factor_code(&mut self) -> String {
        let wait = self.next_code.seconds_since(self.now());
        self.wait(u32::try_from(wait).unwrap_or(0));
        self.next_code = SecondFactor::next_code_at(self.now());
        self.second_factor.code(self.now())
    }

    /// Sends a request to the provider.
    pub fn send(&mut self, request: Request) -> Answer {
        let now = self.now();
        let response = self.provider.handle(&request, now, &mut self.rng);
        Answer { response, verdict: self.provider.verdicts().take().pop() }
    }

    /// A fresh nonce, asked for as everybody does.
    #[must_use]
    pub fn nonce(&mut self) -> String {
        let answer = self.send(self.post("oauth2/token", &TokenRequest::Nonce.to_form()));
        let answer: crate::wire::answer::NonceAnswer = answer.json();
        answer.nonce
    }

    /// A DPoP key of that name, which has been given a nonce of the provider if it uses them.
    #[must_use]
    pub fn dpop_key(&mut self, name: &str) -> HandmadeDpop {
        let mut key = HandmadeDpop::new(self.seed.stream(&format!("dpop/{name}")));
        let grant = TokenRequest::Code(Self::code_grant(AZURE_CLI, "no code"));
        let request = self.post("oauth2/token", &grant.to_form());
        let answer = self.send(key.prove(request, self.now()));
        key.remember(&answer.response);
        key
    }

    /// Sends a token request with a good proof of this key, which keeps the nonce of the answer.
    pub fn send_proved(&mut self, key: &mut HandmadeDpop, request: Request) -> Answer {
        let answer = self.send(key.prove(request, self.now()));
        key.remember(&answer.response);
        answer
    }

    /// Alice signs in to a client outside the broker with a proof of this key; its tokens.
    ///
    /// # Panics
    /// If the provider refuses.
    #[must_use]
    pub fn sign_in_proved(
        &mut self,
        key: &mut HandmadeDpop,
        client: AppId,
        resource: AppId,
    ) -> TokenAnswer {
        let code = self.code(client, resource);
        let request = self.code_request(Self::code_grant(client, &code));
        self.send_proved(key, request).json()
    }

    /// The request that redeems a code.
    #[must_use]
    pub fn code_request(&self, grant: CodeGrant) -> Request {
        self.post("oauth2/token", &TokenRequest::Code(grant).to_form())
    }

    /// Alice's laptop `LT-ALICE` with fresh keys that the directory knows.
    ///
    /// # Panics
    /// If it is not in the directory.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn device(&mut self) -> HandmadeDevice {
        let found = self.provider.directory().device_by_name("LT-ALICE");
        let id = found.expect("LT-ALICE is in the directory").device_id;
        let device = self.stranger_with_id(id);
        let (device_key, transport) = (device.device_key().clone(), device.transport_key().clone());
        self.provider.provision_device(id, device_key, transport).expect("keys of its own");
        device
    }

    /// A device with keys of its own that the directory does not know, under LT-ALICE's id.
    #[must_use]
    pub fn stranger(&mut self) -> HandmadeDevice {
        let found = self.provider.directory().device_by_name("LT-ALICE");
        let id = found.map(|device| device.device_id);
        self.stranger_with_id(id.unwrap_or(crate::base::id::DeviceId::from_u128(1)))
    }

    fn stranger_with_id(&mut self, id: crate::base::id::DeviceId) -> HandmadeDevice {
        let label = b64::encode_url(octets::<8>(&mut self.rng));
        let rng = self.seed.stream(&format!("device/{label}"));
        HandmadeDevice::new(id, self.provider.issuer(), rng)
    }

    /// Lets the device ask for Alice's PRT by password.
    ///
    /// # Panics
    /// If the provider refuses.
    pub fn obtain_prt(&mut self, device: &mut HandmadeDevice) {
        let nonce = self.nonce();
        let answer = self.send(device.prt_request(&nonce, ALICE, PASSWORD).request());
        device.keep(&answer.json::<PrtAnswer>(), &nonce);
    }

    /// The same in protocol 4.
    ///
    /// # Panics
    /// If the provider refuses.
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn obtain_prt_4(&mut self, device: &mut HandmadeDevice) {
        let nonce = self.nonce();
        let answer = self.send(device.prt_request_4(&nonce, ALICE, PASSWORD).request());
        let plain = device.open(answer.response.body(), &nonce).expect("a readable answer");
        let answer: PrtAnswer = serde_json::from_slice(&plain).expect("a PRT");
        device.keep(&answer, &nonce);
    }

    /// An app refresh token issued to Outlook under the device's PRT.
    ///
    /// # Panics
    /// If the provider refuses.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test fails by panicking")]
    pub fn broker_refresh_token(&mut self, device: &HandmadeDevice) -> String {
        let nonce = self.nonce();
        let now = self.now();
        let asked = device.use_of_prt(&nonce, now).claim("scope", "openid offline_access");
        let answer = self.send(asked.request());
        let opened = device.open_use_answer(answer.response.body(), &nonce);
        opened.refresh_token.expect("an app refresh token")
    }

    /// What a client asks the authorize step for, with PKCE.
    #[must_use]
    pub fn query(client: AppId, resource: AppId) -> AuthorizeQuery {
        use sha2::Digest as _;
        AuthorizeQuery {
            client_id: client,
            redirect_uri: LOCALHOST.to_owned(),
            resource: Some(resource.to_string()),
            scope: "openid offline_access".to_owned(),
            code_challenge: Some(b64::encode_url(sha2::Sha256::digest(VERIFIER))),
            dpop_jkt: None,
            state: None,
        }
    }

    /// The authorize request, without credentials.
    #[must_use]
    pub fn authorize_request(&self, query: &AuthorizeQuery) -> Request {
        let url =
            format!("{}/oauth2/authorize?{}", self.provider.issuer(), query.to_form().encode());
        let mut request = post(&url, String::new());
        *request.method_mut() = http::Method::GET;
        request
    }

    /// What Alice posts from the sign-in page.
    #[must_use]
    pub fn login_request(&self, query: &AuthorizeQuery, otc: Option<String>) -> Request {
        let login = Login {
            username: ALICE.to_owned(),
            password: Secret::from(PASSWORD),
            otc: otc.map(Secret::new),
        };
        self.post("login", &login.add_to(query.to_form()))
    }

    /// Alice signs in to a client for a resource; the code.
    ///
    /// # Panics
    /// If the provider refuses.
    #[must_use]
    pub fn code(&mut self, client: AppId, resource: AppId) -> String {
        let request = self.login_request(&Self::query(client, resource), None);
        let answer = self.send(request);
        Self::code_of(&answer)
    }

    /// The code of an authorize answer.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    #[expect(clippy::panic, reason = "a test fails by panicking")]
    pub fn code_of(answer: &Answer) -> String {
        match AuthorizeAnswer::read(&answer.response) {
            Some(AuthorizeAnswer::Code { code, .. }) => code.expose_secret().clone(),
            other => panic!("no code but {other:?}"),
        }
    }

    /// The redemption of a code by a client.
    #[must_use]
    pub fn code_grant(client: AppId, code: &str) -> CodeGrant {
        CodeGrant {
            client_id: client,
            code: Secret::from(code),
            redirect_uri: LOCALHOST.to_owned(),
            code_verifier: Some(Secret::from(VERIFIER)),
        }
    }

    /// Redeems a code.
    pub fn redeem(&mut self, grant: CodeGrant) -> Answer {
        self.send(self.code_request(grant))
    }

    /// Alice signs in to a client outside the broker; its tokens.
    ///
    /// # Panics
    /// If the provider refuses.
    #[must_use]
    pub fn sign_in(&mut self, client: AppId, resource: AppId) -> TokenAnswer {
        let code = self.code(client, resource);
        self.redeem(Self::code_grant(client, &code)).json()
    }

    /// A plain refresh grant.
    #[must_use]
    pub fn refresh_request(&self, client: AppId, token: &str, resource: AppId) -> Request {
        let grant = RefreshGrant {
            client_id: client,
            refresh_token: Secret::from(token),
            resource: Some(resource.to_string()),
            scope: None,
        };
        self.post("oauth2/token", &TokenRequest::Refresh(grant).to_form())
    }

    /// A form posted below the issuer.
    #[must_use]
    pub fn post(&self, path: &str, form: &Form) -> Request {
        post(&format!("{}/{path}", self.provider.issuer()), form.encode())
    }
}

/// Adds `Authorization: Bearer`.
#[must_use]
pub fn with_bearer(mut request: Request, token: &str) -> Request {
    if let Ok(value) = format!("Bearer {token}").parse() {
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    request
}

/// Adds a header.
#[must_use]
pub fn with_header(mut request: Request, name: &'static str, value: &str) -> Request {
    if let Ok(value) = value.parse() {
        request.headers_mut().insert(name, value);
    }
    request
}
