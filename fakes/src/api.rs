//! A stand-in of the Messages API on a loopback address, for the real agent program.
//!
//! Routes: `POST /v1/messages` (server-sent events when `stream` is true, JSON otherwise),
//! `POST /v1/messages/count_tokens`, `HEAD /`. What it says comes from [`crate::model`].
//!
//! Absent: authentication (any key will do, none is read), TLS, and every other route.

mod request;
mod stream;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::model::{self, Fault, Tally};
use request::Asked;

/// A request body may be this long: a conversation of many texts of a megabyte.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where the stand-in leaves its traces.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A file that gets one JSON line `{path, status, messages}` per request, and no more.
    pub log: Option<PathBuf>,
}

/// Why the stand-in does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It answers anybody, so it listens where only this machine reaches it.
    #[error("serve on {0}: not a loopback address")]
    NotLoopback(std::net::SocketAddr),
    /// The log file cannot be opened.
    #[error("open the log {path}: {source}")]
    Log {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The listener failed.
    #[error("serve: {0}")]
    Io(#[from] io::Error),
}

struct Served {
    tally: Mutex<Tally>,
    log: Option<Mutex<File>>,
}

/// Serves until the future is dropped.
pub async fn serve(listener: TcpListener, options: Options) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let log = options.log.as_deref().map(open_log).transpose()?;
    let served = Arc::new(Served { tally: Mutex::default(), log });
    let router = Router::new()
        .route("/", get(|| async { StatusCode::OK }))
        .route("/v1/messages", post(messages))
        .route("/v1/messages/count_tokens", post(count_tokens))
        .fallback(not_found)
        .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(served);
    Ok(axum::serve(listener, router).await?)
}

fn open_log(path: &Path) -> Result<Mutex<File>, ServeError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map(Mutex::new)
        .map_err(|source| ServeError::Log { path: path.to_owned(), source })
}

impl Served {
    /// Writes the one line of a request. A log that cannot be written is not worth a failed answer.
    fn note(&self, path: &str, status: StatusCode, messages: usize) {
        let Some(log) = &self.log else { return };
        let line = json!({ "path": path, "status": status.as_u16(), "messages": messages });
        let mut file = log.lock().unwrap_or_else(PoisonError::into_inner);
        let _unwritten = writeln!(file, "{line}");
    }
}

async fn messages(State(served): State<Arc<Served>>, headers: HeaderMap, body: Bytes) -> Response {
    const PATH: &str = "/v1/messages";
    let Some(asked) = serde_json::from_slice::<Value>(&body).ok().as_ref().and_then(Asked::read)
    else {
        served.note(PATH, StatusCode::BAD_REQUEST, 0);
        return failure(StatusCode::BAD_REQUEST, "the body is not a message request");
    };
    let scope = headers
        .get("x-claude-code-session-id")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let answer = model::answer(&asked.conversation, &asked.offered);
    let fault = served.tally.lock().unwrap_or_else(PoisonError::into_inner).strike(scope, &answer);
    if let Some(Fault::Status { code, .. }) = fault {
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        served.note(PATH, status, asked.messages);
        return failure(status, &format!("error {code}"));
    }
    served.note(PATH, StatusCode::OK, asked.messages);
    if matches!(fault, Some(Fault::Hang)) {
        return std::future::pending().await;
    }
    let message = stream::Message::new(&asked.model, &answer);
    if asked.stream {
        let cut = matches!(fault, Some(Fault::Drop));
        let body = Body::from_stream(stream::events(&message, answer.pace, cut));
        return ([(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")], body)
            .into_response();
    }
    axum::Json(message.whole()).into_response()
}

async fn count_tokens(State(served): State<Arc<Served>>, body: Bytes) -> Response {
    let counted = serde_json::from_slice::<Value>(&body).ok();
    let messages =
        counted.as_ref().and_then(|body| body["messages"].as_array()).map_or(0, Vec::len);
    served.note("/v1/messages/count_tokens", StatusCode::OK, messages);
    // A token is about four bytes; nobody checks the figure.
    axum::Json(json!({ "input_tokens": body.len() / 4 })).into_response()
}

async fn not_found(State(served): State<Arc<Served>>, uri: axum::http::Uri) -> Response {
    served.note(uri.path(), StatusCode::NOT_FOUND, 0);
    failure(StatusCode::NOT_FOUND, "no such route")
}

/// An error in the shape of the API.
fn failure(status: StatusCode, message: &str) -> Response {
    let kind = match status.as_u16() {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    let body = json!({
        "type": "error",
        "error": { "type": kind, "message": message },
        "request_id": format!("req_{}", uuid::Uuid::new_v4().simple()),
    });
    (status, axum::Json(body)).into_response()
}
