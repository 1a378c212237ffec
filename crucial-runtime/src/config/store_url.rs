//! The address of a store, as `CRUCIAL_STORE` gives it.

use std::str::FromStr;
use std::sync::Arc;

use url::Url;

use super::STORE;
use crate::error::{Error, Result};
use crate::runtime::Limits;
use crate::store::{EmbeddedStore, Store};
#[cfg(feature = "redis")]
use crate::store::{Options, RedisStore};

/// A store's address, checked.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum StoreUrl {
    Embedded,
    Redis(Url),
}

impl FromStr for StoreUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = |reason: String| Error::Config {
            setting: STORE,
            reason,
        };
        if text == "embedded:" {
            return Ok(Self::Embedded);
        }
        let known = "it takes `embedded:`, `redis://[user:password@]host[:port][/database]` or `rediss://…` for TLS";
        // The text may hold a password, so errors never repeat it.
        let url = Url::parse(text)
            .map_err(|error| refuse(format!("is no address of a store ({error}); {known}")))?;
        match url.scheme() {
            "redis" | "rediss" if url.host_str().is_some_and(|host| !host.is_empty()) => {}
            "redis" | "rediss" => {
                return Err(refuse(format!("the address names no host; {known}")));
            }
            "redis+cluster" | "rediss+cluster" => {
                return Err(refuse(format!("clusters are not supported yet; {known}")));
            }
            scheme => return Err(refuse(format!("`{scheme}:` is no kind of store; {known}"))),
        }
        let database = url.path().trim_matches('/');
        if !database.is_empty() && database.parse::<u32>().is_err() {
            return Err(refuse(format!(
                "`/{database}` is no database number; {known}"
            )));
        }
        Ok(Self::Redis(url))
    }
}

impl StoreUrl {
    /// Connects to the store of that address.
    pub(super) async fn connect(&self, limits: Limits) -> Result<Arc<dyn Store>> {
        match self {
            Self::Embedded => Ok(Arc::new(EmbeddedStore::new(limits))),
            #[cfg(feature = "redis")]
            Self::Redis(url) => {
                let options = Options {
                    lease: limits.lead,
                    method_limit: limits.method,
                    value_bytes: limits.value_bytes,
                };
                Ok(Arc::new(RedisStore::connect(url, options).await?))
            }
            #[cfg(not(feature = "redis"))]
            Self::Redis(_) => Err(Error::Config {
                setting: STORE,
                reason: "this program was built without the feature `redis` of `crucial-runtime`; build it with the feature".to_owned(),
            }),
        }
    }
}
