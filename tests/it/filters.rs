//! Filter rules: the vectors of the source, faults with their places, and laws over generated ones.

use proptest::prelude::*;
use token_protection_lab::directory::{Device, Directory, TrustType};
use token_protection_lab::policy::filter::{
    AttributeFilter, AttributeValue, AttributeValues, Comparison, DeviceFilter, DeviceProperty,
    Expression, FilterErrorKind, MAX_LEN, Operand, Operator,
};
use token_protection_lab::testing::strategies;

fn directory() -> Directory {
    Directory::from_json(include_bytes!("../samples/directory.json")).unwrap()
}

fn parse(rule: &str) -> DeviceFilter {
    DeviceFilter::parse(rule).unwrap_or_else(|error| panic!("{rule}: {error}"))
}

/// Code and offset of the fault.
fn fault(rule: &str) -> (&'static str, usize) {
    let error = DeviceFilter::parse(rule).expect_err(rule);
    (error.code().strip_prefix("policy.filter_").unwrap(), error.offset())
}

fn matches(rule: &str, device: Option<&Device>) -> bool {
    parse(rule).matches(device)
}

#[test]
fn the_vectors_of_the_source() {
    let directory = directory();
    let named = |name| Some(directory.device_by_name(name).unwrap());
    let devices = [named("LT-ALICE"), named("AVD-0"), named("AZVM-1"), None];
    for (rule, expected) in [
        (r#"device.systemLabels -contains "CloudPC""#, "FFFF"),
        (r#"device.systemLabels -contains "Azure""#, "FFFF"),
        (
            r#"device.systemLabels -contains "azureresource" -and device.trustType -eq "azuread""#,
            "FTTF",
        ),
        (r#"device.profileType -eq "SecureVM" -and device.trustType -eq "AzureAD""#, "FTTF"),
        (r#"device.deviceOwnership -ne "Company""#, "FFFT"),
        (r#"-not (device.isCompliant -eq "True")"#, "FTTT"),
        (r#"trustType -in ["ServerAD","Workplace"] or model -contains "ulate""#, "TTTF"),
        ("device.model -eq null", "FFFT"),
        // And ours: spelling.
        (r#"DEVICE.MODEL –NE NULL"#, "TTTF"),
        (r#"not(model eq null)and(not isCompliant eq true)"#, "FTTF"),
        (r#"device.systemLabels -eq "AzureResource""#, "FTTF"),
        (r#"device.systemLabels -ne "AzureResource""#, "TFFT"),
        (r#"device.systemLabels -in ["CloudPC", "MultiUser"]"#, "FTFF"),
        (r#"device.displayName -eq 'AVD-0' -or device.displayName -eq "nul`l""#, "FTFF"),
        (r#"device.displayName -startsWith "lt-" -or device.displayName -endsWith "m-1""#, "TFTF"),
        (r#"device.displayName -notStartsWith "lt-" -and displayName -notEndsWith "m-1""#, "FTFT"),
        (r#"device.deviceId -eq "D9C6E305-703E-5587-97A0-94F3BE4BE218""#, "TFFF"),
        (r#"mdmAppId -notIn ["0000000a-0000-0000-c000-000000000000"]"#, "FFTT"),
        (r#"device.model -eq "null""#, "FFFF"),
        (r#"device.physicalIds -ne null"#, "TTTF"),
    ] {
        let filter = parse(rule);
        let found: String =
            devices.iter().map(|device| if filter.matches(*device) { 'T' } else { 'F' }).collect();
        assert_eq!(found, expected, "{rule}");
    }
}

#[test]
fn and_binds_closer_than_or_and_not_closer_than_both() {
    // T = true on a company device, F = false on every registered device.
    let directory = directory();
    let device = directory.device_by_name("LT-ALICE");
    let says = |words: &str| {
        let rule = words
            .replace('T', r#"deviceOwnership -eq "Company""#)
            .replace('F', r#"deviceOwnership -eq "Personal""#);
        matches(&rule, device)
    };
    assert!(says("T or F and F") && !says("(T or F) and F"));
    assert!(says("F and F or T") && !says("F and (F or T)"));
    assert!(says("not F and T") && !says("not (F or T)"));
    assert!(says("not F or T and F"));
    assert!(says("((T))") && says("not (not (T))"));
}

#[test]
fn an_extension_attribute_counts_where_the_device_is_looked_after() {
    let directory = directory();
    let mut device = directory.device_by_name("PC-CAROL").unwrap().clone();
    device.extension_attributes.insert(1, "SAW".to_owned());
    let (positive, negative, null) = (
        parse(r#"device.extensionAttribute1 -eq "saw""#),
        parse(r#"device.extensionAttribute1 -ne "SAW""#),
        parse("device.extensionAttribute15 -eq null"),
    );
    let all =
        |device: &Device| [&positive, &negative, &null].map(|filter| filter.matches(Some(device)));
    // Registered, neither managed nor compliant nor hybrid joined: no comparison holds.
    assert_eq!(all(&device), [false, false, false]);
    for change in [
        (|device: &mut Device| device.is_managed = Some(true)) as fn(&mut Device),
        |device| device.is_compliant = Some(true),
        |device| device.trust_type = TrustType::ServerAd,
    ] {
        let mut good = device.clone();
        change(&mut good);
        assert_eq!(all(&good), [true, false, true]);
    }
    device.is_managed = None;
    device.is_compliant = None;
    assert_eq!(all(&device), [false, false, false]);
    // Not registered: null like everything else.
    assert_eq!(
        [&positive, &negative, &null].map(|filter| filter.matches(None)),
        [false, true, true]
    );
    // Only the comparison fails, not the rule around it.
    assert!(matches(r#"-not (extensionAttribute1 -eq "SAW")"#, Some(&device)));
}

#[test]
fn each_property_has_its_operators() {
    use DeviceProperty as P;
    for property in P::NAMED.iter().copied().chain((1..=15).map(P::ExtensionAttribute)) {
        for operator in Operator::ALL {
            let equality =
                matches!(operator, Operator::Eq | Operator::Ne | Operator::In | Operator::NotIn);
            let containing = matches!(operator, Operator::Contains | Operator::NotContains);
            let allowed = match property {
                P::DeviceId | P::MdmAppId | P::DeviceOwnership => equality,
                P::IsCompliant | P::ProfileType | P::TrustType => equality,
                P::PhysicalIds | P::SystemLabels => equality || containing,
                _ => true,
            };
            let operand = if operator.takes_list() { "[\"x\"]" } else { "\"x\"" };
            let rule = format!("{property} -{operator} {operand}");
            match DeviceFilter::parse(&rule) {
                Ok(filter) => {
                    assert!(allowed, "{rule}");
                    let questionable = matches!(property, P::PhysicalIds | P::SystemLabels);
                    let marked = !filter.element_equality().is_empty();
                    assert_eq!(marked, questionable && equality, "{rule}");
                    assert_eq!(filter.is_negative(), operator.is_negative(), "{rule}");
                }
                Err(error) => {
                    assert!(!allowed, "{rule}: {error}");
                    assert_eq!(error.code(), "policy.filter_operator_not_allowed");
                    assert_eq!(error.offset(), property.to_string().len() + 1);
                }
            }
        }
    }
}

#[test]
fn faults_have_a_place() {
    for (rule, expected) in [
        ("", ("empty", 0)),
        (" \t\r\n", ("empty", 0)),
        (r#"device.trustTyp -eq "x""#, ("unknown_property", 0)),
        (r#"user.department -eq "x""#, ("unknown_property", 0)),
        (r#"device.extensionAttribute16 -eq "x""#, ("unknown_property", 0)),
        (r#"device.extensionAttribute01 -eq "x""#, ("unknown_property", 0)),
        (r#"device.device.model -eq "x""#, ("unknown_property", 0)),
        (r#"model -equals "x""#, ("unknown_operator", 6)),
        (r#"model -match "x""#, ("unknown_operator", 6)),
        (r#"device.isCompliant -contains "x""#, ("operator_not_allowed", 19)),
        (r#"model -eq ["x"]"#, ("list_not_allowed", 10)),
        (r#"model -in "x""#, ("list_expected", 10)),
        ("model -in null", ("list_expected", 10)),
        ("model -in []", ("empty_list", 10)),
        (r#"model -in ["a" "b"]"#, ("unterminated", 15)),
        (r#"model -in ["a",]"#, ("unterminated", 15)),
        (r#"model -in ["a""#, ("unterminated", 10)),
        ("model -startsWith null", ("operand_not_allowed", 18)),
        ("model -eq", ("missing_operand", 9)),
        ("model -eq Contoso", ("missing_operand", 10)),
        (r#"model -eq -and model -eq "x""#, ("missing_operand", 10)),
        ("model", ("missing_operator", 5)),
        (r#"model "x""#, ("missing_operator", 6)),
        (r#"model -and model -eq "x""#, ("missing_operator", 6)),
        (r#"(model -eq "x""#, ("unbalanced_parenthesis", 0)),
        (r#"model -eq "x" -and (model -eq "x""#, ("unbalanced_parenthesis", 19)),
        (r#"model -eq "x")"#, ("unbalanced_parenthesis", 13)),
        (")", ("unbalanced_parenthesis", 0)),
        ("()", ("missing_comparison", 1)),
        (r#"model -eq "x" -and"#, ("missing_comparison", 18)),
        (r#"-and model -eq "x""#, ("missing_comparison", 0)),
        (r#"not not model -eq "x""#, ("missing_comparison", 4)),
        (r#"-model -eq "x""#, ("missing_comparison", 0)),
        (r#"model -eq "x" model -eq "y""#, ("missing_connective", 14)),
        (r#"model -eq "x"-and model -eq "y""#, ("missing_space", 13)),
        (r#"model -eq true-and model -eq "y""#, ("missing_space", 14)),
        (r#"model -eq "x"#, ("unterminated", 10)),
        (r#"model -eq 'x''"#, ("unterminated", 10)),
        ("model -eq \"x`\"", ("unterminated", 10)),
        ("model = \"x\"", ("unexpected_character", 6)),
        ("model -eq \"ä\" & b", ("unexpected_character", 14)),
        ("model - eq \"x\"", ("unexpected_character", 6)),
        ("\u{a0}model -eq \"x\"", ("unexpected_character", 0)),
    ] {
        assert_eq!(fault(rule), expected, "{rule:?}");
    }
}

#[test]
fn faults_have_a_hint() {
    let hint = |rule: &str| DeviceFilter::parse(rule).unwrap_err().hint().unwrap().to_owned();
    assert!(hint(r#"device.trustTyp -eq "x""#).contains("`device.trustType`"));
    assert!(hint(r#"systemLabel -contains "x""#).contains("`device.systemLabels`"));
    assert!(hint(r#"extensionAttribut -eq "x""#).contains("`device.extensionAttribute1`"));
    assert!(hint(r#"model -equals "x""#).contains("`-eq`"));
    assert!(hint(r#"model -startWith "x""#).contains("`-startsWith`"));
    assert!(hint(r#"isCompliant -contains "x""#).contains("`-ne`"));
    assert!(hint("model -eq Contoso").contains("\"Contoso\""));
    let none = DeviceFilter::parse(r#"zzz -eq "x""#).unwrap_err();
    assert_eq!(
        (none.hint(), none.kind()),
        (None, &FilterErrorKind::UnknownProperty { word: "zzz".to_owned() })
    );
}

#[test]
fn a_rule_has_at_most_3072_unicode_scalars() {
    let rule = |letters: usize| {
        let start = r#"model -eq ""#;
        let rest = letters - start.len() - 1;
        format!("{start}{}\"", "ä".repeat(rest))
    };
    assert!(!parse(&rule(MAX_LEN)).matches(None) && MAX_LEN == 3072);
    assert_eq!(fault(&rule(MAX_LEN + 1)), ("too_long", 3072));
    assert_eq!(fault(&"(".repeat(10_000_000)), ("too_long", 3072));
}

#[test]
fn depth_costs_no_stack() {
    let small_stack = std::thread::Builder::new().stack_size(256 * 1024);
    let deep = || {
        let deepest = |open: &str, atom: &str| {
            let count = (MAX_LEN - atom.len()) / (open.len() + 1);
            format!("{}{atom}{}", open.repeat(count), ")".repeat(count))
        };
        let filter = parse(&deepest("(", "model eq null"));
        assert!(filter.matches(None));
        let filter = parse(&deepest("not(", "model eq null"));
        assert!(filter.expression().to_string().starts_with("-not (-not ("));
        assert_eq!(filter.clone(), filter);
        assert_eq!(fault(&"(".repeat(MAX_LEN)).0, "missing_comparison");
        let nested = format!("{}model eq null{}", "model eq null or(".repeat(150), ")".repeat(150));
        assert!(parse(&nested).matches(None));
    };
    small_stack.spawn(deep).unwrap().join().unwrap();
}

#[test]
fn long_values_are_searched_in_linear_time() {
    let directory = directory();
    let mut device = directory.device_by_name("LT-ALICE").unwrap().clone();
    device.model = Some("a".repeat(4_000_000));
    let part = format!(r#"model -contains "{}b""#, "a".repeat(2_900));
    // A search that starts over at each letter makes 10^10 steps here.
    assert!(!matches(&part, Some(&device)));
}

#[test]
fn rules_over_security_attributes() {
    let several = ["Baker", "Cascade"].map(str::to_owned).to_vec();
    let attributes = AttributeValues::from([
        ("Engineering_Project".to_owned(), AttributeValue::Several(several)),
        ("Engineering_Level".to_owned(), AttributeValue::One("Public".to_owned())),
    ]);
    let says = |rule: &str| AttributeFilter::parse(rule).unwrap().matches(&attributes);
    for (rule, expected) in [
        (r#"CustomSecurityAttribute.Engineering_Project -contains "baker""#, true),
        (r#"CustomSecurityAttribute.Engineering_Project -contains "bake""#, false),
        (r#"CustomSecurityAttribute.Engineering_Level -contains "ubli""#, true),
        (r#"CustomSecurityAttribute.engineering_level -eq "public""#, true),
        (r#"CustomSecurityAttribute.Engineering_Level -in ["a", "PUBLIC"]"#, true),
        (r#"CustomSecurityAttribute.Engineering_Project -ne "Baker""#, false),
        (r#"CustomSecurityAttribute.Other_Set -ne "x""#, true),
        (r#"CustomSecurityAttribute.Other_Set -eq null"#, true),
    ] {
        assert_eq!(says(rule), expected, "{rule}");
    }
    for name in ["device.model", "CustomSecurityAttribute.x", "CustomSecurityAttribute._x", "Set_X"]
    {
        let error = AttributeFilter::parse(&format!("{name} -eq \"x\"")).unwrap_err();
        assert_eq!((error.code(), error.offset()), ("policy.filter_unknown_property", 0), "{name}");
    }
    let rule = r#"CustomSecurityAttribute.A_B -eq "x" -or CustomSecurityAttribute.C_D -ne "y""#;
    assert_eq!(AttributeFilter::parse(rule).unwrap().expression().to_string(), rule);
}

// Laws.

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(vec![
            "", "a", "A", "ab", "aba", "CloudPC", "True", "Company", "AzureAd", "null", "\"", "`", "'",
            "Ä", "ä", "10.0.26100", "Windows",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

fn property() -> impl Strategy<Value = DeviceProperty> {
    prop_oneof![
        proptest::sample::select(DeviceProperty::NAMED),
        (1u8..=15).prop_map(DeviceProperty::ExtensionAttribute),
    ]
}

fn comparison() -> impl Strategy<Value = Comparison<DeviceProperty>> {
    let parts =
        (property(), 0..10usize, text(), proptest::collection::vec(text(), 1..4), 0..8usize);
    parts.prop_map(|(property, pick, text, list, literal)| {
        let allowed: Vec<Operator> = Operator::ALL
            .iter()
            .copied()
            .filter(|operator| {
                let operand = if operator.takes_list() { "[\"x\"]" } else { "\"x\"" };
                DeviceFilter::parse(&format!("{property} -{operator} {operand}")).is_ok()
            })
            .collect();
        let operator = allowed[pick % allowed.len()];
        let operand = match (operator, literal) {
            _ if operator.takes_list() => Operand::List(list),
            (Operator::Eq | Operator::Ne, 0) => Operand::Null,
            (Operator::Eq | Operator::Ne, 1) => Operand::True,
            (Operator::Eq | Operator::Ne, 2) => Operand::False,
            _ => Operand::Text(text),
        };
        Comparison { property, operator, operand }
    })
}

fn expression() -> impl Strategy<Value = Expression<DeviceProperty>> {
    let leaf = comparison().prop_map(Expression::Comparison);
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expression::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expression::Or),
            inner.prop_map(|part| Expression::Not(Box::new(part))),
        ]
    })
}

fn device() -> impl Strategy<Value = Option<Device>> {
    let texts = || proptest::option::of(text());
    let facts = (texts(), texts(), texts(), text(), proptest::collection::vec(text(), 0..3));
    let flags = (any::<Option<bool>>(), any::<Option<bool>>(), 0..3usize);
    (any::<Option<()>>(), facts, flags).prop_map(
        |(registered, facts, (compliant, managed, trust))| {
            registered?;
            let mut device = directory().device_by_name("LT-ALICE").unwrap().clone();
            (device.model, device.manufacturer, device.enrollment_profile_name) =
                (facts.0, facts.1.clone(), facts.2);
            device.extension_attributes = facts.1.into_iter().map(|text| (3, text)).collect();
            device.display_name = facts.3;
            device.system_labels = facts.4;
            device.is_compliant = compliant;
            device.is_managed = managed;
            device.trust_type =
                [TrustType::AzureAd, TrustType::ServerAd, TrustType::Workplace][trust];
            Some(device)
        },
    )
}

/// An obvious evaluator, written from the words of the source.
fn slow(expression: &Expression<DeviceProperty>, device: Option<&Device>) -> bool {
    match expression {
        Expression::And(parts) => parts.iter().all(|part| slow(part, device)),
        Expression::Or(parts) => parts.iter().any(|part| slow(part, device)),
        Expression::Not(part) => !slow(part, device),
        Expression::Comparison(comparison) => slow_comparison(comparison, device),
    }
}

fn slow_comparison(comparison: &Comparison<DeviceProperty>, device: Option<&Device>) -> bool {
    use DeviceProperty as P;
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    let property = comparison.property;
    if let (P::ExtensionAttribute(_), Some(device)) = (property, device) {
        let cared_for = device.is_managed == Some(true)
            || device.is_compliant == Some(true)
            || device.trust_type == TrustType::ServerAd;
        if !cared_for {
            return false;
        }
    }
    let truth = |truth: bool| if truth { "True".to_owned() } else { "False".to_owned() };
    let values: Option<Vec<String>> = device.and_then(|device| match property {
        P::DeviceId => Some(vec![device.device_id.to_string()]),
        P::DisplayName => Some(vec![device.display_name.clone()]),
        P::DeviceOwnership => device.device_ownership.map(|owner| vec![format!("{owner:?}")]),
        P::EnrollmentProfileName => device.enrollment_profile_name.clone().map(|name| vec![name]),
        P::IsCompliant => device.is_compliant.map(|it| vec![truth(it)]),
        P::Manufacturer => device.manufacturer.clone().map(|name| vec![name]),
        P::MdmAppId => device.mdm_app_id.map(|id| vec![id.to_string()]),
        P::Model => device.model.clone().map(|name| vec![name]),
        P::OperatingSystem => Some(vec![device.operating_system.clone()]),
        P::OperatingSystemVersion => Some(vec![device.operating_system_version.clone()]),
        P::PhysicalIds => Some(device.physical_ids.clone()),
        P::ProfileType => Some(vec![device.profile_type.clone()]),
        P::SystemLabels => Some(device.system_labels.clone()),
        P::TrustType => Some(vec![device.trust_type.as_str().to_owned()]),
        P::ExtensionAttribute(number) => {
            device.extension_attributes.get(&number).map(|text| vec![text.clone()])
        }
    });
    let wanted: Vec<String> = match &comparison.operand {
        Operand::Null => return values.is_none() != comparison.operator.is_negative(),
        Operand::True => vec![truth(true)],
        Operand::False => vec![truth(false)],
        Operand::Text(text) => vec![text.clone()],
        Operand::List(texts) => texts.clone(),
    };
    let Some(values) = values else { return comparison.operator.is_negative() };
    let hit = |value: &String| {
        wanted.iter().any(|wanted| {
            let (value, wanted) = (lower(value), lower(wanted));
            match comparison.operator {
                Operator::StartsWith | Operator::NotStartsWith => value.starts_with(&wanted),
                Operator::EndsWith | Operator::NotEndsWith => value.ends_with(&wanted),
                Operator::Contains | Operator::NotContains
                    if !matches!(property, P::PhysicalIds | P::SystemLabels) =>
                {
                    value.contains(&wanted)
                }
                _ => value == wanted,
            }
        })
    };
    values.iter().any(hit) != comparison.operator.is_negative()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_printed_reads_back(expression in expression()) {
        let rule = expression.to_string();
        prop_assume!(rule.chars().count() <= MAX_LEN);
        let filter = DeviceFilter::parse(&rule);
        prop_assert_eq!(filter.as_ref().map(DeviceFilter::expression), Ok(&expression), "{}", rule);
        // Other spellings of the same.
        let spelled = rule.replace(" -and ", " \u{2013}AND\t").replace(") -or (", ")or(");
        if !rule.contains(" -and \"") {
            let read = DeviceFilter::parse(&spelled);
            prop_assert_eq!(read.as_ref().map(DeviceFilter::expression), Ok(&expression));
        }
    }

    #[test]
    fn a_slow_evaluator_agrees(expression in expression(), device in device()) {
        let rule = expression.to_string();
        prop_assume!(rule.chars().count() <= MAX_LEN);
        let expected = slow(&expression, device.as_ref());
        prop_assert_eq!(matches(&rule, device.as_ref()), expected, "{}", rule);
    }

    #[test]
    fn no_text_panics(rule in "\\PC{0,60}") {
        if let Err(error) = DeviceFilter::parse(&rule) {
            prop_assert!(error.offset() <= rule.chars().count());
        }
        let _ = AttributeFilter::parse(&rule);
    }

    #[test]
    fn no_change_to_a_good_rule_panics(
        expression in expression(),
        mutations in proptest::collection::vec(strategies::mutation(), 1..4),
    ) {
        let mut octets = expression.to_string().into_bytes();
        for mutation in mutations {
            octets = mutation.apply(&octets);
        }
        let rule = String::from_utf8_lossy(&octets);
        match DeviceFilter::parse(&rule) {
            Ok(filter) => {
                let printed = filter.expression().to_string();
                if printed.chars().count() <= MAX_LEN {
                    let again = DeviceFilter::parse(&printed);
                    prop_assert_eq!(again.as_ref().map(DeviceFilter::expression), Ok(filter.expression()));
                }
            }
            Err(error) => prop_assert!(error.offset() <= rule.chars().count()),
        }
    }
}
