use std::time::Duration;

use azure_core::error::ErrorKind;
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::{RawResponse, Url};
use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::error::{chain, root};
use super::guard::{Expected, wipe};
use super::{Redactor, clock, xml};
use crate::base::{Span, Timestamp};
use crate::effect::{Handle, HandleKind, Reply, Sent};

/// `Retry-After` is believed up to this.
const LONGEST_RETRY: Span = Span::minutes(60);

/// What came of one request, before it is reported as [`Sent`]: it also tells what is worth another try, and how a
/// collection goes on.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The service answered.
    Answered {
        /// The answer, without secrets.
        reply: Reply,
        /// The link to the next page exactly as it was given. It may be signed, so it is never shown or kept.
        next: Option<Zeroizing<String>>,
    },
    /// Nothing was sent, because the service was not reached. Another try may reach it.
    NeverSent { why: String },
    /// It may have been sent and no whole answer came back.
    Lost { why: String },
    /// Nothing was sent, because this end refused: no token, another tenant, not what was rendered. Another try would end
    /// alike.
    Refused { why: String },
}

impl Outcome {
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into() }
    }
}

impl From<Outcome> for Sent {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Answered { reply, .. } => Self::Answered(reply),
            Outcome::NeverSent { why } | Outcome::Refused { why } => Self::NeverSent { why },
            Outcome::Lost { why } => Self::Lost { why },
        }
    }
}

/// Turns what a pipeline gave into what came of it. Anything that is not certainly unsent is lost.
///
/// What decides is whether the guard let the whole request through, not what kind of error it was: only a failed
/// connection is believed to have sent nothing after that.
pub(super) fn outcome(result: azure_core::Result<RawResponse>, expected: &Expected, redactor: &Redactor) -> Outcome {
    let error = match result {
        Ok(raw) => return answered(&raw, expected, redactor),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::HttpResponse { raw_response: Some(raw), .. } => answered(raw, expected, redactor),
        ErrorKind::HttpResponse { status, raw_response: None, .. } => {
            let raw = RawResponse::from_bytes(*status, Headers::new(), Vec::new());
            answered(&raw, expected, redactor)
        }
        ErrorKind::Connection => {
            let why = format!("no connection to {}: {}", expected.host(), root(&error));
            Outcome::NeverSent { why: redactor.redact(&why) }
        }
        _ if expected.may_have_left() => {
            let why = format!("no whole answer came back from {}: {}", expected.host(), root(&error));
            Outcome::Lost { why: redactor.redact(&why) }
        }
        // The question for a challenge was lost on the way.
        ErrorKind::Io => Outcome::NeverSent { why: redactor.redact(&chain(&error)) },
        _ => Outcome::Refused { why: redactor.redact(&chain(&error)) },
    }
}

/// What is reported when the time for a request is over.
pub(super) fn timed_out(expected: &Expected, limit: Duration) -> Outcome {
    let (host, seconds) = (expected.host(), limit.as_secs_f32());
    if expected.may_have_left() {
        Outcome::Lost { why: format!("no answer came back from {host} within {seconds} s") }
    } else {
        Outcome::NeverSent { why: format!("nothing could be sent to {host} within {seconds} s") }
    }
}

fn answered(raw: &RawResponse, expected: &Expected, redactor: &Redactor) -> Outcome {
    let status = u16::from(raw.status());
    // Only the question for a challenge was answered. A refusal of it is a refusal; anything else says nothing of a
    // request that was never sent.
    if !expected.may_have_left() && !(400..500).contains(&status) {
        let why = format!("{} answered {status} where it should ask for a token; nothing was sent", expected.host());
        return Outcome::NeverSent { why };
    }
    let (reply, next) = reply(raw, Some(expected.url()), redactor);
    Outcome::Answered { reply, next }
}

/// An answer's parts, and the link to the next page. A secret's value is taken out and texts are redacted; the link is
/// taken before, because a signed one does not survive that.
fn reply(raw: &RawResponse, asked: Option<&Url>, redactor: &Redactor) -> (Reply, Option<Zeroizing<String>>) {
    let headers = raw.headers();
    let bytes: &[u8] = raw.body().as_ref();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut body = serde_json::from_slice::<Json>(bytes).ok().or_else(|| xml::document(bytes));
    let mut next = None;
    if let Some(body) = &mut body {
        let link = body.get("nextLink").and_then(Json::as_str).filter(|link| !link.is_empty());
        next = link.map(|link| Zeroizing::new(link.to_owned()));
        remove_secret(body);
        redactor.redact_json(body);
    }
    // All that a queue says of its length.
    let length = header(headers, "x-ms-approximate-messages-count").and_then(|text| text.parse::<u64>().ok());
    body = body.or_else(|| length.map(|length| serde_json::json!({ "approximate-messages-count": length })));
    let text = (body.is_none() && !bytes.is_empty())
        .then(|| redactor.redact(&String::from_utf8_lossy(bytes)).chars().take(200).collect());
    let reply = Reply {
        status: u16::from(raw.status()),
        body,
        text,
        request_id: header(headers, "x-ms-request-id").or_else(|| header(headers, "request-id")).map(str::to_owned),
        operation: asked.and_then(|asked| operation(headers, asked)),
        no_operation: false,
        retry_after: retry_after(headers, clock::host_now()),
    };
    (reply, next)
}

/// Takes a secret's text out of a bundle, and leaves the `value` of a list where it is.
fn remove_secret(body: &mut Json) {
    if let Json::Object(members) = body
        && members.get("value").is_some_and(|value| !value.is_array())
        && let Some(mut value) = members.remove("value")
    {
        wipe(&mut value);
    }
}

fn header<'a>(headers: &'a Headers, name: &'static str) -> Option<&'a str> {
    headers.get_optional_str(&HeaderName::from_static(name))
}

/// Where to ask how it goes on. An address of another origin is dropped: it would be asked with a token.
fn operation(headers: &Headers, asked: &Url) -> Option<Handle> {
    let found = |name, kind| {
        let url: Url = header(headers, name)?.parse().ok()?;
        let trusted = url.origin() == asked.origin() || is_resource_manager(&url);
        trusted.then(|| Handle { url: url.into(), kind })
    };
    found("azure-asyncoperation", HandleKind::AsyncOperation).or_else(|| found("location", HandleKind::Location))
}

/// `https://management.azure.com`, or one of its regional hosts.
pub(super) fn is_resource_manager(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https"
        && url.port().is_none()
        && (host == "management.azure.com" || host.ends_with(".management.azure.com"))
}

/// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), or `x-ms-retry-after-ms`; at most one hour.
fn retry_after(headers: &Headers, now: Timestamp) -> Option<Span> {
    let milliseconds = header(headers, "x-ms-retry-after-ms").and_then(|text| text.trim().parse::<i64>().ok());
    if let Some(milliseconds) = milliseconds {
        return Some(Span::from_microseconds(milliseconds.saturating_mul(1000)).min(LONGEST_RETRY));
    }
    let text = header(headers, "retry-after")?.trim();
    let span = match text.parse::<i64>() {
        Ok(seconds) => Span::from_microseconds(seconds.saturating_mul(1_000_000)),
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            Timestamp::from_microseconds(at.as_microsecond()).since(now)
        }
    };
    Some(span.min(LONGEST_RETRY))
}

#[cfg(test)]
mod tests {
    use azure_core::http::{Method, StatusCode};
    use serde_json::json;

    use super::super::guard::Rule;
    use super::*;

    const ASKED: &str = "https://management.azure.com/subscriptions/s?api-version=2023-12-01";

    fn headers(pairs: &[(&'static str, &'static str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in pairs {
            headers.insert(*name, *value);
        }
        headers
    }

    fn asked() -> Url {
        ASKED.parse().unwrap()
    }

    #[test]
    fn a_secrets_text_never_becomes_part_of_a_reply_and_a_list_stays() {
        let raw = |body: Json| RawResponse::from_bytes(StatusCode::Ok, Headers::new(), body.to_string());
        let (bundle, _) = reply(&raw(json!({"value": "s3cret", "id": "x"})), None, &Redactor::new());
        assert_eq!(bundle.body, Some(json!({"id": "x"})));
        let (list, _) = reply(&raw(json!({"value": [{"id": "x"}]})), None, &Redactor::new());
        assert_eq!(list.body, Some(json!({"value": [{"id": "x"}]})));
    }

    #[test]
    fn a_body_that_is_not_json_is_shortened_and_redacted() {
        let html = format!("<html>Password=hunter2 {}", "x".repeat(500));
        let raw = RawResponse::from_bytes(StatusCode::ServiceUnavailable, Headers::new(), html);
        let (reply, _) = reply(&raw, None, &Redactor::new());
        let text = reply.text.unwrap();
        assert_eq!(text.chars().count(), 200);
        assert!(!text.contains("hunter2"));
        assert!(reply.body.is_none());
    }

    #[test]
    fn an_operations_address_is_believed_only_on_the_same_origin_or_at_resource_manager() {
        let same = headers(&[("location", "https://management.azure.com/op?x=1")]);
        assert_eq!(operation(&same, &asked()).unwrap().kind, HandleKind::Location);
        let regional = headers(&[("azure-asyncoperation", "https://westeurope.management.azure.com/op")]);
        assert_eq!(operation(&regional, &asked()).unwrap().kind, HandleKind::AsyncOperation);
        for elsewhere in [
            "https://evil.example/op",
            "https://management.azure.com.evil.example/op",
            "http://management.azure.com/op",
        ] {
            let mut headers = Headers::new();
            headers.insert("location", elsewhere);
            assert!(operation(&headers, &asked()).is_none(), "{elsewhere}");
        }
    }

    #[test]
    fn retry_after_is_read_in_all_three_forms_and_capped_at_an_hour() {
        let now: Timestamp = "2026-11-20T03:10:00Z".parse().unwrap();
        let of = |pairs: &[(&'static str, &'static str)]| retry_after(&headers(pairs), now);
        assert_eq!(of(&[("retry-after", "15")]), Some(Span::seconds(15)));
        assert_eq!(of(&[("retry-after", "Fri, 20 Nov 2026 03:10:30 GMT")]), Some(Span::seconds(30)));
        assert_eq!(
            of(&[("x-ms-retry-after-ms", "1500"), ("retry-after", "9")]),
            Some(Span::from_microseconds(1_500_000))
        );
        assert_eq!(of(&[("retry-after", "86400")]), Some(Span::minutes(60)));
        assert_eq!(of(&[("retry-after", "soon")]), None);
    }

    #[test]
    fn an_error_before_anything_left_is_never_sent_whatever_its_kind() {
        let expected = Expected::new(Method::Post, asked(), None, Rule::Exactly);
        for kind in [ErrorKind::Io, ErrorKind::Credential, ErrorKind::Other, ErrorKind::Connection] {
            let error = azure_core::Error::with_message(kind.clone(), "x");
            let outcome = outcome(Err(error), &expected, &Redactor::new());
            let ours = matches!(kind, ErrorKind::Credential | ErrorKind::Other);
            assert_eq!(matches!(outcome, Outcome::Refused { .. }), ours, "{kind}");
            assert!(matches!(outcome.into(), Sent::NeverSent { .. }));
        }
        assert!(matches!(timed_out(&expected, Duration::from_mins(1)), Outcome::NeverSent { .. }));
    }

    #[test]
    fn an_answer_to_the_mere_question_for_a_challenge_is_believed_only_as_a_refusal() {
        let expected = Expected::new(Method::Put, asked(), None, Rule::AfterChallenge);
        let of = |status| {
            let raw = RawResponse::from_bytes(status, Headers::new(), Vec::new());
            Sent::from(outcome(Ok(raw), &expected, &Redactor::new()))
        };
        assert!(matches!(of(StatusCode::Forbidden), Sent::Answered(reply) if reply.status == 403));
        assert!(matches!(of(StatusCode::Ok), Sent::NeverSent { .. }));
        assert!(matches!(of(StatusCode::BadGateway), Sent::NeverSent { .. }));
    }
}
