//! Every cause of an unbound request, by row of the table of causes and codes, and the order of the
//! causes. (product 8.10, conditional-access 1.5)

use token_protection_lab::base::id::DeviceId;
use token_protection_lab::directory::{
    Device, Edition, InboundTrust, RegistrationMethod, TrustType,
};
use token_protection_lab::policy::{Evidence, Platform, SignInHistory, TokenProtectionStatus};

use crate::support::case::{Case, device};

const TRUSTED: InboundTrust =
    InboundTrust { mfa: true, compliant_device: true, hybrid_joined_device: false };

/// The code of Alice's request from her laptop as `change` leaves it.
fn code(change: impl FnOnce(&mut Device)) -> u16 {
    code_under("2026-09", change)
}

fn code_under(rules: &'static str, change: impl FnOnce(&mut Device)) -> u16 {
    let mut laptop = device("LT-ALICE");
    change(&mut laptop);
    Case { device: Some(laptop), rules, ..Case::new() }.status().code
}

fn case_code(case: Case) -> u16 {
    case.status().code
}

#[test]
fn row_bound_proof_present_and_valid() {
    assert_eq!(Case::new().status(), TokenProtectionStatus::BOUND);
    for rules in ["2023-06", "2025-05"] {
        assert_eq!(code_under(rules, |_| ()), 0, "{rules}");
    }
}

#[test]
fn row_1002_no_device_evidence() {
    assert_eq!(case_code(Case { device: None, ..Case::new() }), 1002);
    // The provider may know whose device it is; what counts is what this request showed.
    assert_eq!(case_code(Case { evidence: Evidence::None, ..Case::new() }), 1002);
    assert_eq!(case_code(Case::thief(Platform::Windows)), 1002);
}

#[test]
fn row_1002_legacy_client() {
    for client in ["imap-client", "activesync-client"] {
        assert_eq!(case_code(Case { client, ..Case::new() }), 1002, "{client}");
    }
}

#[test]
fn row_1002_guest() {
    let heidi = || Case { user: "heidi@fabrikam.example", ..Case::new() };
    assert_eq!(case_code(heidi()), 1002);
    assert_eq!(case_code(Case { device_trust: TRUSTED, ..heidi() }), 0);
    let old = device("OLD-GRACE");
    let unsuitable = Case { device: Some(old), device_trust: TRUSTED, ..heidi() };
    assert_eq!(case_code(unsuitable), 1002, "the home device does not qualify");
    let then = Case { device_trust: TRUSTED, rules: "2023-06", ..heidi() };
    assert_eq!(case_code(then), 1002, "guests were unsupported in 2023");
}

#[test]
fn row_1006_windows_before_10() {
    assert_eq!(case_code(Case::on("grace@contoso.example", "OLD-GRACE")), 1006);
    assert_eq!(code(|device| device.operating_system_version = "6.3.9600".into()), 1006);
    assert_eq!(code(|device| device.operating_system_version = "10.0.10240".into()), 0);
    assert_eq!(code(|device| device.operating_system_version = "unknown".into()), 1006);
}

#[test]
fn row_1006_windows_server_before_2019() {
    let server = |version: &str, rules| {
        code_under(rules, |device| {
            device.edition = Edition::Server;
            device.trust_type = TrustType::ServerAd;
            device.operating_system_version = version.into();
        })
    };
    assert_eq!(server("10.0.14393", "2026-09"), 1006);
    assert_eq!(server("10.0.17763", "2026-09"), 0);
    assert_eq!(server("10.0.17763", "2023-06"), 1006, "servers came later");
}

#[test]
fn row_1006_platform_without_support() {
    for system in ["Android", "Linux", "ChromeOS"] {
        assert_eq!(code(|device| device.operating_system = system.into()), 1006, "{system}");
    }
    let apple = |rules| {
        let mut mac = device("MAC-IVAN");
        mac.hardware_backed_key = true;
        case_code(Case { device: Some(mac), rules, ..Case::new() })
    };
    assert_eq!([apple("2023-06"), apple("2025-05"), apple("2026-09")], [1006, 1006, 0]);
    let old_mac = |version: &str| {
        let mut mac = device("MAC-IVAN");
        mac.operating_system_version = version.into();
        case_code(Case { device: Some(mac), ..Case::new() })
    };
    assert_eq!(old_mac("13.6"), 1006);
}

#[test]
fn row_1003_windows_server_not_hybrid_joined() {
    let server = |trust| {
        code(|device| {
            device.edition = Edition::Server;
            device.operating_system_version = "10.0.20348".into();
            device.trust_type = trust;
        })
    };
    assert_eq!(server(TrustType::AzureAd), 1003);
    assert_eq!(server(TrustType::ServerAd), 0);
}

#[test]
fn row_1003_surface_hub_and_teams_rooms() {
    for rules in ["2023-06", "2025-05", "2026-09"] {
        for kind in ["surface-hub", "teams-rooms-windows"] {
            assert_eq!(code_under(rules, |device| device.kind = Some(kind.into())), 1003);
        }
    }
    assert_eq!(code(|device| device.kind = Some("windows-laptop".into())), 0);
}

#[test]
fn row_1003_the_six_registration_methods() {
    use RegistrationMethod as R;
    let six = [
        R::AvdSessionHost,
        R::BulkEnrollment,
        R::CloudPc,
        R::PowerAutomateHosted,
        R::AutopilotSelfDeploying,
        R::AzureVmExtension,
    ];
    for method in six {
        assert_eq!(code(|device| device.registration_method = method), 1003, "{method:?}");
        let then = code_under("2023-06", |device| device.registration_method = method);
        assert_eq!(then, 0, "{method:?} was not yet excluded in 2023");
        let hybrid = code(|device| {
            device.registration_method = method;
            device.trust_type = TrustType::ServerAd;
        });
        assert_eq!(hybrid, 0, "hybrid joined forms are not in the list");
    }
    for name in ["AVD-0", "CLOUDPC-1", "PAD-HOST-1", "AZVM-1", "AP-SELF-1", "BULK-1"] {
        assert_eq!(case_code(Case::on("erin@contoso.example", name)), 1003, "{name}");
    }
}

#[test]
fn row_1003_registered_without_fresh_sign_in() {
    let registered = |rules, version: &str, fresh| {
        code_under(rules, |device| {
            device.trust_type = TrustType::Workplace;
            device.registration_method = RegistrationMethod::WorkplaceJoin;
            device.operating_system_version = version.into();
            device.fresh_sign_in_at_registration = fresh;
        })
    };
    assert_eq!(registered("2026-09", "10.0.26100", false), 1003);
    assert_eq!(registered("2026-09", "10.0.26100", true), 0);
    assert_eq!(registered("2025-05", "10.0.22631", false), 1003);
    assert_eq!(registered("2025-05", "10.0.26100", false), 0);
    assert_eq!(registered("2023-06", "10.0.19045", false), 0);
    assert_eq!(code(|device| device.fresh_sign_in_at_registration = false), 0, "only registered");
}

#[test]
fn rows_1004_and_1007_apple_key_not_in_hardware() {
    let mac = |user| Case::on(user, "MAC-IVAN");
    assert_eq!(case_code(mac("ivan@contoso.example")), 1004);
    assert_eq!(case_code(mac("alice@contoso.example")), 1007);
    assert_eq!(code(|device| device.hardware_backed_key = false), 0, "on Windows it may be");
}

#[test]
fn row_1008_outside_the_broker() {
    let with = |client| case_code(Case { client, ..Case::new() });
    for client in [
        "office-perpetual",
        "sharepoint-powershell",
        "vscode-extension",
        "power-query-other-channel",
        "graph-powershell-no-wam",
        "browser",
    ] {
        assert_eq!(with(client), 1008, "{client}");
    }
    for client in ["onedrive", "teams", "visual-studio", "graph-powershell"] {
        assert_eq!(with(client), 0, "{client}");
    }
    let query = |rules| case_code(Case { client: "power-query", rules, ..Case::new() });
    assert_eq!([query("2025-05"), query("2026-09")], [1008, 0]);
}

#[test]
fn row_1008_below_the_minimum_version() {
    let release = |version: &str| {
        let client_version = Some(version.parse().unwrap());
        case_code(Case { client: "onedrive", client_version, ..Case::new() })
    };
    assert_eq!([release("22.216"), release("22.217")], [1008, 0]);
}

#[test]
fn row_1008_a_device_credential_of_an_app_outside_the_broker() {
    let shown =
        |client| case_code(Case { client, evidence: Evidence::DeviceCredential, ..Case::new() });
    assert_eq!(shown("azure-cli"), 1008);
    assert_eq!(shown("outlook"), 1005, "it proves device facts, never binding");
}

#[test]
fn browsers_are_bound_only_towards_azure_management_and_only_lately() {
    let browser = |resource, rules| {
        let mut laptop = device("LT-ALICE");
        laptop.operating_system_version = "10.0.26100.8246".into();
        let device = Some(laptop);
        case_code(Case { client: "azure-portal", resource, device, rules, ..Case::new() })
    };
    assert_eq!(browser("azure-management", "2026-09"), 0);
    assert_eq!(browser("azure-management", "2025-05"), 1008);
    assert_eq!(browser("exchange", "2026-09"), 1008);
    let older = Case { client: "azure-portal", resource: "azure-management", ..Case::new() };
    assert_eq!(case_code(older), 1008, "the build is too old");
}

#[test]
fn row_1005_anything_else() {
    let denied = Case { history: SignInHistory::DeniedAsUnbound, ..Case::new() };
    assert_eq!(case_code(denied), 1005);
    let mut mac = device("MAC-IVAN");
    (mac.hardware_backed_key, mac.is_managed) = (true, Some(false));
    assert_eq!(case_code(Case { device: Some(mac), ..Case::new() }), 1005, "not managed");
}

/// Each device below has every fault of the rows after its own; the first row decides.
#[test]
fn the_first_cause_in_the_order_of_the_rows_decides() {
    let mut mac = device("MAC-IVAN");
    mac.operating_system_version = "12.0".into();
    mac.registration_method = RegistrationMethod::CloudPc;
    mac.trust_type = TrustType::Workplace;
    mac.fresh_sign_in_at_registration = false;
    let faulty = |mac: &Device| Case {
        user: "ivan@contoso.example",
        client: "apple-mail",
        device: Some(mac.clone()),
        evidence: Evidence::DeviceCredential,
        history: SignInHistory::DeniedAsUnbound,
        ..Case::new()
    };
    let mut codes = vec![case_code(Case { evidence: Evidence::None, ..faulty(&mac) })];
    codes.push(case_code(faulty(&mac)));
    mac.operating_system_version = "14.5".into();
    codes.push(case_code(faulty(&mac)));
    mac.registration_method = RegistrationMethod::WorkplaceJoin;
    codes.push(case_code(faulty(&mac)));
    mac.fresh_sign_in_at_registration = true;
    codes.push(case_code(faulty(&mac)));
    mac.hardware_backed_key = true;
    codes.push(case_code(faulty(&mac)));
    codes.push(case_code(Case { client: "outlook", ..faulty(&mac) }));
    assert_eq!(codes, [1002, 1006, 1003, 1003, 1004, 1008, 1005]);
}

#[test]
fn the_device_id_has_no_part_in_it() {
    assert_eq!(code(|device| device.device_id = DeviceId::from_u128(7)), 0);
}
