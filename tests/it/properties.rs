//! Laws of whole worlds, over generated thieves, tenants and policies.

use proptest::prelude::*;
use token_protection_lab::sim::scenario::{Access, SignInMethod, Steal, Step, UseLoot};
use token_protection_lab::sim::{RunOptions, Scenario, ThiefOutcome, run};
use token_protection_lab::testing::builders::Policy;
use token_protection_lab::testing::strategies;

fn theft(steps: Vec<Step>, policies: &[&str]) -> Scenario {
    let mut settings = serde_json::Map::new();
    settings.insert("policies".to_owned(), policies.to_vec().into());
    Scenario {
        schema: None,
        name: "generated".to_owned(),
        title: String::new(),
        lesson: String::new(),
        settings,
        directory: None,
        devices: Vec::new(),
        steps,
        expect: None,
    }
}

fn alice_signs_in() -> Step {
    Step::SignIn(Access {
        user: "alice".to_owned(),
        device: "LT-ALICE".to_owned(),
        app: "outlook".to_owned(),
        version: None,
        resource: "exchange".to_owned(),
        method: SignInMethod::Password,
        expect: None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn without_its_key_no_bound_token_gets_the_thief_in(
        attempts in proptest::collection::vec(
            (strategies::keyless_use(), strategies::claimed_platform()),
            1..4,
        ),
        policies in strategies::policies(),
    ) {
        let mut steps = vec![alice_signs_in()];
        for ((loot, how), platform) in attempts {
            let (user, device) = ("alice".to_owned(), "LT-ALICE".to_owned());
            steps.push(Step::Steal(Steal { loot, user, device }));
            let resource = "exchange".to_owned();
            steps.push(Step::Use(UseLoot { how, platform, resource, ..UseLoot::default() }));
        }
        let outcome = run(&theft(steps, &policies), &RunOptions::default()).unwrap();
        prop_assert_ne!(outcome.thief, ThiefOutcome::GotIn);
    }

    #[test]
    fn a_block_turns_no_refusal_into_a_grant_and_report_only_changes_nothing(
        sign_in in strategies::sign_in(),
        added in strategies::policy(),
    ) {
        let ends = |sign_in: token_protection_lab::testing::builders::SignIn| {
            let outcome = run(&sign_in.scenario(), &RunOptions::default()).unwrap();
            (outcome.steps[0].result, outcome.steps[0].code)
        };
        let before = ends(sign_in.clone());
        prop_assert_eq!(ends(sign_in.clone().under([added.report_only()])), before);
        let blocked = ends(sign_in.under([Policy::named("block everything").block()]));
        prop_assert_eq!(blocked.1, Some(53003));
    }
}
