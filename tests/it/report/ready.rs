//! Who would pass enforcement throughout.

use token_protection_lab::signin::query::{
    Counting, Filter, Readiness, ReadyReport, Standing, UserEvidence,
};
use token_protection_lab::signin::read::{self, LogTable, OnBad};

use super::{Failed, sample, week};

fn ready(log: &str, filter: Filter<'_>) -> ReadyReport {
    let mut readiness = Readiness::new(filter, Counting::default());
    read::each::<Failed>(log.as_bytes(), OnBad::Refuse, |_, event| Ok(readiness.add(event)?))
        .unwrap();
    readiness.finish()
}

fn both() -> Filter<'static> {
    Filter { table: None, ..week(LogTable::Interactive) }
}

fn of<'r>(report: &'r ReadyReport, user: &str) -> &'r UserEvidence {
    let name = format!("{user}@contoso.example");
    report.users.iter().find(|one| one.user == name).unwrap()
}

#[test]
fn the_sample_has_users_of_every_standing() {
    let report = ready(&sample(), both());
    let standing = |standing| {
        let names = report.with(standing).map(|user| user.user.split('@').next().unwrap());
        names.collect::<Vec<_>>()
    };
    assert_eq!(standing(Standing::Ready), ["bob"]);
    // Ivan's policies are for Windows alone: nothing is known of him.
    assert_eq!(standing(Standing::NoEvidence), ["ivan"]);
    assert_eq!(
        standing(Standing::NotReady),
        ["alice", "carol", "dave", "erin", "frank", "grace", "heidi", "judy"]
    );
    // A policy with a second session control is evidence too (Q1), so Bob has eight requests.
    let bob = of(&report, "bob");
    assert_eq!((bob.requests, bob.passed, bob.days), (7, 7, 3));
    let frank = of(&report, "frank");
    assert_eq!((frank.requests, frank.passed), (4, 1));
    assert_eq!(frank.failures.len(), 1);
    assert_eq!((frank.failures[0].code, frank.failures[0].requests), (Some(1008), 3));
    assert_eq!(
        frank.failures[0].apps,
        [
            "Microsoft Power Query for Excel",
            "Microsoft SharePoint Online Management Shell",
            "Visual Studio Code"
        ]
    );
}

#[test]
fn one_unbound_request_is_enough() {
    let row = |id: u8, unmet: &str, status: &str| {
        format!(
            r#"{{"Id":"{id}","TimeGenerated":"2026-03-09T00:00:00Z","UserPrincipalName":"u@contoso.example","ConditionalAccessPolicies":[{{"enforcedSessionControls":["signinTokenProtection","SignInFrequency"],{unmet}"result":"reportOnlySuccess"}}],"TokenProtectionStatusDetails":{status}}}"#
        )
    };
    let bound = r#"{"signInSessionStatus":"bound","signInSessionStatusCode":0}"#;
    let unbound = r#"{"signInSessionStatus":"unbound","signInSessionStatusCode":1005}"#;
    let standing = |rows: &[String]| of(&ready(&rows.join("\n"), both()), "u").standing;
    assert_eq!(standing(&[row(1, "", bound), row(2, "", "null")]), Standing::Ready);
    assert_eq!(standing(&[row(1, "", bound), row(2, "", unbound)]), Standing::NotReady);
    let unmet = r#""sessionControlsNotSatisfied":["BINDING"],"#;
    assert_eq!(standing(&[row(1, "", bound), row(2, unmet, bound)]), Standing::NotReady);
    // Graph v1.0 does not say what was unmet.
    let failed = row(2, "", "null").replace("reportOnlySuccess", "reportOnlyFailure");
    assert_eq!(standing(&[row(1, "", bound), failed]), Standing::NotReady);
    let out_of_scope = row(1, "", unbound).replace("reportOnlySuccess", "reportOnlyNotApplied");
    assert_eq!(standing(&[out_of_scope]), Standing::NoEvidence);
    // The same request twice is one request.
    let report = ready(&[row(1, "", bound), row(1, "", bound)].join("\n"), both());
    assert_eq!(of(&report, "u").requests, 1);
}
