//! Public application ids and role templates that code names.
//!
//! # Source
//! merill/microsoft-info (2026-08-20) and `[MS-OAPXBC]`; the role templates are those of the
//! sample policies.

use crate::base::id::{AppId, RoleTemplateId};

/// Office 365 Exchange Online.
pub const EXCHANGE: AppId = AppId::from_u128(0x00000002_0000_0ff1_ce00_000000000000);
/// Office 365 SharePoint Online.
pub const SHAREPOINT: AppId = AppId::from_u128(0x00000003_0000_0ff1_ce00_000000000000);
/// Microsoft Teams Services.
pub const TEAMS: AppId = AppId::from_u128(0xcc15fd57_2c6c_4117_a88c_83b1d56b4bbe);
/// Azure Virtual Desktop.
pub const AZURE_VIRTUAL_DESKTOP: AppId = AppId::from_u128(0x9cdead84_a844_4324_93f2_b2e6bb768d07);
/// Windows 365.
pub const WINDOWS_365: AppId = AppId::from_u128(0x0af06dc6_e4b5_4f28_818e_e78e62d137a5);
/// Windows Cloud Login.
pub const WINDOWS_CLOUD_LOGIN: AppId = AppId::from_u128(0x270efc09_cd0d_444b_a71f_39af4910ec45);
/// Windows Azure Service Management API; logs call it Azure Resource Manager.
pub const AZURE_MANAGEMENT: AppId = AppId::from_u128(0x797f4846_ba00_4fd7_ba43_dac1f8f63013);
/// Microsoft Graph. Policies cannot name it.
pub const GRAPH: AppId = AppId::from_u128(0x00000003_0000_0000_c000_000000000000);
/// Windows Azure Active Directory, the older directory API.
pub const DIRECTORY_GRAPH: AppId = AppId::from_u128(0x00000002_0000_0000_c000_000000000000);
/// Device Registration Service.
pub const DEVICE_REGISTRATION_SERVICE: AppId =
    AppId::from_u128(0x01cb2876_7ebd_4aa4_9cc9_d28bd4d359a9);
/// Microsoft Intune.
pub const INTUNE: AppId = AppId::from_u128(0x0000000a_0000_0000_c000_000000000000);
/// Microsoft Intune Enrollment.
pub const INTUNE_ENROLLMENT: AppId = AppId::from_u128(0xd4ebce55_015a_49b5_a083_c84d1797ae8c);

/// Microsoft Authentication Broker: the broker's client id for registration and PRT requests.
pub const BROKER_CLIENT: AppId = AppId::from_u128(0x29d9ed98_a469_4536_ade2_f981bc1d605e);
/// The Windows broker's client id (`[MS-OAPXBC]` appendix A).
pub const WINDOWS_BROKER_CLIENT: AppId = AppId::from_u128(0x38aa3b87_a06d_4817_b275_7a316988d93b);
/// Microsoft Office: Outlook, Word, Excel, PowerPoint.
pub const OFFICE_CLIENT: AppId = AppId::from_u128(0xd3590ed6_52b3_4102_aeff_aad2292ab01c);
/// Azure CLI.
pub const AZURE_CLI_CLIENT: AppId = AppId::from_u128(0x04b07795_8ddb_461a_bbee_02f9e1bf7b46);

/// Directory Synchronization Accounts.
pub const DIRECTORY_SYNCHRONIZATION_ACCOUNTS: RoleTemplateId =
    RoleTemplateId::from_u128(0xd29b2b05_8046_44ba_8758_1e26182fcf32);
/// Global Administrator.
pub const GLOBAL_ADMINISTRATOR: RoleTemplateId =
    RoleTemplateId::from_u128(0x62e90394_69f5_4237_9190_012177145e10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn the_constants_are_those_of_the_data() {
        let catalog = Catalog::builtin();
        for (name, id) in [
            ("exchange", EXCHANGE),
            ("sharepoint", SHAREPOINT),
            ("teams", TEAMS),
            ("azure-virtual-desktop", AZURE_VIRTUAL_DESKTOP),
            ("windows-365", WINDOWS_365),
            ("windows-cloud-login", WINDOWS_CLOUD_LOGIN),
            ("azure-management", AZURE_MANAGEMENT),
            ("graph", GRAPH),
            ("directory-graph", DIRECTORY_GRAPH),
            ("device-registration", DEVICE_REGISTRATION_SERVICE),
            ("intune", INTUNE),
            ("intune-enrollment", INTUNE_ENROLLMENT),
        ] {
            assert_eq!(catalog.resource(name).map(|resource| resource.app_id), Some(id), "{name}");
        }
        for (name, id) in [
            ("authentication-broker", BROKER_CLIENT),
            ("windows-broker", WINDOWS_BROKER_CLIENT),
            ("outlook", OFFICE_CLIENT),
            ("azure-cli", AZURE_CLI_CLIENT),
        ] {
            assert_eq!(catalog.client(name).map(|client| client.app_id), Some(id), "{name}");
        }
    }
}
