//! [`Finding`]: what a rule found, where, why it matters and what to do.

use serde::{Serialize, Serializer};

use crate::base::id::PolicyId;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// A way around the policy, or sign-ins it refuses that nobody meant to refuse.
    Error,
    /// It works, and not as far as its author may think.
    Warning,
    /// Worth knowing.
    Information,
}

impl Severity {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
        }
    }
}

/// Where a finding is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// The policy; none if the finding is about the tenant.
    pub policy_id: Option<PolicyId>,
    /// Its name; empty if there is none.
    pub display_name: String,
    /// The JSON path inside the policy; empty if there is none.
    pub path: String,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule.
    #[serde(rename = "id")]
    pub rule: LintRule,
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub location: Location,
    /// What is wrong here, and what follows from it.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// The documents behind the rule.
    pub source: &'static str,
}

/// The rules, in the order of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LintRule {
    /// No policy blocks unknown platforms.
    L01,
    /// No policy asks for a compliant device on the platforms left out.
    L02,
    /// Browsers are in scope of a resource that is protected in native apps alone.
    L03,
    /// All resources, or a group of apps, are targeted.
    L04,
    /// Platforms that cannot meet the control are in scope.
    L05,
    /// Emergency accounts are not excluded.
    L06,
    /// Exclusions remove whom the policy includes.
    L07,
    /// A filter excludes by a negative comparison.
    L08,
    /// A collection is compared as if it were one text.
    L09,
    /// Legacy clients are not blocked.
    L10,
    /// Token protection stands beside another session control.
    L11,
    /// A targeted resource is not protected.
    L12,
    /// Devices registered by an unsupported method are in scope.
    L13,
    /// A resource that is protected on Windows alone is targeted elsewhere.
    L14,
    /// Covered users lack the licence.
    L15,
}

/// A row of the table of rules.
struct Row {
    id: &'static str,
    severity: &'static [Severity],
    what: &'static str,
    why: &'static str,
    fix: &'static str,
    source: &'static str,
}

use Severity::{Error, Information, Warning};

impl LintRule {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::L01,
        Self::L02,
        Self::L03,
        Self::L04,
        Self::L05,
        Self::L06,
        Self::L07,
        Self::L08,
        Self::L09,
        Self::L10,
        Self::L11,
        Self::L12,
        Self::L13,
        Self::L14,
        Self::L15,
    ];

    /// The id, for example `L01`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.row().id
    }

    /// The severities that its findings have.
    #[must_use]
    pub const fn severities(self) -> &'static [Severity] {
        self.row().severity
    }

    /// What it finds.
    #[must_use]
    pub const fn what(self) -> &'static str {
        self.row().what
    }

    /// Why that matters.
    #[must_use]
    pub const fn why(self) -> &'static str {
        self.row().why
    }

    /// What to do about it.
    #[must_use]
    pub const fn fix(self) -> &'static str {
        self.row().fix
    }

    /// The documents behind it.
    #[must_use]
    pub const fn source(self) -> &'static str {
        self.row().source
    }

    const fn row(self) -> &'static Row {
        match self {
            Self::L01 => &Row {
                id: "L01",
                severity: &[Error, Warning],
                what: "no enabled policy blocks unknown platforms for the users and resources of an enabled token-protection policy",
                why: "the platform is a claim; whoever claims none, or one that nobody names, is outside the policy",
                fix: "add an enabled policy that includes any device, excludes the platforms in use and blocks",
                source: "D-WIN, D-UNK",
            },
            Self::L02 => &Row {
                id: "L02",
                severity: &[Error],
                what: "no enabled policy asks for a compliant device, or blocks, on the platforms that an enabled token-protection policy leaves out",
                why: "a stolen token is replayed under a platform that the policy does not include",
                fix: "add an enabled policy that requires a compliant device on every platform",
                source: "D-WIN, D-UNK, D-CMP",
            },
            Self::L03 => &Row {
                id: "L03",
                severity: &[Error],
                what: "`clientAppTypes` has `all` or `browser` while Exchange, SharePoint or Teams is targeted",
                why: "browsers cannot be bound for these resources, so apps such as Teams on the web are refused",
                fix: "select only mobile apps and desktop clients",
                source: "S1, D-WIN",
            },
            Self::L04 => &Row {
                id: "L04",
                severity: &[Error],
                what: "token protection targets `All`, `Office365` or `MicrosoftAdminPortals`",
                why: "the group holds resources that cannot be protected, and their sign-ins are refused",
                fix: "name the resources one by one",
                source: "S1, D-WIN, D-APL",
            },
            Self::L05 => &Row {
                id: "L05",
                severity: &[Error],
                what: "platforms are not set, or include one that cannot meet token protection, such as Android or Linux",
                why: "sign-ins from these platforms are never bound, so all of them are refused",
                fix: "include only platforms that the rule pack supports",
                source: "S1, D-TP",
            },
            Self::L06 => &Row {
                id: "L06",
                severity: &[Error, Warning],
                what: "no emergency account or group is excluded",
                why: "a policy that goes wrong, or a device that breaks, must not lock out the last administrator",
                fix: "exclude the emergency accounts, or their group",
                source: "S1, D-USR",
            },
            Self::L07 => &Row {
                id: "L07",
                severity: &[Error, Warning],
                what: "with nested groups resolved, the exclusions remove every included user, or more than half",
                why: "an excluded group that contains the included one empties the policy without a word",
                fix: "exclude a group that holds only those who must be left out",
                source: "D-USR",
            },
            Self::L08 => &Row {
                id: "L08",
                severity: &[Error, Warning],
                what: "a filter in exclude mode has a negative operator or `not`",
                why: "all properties of an unregistered device are null, so a negative comparison matches it and lets it out of the policy",
                fix: "write the exclusion with positive operators",
                source: "D-FLT",
            },
            Self::L09 => &Row {
                id: "L09",
                severity: &[Warning],
                what: "`-eq`, `-ne`, `-in` or `-notIn` on `systemLabels` or `physicalIds`",
                why: "the filter reference allows only `-contains` and `-notContains` on a collection; other pages say otherwise",
                fix: "write `-contains`",
                source: "D-FLT, OBS",
            },
            Self::L10 => &Row {
                id: "L10",
                severity: &[Error, Warning],
                what: "legacy clients are not blocked",
                why: "a password handed on by a legacy protocol meets neither token protection nor a second factor, and no policy asks for one",
                fix: "add an enabled policy that blocks Exchange ActiveSync and other clients",
                source: "S2, D-LEG, D-CND",
            },
            Self::L11 => &Row {
                id: "L11",
                severity: &[Warning],
                what: "token protection stands beside another session control in one policy",
                why: "the published queries compare the list of controls with token protection alone and do not see such a policy",
                fix: "give token protection a policy of its own",
                source: "S1, SIM",
            },
            Self::L12 => &Row {
                id: "L12",
                severity: &[Error],
                what: "a target resource is not protected for the kind of client that the policy names",
                why: "sign-ins to it cannot be bound and are refused",
                fix: "take the resource out, or select the kind of client it is protected for",
                source: "D-TP, D-WIN, D-WEB",
            },
            Self::L13 => &Row {
                id: "L13",
                severity: &[Information],
                what: "devices of covered users were registered by a method that token protection does not support, and the filter does not exclude them",
                why: "their sign-ins are refused with status code 1003",
                fix: "exclude them by the device filter, or register them anew",
                source: "D-25, D-WIN",
            },
            Self::L14 => &Row {
                id: "L14",
                severity: &[Error],
                what: "Azure Virtual Desktop, Windows 365 or Windows Cloud Login is targeted on platforms other than Windows",
                why: "these resources are protected on Windows alone; elsewhere their sign-ins are refused",
                fix: "give them a policy of their own that includes Windows only",
                source: "D-TP, D-WIN",
            },
            Self::L15 => &Row {
                id: "L15",
                severity: &[Warning],
                what: "covered users lack the licence that the rule pack names",
                why: "the feature may be used only for licensed users; a missing licence changes no verdict here",
                fix: "assign the licence, or take these users out",
                source: "S1, D-25, D-WIN",
            },
        }
    }
}

impl Serialize for LintRule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.id())
    }
}
