//! A storage account: the blobs of a container, and the messages of a queue. Nothing here reads what is in them.

use serde_json::Value as Document;

use super::super::by_hand::line;
use super::super::{
    Args, Class, Method, Parameter, Piece, RenderError, Reply, Request, Risk, Row, Script, Service, TargetKind, Type,
    Unreadable, Verdict,
};
use super::argument::{escaped, optional, optional_text, output, required, target, text};
use super::reading::{body, field, text as member};
use crate::base::{Timestamp, Value};

/// The data plane's version, which travels as a header.
const API: &str = "2024-08-04";

const ACCOUNT: Parameter = required("account", Type::Target(TargetKind::Storage), "The storage account.");
const QUEUE: Parameter = required("queue", Type::String, "The queue's name.");

/// `storage.blob.list`.
pub(super) static BLOBS: Row = Row {
    name: "storage.blob.list",
    summary: "Counts the blobs whose names begin with a prefix, and finds the newest of them.",
    parameters: &[
        ACCOUNT,
        required("container", Type::String, "The container's name."),
        optional("prefix", Type::String, "How the names begin; all if not given."),
        optional("suffix", Type::String, "How the names end, `.pdf` perhaps; any if not given."),
        optional("at_least", Type::Integer, "As a check: how many there must be; 1 if not given."),
    ],
    outputs: &[
        output("count", Type::Integer, "How many there are. Folders and snapshots do not count."),
        output("bytes", Type::Integer, "What they take together, in bytes."),
        output("newest", Type::String, "When the last of them was written (RFC 3339); empty if there is none."),
        output("newest_name", Type::String, "Its name."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Storage,
    api_version: Some(API),
    operation_id: Some("Container_ListBlobFlatSegment"),
    documentation: "https://learn.microsoft.com/rest/api/storageservices/list-blobs",
    permissions: &["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
    render: render_blobs,
    follow: None,
    parse: parse_blobs,
    judge: Some(judge_blobs),
    change: None,
    by_hand: Some(blobs_by_hand),
};

/// `storage.queue.length`. The service calls the number approximate: it is never below what is there.
pub(super) static LENGTH: Row = Row {
    name: "storage.queue.length",
    summary: "Reads about how many messages a queue holds, those included that somebody is working on.",
    parameters: &[
        ACCOUNT,
        QUEUE,
        optional("at_most", Type::Integer, "As a check: how many there may be; none if not given."),
    ],
    outputs: &[output("length", Type::Integer, "About how many messages there are; never too few.")],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Storage,
    api_version: Some(API),
    operation_id: Some("Queue_GetProperties"),
    documentation: "https://learn.microsoft.com/rest/api/storageservices/get-queue-metadata",
    permissions: &["Microsoft.Storage/storageAccounts/queueServices/queues/read"],
    render: render_length,
    follow: None,
    parse: parse_length,
    judge: Some(judge_length),
    change: None,
    by_hand: Some(length_by_hand),
};

/// `storage.queue.peek`. A message's text is taken out of the answer before anybody sees it.
pub(super) static PEEK: Row = Row {
    name: "storage.queue.peek",
    summary: "Looks at the first 32 messages of a queue, never at their texts, and leaves them where they are.",
    parameters: &[ACCOUNT, QUEUE],
    outputs: &[
        output("count", Type::Integer, "How many can be seen, at most 32; those that somebody is working on cannot."),
        output("oldest", Type::String, "When the first of them was put there (RFC 3339); empty if there is none."),
        output("most_tries", Type::Integer, "How often the one that was taken most often was taken."),
        output("ids", Type::List(&Type::String), "Their ids, in the queue's order."),
    ],
    risk: Risk::Read,
    class: Class::R,
    service: Service::Storage,
    api_version: Some(API),
    operation_id: Some("Messages_Peek"),
    documentation: "https://learn.microsoft.com/rest/api/storageservices/peek-messages",
    permissions: &["Microsoft.Storage/storageAccounts/queueServices/queues/messages/read"],
    render: render_peek,
    follow: None,
    parse: parse_peek,
    judge: None,
    change: None,
    by_hand: Some(peek_by_hand),
};

/// The account's name, from its address.
fn account(args: &Args) -> Result<&str, RenderError> {
    target(args, "account", TargetKind::Storage)?;
    let url = args.get("account").and_then(|account| account.field("url")).and_then(Value::as_text).unwrap_or_default();
    let name = url.strip_prefix("https://").and_then(|rest| rest.strip_suffix(".blob.core.windows.net"));
    let wanted = "a storage account whose url is https://NAME.blob.core.windows.net";
    match name {
        Some(name) if TargetKind::Storage.is_name(name) => Ok(name),
        _ => Err(RenderError::Shape { name: "account", wanted, found: url.to_owned() }),
    }
}

/// A container's or a queue's name: 3 to 63 lower-case letters, digits and single hyphens; a container may begin with a
/// dollar sign (naming-and-referencing-containers--blobs--and-metadata).
fn place<'a>(args: &'a Args, parameter: &'static str) -> Result<&'a str, RenderError> {
    let text = text(args, parameter)?;
    let rest = text.strip_prefix('$').unwrap_or(text);
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_good = (3..=63).contains(&text.len())
        && rest.bytes().all(allowed)
        && !rest.starts_with('-')
        && !rest.ends_with('-')
        && !rest.contains("--");
    let wanted = "a name of 3 to 63 lower-case letters, digits and single hyphens";
    if is_good { Ok(text) } else { Err(RenderError::Shape { name: parameter, wanted, found: text.to_owned() }) }
}

fn render_blobs(args: &Args) -> Result<Request, RenderError> {
    let (account, container) = (account(args)?, place(args, "container")?);
    optional_text(args, "suffix")?;
    let prefix = optional_text(args, "prefix")?.unwrap_or_default();
    let mut url = format!("https://{account}.blob.core.windows.net/{container}?restype=container&comp=list");
    if !prefix.is_empty() {
        url.push_str("&prefix=");
        url.push_str(&escaped(prefix));
    }
    Ok(Request::new(Service::Storage, Method::Get, url))
}

fn queue(args: &Args, rest: &str) -> Result<Request, RenderError> {
    let (account, queue) = (account(args)?, place(args, "queue")?);
    let url = format!("https://{account}.queue.core.windows.net/{queue}{rest}");
    Ok(Request::new(Service::Storage, Method::Get, url))
}

fn render_length(args: &Args) -> Result<Request, RenderError> {
    queue(args, "?comp=metadata")
}

fn render_peek(args: &Args) -> Result<Request, RenderError> {
    queue(args, "/messages?peekonly=true&numofmessages=32")
}

/// The elements of that name: none, one, or several.
fn elements<'a>(parent: Option<&'a Document>, name: &str) -> &'a [Document] {
    match parent.and_then(|parent| parent.get(name)) {
        Some(Document::Array(all)) => all,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// A moment as the service writes it (RFC 1123), as RFC 3339.
fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::from_http(text)
}

fn parse_blobs(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let body = body(replies, 0)?;
    if body.get("Blobs").is_none() {
        return Err(Unreadable("Blobs".into()));
    }
    let suffix = args.get("suffix").and_then(Value::as_text).unwrap_or_default();
    let (mut count, mut bytes, mut newest) = (0_i64, 0_i64, None);
    for blob in elements(body.get("Blobs"), "Blob") {
        let name = member(blob, "/Name");
        // In an account with a hierarchical name space a folder is listed like a blob.
        if !name.ends_with(suffix) || member(blob, "/Properties/ResourceType") == "directory" {
            continue;
        }
        let at = moment(member(blob, "/Properties/Last-Modified")).ok_or_else(|| Unreadable("Last-Modified".into()))?;
        count += 1;
        bytes = bytes.saturating_add(member(blob, "/Properties/Content-Length").parse().unwrap_or(0));
        newest = newest.max(Some((at, name)));
    }
    let (at, name) = newest.map(|(at, name)| (at.to_string(), name)).unwrap_or_default();
    Ok(Value::record([
        ("count", Value::Integer(count)),
        ("bytes", Value::Integer(bytes)),
        ("newest", Value::text(at)),
        ("newest_name", Value::text(name)),
    ]))
}

fn integer(value: Option<&Value>) -> Option<i64> {
    if let Some(Value::Integer(number)) = value { Some(*number) } else { None }
}

fn at_least(args: &Args) -> i64 {
    integer(args.get("at_least")).unwrap_or(1)
}

fn judge_blobs(args: &Args, outputs: &Value) -> Verdict {
    let (count, wanted) = (integer(outputs.field("count")).unwrap_or(0), at_least(args));
    let newest = field(outputs, "newest");
    let newest = if newest.is_empty() { String::new() } else { format!(", the newest of {newest}") };
    let seen = format!("{count} blobs{newest}");
    if count >= wanted { Verdict::Pass { seen } } else { Verdict::Fail { seen: format!("{seen}; expected {wanted}") } }
}

fn parse_length(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let length = body(replies, 0)?.get("approximate-messages-count").and_then(Document::as_i64);
    let length = length.ok_or_else(|| Unreadable("x-ms-approximate-messages-count".into()))?;
    Ok(Value::record([("length", Value::Integer(length))]))
}

fn at_most(args: &Args) -> i64 {
    integer(args.get("at_most")).unwrap_or(0)
}

fn judge_length(args: &Args, outputs: &Value) -> Verdict {
    let (length, most) = (integer(outputs.field("length")).unwrap_or(i64::MAX), at_most(args));
    let seen = format!("about {length} messages");
    if length <= most {
        Verdict::Pass { seen }
    } else {
        Verdict::Fail { seen: format!("{seen}; expected at most {most}") }
    }
}

fn parse_peek(_: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    let messages = elements(Some(body(replies, 0)?), "QueueMessage");
    let oldest = messages.iter().filter_map(|message| moment(member(message, "/InsertionTime"))).min();
    let tries = messages.iter().filter_map(|message| member(message, "/DequeueCount").parse::<i64>().ok()).max();
    let ids = messages.iter().map(|message| Value::text(member(message, "/MessageId")));
    Ok(Value::record([
        ("count", Value::Integer(i64::try_from(messages.len()).unwrap_or(i64::MAX))),
        ("oldest", Value::text(oldest.map(|at| at.to_string()).unwrap_or_default())),
        ("most_tries", Value::Integer(tries.unwrap_or(0))),
        ("ids", Value::List(ids.collect())),
    ]))
}

fn blobs_by_hand(args: &Args) -> Result<Script, RenderError> {
    render_blobs(args)?;
    let mut command = line([
        ("az storage blob list --auth-mode login --account-name ", account(args)?),
        (" --container-name ", place(args, "container")?),
        (" --prefix ", optional_text(args, "prefix")?.unwrap_or_default()),
    ]);
    command.push(Piece::Shell(" --num-results '*' --query '[].[properties.lastModified, name]' --output tsv | sort"));
    let suffix = optional_text(args, "suffix")?.filter(|suffix| !suffix.is_empty());
    let which = suffix.map(|suffix| format!(" of names that end in {suffix}")).unwrap_or_default();
    Ok(Script::of(command).good(format!("There are at least {} lines{which}; the newest is the last.", at_least(args))))
}

/// The number is a header, which `az` does not show. The token goes by a pipe: on the command line every process of the
/// machine would see it.
fn length_by_hand(args: &Args) -> Result<Script, RenderError> {
    let request = render_length(args)?;
    let mut command = vec![Piece::Shell(
        "az account get-access-token --resource https://storage.azure.com --query accessToken --output tsv | \
         sed 's/.*/header = \"Authorization: Bearer &\"/' | curl --silent --show-error --max-time 30 --head --config - \
         --header 'x-ms-version: 2024-08-04' ",
    )];
    command.push(Piece::Text(request.url));
    let script = Script::of(command);
    Ok(match integer(args.get("at_most")) {
        Some(most) => script.good(format!("x-ms-approximate-messages-count is at most {most}.")),
        None => script,
    })
}

fn peek_by_hand(args: &Args) -> Result<Script, RenderError> {
    render_peek(args)?;
    let mut command = line([
        ("az storage message peek --auth-mode login --num-messages 32 --account-name ", account(args)?),
        (" --queue-name ", place(args, "queue")?),
    ]);
    command.push(Piece::Shell(" --query '[].[insertionTime, dequeueCount, id]' --output tsv"));
    Ok(Script::of(command))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::argument::tests::args;
    use super::*;

    fn of<const N: usize>(more: [(&str, Value); N]) -> Args {
        let group = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg";
        let mut args = args(more);
        let account = Value::record([
            ("name", Value::text("chatbotstorage")),
            ("id", Value::text(format!("{group}/providers/Microsoft.Storage/storageAccounts/chatbotstorage"))),
            ("url", Value::text("https://chatbotstorage.blob.core.windows.net")),
        ]);
        args.insert("account".to_owned(), account);
        args
    }

    #[test]
    fn blobs_and_queues_are_asked_at_their_own_hosts_of_one_account() {
        let blobs = of([("container", Value::text("docs")), ("prefix", Value::text("manuals/a&b"))]);
        assert_eq!(
            render_blobs(&blobs).unwrap().url,
            "https://chatbotstorage.blob.core.windows.net/docs?restype=container&comp=list&prefix=manuals%2Fa%26b"
        );
        let queue = of([("queue", Value::text("dead-letter"))]);
        assert_eq!(
            render_length(&queue).unwrap().url,
            "https://chatbotstorage.queue.core.windows.net/dead-letter?comp=metadata"
        );
        for bad in ["../x", "a/b", "Docs", "a--b", "-ab", "ab", "a?b"] {
            assert!(render_length(&of([("queue", Value::text(bad))])).is_err(), "{bad}");
        }
    }

    #[test]
    fn blobs_are_counted_by_the_end_of_their_names_and_the_newest_is_told_by_its_moment() {
        let blob =
            |name: &str, at: &str| json!({"Name": name, "Properties": {"Last-Modified": at, "Content-Length": "5"}});
        let list = json!({"Blobs": {"Blob": [
            blob("manuals/b.pdf", "Fri, 20 Nov 2026 03:10:30 GMT"),
            blob("manuals/a.pdf", "Thu, 19 Nov 2026 03:10:30 GMT"),
            blob("manuals/readme.txt", "Sat, 21 Nov 2026 03:10:30 GMT"),
        ]}});
        let args = of([("suffix", Value::text(".pdf"))]);
        let outputs = parse_blobs(&args, &[Reply::json(200, list)]).unwrap();
        assert_eq!((integer(outputs.field("count")), integer(outputs.field("bytes"))), (Some(2), Some(10)));
        assert_eq!(field(&outputs, "newest"), "2026-11-20T03:10:30.000000Z");
        assert_eq!(field(&outputs, "newest_name"), "manuals/b.pdf");
        let none = parse_blobs(&args, &[Reply::json(200, json!({"Blobs": ""}))]).unwrap();
        assert!(matches!(judge_blobs(&args, &none), Verdict::Fail { .. }));
        assert!(parse_blobs(&args, &[Reply::json(200, json!({}))]).is_err(), "an answer without a list is none");
    }

    #[test]
    fn a_queue_may_hold_what_it_held_before() {
        let length = parse_length(&of([]), &[Reply::json(200, json!({"approximate-messages-count": 2}))]).unwrap();
        assert!(matches!(judge_length(&of([]), &length), Verdict::Fail { .. }));
        assert!(matches!(judge_length(&of([("at_most", Value::Integer(2))]), &length), Verdict::Pass { .. }));
        assert!(parse_length(&of([]), &[Reply::empty(200)]).is_err(), "a length that is not told is not zero");
    }

    #[test]
    fn one_message_and_several_and_none_are_looked_at() {
        let message = |id: &str, tries: &str| json!({"MessageId": id, "InsertionTime": "Fri, 20 Nov 2026 03:10:30 GMT", "DequeueCount": tries});
        let peek = |body| parse_peek(&of([]), &[Reply::json(200, body)]).unwrap();
        let two = peek(json!({"QueueMessage": [message("a", "5"), message("b", "1")]}));
        assert_eq!((integer(two.field("count")), integer(two.field("most_tries"))), (Some(2), Some(5)));
        assert_eq!(field(&two, "oldest"), "2026-11-20T03:10:30.000000Z");
        assert_eq!(integer(peek(json!({"QueueMessage": message("a", "0")})).field("count")), Some(1));
        assert_eq!(integer(peek(json!({})).field("count")), Some(0));
    }
}
