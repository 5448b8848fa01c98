use serde::{Deserialize, Serialize};

use super::{Class, Handle, HandleKind, Reply, Sent, Unreadable};
use crate::base::{Span, Value};

/// What a hand's report means for an effect (DESIGN §4, "What an answer means").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It happened.
    Happened {
        /// The outputs.
        outputs: Value,
    },
    /// It happened, but the answer could not be read: the probe must give the outputs.
    HappenedUnread {
        /// Why.
        why: String,
    },
    /// It goes on; ask there.
    Accepted {
        /// Where to ask.
        handle: Handle,
        /// How long to wait before asking.
        retry_after: Span,
    },
    /// It did not happen.
    Failed(Failure),
    /// It may have happened.
    InDoubt {
        /// Why, as a sentence.
        why: String,
    },
}

/// Why an effect certainly failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The service's code, or ours (`not_sent`).
    pub code: String,
    /// A sentence, redacted.
    pub message: String,
    /// The HTTP status, if the service answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `Retry-After`, if the service said so; at most one hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Span>,
}

impl Failure {
    /// The code of what never left this machine.
    pub const NOT_SENT: &str = "not_sent";

    /// A failure of which a code and a sentence are known.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: None, retry_after: None }
    }

    /// Nothing left this machine.
    pub fn not_sent(why: impl Into<String>) -> Self {
        Self::new(Self::NOT_SENT, why)
    }
}

/// How an accepted operation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not finished; ask again after a while.
    Running {
        /// The service's word.
        status: String,
        /// How long to wait before asking again.
        retry_after: Span,
    },
    /// The operation says that it succeeded.
    Succeeded,
    /// The operation says that it failed or was cancelled: there may be a partial effect to observe.
    Failed(Failure),
    /// No useful answer came; the operation itself is not touched by that. Ask again.
    Unreachable {
        /// Why, as a sentence.
        why: String,
    },
    /// The service knows nothing any more at this address (404, 410): what became of it must be probed.
    Gone {
        /// Why, as a sentence.
        why: String,
    },
}

/// How long to wait when the service does not say.
const DEFAULT_RETRY: Span = Span::seconds(5);

/// Tells what the report of a hand means for an effect of `class`.
///
/// `doubted` says that an earlier attempt of the same step is, or was, in doubt: then a conflict (409, 412) may be the
/// trace of our own first request, and only the probe can tell. `parse` reads the outputs.
pub fn meaning(
    sent: &Sent,
    class: Class,
    doubted: bool,
    parse: impl FnOnce(&Reply) -> Result<Value, Unreadable>,
) -> Meaning {
    let reply = match sent {
        Sent::NeverSent { why } => return Meaning::Failed(Failure::not_sent(why)),
        Sent::Lost { why } => return Meaning::InDoubt { why: why.clone() },
        Sent::Answered(reply) => reply,
    };
    match (reply.status, &reply.operation) {
        (201 | 202, Some(handle)) | (200, Some(handle @ Handle { kind: HandleKind::AsyncOperation, .. })) => {
            Meaning::Accepted { handle: handle.clone(), retry_after: reply.retry_after.unwrap_or(DEFAULT_RETRY) }
        }
        (202, None) if !reply.no_operation => {
            Meaning::InDoubt { why: "accepted (202), but the answer does not say where to ask".into() }
        }
        (200..=299, _) => match parse(reply) {
            Ok(outputs) => Meaning::Happened { outputs },
            Err(why) => Meaning::HappenedUnread { why: why.to_string() },
        },
        (408 | 500..=599, _) => Meaning::InDoubt { why: said(reply) },
        (409 | 412, _) if doubted && class != Class::R => Meaning::InDoubt { why: said(reply) },
        (300..=399, _) => Meaning::Failed(Failure {
            code: reply.status.to_string(),
            message: "the service redirects elsewhere, which is never followed".into(),
            ..failure(reply)
        }),
        _ => Meaning::Failed(failure(reply)),
    }
}

/// Tells how an accepted operation stands after one poll.
pub fn progress(sent: &Sent, handle: &Handle) -> Progress {
    let reply = match sent {
        Sent::NeverSent { why } | Sent::Lost { why } => return Progress::Unreachable { why: why.clone() },
        Sent::Answered(reply) => reply,
    };
    let retry_after = reply.retry_after.unwrap_or(DEFAULT_RETRY);
    let status = reply.body.as_ref().and_then(|body| body.get("status")).and_then(serde_json::Value::as_str);
    match (reply.status, handle.kind) {
        (404 | 410, _) => Progress::Gone { why: said(reply) },
        (202, _) => Progress::Running { status: status.unwrap_or("Accepted").to_owned(), retry_after },
        (200..=299, HandleKind::Location) => Progress::Succeeded,
        (200..=299, HandleKind::AsyncOperation) => match status.map(str::to_ascii_lowercase).as_deref() {
            Some("succeeded") => Progress::Succeeded,
            // Both spellings are seen in the wild.
            Some("failed" | "canceled" | "cancelled") => Progress::Failed(failure(reply)),
            Some(_) => Progress::Running { status: status.unwrap_or_default().to_owned(), retry_after },
            None => Progress::Unreachable { why: "the answer holds no status".into() },
        },
        // At the end of an operation, `Location` answers as the operation itself would have: a refusal is its end.
        (400 | 409 | 412 | 422, HandleKind::Location) => Progress::Failed(failure(reply)),
        // Everything else is about the asking (an expired token, a lost right, throttling, a page of a front end) and
        // says nothing of the operation.
        _ => Progress::Unreachable { why: said(reply) },
    }
}

/// The service's code and message, from any of the shapes in which Azure writes them.
fn failure(reply: &Reply) -> Failure {
    let body = reply.body.as_ref();
    let error = body.map(|body| body.get("error").unwrap_or(body));
    let member = |names: [&str; 2]| {
        let found = names.iter().find_map(|name| error.and_then(|error| error.get(name)));
        found.and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    // AI Search often leaves its code empty.
    let code = member(["code", "Code"]).filter(|code| !code.is_empty()).unwrap_or_else(|| reply.status.to_string());
    let message = member(["message", "Message"])
        .or_else(|| reply.text.as_ref().map(|text| text.chars().take(200).collect()))
        .unwrap_or_else(|| format!("the service answered {}", reply.status));
    Failure { code, message, status: Some(reply.status), retry_after: reply.retry_after }
}

/// What a service's refusal of a read says: its message is the whole sentence.
pub fn refusal(reply: &Reply) -> Failure {
    Failure { message: said(reply), ..failure(reply) }
}

fn said(reply: &Reply) -> String {
    let failure = failure(reply);
    if failure.code == reply.status.to_string() {
        format!("the service answered {}", reply.status)
    } else {
        format!("the service answered {} {}: {}", reply.status, failure.code, failure.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(sent: &Sent, doubted: bool) -> Meaning {
        meaning(sent, Class::B, doubted, |reply| {
            reply.body.as_ref().map(|_| Value::record([])).ok_or_else(|| Unreadable("id".into()))
        })
    }

    fn answered(status: u16) -> Sent {
        Sent::Answered(Reply::json(status, json!({"error": {"code": "X", "message": "why"}})))
    }

    fn handle() -> Handle {
        Handle { url: "https://management.azure.com/op".into(), kind: HandleKind::Location }
    }

    #[test]
    fn never_sent_is_failed() {
        let sent = Sent::NeverSent { why: "connection refused".into() };
        assert!(matches!(of(&sent, false), Meaning::Failed(failure) if failure.code == "not_sent"));
    }

    #[test]
    fn no_answer_after_sending_is_in_doubt() {
        assert!(matches!(of(&Sent::Lost { why: "reset".into() }, false), Meaning::InDoubt { .. }));
    }

    #[test]
    fn a_readable_2xx_happened_and_an_unreadable_one_happened_too() {
        assert!(matches!(of(&answered(200), false), Meaning::Happened { .. }));
        assert!(matches!(of(&Sent::Answered(Reply::empty(204)), false), Meaning::HappenedUnread { .. }));
    }

    #[test]
    fn an_accepted_operation_is_asked_at_its_address_and_without_one_it_is_in_doubt() {
        let reply = Reply { operation: Some(handle()), ..Reply::empty(202) };
        assert!(matches!(of(&Sent::Answered(reply), false), Meaning::Accepted { .. }));
        assert!(matches!(of(&Sent::Answered(Reply::empty(202)), false), Meaning::InDoubt { .. }));
    }

    #[test]
    fn where_nothing_can_be_asked_an_accepted_request_is_answered_whole() {
        let reply = Reply { no_operation: true, ..Reply::json(202, json!({})) };
        assert!(matches!(of(&Sent::Answered(reply), false), Meaning::Happened { .. }));
    }

    #[test]
    fn a_refusal_is_failed_with_the_services_own_words() {
        for status in [400, 401, 403, 404, 409, 412, 429] {
            let meaning = of(&answered(status), false);
            let failure = Failure { status: Some(status), ..Failure::new("X", "why") };
            assert_eq!(meaning, Meaning::Failed(failure), "{status}");
        }
    }

    #[test]
    fn a_conflict_after_a_doubted_attempt_may_be_our_own_and_is_in_doubt() {
        for status in [409, 412] {
            assert!(matches!(of(&answered(status), true), Meaning::InDoubt { .. }), "{status}");
        }
        assert!(matches!(of(&answered(403), true), Meaning::Failed(_)));
    }

    #[test]
    fn a_timeout_status_or_a_server_error_is_in_doubt() {
        for status in [408, 500, 502, 503, 504] {
            assert!(matches!(of(&answered(status), false), Meaning::InDoubt { .. }), "{status}");
        }
    }

    #[test]
    fn app_service_writes_its_throttling_without_an_error_object_and_is_understood() {
        let reply = Reply::json(429, json!({"Code": "TooManyRequests", "Message": "slow down"}));
        let Meaning::Failed(failure) = of(&Sent::Answered(reply), false) else { panic!("must be failed") };
        assert_eq!(failure.code, "TooManyRequests");
    }

    #[test]
    fn an_empty_code_is_none_and_the_status_stands_for_it() {
        let reply = Reply::json(409, json!({"error": {"code": "", "message": "Another run is in progress."}}));
        let Meaning::Failed(failure) = of(&Sent::Answered(reply), false) else { panic!("must be failed") };
        assert_eq!((failure.code.as_str(), failure.message.as_str()), ("409", "Another run is in progress."));
    }

    #[test]
    fn a_html_error_in_the_middle_of_a_poll_says_nothing_about_the_operation() {
        let reply = Reply { text: Some("<html>".into()), ..Reply::empty(503) };
        assert!(matches!(progress(&Sent::Answered(reply), &handle()), Progress::Unreachable { .. }));
    }

    #[test]
    fn location_runs_until_it_is_no_longer_202() {
        assert!(matches!(progress(&Sent::Answered(Reply::empty(202)), &handle()), Progress::Running { .. }));
        assert_eq!(progress(&Sent::Answered(Reply::empty(200)), &handle()), Progress::Succeeded);
    }

    #[test]
    fn an_operation_that_the_service_has_forgotten_is_gone_and_must_be_probed() {
        for status in [404, 410] {
            assert!(matches!(progress(&answered(status), &handle()), Progress::Gone { .. }), "{status}");
        }
        assert!(matches!(progress(&answered(401), &handle()), Progress::Unreachable { .. }));
    }

    #[test]
    fn a_refused_question_is_not_the_end_of_an_operation_whose_word_is_in_the_body() {
        let handle = Handle { kind: HandleKind::AsyncOperation, ..handle() };
        for status in [302, 400, 409, 412, 429, 503] {
            assert!(matches!(progress(&answered(status), &handle), Progress::Unreachable { .. }), "{status}");
        }
    }

    #[test]
    fn an_async_operation_is_judged_by_its_word() {
        let handle = Handle { kind: HandleKind::AsyncOperation, ..handle() };
        let of = |status: &str| progress(&Sent::Answered(Reply::json(200, json!({"status": status}))), &handle);
        assert_eq!(of("Succeeded"), Progress::Succeeded);
        assert!(matches!(of("InProgress"), Progress::Running { .. }));
        assert!(matches!(of("Canceled"), Progress::Failed(_)));
        assert!(matches!(of("Failed"), Progress::Failed(_)));
    }
}
