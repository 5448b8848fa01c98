//! AI Search and storage, held against what Microsoft publishes and against a real part: published examples, recorded
//! traffic, Azurite.

mod azurite;
mod examples;
mod recordings;
mod stage;

use std::env;
use std::path::{Path, PathBuf};

use callout::base::Value;
use callout::effect::{Args, Call};

use crate::support::require::skip;

const GROUP: &str = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers";

/// Where Microsoft's examples and recordings are; they are not part of the repository.
fn azure_data() -> Option<PathBuf> {
    let named = env::var_os("CALLOUT_AZURE_DATA").map(PathBuf::from);
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure");
    let found = named.unwrap_or_else(usual);
    if found.join("examples.jsonl").is_file() {
        return Some(found);
    }
    skip("there are no examples and recordings of Azure; name their folder in CALLOUT_AZURE_DATA");
    None
}

fn service() -> Value {
    Value::record([
        ("name", Value::text("chatbot-search")),
        ("id", Value::text(format!("{GROUP}/Microsoft.Search/searchServices/chatbot-search"))),
        ("url", Value::text("https://chatbot-search.search.windows.net")),
    ])
}

/// Arguments with which every read of AI Search can be asked for.
fn args(more: &[(&str, &str)]) -> Args {
    let mut args = Args::from([("service".to_owned(), service())]);
    let usual = [("index", "docs"), ("alias", "docs"), ("source", "docs"), ("indexer", "docs"), ("search", "x")];
    args.extend(usual.iter().chain(more).map(|(name, value)| ((*name).to_owned(), Value::text(*value))));
    args
}

fn call(action: &str, args: Args) -> Call {
    Call { action: action.to_owned(), args }
}
