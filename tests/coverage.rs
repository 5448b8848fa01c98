//! What evidence there is that an operation is as Microsoft says, beside what the simulator and we believe.
//!
//! `assets/coverage.tsv` is written from Microsoft's data: per operation whether the specification has it at the pinned
//! version, how many published example answers our client reads, and how many recorded answers of real Azure. Whether its
//! traffic is judged by Microsoft's validator stands in it too, from the list that `specification.rs` holds.

mod azure;

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fmt, fs};

use callout::base::Value;
use callout::effect::{
    Args, Meaning, Progress, Reply, Request, Row, Sent, Service, catalogue, find, meaning, progress,
};

use crate::specification::{JUDGED, azure_data};
use crate::support::sample;
use azure::{Azure, Source};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/coverage.tsv");
const HEAD: [&str; 8] = [
    "operation",
    "api-version",
    "operation of the specification",
    "traffic judged",
    "examples read",
    "recorded answers read",
    "recorded operations followed to their end",
    "evidence",
];

/// What is known of one row.
struct Evidence {
    in_specification: bool,
    judged: bool,
    examples: Read,
    recorded: Read,
    followed: Read,
}

/// How many of the published answers to a row's request our client reads, and how many there are.
#[derive(Clone, Copy, Default)]
struct Read {
    read: usize,
    all: usize,
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.all == 0 { f.write_str("-") } else { write!(f, "{} of {}", self.read, self.all) }
    }
}

impl Evidence {
    fn words(&self, row: &Row) -> &'static str {
        let published = self.examples.read + self.recorded.read + self.followed.read > 0;
        match (row.service, self.judged, published) {
            (Service::Http, ..) => "no specification: a plain GET",
            (Service::Sql, ..) => "no specification: the database's own protocol",
            (Service::Storage, ..) => "held against Azurite",
            (_, true, true) => "traffic judged and published answers read",
            (_, true, false) => "traffic judged",
            (_, false, true) => "published answers read",
            (_, false, false) if self.in_specification => "specification read by hand only",
            (_, false, false) => "documentation read by hand only",
        }
    }
}

#[test]
fn the_table_beside_the_readme_says_what_evidence_there_is() {
    let Some(data) = azure_data() else { return };
    let azure = Azure::read(&data, catalogue().filter_map(|row| row.api_version));
    let lines: Vec<String> = catalogue().map(|row| line(row, &azure)).collect();
    let table = format!("{}\n{}\n", HEAD.join("\t"), lines.join("\n"));
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
    // Of the storage data plane there are documents of other versions only, and none that the validator could use.
    let is_known = evidence.in_specification || row.operation_id.is_none() || row.service == Service::Storage;
    assert!(is_known, "{}: the specification of {:?} has no {operation}", row.name, row.api_version);
    [
        row.name,
        row.api_version.unwrap_or("-"),
        operation,
        if evidence.judged { "yes" } else { "no" },
        &evidence.examples.to_string(),
        &evidence.recorded.to_string(),
        &evidence.followed.to_string(),
        evidence.words(row),
    ]
    .join("\t")
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
        followed: followed(row, azure),
    }
}

/// The requests of a row, of a site and of a slot where it tells them apart.
fn requests(row: &Row) -> Vec<(Args, Request)> {
    let mut requests: Vec<(Args, Request)> = Vec::new();
    for app in ["chatbot-web", "chatbot-web/staging"] {
        let args = sample(row, app);
        match (row.render)(&args) {
            Ok(request) if !requests.iter().any(|(_, known)| known.url == request.url) => {
                requests.push((args, request));
            }
            // A swap is asked of a slot only.
            Ok(_) | Err(_) => {}
        }
    }
    requests
}

/// The answers to a row's first request, or to its only one, that are read without an error. Where others follow, the
/// first ones published for those stand behind it.
fn read(row: &Row, azure: &Azure, source: Source) -> Read {
    let mut read = Read::default();
    for (args, request) in requests(row) {
        for body in azure.answers(&request, row.api_version, source) {
            let mut replies = vec![Reply { body, ..Reply::empty(200) }];
            if complete(row, &args, azure, &mut replies) {
                read.all += 1;
                read.read += usize::from((row.parse)(&args, &replies).is_ok());
            }
        }
    }
    read
}

/// The recorded long-running operations that a row's request began.
fn followed(row: &Row, azure: &Azure) -> Read {
    let mut followed = Read::default();
    for (_, request) in requests(row) {
        for (accepted, polls) in azure.operations_begun(&request, row.api_version) {
            followed.all += 1;
            let sent = Sent::Answered(accepted);
            let Meaning::Accepted { handle, .. } = meaning(&sent, row.class, false, |_| Ok(Value::record([]))) else {
                continue;
            };
            let polls: Vec<Progress> = polls.into_iter().map(|poll| progress(&Sent::Answered(poll), &handle)).collect();
            let is_good = |poll: &Progress| matches!(poll, Progress::Running { .. } | Progress::Succeeded);
            followed.read += usize::from(polls.last() == Some(&Progress::Succeeded) && polls.iter().all(is_good));
        }
    }
    followed
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
    let azure = Azure::read(&data, catalogue().filter_map(|row| row.api_version));
    let swap = followed(find("webapp.slot.swap").unwrap(), &azure);
    assert_eq!((swap.read, swap.all), (1, 1));
}
