//! The same hand against a real PostgreSQL, which stands behind a simulated server: TLS is the estate's, everything else
//! is PostgreSQL's own.

use callout::base::Value;
use callout::effect::{Call, ProbeVerdict, Sent, Verdict};
use serde_json::json;

use super::bench::{Bench, answered, environment, errand, field};
use crate::support::Postgres;
use crate::support::require::skip;

const PASSWORD: &str = "a real one";

fn secret(name: &str) -> Value {
    Value::Secret { secret: callout::base::SecretRef::Environment { name: name.to_owned() } }
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn of(action: &str, more: &[(&str, Value)]) -> Call {
    let server = ("server", super::databases::server("chatbot-pg"));
    let mut call = Call::new(action, [server, ("login", text("chatbot")), ("password", secret("REAL"))]);
    call.args.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    call
}

/// The bench with a real PostgreSQL behind its server.
async fn beside(real: &Postgres) -> Bench {
    let bench = Bench::with_environment(|name| match name {
        "REAL" => Some(PASSWORD.to_owned()),
        "NEXT" => Some("postgresql://chatbot:the%20next%20one@elsewhere.invalid/postgres".to_owned()),
        other => environment()(other),
    });
    let bench = bench.await;
    bench.control("databases/chatbot-pg/behind", json!({"port": real.port()})).await;
    bench
}

#[tokio::test]
async fn a_real_postgresql_lets_a_role_in_and_shuts_it_out_as_the_simulated_one_does() {
    let Some(real) = Postgres::start("chatbot", PASSWORD) else { return skip(Postgres::MISSING) };
    real.carry_out("CREATE ROLE chatbot_b NOLOGIN PASSWORD 'of last year'");
    let bench = beside(&real).await;
    let (role, value) = (("role", text("chatbot_b")), ("value", secret("NEXT")));
    let state = |read: &Value| (read.field("exists").cloned(), read.field("may_sign_in").cloned());
    let get = of("sql.role.get", std::slice::from_ref(&role));
    let is = |exists, may| (Some(Value::Boolean(exists)), Some(Value::Boolean(may)));
    assert_eq!(state(&bench.read(&get).await), is(true, false));
    let nobody = bench.read(&of("sql.role.get", &[("role", text("nobody"))])).await;
    assert_eq!(state(&nobody), is(false, false));

    // One statement for both: the old password never opens the door.
    let change = of("sql.role.password", &[role.clone(), value.clone(), ("enable", Value::Boolean(true))]);
    assert!(matches!(bench.probe(&change, bench.attempt(), &[]).await, ProbeVerdict::DidNot { .. }));
    assert_eq!(answered(bench.send(&change, bench.attempt()).await).status, 200);
    assert!(matches!(bench.probe(&change, bench.attempt(), &[]).await, ProbeVerdict::Happened { .. }));
    let login = of("sql.login", &[("login", text("chatbot_b")), ("password", secret("NEXT"))]);
    assert_eq!(field(&bench.read(&login).await, "login"), "chatbot_b");

    for (action, may) in [("sql.role.disable", false), ("sql.role.enable", true)] {
        let switch = of(action, std::slice::from_ref(&role));
        assert!(matches!(bench.probe(&switch, bench.attempt(), &[]).await, ProbeVerdict::DidNot { .. }), "{action}");
        assert_eq!(answered(bench.send(&switch, bench.attempt()).await).status, 200);
        assert!(matches!(bench.probe(&switch, bench.attempt(), &[]).await, ProbeVerdict::Happened { .. }), "{action}");
        assert_eq!(state(&bench.read(&get).await), is(true, may));
        let tried = bench.check(&login).await;
        assert_eq!(matches!(tried, Verdict::Pass { .. }), may, "{tried:?}");
        // Its password is right, and that is what PostgreSQL looks at first.
        assert!(may || tried.seen().contains("28000"), "{tried:?}");
    }
}

#[tokio::test]
async fn a_real_postgresql_answers_the_hand_as_the_simulated_one_does() {
    let Some(real) = Postgres::start("chatbot", PASSWORD) else { return skip(Postgres::MISSING) };
    real.carry_out("CREATE TABLE orders (id bigint, total numeric, paid bool, written_at timestamptz, note text)");
    real.carry_out("CREATE SEQUENCE numbers");
    real.carry_out(
        "INSERT INTO orders SELECT n, n * 1.5, n % 2 = 0, '2026-11-20 03:00:00+00'::timestamptz + n * interval '1 s', \
         NULL FROM generate_series(1, 250) n",
    );
    let bench = beside(&real).await;
    let query = |sql: &str| of("sql.query", &[("query", text(sql))]);

    let answer = bench.read(&query("SELECT * FROM orders WHERE id = 2")).await;
    let row = Value::record([
        ("id", Value::Integer(2)),
        ("total", text("3.0")),
        ("paid", Value::Boolean(true)),
        ("written_at", text("2026-11-20T03:00:02.000000Z")),
    ]);
    assert_eq!(answer.field("rows"), Some(&Value::List(vec![row])));
    let all = bench.read(&query("SELECT * FROM orders")).await;
    assert_eq!((all.field("count"), all.field("truncated")), (Some(&Value::Integer(100)), Some(&Value::Boolean(true))));
    let newest = of("sql.newest", &[("table", text("public.orders")), ("column", text("written_at"))]);
    let newest = bench.read(&newest).await;
    assert_eq!(
        (field(&newest, "newest"), newest.field("count")),
        ("2026-11-20T03:04:10.000000Z", Some(&Value::Integer(250)))
    );
    let check = of("sql.check", &[("query", text("SELECT bool_and(total > 0) FROM orders"))]);
    assert!(matches!(bench.check(&check).await, Verdict::Pass { .. }));

    for (sql, code) in [
        ("SELECT nextval('numbers')", "25006"),
        ("WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM gone", "25006"),
        ("SELECT 1; COMMIT; DELETE FROM orders", "42601"),
        ("SELECT * FROM nowhere", "42P01"),
    ] {
        let reply = answered(bench.world.hands.read(&errand(&query(sql))).await);
        assert_eq!(reply.body.unwrap()["error"]["code"], code, "{sql}");
    }

    let wrong = of("sql.login", &[("password", secret("CANARY"))]);
    assert!(matches!(bench.check(&wrong).await, Verdict::Fail { seen } if seen.contains("28P01")));
    let change = of("sql.role.password", &[("role", text("chatbot")), ("value", secret("NEXT"))]);
    assert!(matches!(bench.probe(&change, bench.attempt(), &[]).await, ProbeVerdict::DidNot { .. }));
    assert_eq!(answered(bench.send(&change, bench.attempt()).await).status, 200);
    assert!(matches!(bench.probe(&change, bench.attempt(), &[]).await, ProbeVerdict::Happened { .. }));
    assert!(matches!(bench.check(&of("sql.login", &[])).await, Verdict::Fail { .. }), "the old one is refused");

    drop(real);
    assert!(matches!(bench.world.hands.read(&errand(&of("sql.login", &[]))).await, Sent::NeverSent { .. }));
}
