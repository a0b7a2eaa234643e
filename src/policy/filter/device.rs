//! [`DeviceFilter`]: rules over the properties of a device.

use std::collections::BTreeMap;
use std::fmt;

use uuid::Uuid;

use super::error::FilterError;
use super::expression::{Comparison, Expression, Operator};
use super::parser::{self, Property, nearest};
use super::program::{Program, Subject, Test};
use crate::directory::{Device, Ownership, TrustType};

/// The rule of a policy's device filter.
///
/// It knows devices and nothing of its mode: whether a match takes a device into a policy or out of
/// it stands beside the rule.
///
/// # Security
/// On a device that is not registered every property is null, so positive comparisons miss and
/// negative ones match. A filter that *excludes* by a negative comparison lets every unregistered
/// device out of its policy.
///
/// # Example
/// ```
/// use token_protection_lab::policy::filter::DeviceFilter;
///
/// let company = DeviceFilter::parse(r#"device.deviceOwnership -ne "Company""#)?;
/// assert!(company.matches(None));
/// # Ok::<(), token_protection_lab::policy::filter::FilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceFilter {
    rule: String,
    expression: Expression<DeviceProperty>,
    program: Program<DeviceProperty>,
}

impl DeviceFilter {
    /// Reads a rule.
    ///
    /// # Errors
    /// [`FilterError`] with its place and, where one suggests itself, a hint.
    pub fn parse(rule: &str) -> Result<Self, FilterError> {
        let expression = parser::parse(rule)?;
        let program = Program::of(&expression);
        Ok(Self { rule: rule.to_owned(), expression, program })
    }

    /// Whether the rule matches the device that was shown; none if none was, or if it is not
    /// registered.
    ///
    /// # Source
    /// conditional-access 3.3. `# Simulated`: a comparison of an extension attribute on a device
    /// that is neither managed nor compliant nor hybrid joined fails, a negative one too.
    #[must_use]
    pub fn matches(&self, device: Option<&Device>) -> bool {
        self.program.matches(|property, test| comparison_holds(device, *property, test))
    }

    /// The rule as it is asked.
    pub(super) const fn program(&self) -> &Program<DeviceProperty> {
        &self.program
    }

    /// Whether the rule matches a device of which some properties are known and the others are null.
    ///
    /// # Simulated
    /// What is known counts, extension attributes too, whoever looks after the device.
    #[must_use]
    pub fn matches_values(&self, values: &BTreeMap<DeviceProperty, Vec<String>>) -> bool {
        self.program.matches(|property, test| {
            test.holds(match values.get(property).map(Vec::as_slice) {
                None | Some([]) => Subject::Null,
                Some(values) if property.is_collection() => Subject::Texts(values),
                Some([value, ..]) => Subject::Text(value),
            })
        })
    }

    /// The rule as it was written.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What the rule says.
    #[must_use]
    pub const fn expression(&self) -> &Expression<DeviceProperty> {
        &self.expression
    }

    /// Whether a negative operator or `not` stands in it.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        let negative = |comparison: &&Comparison<_>| comparison.operator.is_negative();
        self.expression.has_not() || self.expression.comparisons().iter().any(negative)
    }

    /// Comparisons that ask a collection for an equal element by another operator than `contains`.
    #[must_use]
    pub fn element_equality(&self) -> Vec<&Comparison<DeviceProperty>> {
        let mut comparisons = self.expression.comparisons();
        comparisons.retain(|comparison| {
            let containing =
                matches!(comparison.operator, Operator::Contains | Operator::NotContains);
            comparison.property.is_collection() && !containing
        });
        comparisons
    }
}

/// Whether one comparison holds for a device; of one that is not there all properties are null.
pub(super) fn comparison_holds(
    device: Option<&Device>,
    property: DeviceProperty,
    test: &Test,
) -> bool {
    let Some(device) = device else { return test.holds(Subject::Null) };
    let id = |id: u128| {
        let mut octets = Uuid::encode_buffer();
        let text = Uuid::from_u128(id).hyphenated().encode_lower(&mut octets);
        test.holds(Subject::Text(text))
    };
    match property {
        DeviceProperty::DeviceId => id(device.device_id.as_u128()),
        DeviceProperty::MdmAppId => match device.mdm_app_id {
            Some(app) => id(app.as_u128()),
            None => test.holds(Subject::Null),
        },
        DeviceProperty::ExtensionAttribute(_) if !shows_extension_attributes(device) => false,
        other => test.holds(other.of(device)),
    }
}

/// Extension attributes count on managed devices, and on others if these are compliant or hybrid
/// joined.
fn shows_extension_attributes(device: &Device) -> bool {
    device.is_managed == Some(true)
        || device.is_compliant == Some(true)
        || device.trust_type == TrustType::ServerAd
}

/// A property of a device that rules may name, in the order of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the source's")]
pub enum DeviceProperty {
    DeviceId,
    DisplayName,
    DeviceOwnership,
    EnrollmentProfileName,
    IsCompliant,
    Manufacturer,
    MdmAppId,
    Model,
    OperatingSystem,
    OperatingSystemVersion,
    PhysicalIds,
    ProfileType,
    SystemLabels,
    TrustType,
    /// `extensionAttribute1` to `extensionAttribute15`, by number.
    ExtensionAttribute(u8),
}

const PREFIX: &str = "device.";
const EXTENSION_ATTRIBUTE: &str = "extensionAttribute";
/// How many extension attributes there are.
const EXTENSION_ATTRIBUTES: u8 = 15;

impl DeviceProperty {
    /// All of them but the extension attributes.
    pub const NAMED: &[Self] = &[
        Self::DeviceId,
        Self::DisplayName,
        Self::DeviceOwnership,
        Self::EnrollmentProfileName,
        Self::IsCompliant,
        Self::Manufacturer,
        Self::MdmAppId,
        Self::Model,
        Self::OperatingSystem,
        Self::OperatingSystemVersion,
        Self::PhysicalIds,
        Self::ProfileType,
        Self::SystemLabels,
        Self::TrustType,
    ];

    /// The name, without prefix and number.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceId => "deviceId",
            Self::DisplayName => "displayName",
            Self::DeviceOwnership => "deviceOwnership",
            Self::EnrollmentProfileName => "enrollmentProfileName",
            Self::IsCompliant => "isCompliant",
            Self::Manufacturer => "manufacturer",
            Self::MdmAppId => "mdmAppId",
            Self::Model => "model",
            Self::OperatingSystem => "operatingSystem",
            Self::OperatingSystemVersion => "operatingSystemVersion",
            Self::PhysicalIds => "physicalIds",
            Self::ProfileType => "profileType",
            Self::SystemLabels => "systemLabels",
            Self::TrustType => "trustType",
            Self::ExtensionAttribute(_) => EXTENSION_ATTRIBUTE,
        }
    }

    /// Whether it holds several values.
    #[must_use]
    pub const fn is_collection(self) -> bool {
        matches!(self, Self::PhysicalIds | Self::SystemLabels)
    }

    /// The value on a registered device. Ids are texts only where they are compared.
    fn of(self, device: &Device) -> Subject<'_> {
        match self {
            Self::DeviceId | Self::MdmAppId => Subject::Null,
            Self::DisplayName => Subject::Text(&device.display_name),
            Self::DeviceOwnership => match device.device_ownership {
                None => Subject::Null,
                Some(Ownership::Company) => Subject::Text("Company"),
                Some(Ownership::Personal) => Subject::Text("Personal"),
            },
            Self::EnrollmentProfileName => Subject::of(device.enrollment_profile_name.as_deref()),
            Self::IsCompliant => match device.is_compliant {
                None => Subject::Null,
                Some(true) => Subject::Text("True"),
                Some(false) => Subject::Text("False"),
            },
            Self::Manufacturer => Subject::of(device.manufacturer.as_deref()),
            Self::Model => Subject::of(device.model.as_deref()),
            Self::OperatingSystem => Subject::Text(&device.operating_system),
            Self::OperatingSystemVersion => Subject::Text(&device.operating_system_version),
            Self::PhysicalIds => Subject::Texts(&device.physical_ids),
            Self::ProfileType => Subject::Text(&device.profile_type),
            Self::SystemLabels => Subject::Texts(&device.system_labels),
            Self::TrustType => Subject::Text(device.trust_type.as_str()),
            Self::ExtensionAttribute(number) => {
                Subject::of(device.extension_attributes.get(&number).map(String::as_str))
            }
        }
    }
}

impl Property for DeviceProperty {
    fn named(name: &str) -> Option<Self> {
        let name = after(name, PREFIX).unwrap_or(name);
        if let Some(number) = after(name, EXTENSION_ATTRIBUTE) {
            let mut numbers = 1..=EXTENSION_ATTRIBUTES;
            return numbers.find(|known| known.to_string() == number).map(Self::ExtensionAttribute);
        }
        Self::NAMED.iter().copied().find(|property| property.as_str().eq_ignore_ascii_case(name))
    }

    fn allows(&self, operator: Operator) -> bool {
        use Operator as O;
        let equality = matches!(operator, O::Eq | O::Ne | O::In | O::NotIn);
        match self {
            Self::DeviceId
            | Self::DeviceOwnership
            | Self::IsCompliant
            | Self::MdmAppId
            | Self::ProfileType
            | Self::TrustType => equality,
            Self::PhysicalIds | Self::SystemLabels => {
                equality || matches!(operator, O::Contains | O::NotContains)
            }
            _ => true,
        }
    }

    fn hint(name: &str) -> Option<String> {
        let name = after(name, PREFIX).unwrap_or(name);
        if after(name, "extensionAttribute").is_some() {
            return Some("there are `extensionAttribute1` to `extensionAttribute15`".to_owned());
        }
        let names = Self::NAMED.iter().map(|property| property.as_str());
        let nearest = nearest(name, names.chain([EXTENSION_ATTRIBUTE]))?;
        let number = if nearest == EXTENSION_ATTRIBUTE { "1" } else { "" };
        Some(format!("did you mean `{PREFIX}{nearest}{number}`?"))
    }
}

/// What follows a prefix, whatever its case.
fn after<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// With its prefix, as rules are written.
impl fmt::Display for DeviceProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.as_str())?;
        match self {
            Self::ExtensionAttribute(number) => write!(f, "{number}"),
            _ => Ok(()),
        }
    }
}
