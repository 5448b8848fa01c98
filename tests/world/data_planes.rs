//! AI Search, blobs and queues: every operation of ours against the simulator, nominal and disturbed.

use callout::base::{Span, Value};
use callout::effect::{Call, Field, Meaning, Probe, ProbeVerdict, Sent, Verdict, find, meaning};
use serde_json::json;

use super::bench::{Bench, account, answered, field, service};

const DEFINITION: &str = r#"{"fields": [
    {"name": "chunk_id", "type": "Edm.String", "key": true, "searchable": false},
    {"name": "parent_id", "type": "Edm.String", "searchable": false, "facetable": true},
    {"name": "title", "type": "Edm.String"}, {"name": "content", "type": "Edm.String"},
    {"name": "group", "type": "Edm.String", "searchable": false}]}"#;

fn search<const N: usize>(action: &str, more: [(&str, Value); N]) -> Call {
    let mut call = Call::new(action, [("service", service())]);
    call.args.extend(more.map(|(name, value)| (name.to_owned(), value)));
    call
}

fn storage<const N: usize>(action: &str, more: [(&str, Value); N]) -> Call {
    let mut call = Call::new(action, [("account", account())]);
    call.args.extend(more.map(|(name, value)| (name.to_owned(), value)));
    call
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn number(value: &Value, name: &str) -> i64 {
    if let Some(Value::Integer(number)) = value.field(name) { *number } else { panic!("{name} of {value}") }
}

fn create() -> Call {
    search("search.index.create", [("index", text("docs-2")), ("definition", text(DEFINITION))])
}

fn run() -> Call {
    search("search.indexer.run", [("indexer", text("docs-2-indexer"))])
}

fn status(after: &str) -> Call {
    search("search.indexer.status", [("indexer", text("docs-2-indexer")), ("after", text(after))])
}

fn alias_to(index: &str, etag: &str) -> Call {
    search("search.alias.set", [("alias", text("chatbot-docs")), ("index", text(index)), ("etag", text(etag))])
}

impl Bench {
    /// Sends an effect; what it means must be that it happened.
    async fn happens(&self, call: &Call) -> Value {
        let row = find(&call.action).unwrap();
        let sent = self.send(call, self.attempt()).await;
        match meaning(&sent, row.class, false, |reply| (row.parse)(&call.args, std::slice::from_ref(reply))) {
            Meaning::Happened { outputs } => outputs,
            other => panic!("{}: {other:?}", call.action),
        }
    }

    async fn passes(&self, call: &Call) -> String {
        match self.check(call).await {
            Verdict::Pass { seen } => seen,
            other => panic!("{}: {other:?}", call.action),
        }
    }

    async fn fails(&self, call: &Call) -> String {
        match self.check(call).await {
            Verdict::Fail { seen } => seen,
            other => panic!("{}: {other:?}", call.action),
        }
    }

    async fn later(&self, minutes: u32) {
        self.world.timer.advance(Span::minutes(minutes)).await.unwrap();
    }

    /// A new index with a disabled indexer for it, like the one of `docs`.
    async fn side_by_side(&self) {
        self.happens(&create()).await;
        let like = self.read(&search("search.indexer.get", [("indexer", text("docs-indexer"))])).await;
        let set = search(
            "search.indexer.set",
            [
                ("indexer", text("docs-2-indexer")),
                ("like", like.field("definition").unwrap().clone()),
                ("index", text("docs-2")),
                ("disabled", Value::Boolean(true)),
                ("existing", Value::Boolean(false)),
            ],
        );
        self.happens(&set).await;
    }

    /// Sends a call whose answer is lost, and asks what became of it.
    async fn lost(&self, call: &Call, path: &str, drop: &str) -> ProbeVerdict {
        let before: Vec<Field> = self.observed(call).await;
        self.fault(json!({"method": "PUT", "path": path, "do": drop})).await;
        let attempt = self.attempt();
        assert!(matches!(self.send(call, attempt).await, Sent::Lost { .. }), "{drop}");
        self.probe(call, attempt, &before).await
    }
}

#[tokio::test]
async fn an_index_is_restored_side_by_side_verified_swapped_in_and_the_old_one_deleted() {
    let bench = Bench::new().await;
    bench.passes(&search("search.service.get", [])).await;
    bench.passes(&search("search.service.quota", [])).await;
    bench.passes(&search("search.index.get", [("index", text("docs-2")), ("exists", Value::Boolean(false))])).await;
    bench.passes(&search("search.datasource.get", [("source", text("docs-blobs")), ("container", text("docs"))])).await;
    bench.side_by_side().await;
    let before = bench.read(&status("")).await;
    assert_eq!(field(&before, "started"), "", "created disabled, it does not run");
    let observed = bench.observed(&run()).await;
    bench.happens(&run()).await;
    assert!(bench.fails(&status("")).await.contains("no run is known"), "the history lags");
    bench.later(1).await;
    assert!(bench.fails(&status("")).await.contains("under way"));
    assert!(matches!(bench.probe(&run(), bench.attempt(), &observed).await, ProbeVerdict::Happened { .. }));
    bench.later(5).await;
    assert!(bench.passes(&status("")).await.contains("120 processed"));

    let manuals = storage(
        "storage.blob.list",
        [("container", text("docs")), ("prefix", text("manuals/")), ("suffix", text(".pdf"))],
    );
    let blobs = number(&bench.read(&manuals).await, "count");
    let of_docs = |action: &str| search(action, [("index", text("docs-2"))]);
    let mut distinct = of_docs("search.documents.distinct");
    distinct.args.extend([("field".to_owned(), text("parent_id")), ("equals".to_owned(), Value::Integer(blobs))]);
    assert_eq!(bench.passes(&distinct).await, "120 different values");
    assert_eq!(number(&bench.read(&of_docs("search.documents.count")).await, "count"), 360);
    let golden = search(
        "search.documents.query",
        [
            ("index", text("docs-2")),
            ("search", text("warranty")),
            ("field", text("title")),
            ("found", text("Manual 03 about warranty")),
        ],
    );
    bench.passes(&golden).await;

    let alias = |index: &str| search("search.alias.get", [("alias", text("chatbot-docs")), ("index", text(index))]);
    let etag = field(&bench.read(&alias("docs")).await, "etag").to_owned();
    let set = bench.happens(&alias_to("docs-2", &etag)).await;
    bench.passes(&alias("docs-2")).await;
    assert!(field(&set, "etag") != etag);
    let refused = answered(bench.send(&alias_to("docs", &etag), bench.attempt()).await);
    assert_eq!(refused.status, 412, "somebody has changed it since it was read");
    let old = search("search.indexer.delete", [("indexer", text("docs-indexer"))]);
    assert!(matches!(bench.probe(&old, bench.attempt(), &[]).await, ProbeVerdict::DidNot { .. }));
    bench.happens(&old).await;
    assert!(matches!(bench.probe(&old, bench.attempt(), &[]).await, ProbeVerdict::Happened { .. }));
    bench.happens(&search("search.index.delete", [("index", text("docs"))])).await;
    bench.fails(&search("search.index.get", [("index", text("docs"))])).await;
}

#[tokio::test]
async fn a_lost_answer_is_found_out_by_what_stands_there() {
    let bench = Bench::new().await;
    assert!(matches!(bench.lost(&create(), "indexes('docs-2')", "drop_before").await, ProbeVerdict::DidNot { .. }));
    assert!(matches!(bench.lost(&create(), "indexes('docs-2')", "drop_after").await, ProbeVerdict::Happened { .. }));
    let swap = alias_to("docs-2", "");
    assert!(matches!(bench.lost(&swap, "aliases", "drop_before").await, ProbeVerdict::DidNot { .. }));
    let happened = bench.lost(&swap, "aliases", "drop_after").await;
    let ProbeVerdict::Happened { outputs, .. } = happened else { panic!("{happened:?}") };
    let read = bench.read(&search("search.alias.get", [("alias", text("chatbot-docs"))])).await;
    assert_eq!(field(&outputs, "etag"), field(&read, "etag"), "and the outputs are those of the answer that was lost");
    assert_eq!(bench.arrived("PUT", "/aliases('chatbot-docs')").await.len(), 2, "each was sent once");
}

#[tokio::test]
async fn a_name_that_was_taken_meanwhile_is_not_written_over() {
    let bench = Bench::new().await;
    bench.happens(&create()).await;
    assert_eq!(answered(bench.send(&create(), bench.attempt()).await).status, 412);
    let update =
        |definition: &str| search("search.index.update", [("index", text("docs-2")), ("definition", text(definition))]);
    let more = DEFINITION.replace("]}", r#", {"name": "language", "type": "Edm.String"}]}"#);
    let observed = bench.observed(&update(&more)).await;
    bench.happens(&update(&more)).await;
    assert!(matches!(bench.probe(&update(&more), bench.attempt(), &observed).await, ProbeVerdict::Happened { .. }));
    let refused = answered(bench.send(&update(DEFINITION), bench.attempt()).await);
    assert_eq!((refused.status, &refused.body.unwrap()["error"]["code"]), (400, &json!("OperationNotAllowed")));
}

#[tokio::test]
async fn a_run_that_fails_halfway_fails_its_check_and_one_that_left_documents_out_fails_the_count() {
    let bench = Bench::new().await;
    bench.side_by_side().await;
    bench.fault(json!({"path": "search.run", "do": "halfway"})).await;
    bench.happens(&run()).await;
    bench.later(10).await;
    assert!(bench.fails(&status("")).await.starts_with("transientFailure, 60 processed"));
    let first = field(&bench.read(&status("")).await, "started").to_owned();

    bench.fault(json!({"path": "search.run", "do": "short"})).await;
    bench.happens(&run()).await;
    bench.later(10).await;
    bench.passes(&status(&first)).await;
    let distinct = search(
        "search.documents.distinct",
        [("index", text("docs-2")), ("field", text("parent_id")), ("equals", Value::Integer(120))],
    );
    assert_eq!(bench.fails(&distinct).await, "90 different values; expected exactly 120");

    let reset = search("search.indexer.reset", [("indexer", text("docs-2-indexer"))]);
    let observed = bench.observed(&reset).await;
    bench.happens(&reset).await;
    assert!(matches!(bench.probe(&reset, bench.attempt(), &observed).await, ProbeVerdict::Happened { .. }));
    bench.happens(&run()).await;
    bench.later(10).await;
    bench.passes(&distinct).await;
}

#[tokio::test]
async fn what_cannot_be_reached_or_is_refused_is_no_answer_and_so_cannot_be_observed() {
    let bench = Bench::new().await;
    let count = search("search.documents.count", [("index", text("docs"))]);
    for (fault, word) in [(json!("drop_before"), "no whole answer"), (json!({"status": {"code": 403}}), "403")] {
        bench.fault(json!({"host": "search.windows.net", "times": 3, "do": fault})).await;
        let sent = bench.world.hands.read(&super::bench::errand(&count)).await;
        let seen = match sent {
            Sent::NeverSent { why } | Sent::Lost { why } => why,
            Sent::Answered(reply) => format!("the service answered {}", reply.status),
        };
        assert!(seen.contains(word), "{seen}");
    }
}

#[tokio::test]
async fn queues_tell_their_length_and_their_age_and_no_message() {
    let bench = Bench::new().await;
    let of = |action: &str, queue: &str| storage(action, [("queue", text(queue))]);
    bench.passes(&of("storage.queue.length", "ingest")).await;
    assert!(bench.fails(&of("storage.queue.length", "ingest-dead-letter")).await.contains("about 2 messages"));
    let mut as_before = of("storage.queue.length", "ingest-dead-letter");
    as_before.args.insert("at_most".to_owned(), Value::Integer(2));
    bench.passes(&as_before).await;
    let peek = of("storage.queue.peek", "ingest-dead-letter");
    let reply = bench.ask(&super::bench::errand(&peek)).await;
    assert!(!reply.body.unwrap().to_string().contains("scan-"), "no text of a message becomes part of a reply");
    let outputs = bench.read(&peek).await;
    assert_eq!((number(&outputs, "count"), number(&outputs, "most_tries")), (2, 5));
    assert!(!field(&outputs, "oldest").is_empty());
    let missing = bench.world.hands.read(&super::bench::errand(&of("storage.queue.length", "nobodys"))).await;
    let refusal = answered(missing);
    assert_eq!((refusal.status, &refusal.body.unwrap()["Code"]), (404, &json!("QueueNotFound")));
}

#[test]
fn every_probe_of_these_services_waits_longer_than_what_it_asks_about_takes() {
    let rows = callout::effect::catalogue().filter(|row| row.name.starts_with("search."));
    let probes: Vec<&Probe> = rows.filter_map(|row| row.change.as_ref().map(|change| &change.probe)).collect();
    assert_eq!(probes.len(), 8);
    assert!(probes.iter().all(|probe| probe.settles >= Span::minutes(1)));
}
