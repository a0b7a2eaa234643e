//! Sign-in records: what one costs to make, and to write in each shape.
//!
//! The record is that of a bound refresh on a managed laptop, looked at by the five sample policies:
//! three apply, two do not. `record/decide-and-write` is the whole way of a roll-out's record:
//! policies evaluated, record made, row written.

#![allow(clippy::unwrap_used, reason = "a bench may")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use token_protection_lab::base::Danger;
use token_protection_lab::base::Timestamp;
use token_protection_lab::base::id::{CorrelationId, RequestId, SessionId};
use token_protection_lab::catalog::{RulePack, well_known};
use token_protection_lab::directory::{Device, Directory, User};
use token_protection_lab::policy::{
    Authentication, Decision, Identity, Platform, PolicySet, SecondFactorProof, SignIn, Target,
    TokenProtectionStatus, UserFacts, evaluate,
};
use token_protection_lab::signin::ndjson::{Shape, Writer};
use token_protection_lab::signin::{
    AuthenticationProtocol, IncomingTokenType, NamedApp, RequestFacts, SignInLocation,
    SignInRecord, Verdict,
};

const POLICIES: [&[u8]; 5] = [
    include_bytes!("../src/data/policies/a-token-protection-report-only.json"),
    include_bytes!("../src/data/policies/b-token-protection-enabled.json"),
    include_bytes!("../src/data/policies/d1-block-unknown-platforms.json"),
    include_bytes!("../src/data/policies/d2-require-compliant-device.json"),
    include_bytes!("../src/data/policies/d3-block-legacy-authentication.json"),
];

struct Fixture {
    directory: Directory,
    policies: PolicySet,
    location: SignInLocation,
}

impl Fixture {
    fn new() -> Self {
        let directory = include_bytes!("../src/data/directory.json");
        let sets = POLICIES.map(|text| PolicySet::from_json(text).unwrap());
        Self {
            directory: Directory::from_json(directory).unwrap(),
            policies: PolicySet::join(sets).unwrap(),
            location: SignInLocation {
                country_or_region: Some("US".to_owned()),
                ..SignInLocation::default()
            },
        }
    }

    fn user(&self) -> &User {
        self.directory.user_by_upn("alice@contoso.example").unwrap()
    }

    fn device(&self) -> &Device {
        self.directory.devices().find(|device| device.display_name == "LT-ALICE").unwrap()
    }

    fn request(&self) -> RequestFacts<'_> {
        let tenant = self.directory.tenant();
        let now = Timestamp::from_unix(1_773_144_000);
        RequestFacts {
            user: Some(self.user()),
            app: Some(NamedApp {
                id: "d3590ed6-52b3-4102-aeff-aad2292ab01c".parse().unwrap(),
                display_name: "Microsoft Office",
            }),
            client_app_used: Some("Mobile Apps and Desktop clients"),
            resource: Some(NamedApp {
                id: well_known::EXCHANGE,
                display_name: "Office 365 Exchange Online",
            }),
            device: Some(self.device()),
            user_agent: Some("Mozilla/5.0 (Windows NT 10.0; Win64; x64; sim) MSAL/4"),
            ip_address: Some([198, 51, 100, 10].into()),
            incoming_token: IncomingTokenType::PrimaryRefreshToken,
            protocol: AuthenticationProtocol::OAuth2,
            second_factor: SecondFactorProof::Passed,
            token_id: Some(RequestId::from_u128(0x1d)),
            session: Some(SessionId::from_u128(0x5e)),
            location: Some(&self.location),
            ..RequestFacts::new(
                RequestId::from_u128(0x1d),
                CorrelationId::from_u128(0xc0),
                now,
                tenant,
            )
        }
    }

    fn decide(&self) -> Decision {
        let user = self.user();
        let groups = self.directory.groups_of(user.id());
        let facts = UserFacts {
            id: user.id(),
            user_type: user.user_type,
            external: None,
            groups: &groups,
            roles: &user.roles,
        };
        let sign_in = SignIn {
            platform: Platform::Windows,
            device: Some(self.device()),
            authentication: Authentication {
                second_factor: SecondFactorProof::Passed,
                ..Authentication::FRESH
            },
            token_protection: TokenProtectionStatus::BOUND,
            ..SignIn::new(Identity::User(facts), Target::Resources(&[well_known::EXCHANGE]))
        };
        evaluate(&self.policies, &sign_in, RulePack::newest(), Danger::NONE)
    }

    fn verdict<'a>(&'a self, decision: &'a Decision) -> Verdict<'a> {
        Verdict::Policy {
            decision,
            policies: &self.policies,
            rules: RulePack::newest(),
            token_protection: TokenProtectionStatus::BOUND,
        }
    }
}

fn bench(criterion: &mut Criterion) {
    let fixture = Fixture::new();
    let request = fixture.request();
    let decision = fixture.decide();
    assert!(decision.denial().is_none());
    let record = SignInRecord::new(&request, fixture.verdict(&decision));
    assert_eq!(record.applied_conditional_access_policies.len(), POLICIES.len());

    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(1));
    group.bench_function("new", |bencher| {
        bencher.iter(|| SignInRecord::new(black_box(&request), fixture.verdict(&decision)));
    });
    for (id, shape) in [
        ("log-analytics", Shape::LogAnalytics),
        ("graph", Shape::Graph),
        ("diagnostic", Shape::Diagnostic),
    ] {
        let mut writer = Writer::new(std::io::sink(), shape);
        group.bench_function(id, |bencher| bencher.iter(|| writer.write(black_box(&record))));
    }
    let mut writer = Writer::new(std::io::sink(), Shape::LogAnalytics);
    group.bench_function("decide-and-write", |bencher| {
        bencher.iter(|| {
            let decision = black_box(&fixture).decide();
            let record = SignInRecord::new(&request, fixture.verdict(&decision));
            writer.write(&record)
        });
    });
    #[cfg(feature = "parquet")]
    {
        use token_protection_lab::signin::log_analytics::Table;
        use token_protection_lab::signin::parquet;
        let mut writer = parquet::Writer::new(std::io::sink(), Table::NonInteractive).unwrap();
        group.bench_function("parquet", |bencher| {
            bencher.iter(|| writer.write(black_box(&record)).unwrap());
        });
        writer.finish().unwrap();
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
