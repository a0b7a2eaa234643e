//! Evaluation allocates a fixed number of times, however many policies there are.

use token_protection_lab::base::Danger;
use token_protection_lab::catalog::RulePack;
use token_protection_lab::policy::evaluate;

#[path = "../../benches/support/policies.rs"]
mod workload;

#[test]
fn no_allocation_for_each_policy() {
    let directory = workload::directory();
    let counts = [10, 100, 1_000].map(|count| {
        let policies = workload::policies(count);
        workload::with_sign_in(&directory, |sign_in| {
            // Lists that are made once are made before.
            drop(evaluate(&policies, sign_in, RulePack::newest(), Danger::NONE));
            let info = allocation_counter::measure(|| {
                drop(evaluate(&policies, sign_in, RulePack::newest(), Danger::NONE));
            });
            info.count_total
        })
    });
    // Sets of bits (two), what filters remember, the entries and the same in order.
    assert_eq!(counts, [5, 5, 5]);
}
