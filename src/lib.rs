//! Why a stolen token fails on the wrong device, and when it does not.
//!
//! An identity provider, a device key store (software stand-in for a TPM), a broker, resource
//! servers and an attacker run in one process with real cryptography. Each party is a room of this
//! crate and knows another party only through the messages of [`wire`].
//!
//! It is a lab for teaching and testing, not a product to deploy, and has no connection with
//! Microsoft; `docs/reference/fidelity.md` says what is faithful and what is simplified.

pub mod app;
pub mod attacker;
pub mod base;
pub mod broker;
pub mod catalog;
pub mod directory;
pub mod idp;
pub mod jose;
pub mod keystore;
pub mod policy;
pub mod pop;
#[cfg(feature = "cli")]
pub mod render;
pub mod resource;
pub mod rollout;
#[cfg(feature = "redis")]
pub mod server;
pub mod signin;
pub mod sim;
#[cfg(feature = "testing")]
pub mod testing;
pub mod token;
pub mod wire;

// The snippets of the how-to pages, compiled and run with the documentation tests.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../docs/how-to/use-the-library.md")]
#[doc = include_str!("../docs/how-to/take-a-check-out.md")]
#[doc = include_str!("../docs/how-to/verify-dpop-proofs.md")]
#[cfg_attr(feature = "redis", doc = include_str!("../docs/how-to/share-a-replay-window.md"))]
mod how_to {}
