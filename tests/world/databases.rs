//! PostgreSQL's rows and the hand for SQL against the simulated servers: a restore with everything that it does not bring
//! along, and what is refused.

use callout::base::{AttemptId, SecretRef, Value};
use callout::effect::{Call, Errand, ProbeVerdict, Progress, Sent, Verdict, find, progress};
use serde_json::{Value as Document, json};

use super::bench::{Bench, GROUP, answered, errand, field, vault};

const RESTORED: &str = "chatbot-pg-r1";

pub(super) fn server(name: &str) -> Value {
    Value::record([
        ("name", Value::text(name)),
        ("id", Value::text(format!("{GROUP}/Microsoft.DBforPostgreSQL/flexibleServers/{name}"))),
        ("url", Value::text(format!("postgresql://{name}.postgres.database.azure.com"))),
    ])
}

fn of<const N: usize>(action: &str, name: &str, more: [(&str, Value); N]) -> Call {
    let mut call = Call::new(action, [("server", server(name))]);
    call.args.extend(more.map(|(name, value)| (name.to_owned(), value)));
    call
}

fn text(text: &str) -> Value {
    Value::text(text)
}

impl Bench {
    /// The current version of a secret.
    async fn current(&self, name: &str) -> Value {
        let call = Call::new("keyvault.secret.versions", [("vault", vault()), ("name", text(name))]);
        let version = field(&self.read(&call).await, "current").to_owned();
        let vault = "https://chatbot-kv.vault.azure.net".to_owned();
        Value::Secret { secret: SecretRef::Version { vault, name: name.to_owned(), version } }
    }

    /// A question to a server, signed in as the apps are.
    pub(super) async fn asking<const N: usize>(&self, action: &str, name: &str, more: [(&str, Value); N]) -> Call {
        let mut call = of(action, name, more);
        call.args.insert("password".to_owned(), self.current("database-url").await);
        call
    }

    pub(super) async fn control(&self, path: &str, body: Document) -> Document {
        let url = format!("{}/_sim/{path}", self.server.endpoint());
        let request = self.client.post(url).header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    async fn advance(&self, seconds: u32) -> String {
        let clock = self.control("clock/advance", json!({"seconds": seconds})).await;
        clock["now"].as_str().unwrap().to_owned()
    }

    /// Sends an effect that takes its time, and follows it to its end.
    async fn carried(&self, call: &Call, attempt: AttemptId) {
        let reply = answered(self.send(call, attempt).await);
        assert_eq!(reply.status, 202, "{:?}", reply.body);
        let body = reply.body.as_ref().unwrap();
        assert!(body["operation"].is_string() && body["startTime"].is_string(), "{body}");
        let handle = reply.operation.unwrap();
        assert!(handle.url.contains("/azureAsyncOperation/"), "{}", handle.url);
        let running = progress(&self.world.hands.poll(&handle, attempt).await, &handle);
        assert!(matches!(&running, Progress::Running { status, .. } if status == "InProgress"), "{running:?}");
        self.advance(1_800).await;
        assert_eq!(progress(&self.world.hands.poll(&handle, attempt).await, &handle), Progress::Succeeded);
    }

    async fn refused(&self, call: &Call) -> (u16, String) {
        let reply = answered(self.send(call, self.attempt()).await);
        (reply.status, reply.body.unwrap()["error"]["code"].as_str().unwrap().to_owned())
    }

    async fn restore(&self, at: &str) -> Call {
        let source = of("postgres.server.get", "chatbot-pg", []);
        let location = field(&self.read(&source).await, "location").to_owned();
        let more = [("source", server("chatbot-pg")), ("at", text(at)), ("location", text(&location))];
        of("postgres.server.restore", RESTORED, more)
    }
}

fn moment(outputs: &Value, name: &str) -> callout::base::Timestamp {
    field(outputs, name).parse().unwrap()
}

#[tokio::test]
async fn a_restore_brings_back_the_rows_of_its_moment_and_neither_rules_nor_parameters() {
    let bench = Bench::new().await;
    let before = bench.advance(60).await;
    bench.control("databases/chatbot-pg/corrupt", json!({})).await;
    bench.advance(600).await;
    let empty = ("query", text("SELECT count(*) FROM messages WHERE body IS NULL"));
    let none = ("expect", text("0"));
    let spoilt = bench.asking("sql.check", "chatbot-pg", [empty.clone(), none.clone()]).await;
    assert!(matches!(bench.check(&spoilt).await, Verdict::Fail { .. }), "the corruption is found");

    let (call, attempt) = (bench.restore(&before).await, bench.attempt());
    let seen = bench.observed(&call).await;
    assert_eq!(seen[1].value, "free in its resource group");
    bench.carried(&call, attempt).await;
    assert!(matches!(bench.probe(&call, attempt, &seen).await, ProbeVerdict::Happened { .. }));
    assert!(matches!(bench.probe(&call, bench.attempt(), &seen).await, ProbeVerdict::DidNot { .. }));
    let ours = [("attempt", text(&attempt.to_string()))];
    assert!(matches!(bench.check(&of("postgres.server.get", RESTORED, ours)).await, Verdict::Pass { .. }));

    // Nobody is let in yet: that is no verdict on the login.
    let login = bench.asking("sql.login", RESTORED, []).await;
    let Sent::NeverSent { why } = bench.world.hands.read(&errand(&login)).await else { panic!("it is let in") };
    assert!(why.contains("pg_hba.conf"), "{why}");
    let rules = bench.read(&of("postgres.firewall.list", "chatbot-pg", [])).await.field("rules").unwrap().clone();
    let parity = of("postgres.firewall.list", RESTORED, [("expect", rules.clone())]);
    assert!(matches!(bench.check(&parity).await, Verdict::Fail { .. }));
    for rule in rules.as_list().unwrap() {
        let parts = ["name", "from", "to"].map(|part| (part, text(field(rule, part))));
        bench.carried(&of("postgres.firewall.set", RESTORED, parts), bench.attempt()).await;
    }
    assert!(matches!(bench.check(&parity).await, Verdict::Pass { .. }));
    assert!(matches!(bench.check(&login).await, Verdict::Pass { .. }));

    let newest = bench.asking("sql.newest", RESTORED, [("table", text("messages")), ("column", text("created_at"))]);
    let newest = bench.read(&newest.await).await;
    let lost = before.parse::<callout::base::Timestamp>().unwrap().since(moment(&newest, "newest"));
    assert!(lost.std().as_secs() <= 20, "a message is written every 20 s: {lost}");
    let whole = bench.asking("sql.check", RESTORED, [empty, none]).await;
    assert!(matches!(bench.check(&whole).await, Verdict::Pass { .. }), "the restored rows are whole");

    let set = bench.read(&of("postgres.parameters.get", "chatbot-pg", [])).await.field("set").unwrap().clone();
    assert_eq!(set.as_list().unwrap().len(), 3);
    let parity = of("postgres.parameters.get", RESTORED, [("expect", set.clone())]);
    assert!(matches!(bench.check(&parity).await, Verdict::Fail { .. }));
    for parameter in set.as_list().unwrap() {
        let parts = ["name", "value"].map(|part| (part, text(field(parameter, part))));
        bench.carried(&of("postgres.parameters.set", RESTORED, parts), bench.attempt()).await;
    }
    assert!(matches!(bench.check(&parity).await, Verdict::Pass { .. }));
}

#[tokio::test]
async fn a_restore_to_before_the_earliest_point_or_under_a_name_that_somebody_has_is_refused() {
    let bench = Bench::new().await;
    let early = bench.restore("2001-01-01T00:00:00Z").await;
    assert_eq!(bench.refused(&early).await, (400, "InvalidParameterValue".to_owned()));
    let now = bench.advance(1).await;
    let future = bench.restore("2099-01-01T00:00:00Z").await;
    assert_eq!(bench.refused(&future).await.0, 400);
    let mut taken = bench.restore(&now).await;
    taken.args.insert("server".to_owned(), server("chatbot-db"));
    assert_eq!(bench.refused(&taken).await, (409, "ServerNameAlreadyExists".to_owned()));
    let absent = of("postgres.server.list", RESTORED, [("expect", text("absent"))]);
    assert!(matches!(bench.check(&absent).await, Verdict::Pass { .. }), "nothing was made");
    let mut abroad = bench.restore(&now).await;
    "postgres.server.georestore".clone_into(&mut abroad.action);
    assert_eq!(bench.refused(&abroad).await, (400, "GeoBackupsNotEnabled".to_owned()));
}

#[tokio::test]
async fn a_lock_keeps_the_old_server_until_it_is_taken_off_and_then_it_is_gone() {
    let bench = Bench::new().await;
    let name = || [("name", text("restore"))];
    let (lock, delete) =
        (of("postgres.lock.set", "chatbot-pg", name()), of("postgres.server.delete", "chatbot-pg", []));
    assert_eq!(answered(bench.send(&lock, bench.attempt()).await).status, 201);
    assert!(matches!(bench.probe(&lock, bench.attempt(), &[]).await, ProbeVerdict::Happened { .. }));
    assert_eq!(bench.refused(&delete).await, (409, "ScopeLocked".to_owned()));
    assert_eq!(bench.observed(&delete).await[2].value, "restore");
    let unlock = of("postgres.lock.delete", "chatbot-pg", name());
    assert_eq!(answered(bench.send(&unlock, bench.attempt()).await).status, 200);
    assert!(matches!(bench.probe(&delete, bench.attempt(), &[]).await, ProbeVerdict::DidNot { .. }));
    bench.carried(&delete, bench.attempt()).await;
    assert!(matches!(bench.probe(&delete, bench.attempt(), &[]).await, ProbeVerdict::Happened { .. }));
    let login = bench.asking("sql.login", "chatbot-pg", []).await;
    assert!(matches!(bench.world.hands.read(&errand(&login)).await, Sent::NeverSent { .. }));
}

#[tokio::test]
async fn the_newest_row_stands_still_when_the_writers_are_stopped() {
    let bench = Bench::new().await;
    let newest =
        bench.asking("sql.newest", "chatbot-pg", [("table", text("messages")), ("column", text("created_at"))]);
    let newest = newest.await;
    let at = async || {
        bench.advance(300).await;
        moment(&bench.read(&newest).await, "newest")
    };
    let (first, second) = (at().await, at().await);
    assert!(first < second, "they write");
    let backends = ("query", text("SELECT count(*) FROM pg_stat_activity"));
    let quiet = bench.asking("sql.check", "chatbot-pg", [backends, ("expect", text("0"))]).await;
    assert!(matches!(bench.check(&quiet).await, Verdict::Fail { .. }));
    for app in ["chatbot-web", "chatbot-worker", "chatbot-scheduler"] {
        let url = format!("https://management.azure.com{GROUP}/Microsoft.Web/sites/{app}/stop?api-version=2023-12-01");
        let request = callout::effect::Request::new(
            callout::effect::Service::ResourceManager,
            callout::effect::Method::Post,
            url,
        );
        let call = Call::new("webapp.restart", [("app", super::app(app))]);
        assert_eq!(answered(bench.world.hands.send(&Errand { call, request }, bench.attempt()).await).status, 200);
    }
    let (stopped, later) = (at().await, at().await);
    assert_eq!(stopped, later, "nobody writes");
    assert!(matches!(bench.check(&quiet).await, Verdict::Pass { .. }));
}

#[tokio::test]
async fn a_question_reads_and_nothing_else() {
    let bench = Bench::new().await;
    let asked = async |query: &str| {
        let call = bench.asking("sql.query", "chatbot-pg", [("query", text(query))]).await;
        let reply = answered(bench.world.hands.read(&errand(&call)).await);
        let code = reply.body.as_ref().unwrap()["error"]["code"].as_str().map(str::to_owned);
        code.map_or_else(|| Ok((find(&call.action).unwrap().parse)(&call.args, &[reply]).unwrap()), Err)
    };
    let rows = asked("SELECT id, author, created_at FROM messages ORDER BY id DESC").await.unwrap();
    assert_eq!(rows.field("count"), Some(&Value::Integer(100)));
    assert_eq!(rows.field("truncated"), Some(&Value::Boolean(true)), "no more than a hundred are read");
    assert_eq!(asked("SELECT 1; DELETE FROM messages").await.unwrap_err(), "42601", "only one at a time");
    assert_eq!(asked("SELECT * FROM nowhere").await.unwrap_err(), "42P01");
    assert_eq!(field(&asked("SELECT current_user").await.unwrap(), "value"), "chatbot");
}

#[tokio::test]
async fn a_roles_password_is_set_by_its_verifier_and_proven_by_a_login() {
    let bench = Bench::new().await;
    let (admin, next) = (bench.current("database-admin").await, bench.current("session-secret").await);
    let more = [("role", text("chatbot")), ("value", next.clone()), ("login", text("chatadmin")), ("password", admin)];
    let call = of("sql.role.password", "chatbot-pg", more);
    assert_eq!(bench.observed(&call).await[0].value, "refused");
    assert!(matches!(bench.probe(&call, bench.attempt(), &[]).await, ProbeVerdict::DidNot { .. }));
    assert_eq!(answered(bench.send(&call, bench.attempt()).await).status, 200);
    assert!(matches!(bench.probe(&call, bench.attempt(), &[]).await, ProbeVerdict::Happened { .. }));
    let old = bench.asking("sql.login", "chatbot-pg", []).await;
    let refused = bench.check(&old).await;
    assert!(matches!(&refused, Verdict::Fail { seen } if seen.contains("28P01")), "{refused:?}");
    let world = std::fs::read_to_string(bench.folder.path().join("x.sim.jsonl")).unwrap();
    assert!(world.contains("SCRAM-SHA-256$"), "what was sent is a verifier");
}

#[tokio::test]
async fn a_role_that_may_not_sign_in_is_refused_with_its_own_password_and_nobody_switches_off_another() {
    let bench = Bench::new().await;
    let by =
        |login: &str, password: Value| [("role", text("chatbot_b")), ("login", text(login)), ("password", password)];
    let (app, admin) = (bench.current("database-url").await, bench.current("database-admin").await);
    let enable = of("sql.role.enable", "chatbot-pg", by("chatbot", app.clone()));
    let reply = answered(bench.send(&enable, bench.attempt()).await);
    assert_eq!((reply.status, reply.body.unwrap()["error"]["code"].as_str()), (400, Some("42501")));
    let role = [("role", text("chatbot")), ("login", text("chatadmin")), ("password", admin)];
    let disable = of("sql.role.disable", "chatbot-pg", role);
    assert_eq!(bench.observed(&disable).await[0].value, "may sign in");
    assert_eq!(answered(bench.send(&disable, bench.attempt()).await).status, 200);
    assert!(matches!(bench.probe(&disable, bench.attempt(), &[]).await, ProbeVerdict::Happened { .. }));
    let refused = bench.check(&of("sql.login", "chatbot-pg", [("password", app)])).await;
    assert!(
        matches!(&refused, Verdict::Fail { seen } if seen.contains("28000") && seen.contains("not permitted")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_administrators_password_is_set_through_resource_manager_and_never_comes_back() {
    let bench = Bench::new().await;
    let more = [("login", text("chatadmin")), ("value", bench.current("session-secret").await)];
    let call = of("postgres.password.reset", "chatbot-pg", more);
    assert_eq!(bench.observed(&call).await[0].value, "refused");
    bench.carried(&call, bench.attempt()).await;
    assert!(matches!(bench.probe(&call, bench.attempt(), &[]).await, ProbeVerdict::Happened { .. }));
}
