//! Which keys get tables: budget, frequency, strangers, the switch.

use super::*;
use crate::base::stream::Seed;
use crate::jose::{Signer as _, SigningKey};

/// Room for exactly this many tables.
fn with_room_for(tables: usize) -> KnownKeys {
    let budget = overhead(tables) + tables * store::OCTETS_A_KEY;
    let keys = KnownKeys::with_budget(budget, &mut Seed(4).stream("known keys")).unwrap();
    assert_eq!(keys.capacity(), tables);
    keys
}

/// Keys as strangers make them: real points, by adding.
fn strangers(from: u64) -> impl Iterator<Item = [u8; 65]> {
    let first = Point::mulgen(&crrl::p256::Scalar::from_u64(from));
    let next = |point: &Point| Some(*point + Point::BASE);
    std::iter::successors(Some(first), next).map(|point| point.encode_uncompressed())
}

fn use_times(keys: &KnownKeys, key: &[u8; 65], times: usize) {
    (0..times).for_each(|_| keys.accepted(key));
}

fn holds(keys: &KnownKeys, key: &[u8; 65]) -> bool {
    let hash = keys.hash(coordinates(key).unwrap());
    keys.store.shard(hash).unwrap().holds(hash)
}

#[test]
fn a_key_is_worth_a_table_after_eight_accepts() {
    let keys = with_room_for(4);
    let key = strangers(2).next().unwrap();
    use_times(&keys, &key, 7);
    assert_eq!((keys.maintain(9), holds(&keys, &key)), (0, false));
    use_times(&keys, &key, 1);
    assert_eq!((keys.maintain(9), holds(&keys, &key)), (1, true));
    use_times(&keys, &key, 100);
    assert_eq!(keys.maintain(9), 0);
    let counts = keys.counts();
    assert_eq!((counts.accepts, counts.built, counts.held, counts.replaced), (108, 1, 1, 0));
}

#[test]
fn verifying_alone_promotes_nothing() {
    let keys = with_room_for(4);
    let signer = SigningKey::generate(&mut Seed(1).stream("signer"));
    let (key, signature) = (signer.public_key().to_sec1(), signer.sign(b"m").unwrap());
    let signature = signature.try_into().unwrap();
    assert!((0..20).all(|_| keys.accepts(&key, b"m", &signature)));
    assert_eq!((keys.maintain(9), keys.counts().misses, keys.counts().hits), (0, 20, 0));
    use_times(&keys, &key, 8);
    assert_eq!(keys.maintain(9), 1);
    assert!(keys.accepts(&key, b"m", &signature) && !keys.accepts(&key, b"n", &signature));
    assert_eq!((keys.counts().misses, keys.counts().hits), (20, 2));
    assert!((keys.counts().hit_rate() - 2.0 / 22.0).abs() < 1e-9);
}

#[test]
fn maintain_builds_no_more_than_asked() {
    let keys = with_room_for(8);
    strangers(2).take(5).for_each(|key| use_times(&keys, &key, 8));
    assert_eq!((keys.maintain(2), keys.maintain(2), keys.maintain(2)), (2, 2, 1));
}

#[test]
fn the_budget_is_a_limit() {
    let tables = 6;
    let budget = overhead(tables) + tables * store::OCTETS_A_KEY;
    let keys = with_room_for(tables);
    for key in strangers(2).take(100) {
        use_times(&keys, &key, 40);
        keys.maintain(4);
        assert!(keys.counts().held <= tables && keys.counts().octets <= budget);
    }
    assert_eq!((keys.counts().held, keys.counts().octets), (tables, budget));
}

#[test]
fn a_budget_without_room_is_refused() {
    let make = |budget| KnownKeys::with_budget(budget, &mut Seed(1).stream("budget"));
    let least = overhead(1) + store::OCTETS_A_KEY;
    assert_eq!(make(least).unwrap().capacity(), 1);
    let error = make(least - 1).unwrap_err();
    assert_eq!(error, KnownKeysError::BudgetTooSmall { budget: least - 1, least });
    assert_eq!(error.code(), "jose.budget_too_small");
    assert_eq!(
        error.to_string(),
        format!(
            "a budget of {} octets has no room for one table: {least} octets are the least",
            least - 1
        )
    );
}

#[test]
fn as_many_tables_as_fit() {
    for budget in (600 << 10..80 << 20).step_by(999_983) {
        let tables = capacity(budget);
        assert!(overhead(tables) + tables * store::OCTETS_A_KEY <= budget);
        assert!(overhead(tables + 1) + (tables + 1) * store::OCTETS_A_KEY > budget);
    }
    assert!(capacity(64 << 20) > 2_000);
}

/// Each stranger has a key of its own and is accepted a few times; honest keys are used all along.
#[test]
fn ten_thousand_strangers_evict_nobody() {
    let keys = with_room_for(8);
    let honest: Vec<_> = strangers(1 << 40).take(8).collect();
    honest.iter().for_each(|key| use_times(&keys, key, 20));
    assert_eq!(keys.maintain(99), 8);
    for (n, stranger) in strangers(2).take(10_000).enumerate() {
        use_times(&keys, &stranger, 3);
        if n % 10 == 0 {
            honest.iter().for_each(|key| keys.accepted(key));
        }
        keys.maintain(4);
    }
    assert!(honest.iter().all(|key| holds(&keys, key)));
    assert_eq!((keys.counts().built, keys.counts().replaced), (8, 0));
}

#[test]
fn who_is_used_much_more_takes_the_place_of_who_is_not() {
    let keys = with_room_for(4);
    let old: Vec<_> = strangers(1 << 40).take(4).collect();
    old.iter().for_each(|key| use_times(&keys, key, 20));
    assert_eq!(keys.maintain(9), 4);
    let new = strangers(2).next().unwrap();
    use_times(&keys, &new, 32);
    use_times(&keys, &old[0], 300);
    assert_eq!((keys.maintain(9), holds(&keys, &new)), (0, false), "32 is not more than twice 20");
    use_times(&keys, &new, 32);
    assert_eq!((keys.maintain(9), holds(&keys, &new)), (1, true), "64 is");
    assert_eq!((keys.counts().replaced, keys.counts().held), (1, 4));
    assert!(holds(&keys, &old[0]), "the one used most was not the one to go");
}

#[test]
fn replacements_are_rationed() {
    let keys = with_room_for(2);
    strangers(1 << 40).take(2).for_each(|key| use_times(&keys, &key, 8));
    assert_eq!(keys.maintain(9), 2);
    // Two keys at a time that are used much, for a moment.
    for pair in strangers(2).take(400).collect::<Vec<_>>().chunks(2) {
        pair.iter().for_each(|key| use_times(&keys, key, 64));
        keys.maintain(99);
    }
    let counts = keys.counts();
    assert!(counts.replaced > 10, "{counts:?}");
    assert!(counts.replaced <= counts.accepts / ACCEPTS_A_REPLACEMENT, "{counts:?}");
}

#[test]
fn what_was_used_long_ago_counts_less() {
    let keys = with_room_for(1);
    let (old, new) = (strangers(2).next().unwrap(), strangers(3).next().unwrap());
    use_times(&keys, &old, 255);
    keys.maintain(9);
    assert!(holds(&keys, &old));
    for _ in 0..20 {
        use_times(&keys, &new, 64);
        keys.maintain(9);
    }
    assert!(holds(&keys, &new) && !holds(&keys, &old));
}

#[test]
fn off_means_ring_and_no_memory() {
    let keys = with_room_for(4);
    let signer = SigningKey::generate(&mut Seed(1).stream("signer"));
    let (key, signature) = (signer.public_key().to_sec1(), signer.sign(b"m").unwrap());
    let signature = signature.try_into().unwrap();
    use_times(&keys, &key, 8);
    assert_eq!(keys.maintain(9), 1);
    keys.switch(TableUse::Off);
    assert_eq!((keys.table_use(), keys.counts().held), (TableUse::Off, 0));
    assert!(keys.accepts(&key, b"m", &signature) && !keys.accepts(&key, b"n", &signature));
    use_times(&keys, &key, 64);
    let counts = keys.counts();
    assert_eq!((keys.maintain(9), counts.accepts, counts.hits, counts.misses), (0, 8, 0, 0));
    keys.switch(TableUse::On);
    use_times(&keys, &key, 64);
    assert_eq!(keys.maintain(9), 1);
    assert!(keys.accepts(&key, b"m", &signature));
    assert_eq!(keys.counts().hits, 1);
}

#[test]
fn what_is_no_key_gets_no_table() {
    let keys = with_room_for(4);
    let real = strangers(2).next().unwrap();
    let (mut off_curve, mut hybrid) = (real, real);
    off_curve[64] ^= 1;
    hybrid[0] = 6;
    for key in [off_curve, hybrid, [4; 65], [0; 65]] {
        use_times(&keys, &key, 64);
        assert_eq!(keys.maintain(9), 0);
        assert!(!keys.accepts(&key, b"m", &[1; 64]));
    }
}

#[test]
fn a_full_queue_waits_for_another_time() {
    let keys = with_room_for(2_000);
    let crowd: Vec<_> = strangers(2).take(QUEUE + 10).collect();
    crowd.iter().for_each(|key| use_times(&keys, key, 8));
    assert_eq!(lock(&keys.queue).len(), QUEUE);
    assert_eq!(lock(&keys.queue).capacity(), QUEUE, "it did not grow");
}

#[test]
fn the_hash_is_seeded() {
    let hash = |seed| {
        let keys = KnownKeys::with_budget(1 << 20, &mut Seed(seed).stream("seed")).unwrap();
        keys.hash(&[7; 64])
    };
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

#[test]
fn shared_by_threads() {
    const fn shared<T: Send + Sync>() {}
    shared::<KnownKeys>();
}
