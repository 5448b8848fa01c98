//! An answer before it is put on the wire, and the error bodies of each service.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What is answered: status, headers, body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// An answer whose body is a JSON document.
    pub(crate) fn json(status: StatusCode, document: &Value) -> Self {
        let mut answer = Self::empty(status).with("content-type", "application/json; charset=utf-8");
        answer.body = document.to_string().into_bytes();
        answer
    }

    pub(crate) fn ok(document: &Value) -> Self {
        Self::json(StatusCode::OK, document)
    }

    /// An answer whose body is text of that type.
    pub(crate) fn text(status: StatusCode, kind: &str, text: String) -> Self {
        let mut answer = Self::empty(status).with("content-type", kind);
        answer.body = text.into_bytes();
        answer
    }

    /// A page for people, as Azure's front ends and proxies write where a service would write JSON.
    pub(crate) fn html(status: StatusCode, title: &str, text: &str) -> Self {
        let mut answer = Self::empty(status).with("content-type", "text/html; charset=utf-8");
        answer.body = format!(
            "<!DOCTYPE HTML>\r\n<HTML><HEAD><TITLE>{title}</TITLE></HEAD>\r\n<BODY><h2>{title}</h2>\r\n<hr><p>{text}</p>\r\n</BODY></HTML>\r\n"
        )
        .into_bytes();
        answer
    }

    /// Adds a header. A value that cannot stand in a header is left out.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response.headers_mut().extend(self.headers);
        response
    }
}

/// An error as Resource Manager and its providers write it.
pub(crate) fn arm_error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": code, "message": message}}))
}

/// An error as Key Vault writes it.
pub(crate) fn vault_error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": code, "message": message}}))
}

/// An error as Key Vault writes it, with its inner code. Key Vault writes `innererror` in lower case.
pub(crate) fn vault_inner_error(status: StatusCode, code: &str, message: &str, inner: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": code, "message": message, "innererror": {"code": inner}}}))
}

/// An answer of the simulator itself, for requests that no real host would answer.
pub(crate) fn simulator_error(status: StatusCode, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": "Simulator", "message": message}}))
}
