use core::mem;
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use core::time::Duration;

use crate::host::Host;
use crate::{Error, Exchange, Level, Result};

/// Stands in for the gateway in tests of a plugin. Its fields are what the
/// plugin will see, and afterwards what it made of it. It does not exist in
/// WebAssembly. The default is an empty request in the hook pre.
///
/// ```
/// # use sallyport::*;
/// # fn tag(x: &Exchange) -> Result<Verdict> {
/// #     x.request().header().set("X-Tenant", "acme")?;
/// #     Ok(Verdict::Continue)
/// # }
/// let mut fake = Fake::default();
/// fake.request_header.add("Authorization", "Bearer x");
/// assert_eq!(fake.run(tag), Ok(Verdict::Continue));
/// assert_eq!(fake.request_header.get("X-Tenant"), Some("acme"));
/// ```
///
/// Unlike the gateway it checks neither the spelling of names and values nor
/// limits. Header values, names and the request line are text: bytes that are
/// not UTF-8 are replaced.
#[derive(Clone, Debug, Default)]
pub struct Fake {
    /// The hook that is running, as configuration files spell it; empty is
    /// pre.
    pub hook: String,
    /// The method.
    pub method: String,
    /// Path and query.
    pub uri: String,
    /// The host.
    pub host: String,
    /// IP address and port of the client.
    pub remote_addr: String,
    /// The protocol.
    pub proto: String,
    /// The scheme.
    pub scheme: String,
    /// The identifier of the request.
    pub request_id: String,
    /// The header fields of the request.
    pub request_header: Fields,
    /// The body of the request.
    pub request_body: Vec<u8>,
    /// The status of the reply, or 0.
    pub status: u16,
    /// The header fields of the reply.
    pub reply_header: Fields,
    /// The body of the reply.
    pub reply_body: Vec<u8>,
    /// Whether bodies are streamed, so that they cannot be read.
    pub streamed: bool,
    /// Values from plugin to plugin.
    pub meta: BTreeMap<String, Vec<u8>>,
    /// The session as JSON, without its metadata once it was replaced.
    pub session: Option<String>,
    /// The metadata of the session as JSON.
    pub metadata: Option<String>,
    /// The configuration of the plugin as JSON.
    pub config: Option<String>,
    /// The API.
    pub api: FakeApi,
    /// The event.
    pub notice: FakeNotice,
    /// What both clocks show.
    pub clock: Duration,
    /// The time until the deadline.
    pub time_left: Duration,
    /// The lines that the plugin has logged.
    pub logs: Vec<(Level, String)>,
    /// The store. What has a time to live stays.
    pub kv: BTreeMap<String, Vec<u8>>,
    /// The environment values that were granted.
    pub env: BTreeMap<String, String>,
    /// Every series, named as in "lookups outcome=hit tier=gold".
    pub metrics: BTreeMap<String, f64>,
    /// Answers requests; without it, servers are unavailable.
    pub http: Option<fn(FakeRequest) -> Result<FakeResponse>>,
    /// What the store, servers and the environment return instead of working.
    pub refuse: Option<Error>,
    /// The state of its random numbers, which are the same in every run.
    pub seed: u64,
}

/// The API that a [`Fake`] belongs to.
#[derive(Clone, Debug, Default)]
pub struct FakeApi {
    /// The identifier.
    pub id: String,
    /// The name.
    pub name: String,
    /// The organisation.
    pub org_id: String,
    /// The path under which it is reached.
    pub listen_path: String,
    /// Its config data as JSON.
    pub config: Option<String>,
}

/// The event that a [`Fake`] is about.
#[derive(Clone, Debug, Default)]
pub struct FakeNotice {
    /// What happened.
    pub name: String,
    /// The details as JSON.
    pub data: String,
}

/// A request that a plugin has sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FakeRequest {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The header fields.
    pub header: Fields,
    /// The body.
    pub body: Vec<u8>,
}

/// What a server answers to a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FakeResponse {
    /// The status.
    pub status: u16,
    /// The header fields; the fake does not sort them.
    pub header: Fields,
    /// The body.
    pub body: Vec<u8>,
}

impl Fake {
    /// Calls a handler, or any other function that takes an exchange, and
    /// returns what it returns.
    pub fn run<T>(&mut self, handler: impl FnOnce(&Exchange) -> T) -> T {
        let x = Exchange::new(Host::new(mem::take(self)));
        let result = handler(&x);
        *self = x.host.into_fake();
        result
    }
}

/// The header fields of a message, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// Appends a field.
    pub fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.into(), value.into()));
    }

    /// Returns the value of the first field of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|f| f.0.eq_ignore_ascii_case(name)).map(|f| &*f.1)
    }

    /// Returns the values of all fields of that name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0.iter().filter(move |f| f.0.eq_ignore_ascii_case(name)).map(|f| &*f.1)
    }

    /// Returns every name once.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in &self.0 {
            if !names.iter().any(|n| n.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
        names
    }

    /// Replaces all fields of that name by one.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let first = self.0.iter().position(|f| f.0.eq_ignore_ascii_case(name));
        self.del(name);
        let at = first.unwrap_or(self.0.len());
        self.0.insert(at, (name.into(), value.into()));
    }

    /// Removes all fields of that name.
    pub(crate) fn del(&mut self, name: &str) {
        self.0.retain(|f| !f.0.eq_ignore_ascii_case(name));
    }
}
