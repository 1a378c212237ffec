//! The address of a store, as `CRUCIAL_STORE` gives it.

use std::str::FromStr;
use std::sync::Arc;

use url::{ParseError, Url};

use super::STORE;
use crate::error::{Error, Result};
use crate::runtime::Limits;
use crate::store::{EmbeddedStore, Store};
#[cfg(feature = "redis")]
use crate::store::{Options, RedisStore};

/// The addresses that the setting takes.
const KNOWN: &str = "it takes `embedded:`, `redis://[user:password@]host[:port][/database]` (also called `valkey://`), `rediss://…` or `valkeys://…` for TLS, or `unix:///path/of/the/socket[?db=0&user=…&pass=…]`";

/// A store's address, checked.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum StoreUrl {
    Embedded,
    /// Of scheme `redis`, `rediss` or `unix`.
    Redis(Url),
}

impl FromStr for StoreUrl {
    type Err = Error;

    // The text may hold a password, so errors repeat nothing that stands between `://` and the last `@`.
    fn from_str(text: &str) -> Result<Self> {
        if text == "embedded:" {
            return Ok(Self::Embedded);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(refusal(format!(
                "this is not the address of a store; {KNOWN}"
            )));
        };
        let scheme = match &*scheme.to_ascii_lowercase() {
            "redis" | "valkey" => "redis",
            "rediss" | "valkeys" => "rediss",
            "unix" | "redis+unix" | "valkey+unix" => "unix",
            "redis+cluster" | "rediss+cluster" => {
                return Err(refusal(format!("clusters are not supported yet; {KNOWN}")));
            }
            _ => {
                return Err(refusal(format!("`{scheme}:` is no kind of store; {KNOWN}")));
            }
        };
        let login = rest.rsplit_once('@').map(|(login, _)| login);
        if scheme == "unix" && login.is_some() {
            return Err(refusal(format!(
                "the address of a socket has an `@` in it; write the user and the password behind the path, as `?user=…&pass=…`, and an `@` of the path or of these as `%40`; {KNOWN}"
            )));
        }
        if login.is_some_and(|login| login.contains(['/', '?', '#', '[', ']', '\\', ' '])) {
            return Err(refusal(format!(
                "the user or the password holds a character that must be percent-encoded in an address: write `%2F` for `/`, `%40` for `@`, `%3F` for `?`, `%23` for `#`, `%3A` for `:` and `%25` for `%`; {KNOWN}"
            )));
        }
        let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|error| match error {
            ParseError::EmptyHost => refusal(format!("the address names no host; {KNOWN}")),
            error => refusal(format!("this is not an address ({error}); {KNOWN}")),
        })?;
        match scheme {
            "unix" => check_socket(&url)?,
            _ => check_server(&url)?,
        }
        if url.fragment().is_some() {
            return Err(refusal(format!(
                "an address takes nothing behind a `#`; {KNOWN}"
            )));
        }
        Ok(Self::Redis(url))
    }
}

fn refusal(reason: String) -> Error {
    Error::Config {
        setting: STORE,
        reason,
    }
}

/// A host, perhaps a database, and no parameters.
fn check_server(url: &Url) -> Result<()> {
    if url.host_str().is_none_or(str::is_empty) {
        return Err(refusal(format!("the address names no host; {KNOWN}")));
    }
    check_parameters(url, &[])?;
    match url.path().trim_matches('/') {
        "" => Ok(()),
        database => check_database(database, "/"),
    }
}

/// A path, and perhaps parameters.
fn check_socket(url: &Url) -> Result<()> {
    if url.host_str().is_some_and(|host| !host.is_empty()) || url.path().len() < 2 {
        return Err(refusal(format!(
            "the address of a socket is `unix://` and an absolute path, so it has three slashes; {KNOWN}"
        )));
    }
    check_parameters(url, &["db", "user", "pass"])?;
    match url.query_pairs().find(|(name, _)| name == "db") {
        Some((_, database)) => check_database(&database, "?db="),
        None => Ok(()),
    }
}

fn check_parameters(url: &Url, known: &[&str]) -> Result<()> {
    let unknown = |name: &str| !known.contains(&name);
    match url.query_pairs().find(|(name, _)| unknown(name)) {
        Some((name, _)) => Err(refusal(format!(
            "`{name}` is not a parameter of such an address; {KNOWN}"
        ))),
        None => Ok(()),
    }
}

fn check_database(number: &str, before: &str) -> Result<()> {
    match number.parse::<u32>() {
        Ok(_) => Ok(()),
        Err(_) => Err(refusal(format!(
            "`{before}{number}` is no database number; {KNOWN}"
        ))),
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
                    job_lease: limits.job,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, read) in [
            ("redis://host", "redis://host"),
            ("REDIS://host:7/2", "redis://host:7/2"),
            ("valkey://:a:b%40@host/3", "redis://:a%3Ab%40@host/3"),
            ("rediss://u:p@host", "rediss://u:p@host"),
            ("valkeys://u:p@[::1]:7/", "rediss://u:p@[::1]:7/"),
            ("unix:///run/a%20b.sock", "unix:///run/a%20b.sock"),
            (
                "redis+unix:///s?db=2&user=u&pass=p",
                "unix:///s?db=2&user=u&pass=p",
            ),
        ] {
            match text.parse() {
                Ok(StoreUrl::Redis(url)) => assert_eq!(url.as_str(), read, "{text}"),
                Ok(StoreUrl::Embedded) => panic!("{text}"),
                Err(error) => panic!("{text}: {error}"),
            }
        }
    }

    #[test]
    fn refusals_say_what_to_write_and_print_no_secret() {
        for (text, part) in [
            ("secret", "not the address"),
            ("secret@host", "not the address"),
            ("mysql://u:secret@host", "`mysql:` is no kind"),
            ("redis://:secret@", "names no host"),
            ("redis://", "names no host"),
            ("redis://:secret/x@host", "percent-encoded"),
            ("redis://:@secret/word#1@127.0.0.1", "percent-encoded"),
            ("redis://:secret#x@host", "percent-encoded"),
            ("redis://:secret?x@host/1", "percent-encoded"),
            ("rediss://secret:se[cret]@host", "percent-encoded"),
            ("redis://host/0?password=secret@x", "percent-encoded"),
            ("redis://u:secret@host/one", "`/one` is no database number"),
            ("redis://u:secret@host:port", "invalid port"),
            (
                "redis://u:secret@host?pasword=secret",
                "`pasword` is not a parameter",
            ),
            ("rediss://u:secret@host#insecure", "`#`"),
            ("unix://u:secret@/run/s", "`?user=…&pass=…`"),
            ("unix://run/s?pass=secret", "three slashes"),
            ("unix:///s?pass=secret&port=1", "`port` is not a parameter"),
            (
                "unix:///s?pass=secret&db=x",
                "`?db=x` is no database number",
            ),
            ("redis+cluster://:secret@host", "not supported yet"),
        ] {
            let Err(error) = text.parse::<StoreUrl>() else {
                panic!("{text} is taken");
            };
            let error = error.to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains("secret"), "{text}: {error}");
            assert!(error.contains("`redis://["), "{text}: {error}");
        }
    }
}
