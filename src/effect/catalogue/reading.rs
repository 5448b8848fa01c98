//! Answers on their way into outputs.

use serde_json::Value as Json;

use super::super::{Reply, Unreadable};
use crate::base::Value;

/// The body of the only reply, or of the reply at `index` in a read of several.
pub(super) fn body(replies: &[Reply], index: usize) -> Result<&Json, Unreadable> {
    replies.get(index).and_then(|reply| reply.body.as_ref()).ok_or_else(|| Unreadable("body".into()))
}

/// The items of a collection's `value`.
pub(super) fn items(body: &Json) -> Result<&[Json], Unreadable> {
    let items = body.get("value").and_then(Json::as_array);
    items.map(Vec::as_slice).ok_or_else(|| Unreadable("value".into()))
}

/// A text at a JSON pointer (RFC 6901). Absent and null are an empty text, as in Azure's own answers.
pub(super) fn text<'a>(json: &'a Json, pointer: &str) -> &'a str {
    json.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}

/// A text that must be there.
pub(super) fn needed<'a>(json: &'a Json, pointer: &str) -> Result<&'a str, Unreadable> {
    let text = text(json, pointer);
    if text.is_empty() { Err(Unreadable(pointer.trim_start_matches('/').replace('/', "."))) } else { Ok(text) }
}

/// What stands after the last slash.
pub(super) fn last_segment(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

/// The text of an output's field, empty if it is not there.
pub(super) fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.field(name).and_then(Value::as_text).unwrap_or_default()
}

/// The items of an output's list, none if it is not there.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.field(name).and_then(Value::as_list).unwrap_or_default()
}
