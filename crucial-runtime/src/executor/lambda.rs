//! Cloud threads on AWS Lambda: each is one `Invoke` that does not wait for the answer.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::config::{Credentials, ProvideCredentials};
use aws_sdk_lambda::error::{DisplayErrorContext, SdkError};
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_lambda::{Client, config};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell, Semaphore};
use tokio::time::Instant;
use url::{Host, Url};

use super::Executor;
use crate::pause::Pause;
use crate::runtime::Runtime;
use crate::thread::{Ending, Invocation, JoinFailure};
use crate::worker::{Hello, pack};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long Lambda may take to accept an event.
const ACCEPT: Duration = Duration::from_secs(30);
/// How long a function may take to answer a greeting: its first process has to start.
const GREETING: Duration = Duration::from_secs(60);
/// How often an event is sent that certainly did not run.
const TRIES: u32 = 6;
/// How long to wait before the second try at the most; doubled for each further one.
const BACKOFF: Duration = Duration::from_millis(150);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);
/// How many events are on their way at once, each on a connection of its own.
const AT_ONCE: usize = 64;
/// How long a greeting that failed speaks for the next ones.
const REFUSAL: Duration = Duration::from_secs(5);

/// Runs cloud threads as invocations of one function of AWS Lambda.
#[derive(Debug)]
pub(crate) struct LambdaExecutor {
    function: String,
    endpoint: Option<String>,
    /// Whether a job begins with a greeting; in a worker the function has proven itself.
    greets: bool,
    client: OnceCell<Client>,
    greeted: Mutex<Greeted>,
    room: Semaphore,
}

#[derive(Debug)]
enum Greeted {
    NotYet,
    Welcome,
    Refused(Ending, Instant),
}

/// What to make of a failed `Invoke`.
enum Verdict {
    /// It certainly did not run and may run later.
    Again(Ending),
    Final(Ending),
}

impl LambdaExecutor {
    pub(crate) fn new(function: String, endpoint: Option<String>, greets: bool) -> Self {
        Self {
            function,
            endpoint,
            greets,
            client: OnceCell::new(),
            greeted: Mutex::new(Greeted::NotYet),
            room: Semaphore::new(AT_ONCE),
        }
    }

    async fn client(&self) -> Result<&Client, Ending> {
        self.client
            .get_or_try_init(|| async {
                let config = match self.endpoint.as_deref().filter(|url| is_local(url)) {
                    Some(url) => local_config(url).await,
                    None => aws_config(self.endpoint.as_deref()).await?,
                };
                Ok(Client::new(&config))
            })
            .await
    }

    /// Asks the function, once for all threads, whether it can serve the job: an event that fails
    /// later fails where nobody here hears of it.
    async fn greet(&self, client: &Client, runtime: &Runtime) -> Result<(), Ending> {
        if !self.greets {
            return Ok(());
        }
        let mut greeted = self.greeted.lock().await;
        match &*greeted {
            Greeted::Welcome => return Ok(()),
            Greeted::Refused(failure, when) if when.elapsed() < REFUSAL => {
                return Err(failure.clone());
            }
            Greeted::Refused(..) | Greeted::NotYet => {}
        }
        let hello = Hello {
            job: runtime.namespace().clone(),
            store: runtime.store().address().to_owned(),
        };
        let answer = match hello.to_json() {
            Ok(event) => {
                self.invoke(client, event, InvocationType::RequestResponse, GREETING)
                    .await
            }
            Err(error) => Err(JoinFailure::NotStarted(error.to_string())),
        };
        let welcome = answer.and_then(|answer| self.read_answer(&answer));
        *greeted = match &welcome {
            Ok(()) => Greeted::Welcome,
            Err(failure) => Greeted::Refused(failure.clone(), Instant::now()),
        };
        welcome
    }

    fn read_answer(&self, answer: &InvokeOutput) -> Result<(), Ending> {
        let function = &self.function;
        let body: Value = answer
            .payload()
            .and_then(|payload| serde_json::from_slice(payload.as_ref()).ok())
            .unwrap_or_default();
        if answer.function_error().is_some() {
            let message = body["errorMessage"]
                .as_str()
                .unwrap_or("it did not say why");
            return Err(JoinFailure::NotStarted(format!(
                "the function `{function}` can't serve this job: {message}"
            )));
        }
        if body != Hello::answer() {
            return Err(JoinFailure::Skew(format!(
                "the function `{function}` is no program of Crucial, or of another version: it answered {body}"
            )));
        }
        Ok(())
    }

    /// Sends an event, again where it certainly did not run.
    async fn invoke(
        &self,
        client: &Client,
        event: Bytes,
        kind: InvocationType,
        limit: Duration,
    ) -> Result<InvokeOutput, Ending> {
        let event = Blob::new(event);
        let mut pause = Pause::new(BACKOFF, LONGEST_BACKOFF);
        let mut tries = 1;
        loop {
            let timeouts = TimeoutConfig::builder()
                .connect_timeout(CONNECT)
                .operation_timeout(limit)
                .build();
            let sent = client
                .invoke()
                .function_name(&self.function)
                .invocation_type(kind.clone())
                .payload(event.clone())
                .customize()
                .config_override(config::Builder::new().timeout_config(timeouts))
                .send()
                .await;
            let failure = match sent {
                Ok(answer) => return Ok(answer),
                Err(error) => match self.judge(client, &error) {
                    Verdict::Final(failure) => return Err(failure),
                    Verdict::Again(failure) => failure,
                },
            };
            if tries == TRIES {
                return Err(failure);
            }
            tries += 1;
            // Threads that were refused together must not come back together.
            pause.wait().await;
        }
    }

    fn judge(&self, client: &Client, error: &SdkError<InvokeError>) -> Verdict {
        let function = &self.function;
        let place = self.place(client);
        let not_started = |reason: String| Verdict::Final(JoinFailure::NotStarted(reason));
        let in_doubt = |reason: String| {
            Verdict::Final(JoinFailure::Lost(format!(
                "nobody knows whether AWS Lambda {place} took its event: {reason}"
            )))
        };
        match error {
            SdkError::ServiceError(refused) => {
                let meta = refused.err().meta();
                let status = refused.raw().status().as_u16();
                let code = meta.code().unwrap_or("no code");
                let message = meta.message().unwrap_or("no reason");
                let said = format!("{message} ({code})");
                match code {
                    "TooManyRequestsException"
                    | "ThrottlingException"
                    | "EC2ThrottledException" => Verdict::Again(JoinFailure::Throttled(format!(
                        "{said}; raise the concurrency of `{function}`, or spawn fewer threads at once"
                    ))),
                    "ResourceNotFoundException" => not_started(format!(
                        "there is no function `{function}` {place}: {said}; deploy it, or correct CRUCIAL_EXECUTOR, the region or the endpoint"
                    )),
                    "AccessDeniedException" => not_started(format!(
                        "the function `{function}` {place} may not be invoked: {said}; allow lambda:InvokeFunction to these credentials"
                    )),
                    "UnrecognizedClientException"
                    | "InvalidSignatureException"
                    | "ExpiredTokenException"
                    | "InvalidClientTokenId"
                    | "ExpiredToken" => not_started(format!(
                        "AWS did not accept the credentials: {said}; renew them, for example with `aws sso login` and `aws configure export-credentials --format env`"
                    )),
                    _ if status == 429 => Verdict::Again(JoinFailure::Throttled(said)),
                    _ if status >= 500 => in_doubt(said),
                    _ => not_started(format!("AWS Lambda {place} refused its event: {said}")),
                }
            }
            SdkError::ConstructionFailure(_) => not_started(DisplayErrorContext(error).to_string()),
            SdkError::DispatchFailure(failure) if was_not_sent(failure.as_connector_error()) => {
                Verdict::Again(JoinFailure::NotStarted(format!(
                    "AWS Lambda can't be reached {place}: {}; check the network and AWS_ENDPOINT_URL_LAMBDA",
                    root(error)
                )))
            }
            _ => in_doubt(root(error)),
        }
    }

    /// Where the function is looked for.
    fn place(&self, client: &Client) -> String {
        match (&self.endpoint, client.config().region()) {
            (Some(endpoint), _) => format!("at {endpoint}"),
            (None, Some(region)) => format!("in {region}"),
            (None, None) => "in no region".to_owned(),
        }
    }
}

#[async_trait]
impl Executor for LambdaExecutor {
    async fn start(&self, runtime: &Runtime, task: Invocation) -> Result<(), Ending> {
        let client = self.client().await?;
        self.greet(client, runtime).await?;
        let event = pack(runtime, task).await?;
        // Nobody closes it.
        let _room = self.room.acquire().await;
        self.invoke(client, event, InvocationType::Event, ACCEPT)
            .await
            .map(drop)
    }

    async fn shutdown(&self) {}

    fn is_outlived(&self) -> bool {
        true
    }
}

/// Whether an endpoint is on this machine: an emulator, which needs no credentials.
fn is_local(endpoint: &str) -> bool {
    Url::parse(endpoint).is_ok_and(|url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

/// What leaves no time for a look at the network: an emulator takes any credentials and any region.
async fn local_config(endpoint: &str) -> SdkConfig {
    let any = Credentials::new("emulator", "emulator", None, None, "emulator");
    let credentials = CredentialsProviderChain::first_try(
        "Environment",
        EnvironmentVariableCredentialsProvider::new(),
    )
    .or_else("Emulator", any);
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .or_else(Region::from_static("us-east-1"));
    loader(endpoint.starts_with("https:"))
        .endpoint_url(endpoint)
        .credentials_provider(credentials)
        .region(region)
        .load()
        .await
}

/// The configuration as the AWS SDK finds it, checked for what no call can do without.
async fn aws_config(endpoint: Option<&str>) -> Result<SdkConfig, Ending> {
    let mut loader = loader(true);
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let config = loader.load().await;
    if config.region().is_none() {
        return Err(JoinFailure::NotStarted(
            "no AWS region is set; set AWS_REGION, or `region` in the profile".to_owned(),
        ));
    }
    let no_credentials = |reason: String| {
        JoinFailure::NotStarted(format!(
            "there are no AWS credentials: {reason}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for example with `aws configure export-credentials --format env`"
        ))
    };
    match config.credentials_provider() {
        None => Err(no_credentials("none were found".to_owned())),
        Some(provider) => match provider.provide_credentials().await {
            Ok(_) => Ok(config),
            Err(error) => Err(no_credentials(root(&error))),
        },
    }
}

fn loader(tls: bool) -> aws_config::ConfigLoader {
    let http = aws_smithy_http_client::Builder::new();
    let http = if tls {
        // The system's certificates are read, which takes a moment.
        http.tls_provider(Provider::rustls(CryptoMode::Ring))
            .build_https()
    } else {
        http.build_http()
    };
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        // An `Invoke` that failed may have run; only `judge` knows which did not.
        .retry_config(aws_config::retry::RetryConfig::disabled())
}

/// Whether the connection never came about.
fn was_not_sent(error: Option<&aws_sdk_lambda::error::ConnectorError>) -> bool {
    let mut source: Option<&(dyn StdError + 'static)> = match error {
        Some(error) => Some(error),
        None => None,
    };
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return error.is_connect();
        }
        source = error.source();
    }
    false
}

/// What it was in the end.
fn root(error: &dyn StdError) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        for url in [
            "http://127.0.0.1:9001",
            "http://localhost:3001/",
            "http://[::1]:1",
            "https://x.localhost",
        ] {
            assert!(is_local(url), "{url}");
        }
        for url in [
            "https://lambda.eu-west-1.amazonaws.com",
            "http://10.0.0.1",
            "nonsense",
            "data:x",
        ] {
            assert!(!is_local(url), "{url}");
        }
    }
}
