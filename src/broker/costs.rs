//! What a sign-in and a use of the PRT cost in operations of the key store, as
//! [`Strategy`](crate::keystore::Strategy) states them.

use super::scripted::{ALICE, DEVICE, Far, Scripted, nonce, settings, tokens};
use super::uses::AppRequest;
use super::{Broker, Protocol};
use crate::base::id::AppId;
use crate::base::stream::Seed;
use crate::base::time::Nanos;
use crate::jose::kdf::SessionKey;
use crate::keystore::{KeyStore, Latency, LatencyModel, Operations, Protection, Strategy};

const fn flat(nanos: u64) -> Latency {
    Latency { p50: Nanos(nanos), p95: Nanos(nanos) }
}

/// Each operation takes a time that tells it from the others.
const COUNTING: LatencyModel =
    LatencyModel { sign: flat(1_000_000), unwrap: flat(1_000), derive: flat(1) };

fn operations(spent: Nanos) -> Operations {
    let digits = |unit: u64| u32::try_from(spent.0 / unit % 1_000).unwrap();
    Operations { sign: digits(1_000_000), unwrap: digits(1_000), derive: digits(1) }
}

#[test]
fn a_prt_and_its_uses_cost_what_the_strategies_state() {
    for (protocol, strategy) in [
        (Protocol::DeviceKey, Strategy::DeviceKey),
        (Protocol::SessionKey, Strategy::SessionKeyInHardware),
    ] {
        let mut rng = Seed(1).stream("device");
        let store = KeyStore::new(Protection::Hardware, COUNTING, Seed(7).stream("key store"));
        let mut broker = Broker::new(store, settings(protocol));
        let (device, transport) = broker.generate_keys(&mut rng).unwrap();
        broker.provisioned(DEVICE).unwrap();
        let mut far = Seed(2).stream("provider");
        let session = SessionKey::generate(&mut far);
        let mut far = Far { rng: far, session, device, transport };

        let mut link = Scripted::answering([nonce("n1"), far.prt_answer(protocol, "n1")]);
        broker.prt_with_password(&mut link, ALICE, &"pw".into(), None).unwrap();
        assert_eq!(operations(link.spent), strategy.once(), "{protocol:?}");

        let answer = far.use_answer(protocol, "n2", &tokens(None));
        let mut link = Scripted::answering([nonce("n2"), answer]);
        let ask = AppRequest {
            client: AppId::from_u128(0xa),
            client_version: None,
            client_sku: None,
            resource: "https://outlook.lab.example",
            scope: "openid",
        };
        broker.token(&mut link, &mut rng, ALICE, &ask).unwrap();
        assert_eq!(operations(link.spent), strategy.each(), "{protocol:?}");
    }
    assert_eq!(Strategy::SessionKeyInMemory.each(), Strategy::SessionKeyInHardware.each());
}
