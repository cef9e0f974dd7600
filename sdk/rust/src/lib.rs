//! Plugins for the Sallyport gateway in Rust, compiled to WebAssembly. No
//! dependencies, no allocation, with or without std.
//!
//! # A plugin
//!
//! ```
//! use sallyport::{Exchange, Result, Verdict};
//!
//! sallyport::hook!(pre, tag);
//!
//! fn tag(x: &Exchange) -> Result<Verdict> {
//!     if !x.request().header().has("Authorization") {
//!         return x.answer(401, "who are you?");
//!     }
//!     x.request().header().set("X-Tenant", "acme")?;
//!     Ok(Verdict::Continue)
//! }
//! ```
//!
//! [`hook!`] exports a handler under the name of a hook, and the exports are
//! the declaration. Build the crate as a `cdylib` for `wasm32-unknown-unknown`
//! or `wasm32-wasi`, with `panic = "abort"`.
//!
//! # Bodies
//!
//! The gateway buffers a body only for plugins that read it. A plugin declares
//! that by calling `body`, `body_size`, `read_body` or `splice_body` of
//! [`Request`] or [`Reply`] anywhere: the linker keeps the imports of
//! functions that are used and drops the others.
//!
//! # Lifetime of bytes
//!
//! What an accessor returns borrows from the [`Exchange`] and is valid until
//! the hook returns, whatever is called in between. Values go into a buffer
//! that all hooks of an instance use in turn. Nothing is allocated once it has
//! grown to what a hook needs.
//!
//! # Failing
//!
//! A hook ends when its handler returns an error, panics or calls
//! [`Exchange::fail`]. The gateway then discards all its edits.
//!
//! # Grants
//!
//! [`Kv`], [`Http`] and [`Exchange::env`] need a line `allow:` in the
//! configuration of the plugin, from the moment they are used anywhere.
//!
//! # State
//!
//! State belongs in statics. In mode fresh every request sees them as they
//! were after initialisation.
//!
//! # Tests
//!
//! The crate compiles on every platform. Outside of WebAssembly a `Fake`
//! stands in for the gateway, so that `cargo test` tests the handlers.

#![no_std]
#![warn(missing_docs)]

#[cfg(not(target_arch = "wasm32"))]
extern crate std;

mod api;
mod arena;
mod error;
mod exchange;
mod header;
mod http;
mod kv;
mod list;
mod message;
mod metric;
mod reply;
mod request;
mod session;
mod verdict;

#[macro_use]
mod hook;

#[cfg(target_arch = "wasm32")]
#[path = "host_wasm.rs"]
mod host;

#[cfg(not(target_arch = "wasm32"))]
#[path = "host_fake.rs"]
mod host;

#[cfg(not(target_arch = "wasm32"))]
mod fake;
#[cfg(not(target_arch = "wasm32"))]
mod json;

pub use api::{Api, Notice};
pub use error::{Error, Result};
pub use exchange::{Exchange, Level};
#[cfg(not(target_arch = "wasm32"))]
pub use fake::{Fake, FakeApi, FakeNotice, FakeRequest, FakeResponse, Fields};
pub use header::Header;
pub use http::{Http, HttpRequest, HttpResponse};
pub use kv::Kv;
pub use list::{Items, Pairs};
pub use metric::Metrics;
pub use reply::Reply;
pub use request::Request;
pub use session::{Meta, Session};
pub use verdict::{Outcome, Verdict};

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use hook::__run;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use host::trap as __trap;
