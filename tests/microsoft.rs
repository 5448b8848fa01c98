//! What Microsoft publishes and has recorded, against the rows that speak of PostgreSQL and of locks.
//!
//! The data are not part of the repository: they are looked for in `CALLOUT_AZURE_DATA`, else in `../shared/azure`.

use std::path::{Path, PathBuf};
use std::{env, fs};

use callout::base::Value;
use callout::effect::{Args, Handle, HandleKind, Progress, Reply, Row, Sent, catalogue, progress};
use serde_json::Value as Json;

use crate::support::require::skip;

fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure");
    let given = env::var_os("CALLOUT_AZURE_DATA").map(PathBuf::from);
    let found = given.unwrap_or(beside);
    found.join("examples.jsonl").exists().then_some(found)
}

const MISSING: &str = "Microsoft's specifications and recordings are not here (CALLOUT_AZURE_DATA)";

fn lines(path: &Path) -> Vec<Json> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(json: &'a Json, member: &str) -> &'a str {
    json[member].as_str().unwrap_or_default()
}

/// The rows that this is about.
fn rows() -> impl Iterator<Item = &'static Row> {
    catalogue().filter(|row| row.name.starts_with("postgres."))
}

/// What a row whose parsing looks at its arguments is given.
fn args(url: &str) -> Args {
    let path = url.trim_start_matches("https://management.azure.com").split('?').next().unwrap();
    let server = [("name", "x".to_owned()), ("id", format!("{path}/x"))];
    Args::from([("server".to_owned(), Value::record(server.map(|(name, text)| (name, Value::Text(text)))))])
}

#[test]
fn every_published_answer_is_read_by_the_row_of_its_operation() {
    let Some(data) = data() else { return skip(MISSING) };
    let mut read = 0;
    for example in lines(&data.join("examples.jsonl")) {
        let is_answer = example["statusCode"] == 200 && example["responseBody"].is_object();
        let version = |row: &&Row| text(&example, "url").contains(&format!("api-version={}", row.api_version.unwrap()));
        let of_row = |row: &&Row| row.operation_id == Some(text(&example, "operationId"));
        for row in rows().filter(of_row).filter(version).filter(|_| is_answer) {
            let reply = Reply::json(200, example["responseBody"].clone());
            let outputs = (row.parse)(&args(text(&example, "url")), &[reply]);
            assert!(outputs.is_ok(), "{}: {}: {outputs:?}", row.name, text(&example, "label"));
            read += 1;
        }
    }
    assert!(read >= 20, "only {read} published answers were read");
}

#[test]
fn every_recorded_operation_is_followed_to_its_end() {
    let Some(data) = data() else { return skip(MISSING) };
    let (mut begun, mut ended, mut servers) = (0, 0, 0);
    for file in ["mgmt", "public_access_mgmt", "backups_mgmt"] {
        let exchanges = lines(&data.join(format!("recordings/postgres/test_postgres_flexible_server_{file}.jsonl")));
        for (at, exchange) in exchanges.iter().enumerate() {
            let url = text(exchange, "url");
            let is_server = url.split('?').next().unwrap().rsplit('/').nth(1) == Some("flexibleServers");
            if exchange["method"] == "GET" && is_server && exchange["statusCode"] == 200 {
                let get = rows().find(|row| row.name == "postgres.server.get").unwrap();
                let reply = Reply::json(200, exchange["responseBody"].clone());
                (get.parse)(&Args::new(), &[reply]).unwrap_or_else(|why| panic!("{url}: {why}"));
                servers += 1;
            }
            let Some(operation) = exchange["responseHeaders"]["azure-asyncoperation"].as_str() else { continue };
            assert_eq!(exchange["statusCode"], 202, "{url}");
            begun += 1;
            let id = operation.split('?').next().unwrap().rsplit('/').next().unwrap();
            let handle = Handle { url: operation.to_owned(), kind: HandleKind::AsyncOperation };
            let polls =
                exchanges[at..].iter().filter(|poll| text(poll, "url").contains(&format!("azureAsyncOperation/{id}")));
            let stands: Vec<Progress> = polls
                .map(|poll| {
                    let status = u16::try_from(poll["statusCode"].as_u64().unwrap()).unwrap();
                    progress(&Sent::Answered(Reply::json(status, poll["responseBody"].clone())), &handle)
                })
                .collect();
            let (last, before) = stands.split_last().unwrap_or_else(|| panic!("{operation} was never asked about"));
            assert_eq!(*last, Progress::Succeeded, "{operation}");
            assert!(before.iter().all(|stand| matches!(stand, Progress::Running { .. })), "{before:?}");
            ended += 1;
        }
    }
    assert!(begun == ended && begun >= 36 && servers >= 20, "{begun} begun, {ended} ended, {servers} servers read");
}
