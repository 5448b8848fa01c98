//! What evidence there is that an operation is as Microsoft says, beside what the simulator and we believe.
//!
//! `assets/coverage.tsv` is written from Microsoft's data: per operation whether the specification has it at the pinned
//! version, how many published example answers our client reads, and how many recorded answers of real Azure. Whether its
//! traffic is judged by Microsoft's validator stands in it too, from the list that `specification.rs` holds.

mod azure;

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use callout::base::{SecretRef, Value};
use callout::effect::{
    Args, Handle, HandleKind, Meaning, Progress, Reply, Request, Row, Sent, Service, catalogue, find, meaning, progress,
};
use serde_json::Value as Json;

use crate::specification::{JUDGED, azure_data};
use azure::{Azure, Source};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/coverage.tsv");
const HEAD: &str = "operation\tapi-version\toperation of the specification\ttraffic judged\texamples read\trecorded answers read\tevidence";

/// What is known of one row.
struct Evidence {
    in_specification: bool,
    judged: bool,
    examples: usize,
    recorded: usize,
}

impl Evidence {
    fn words(&self, row: &Row) -> &'static str {
        match (row.service, self.judged, self.examples + self.recorded) {
            (Service::Http, ..) => "no specification: a plain GET",
            (_, true, 1..) => "traffic judged and published answers read",
            (_, true, 0) => "traffic judged",
            (_, false, 1..) => "published answers read",
            (_, false, 0) if self.in_specification => "specification read by hand only",
            (_, false, 0) => "documentation read by hand only",
        }
    }
}

#[test]
fn the_table_beside_the_readme_says_what_evidence_there_is() {
    let Some(data) = azure_data() else { return };
    let azure = Azure::read(&data, catalogue().filter_map(|row| row.api_version));
    let lines: Vec<String> = catalogue().map(|row| line(row, &azure)).collect();
    let table = format!("{HEAD}\n{}\n", lines.join("\n"));
    if env::var_os("CALLOUT_BLESS").is_some() {
        fs::write(TABLE, &table).unwrap();
    }
    let kept = fs::read_to_string(Path::new(TABLE)).unwrap_or_default();
    assert!(
        kept == table,
        "assets/coverage.tsv is not what the data say; write it anew with CALLOUT_BLESS=1:\n{table}"
    );
}

fn line(row: &Row, azure: &Azure) -> String {
    let operation = row.operation_id.unwrap_or("-");
    let evidence = evidence(row, azure);
    // Of the storage services only older versions are published; their rows are held against Azurite.
    let is_elsewhere = row.operation_id.is_none() || row.service == Service::Storage;
    assert!(
        evidence.in_specification || is_elsewhere,
        "{}: the specification of {:?} has no {operation}",
        row.name,
        row.api_version
    );
    format!(
        "{}\t{}\t{operation}\t{}\t{}\t{}\t{}",
        row.name,
        row.api_version.unwrap_or("-"),
        if evidence.judged { "yes" } else { "no" },
        evidence.examples,
        evidence.recorded,
        evidence.words(row)
    )
}

fn evidence(row: &Row, azure: &Azure) -> Evidence {
    let slot = row.operation_id.map(|operation| format!("{operation}Slot"));
    let judged: BTreeSet<&str> = JUDGED.iter().copied().collect();
    let is_judged = |operation: &str| judged.contains(operation);
    Evidence {
        in_specification: row.operation_id.is_some_and(|operation| azure.has(operation, row.api_version)),
        judged: row.operation_id.is_some_and(is_judged) || slot.as_deref().is_some_and(is_judged),
        examples: read(row, azure, Source::Example),
        recorded: read(row, azure, Source::Recording),
    }
}

/// How many answers to the first request of a row, or to its only one, are read without an error. One that is not read is
/// a failure of the test.
fn read(row: &Row, azure: &Azure, source: Source) -> usize {
    let (mut count, mut asked) = (0, BTreeSet::new());
    for app in ["chatbot-web", "chatbot-web/slots/staging"] {
        let args = sample(app);
        let Ok(request) = (row.render)(&args) else { continue };
        // Not every request tells a site from its slot.
        if !asked.insert(request.url.clone()) {
            continue;
        }
        for body in azure.answers(&request, row.api_version, source) {
            let mut replies = vec![Reply { body, ..Reply::empty(200) }];
            if !complete(row, &args, azure, &mut replies) {
                continue;
            }
            let outputs = (row.parse)(&args, &replies);
            assert!(
                outputs.is_ok(),
                "{} cannot read what was published as the answer to {}: {outputs:?}",
                row.name,
                request.url
            );
            count += 1;
        }
    }
    count
}

/// Asks for what follows, of a read of several requests; tells whether everything is published.
fn complete(row: &Row, args: &Args, azure: &Azure, replies: &mut Vec<Reply>) -> bool {
    let Some(follow) = row.follow else { return true };
    for _ in 0..50 {
        let requests = (follow.next)(args, replies);
        if requests.is_empty() {
            return true;
        }
        for request in requests {
            let Some(reply) = published(&request, row, azure) else { return false };
            replies.push(reply);
        }
    }
    false
}

fn published(request: &Request, row: &Row, azure: &Azure) -> Option<Reply> {
    if request.service == Service::Http {
        return Some(Reply::empty(200));
    }
    let of = |source| azure.answers(request, row.api_version, source).into_iter().next();
    of(Source::Example).or_else(|| of(Source::Recording)).map(|body| Reply { body, ..Reply::empty(200) })
}

#[test]
fn the_recorded_swap_is_understood_to_the_end_of_its_long_running_operation() {
    let Some(data) = azure_data() else { return };
    let recording = fs::read_to_string(data.join("recordings/appservice/test_webapp_slot_swap.jsonl")).unwrap();
    let exchanges: Vec<Json> = recording.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let about = |part: &'static str| exchanges.iter().filter(move |one| one["url"].as_str().unwrap().contains(part));
    let swap = find("webapp.slot.swap").unwrap();
    let accepted = Sent::Answered(recorded(about("/slotsswap?").next().unwrap()));
    let Meaning::Accepted { handle, .. } = meaning(&accepted, swap.class, false, |_| Ok(Value::record([]))) else {
        panic!("{accepted:?}");
    };
    let polls = about("/operationresults/").map(|one| progress(&Sent::Answered(recorded(one)), &handle));
    let polls: Vec<Progress> = polls.collect();
    let (last, running) = polls.split_last().unwrap();
    assert!(!running.is_empty() && running.iter().all(|poll| matches!(poll, Progress::Running { .. })), "{running:?}");
    assert_eq!(*last, Progress::Succeeded);
}

/// An answer of a recording, as a hand would give it.
fn recorded(exchange: &Json) -> Reply {
    let location = exchange["responseHeaders"]["location"].as_str();
    let handle = |url: &str| Handle { url: url.to_owned(), kind: HandleKind::Location };
    let status = u16::try_from(exchange["statusCode"].as_u64().unwrap()).unwrap();
    let body = Some(exchange["responseBody"].clone()).filter(|body| !body.is_null());
    Reply { body, operation: location.map(handle), ..Reply::empty(status) }
}

/// Arguments under which every row can be asked.
fn sample(app: &str) -> Args {
    const GROUP: &str = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers";
    let target = |name: &str, id: String, url: &str| {
        Value::record([("name", Value::text(name)), ("id", Value::text(id)), ("url", Value::text(url))])
    };
    let vault = "https://chatbot-kv.vault.azure.net";
    let names = || Value::List(vec![Value::text("CHAT_MAX_TURNS")]);
    [
        ("vault", target("chatbot-kv", format!("{GROUP}/Microsoft.KeyVault/vaults/chatbot-kv"), vault)),
        (
            "app",
            target(
                "chatbot-web",
                format!("{GROUP}/Microsoft.Web/sites/{app}"),
                "https://chatbot-web.azurewebsites.net",
            ),
        ),
        ("name", Value::text("s")),
        ("from", Value::text("s-next")),
        ("version", Value::text("0".repeat(32))),
        ("value", Value::Secret { secret: SecretRef::Environment { name: "CANARY".to_owned() } }),
        ("names", names()),
        ("remove", names()),
        ("url", Value::text("https://chatbot-web.azurewebsites.net/health")),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
