//! The data plane: `https://{account}.blob.core.windows.net` and `https://{account}.queue.core.windows.net`. It speaks XML,
//! with a byte-order mark before it.

use std::fmt::Write as _;

use axum::http::{Method, StatusCode};

use super::account::{Account, Changed, Message};
use crate::sim::answer::Answer;
use crate::sim::asked::Asked;
use crate::sim::change::Change;
use crate::sim::clock::Moment;
use crate::sim::error::SimError;
use crate::sim::host;
use crate::sim::signin::{STORAGE_AUDIENCE, TENANT, Unauthorized};
use crate::sim::world::World;

const ACCOUNT: &str = "chatbotstorage";
const BLOBS: &str = "chatbotstorage.blob.core.windows.net";
const QUEUES: &str = "chatbotstorage.queue.core.windows.net";

/// A page of a list has at most so many blobs, and as many where the client asks for none.
const PAGE: usize = 5000;
/// So many messages are shown at most at a time.
const MOST_MESSAGES: usize = 32;

/// Whether the host is one of the account.
pub(crate) fn is_host(host: &str) -> bool {
    host == BLOBS || host == QUEUES
}

/// Answers a request that has no token for storage.
pub(crate) fn unauthorized(reason: Unauthorized) -> Answer {
    let (code, text) = match reason {
        Unauthorized::Missing => (
            "NoAuthenticationInformation",
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
        ),
        Unauthorized::Invalid | Unauthorized::Expired => (
            "InvalidAuthenticationInfo",
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
        ),
        Unauthorized::Audience => ("InvalidAuthenticationInfo", "Audience validation failed. Audience did not match."),
    };
    let place = format!(
        "Bearer authorization_uri=https://login.microsoftonline.com/{TENANT}/oauth2/authorize resource_id={STORAGE_AUDIENCE}"
    );
    error(StatusCode::UNAUTHORIZED, code, text).with("www-authenticate", &place)
}

/// Answers a request that has a token for storage.
pub(crate) fn answer(world: &mut World, at: Moment, asked: &Asked) -> Result<Answer, SimError> {
    // Bearer tokens are understood from version 2017-11-09 on.
    if asked.header("x-ms-version").is_none_or(|version| version < "2017-11-09") {
        let text = "An HTTP header that's mandatory for this request is not specified.";
        return Ok(error(StatusCode::BAD_REQUEST, "MissingRequiredHeader", text));
    }
    if asked.host == BLOBS { blobs(world, at, asked) } else { queues(world, at, asked) }
}

fn blobs(world: &mut World, at: Moment, asked: &Asked) -> Result<Answer, SimError> {
    let (container, name) =
        asked.path.trim_start_matches('/').split_once('/').unwrap_or((asked.path.trim_start_matches('/'), ""));
    if !world.estate().storage.containers.contains_key(container) {
        return Ok(error(StatusCode::NOT_FOUND, "ContainerNotFound", "The specified container does not exist."));
    }
    let is_list = asked.parameter("comp").as_deref() == Some("list")
        && asked.parameter("restype").as_deref() == Some("container");
    let (container, name) = (container.to_owned(), percent_decoded(name));
    match (&asked.method, name.as_str()) {
        (&Method::GET, "") if is_list => Ok(list(&world.estate().storage, &container, asked)),
        (&Method::PUT, name) if !name.is_empty() && asked.header("x-ms-blob-type") == Some("BlockBlob") => {
            let change = Changed::BlobWritten { container, name: name.to_owned(), bytes: asked.body.len() as u64 };
            world.change(at, Change::Storage(change))?;
            Ok(Answer::empty(StatusCode::CREATED).with("etag", &etag(at)).with("last-modified", &at.http_text()))
        }
        (&Method::DELETE, name) if !name.is_empty() => {
            if !world.estate().storage.containers.get(&container).is_some_and(|blobs| blobs.contains_key(name)) {
                return Ok(error(StatusCode::NOT_FOUND, "BlobNotFound", "The specified blob does not exist."));
            }
            world.change(at, Change::Storage(Changed::BlobDeleted { container, name: name.to_owned() }))?;
            Ok(Answer::empty(StatusCode::ACCEPTED))
        }
        _ => Ok(unsupported()),
    }
}

fn list(account: &Account, container: &str, asked: &Asked) -> Answer {
    let Some(blobs) = account.containers.get(container) else { return unsupported() };
    let prefix = asked.parameter("prefix").unwrap_or_default();
    // A marker is opaque to clients; here it is the name that the page begins with.
    let marker = asked.parameter("marker").unwrap_or_default();
    let most = match asked.parameter("maxresults").map(|text| text.parse::<usize>()) {
        None => PAGE,
        Some(Ok(most)) if (1..=PAGE).contains(&most) => most,
        Some(_) => {
            let text = "One of the query parameters specified in the request URI is outside the permissible range.";
            return error(StatusCode::BAD_REQUEST, "OutOfRangeQueryParameterValue", text);
        }
    };
    let mut found = blobs.range(marker.clone()..).filter(|(name, _)| name.starts_with(&prefix));
    let mut xml = format!(
        "<EnumerationResults ServiceEndpoint=\"https://{BLOBS}/\" ContainerName=\"{}\"><Prefix>{}</Prefix><Marker>{}</Marker><MaxResults>{most}</MaxResults><Blobs>",
        escaped(container),
        escaped(&prefix),
        escaped(&marker)
    );
    for (name, blob) in found.by_ref().take(most) {
        // Writing to a String cannot fail.
        let _ = write!(
            xml,
            "<Blob><Name>{}</Name><Properties><Creation-Time>{time}</Creation-Time><Last-Modified>{time}</Last-Modified><Etag>{}</Etag><Content-Length>{}</Content-Length><Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted></Properties></Blob>",
            escaped(name),
            etag(blob.modified).trim_matches('"'),
            blob.bytes,
            time = blob.modified.http_text()
        );
    }
    let next = found.next().map(|(name, _)| escaped(name)).unwrap_or_default();
    let _ = write!(xml, "</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>");
    document(StatusCode::OK, &xml)
}

fn queues(world: &mut World, at: Moment, asked: &Asked) -> Result<Answer, SimError> {
    let segments = asked.segments();
    let (Some(&queue), rest) = (segments.first(), segments.get(1..).unwrap_or_default()) else {
        return Ok(unsupported());
    };
    let Some(messages) = world.estate().storage.queues.get(queue) else {
        return Ok(error(StatusCode::NOT_FOUND, "QueueNotFound", "The specified queue does not exist."));
    };
    match (&asked.method, rest) {
        (&Method::GET | &Method::HEAD, []) if asked.parameter("comp").as_deref() == Some("metadata") => {
            Ok(Answer::empty(StatusCode::OK).with("x-ms-approximate-messages-count", &messages.len().to_string()))
        }
        (&Method::GET, ["messages"]) if asked.parameter("peekonly").as_deref() == Some("true") => {
            let most = asked.parameter("numofmessages").map_or(Ok(1), |text| text.parse::<usize>());
            match most {
                Ok(most) if (1..=MOST_MESSAGES).contains(&most) => {
                    let free = messages.iter().filter(|message| message.shows <= at);
                    let shown: String = free.take(most).map(peeked).collect();
                    Ok(document(StatusCode::OK, &format!("<QueueMessagesList>{shown}</QueueMessagesList>")))
                }
                _ => {
                    let text =
                        "One of the query parameters specified in the request URI is outside the permissible range.";
                    Ok(error(StatusCode::BAD_REQUEST, "OutOfRangeQueryParameterValue", text))
                }
            }
        }
        (&Method::POST, ["messages"]) => put_message(world, at, asked, queue.to_owned()),
        (&Method::DELETE, ["messages"]) => {
            world.change(at, Change::Storage(Changed::QueueCleared { queue: queue.to_owned() }))?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        _ => Ok(unsupported()),
    }
}

fn put_message(world: &mut World, at: Moment, asked: &Asked, queue: String) -> Result<Answer, SimError> {
    let body = String::from_utf8_lossy(&asked.body).into_owned();
    let text = body.split_once("<MessageText>").and_then(|(_, rest)| rest.split_once("</MessageText>"));
    let Some((text, _)) = text else {
        return Ok(error(StatusCode::BAD_REQUEST, "InvalidXmlDocument", "XML specified is not syntactically valid."));
    };
    // Kept as it was written, escapes included, and shown so again.
    let message = Changed::MessagePut { queue, id: host::uuid()?, text: text.to_owned() };
    world.change(at, Change::Storage(message))?;
    Ok(document(StatusCode::CREATED, "<QueueMessagesList></QueueMessagesList>"))
}

fn peeked(message: &Message) -> String {
    const LIFE: i64 = 7 * 24 * 3600;
    format!(
        "<QueueMessage><MessageId>{}</MessageId><InsertionTime>{}</InsertionTime><ExpirationTime>{}</ExpirationTime><DequeueCount>{}</DequeueCount><MessageText>{}</MessageText></QueueMessage>",
        message.id,
        message.inserted.http_text(),
        message.inserted.plus_seconds(LIFE).http_text(),
        message.tries,
        message.text
    )
}

fn etag(at: Moment) -> String {
    format!("\"0x{:X}\"", at.microseconds())
}

fn document(status: StatusCode, inner: &str) -> Answer {
    Answer::text(status, "application/xml", format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>{inner}"))
}

fn error(status: StatusCode, code: &str, text: &str) -> Answer {
    let inner = format!("<Error><Code>{code}</Code><Message>{}</Message></Error>", escaped(text));
    document(status, &inner).with("x-ms-error-code", code)
}

fn unsupported() -> Answer {
    let text = format!("The simulated account {ACCOUNT} does not know this operation.");
    error(StatusCode::NOT_IMPLEMENTED, "NotImplemented", &text)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn percent_decoded(text: &str) -> String {
    // A form's decoding but for the plus sign, which stands for itself in a path.
    let text = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("x={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
