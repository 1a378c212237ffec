//! A small HTTP server, and the answers that AWS gives.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How long to wait for room for another connection.
const PAUSE: Duration = Duration::from_millis(50);

/// A request whose body has not been read.
pub(super) type Incomplete = hyper::Request<Incoming>;
/// An answer.
pub(super) type Answer = Response<Full<Bytes>>;

/// Answers the requests that come in there until `stop`, and returns when no answer is being made any more.
pub(super) async fn serve<F, A>(listener: TcpListener, answer: F, stop: impl Future)
where
    F: Fn(Incomplete) -> A + Clone + Send + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = &mut stop => break,
            connection = listener.accept() => match connection {
                Ok((stream, _)) => {
                    // Answers are small and waited for.
                    let _ = stream.set_nodelay(true);
                    let answer = answer.clone();
                    let service = service_fn(move |request| {
                        let answer = answer(request);
                        async move { Ok::<_, Infallible>(answer.await) }
                    });
                    let connection =
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    connections.spawn(async move {
                        if let Err(error) = connection.await {
                            tracing::debug!(%error, "a connection to the emulator broke");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the emulator can't take a connection");
                    // Most likely too many files are open; one that is closed makes room.
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    connections.shutdown().await;
}

/// Why a body was not read.
pub(super) enum BodyError {
    TooLarge,
    Broken,
}

/// The body of a request, if it is no larger than that.
pub(super) async fn body(request: Incomplete, limit: usize) -> Result<Bytes, BodyError> {
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Err(_) => Err(BodyError::Broken),
    }
}

/// An answer of that status and JSON.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer
}

/// The same with a value.
pub(super) fn value(status: StatusCode, body: &Value) -> Answer {
    json(status, body.to_string())
}

/// Adds a header; a value that no header can have is left out.
pub(super) fn with(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    if let Ok(value) = header::HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
    answer
}
