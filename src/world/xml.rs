use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value as Json};

/// Deeper elements than these are no answer of a storage account.
const DEEPEST: usize = 32;
/// An answer of 5,000 blobs has about 200,000 nodes.
const MOST_NODES: u32 = 2_000_000;

/// What an XML document says, as JSON: each element a member by its name, several of one name an array, one without
/// elements its text. The root's own name and all attributes are left out.
///
/// Nothing is the answer for what is no XML with a declaration (an HTML page is not), for one with a document type, and
/// for one that is too deep.
pub(super) fn document(bytes: &[u8]) -> Option<Json> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.starts_with("<?xml"))?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    let root = value(document.root_element(), DEEPEST)?;
    // A root without elements holds nothing: an empty list of messages.
    Some(if root.is_object() { root } else { Json::Object(Map::new()) })
}

fn value(element: Node<'_, '_>, depth: usize) -> Option<Json> {
    let depth = depth.checked_sub(1)?;
    let mut members = Map::new();
    for child in element.children().filter(Node::is_element) {
        let value = value(child, depth)?;
        match members.get_mut(child.tag_name().name()) {
            Some(Json::Array(several)) => several.push(value),
            Some(one) => *one = Json::Array(vec![one.take(), value]),
            None => drop(members.insert(child.tag_name().name().to_owned(), value)),
        }
    }
    let text = || element.text().unwrap_or_default().to_owned();
    Some(if members.is_empty() { Json::String(text()) } else { Json::Object(members) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_become_members_and_several_of_one_name_an_array() {
        let one = b"<?xml version=\"1.0\"?><R><Blobs><Blob><Name>a&amp;b</Name></Blob></Blobs><NextMarker/></R>";
        assert_eq!(document(one), Some(json!({"Blobs": {"Blob": {"Name": "a&b"}}, "NextMarker": ""})));
        let two = b"<?xml version=\"1.0\"?><R><M><Id>1</Id></M><M><Id>2</Id></M><M><Id>3</Id></M></R>";
        assert_eq!(document(two), Some(json!({"M": [{"Id": "1"}, {"Id": "2"}, {"Id": "3"}]})));
        assert_eq!(document(b"<?xml version=\"1.0\"?><QueueMessagesList />"), Some(json!({})));
    }

    #[test]
    fn what_is_no_answer_of_a_storage_account_is_nothing() {
        let deep = format!("<?xml version=\"1.0\"?>{}{}", "<a>".repeat(40), "</a>".repeat(40));
        let entity = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x \"xx\">]><a>&x;</a>";
        for bad in ["", "<html></html>", "{}", "<?xml version=\"1.0\"?><a>", &deep, entity] {
            assert_eq!(document(bad.as_bytes()), None, "{bad}");
        }
    }
}
