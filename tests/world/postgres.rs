//! The same hand against a real PostgreSQL, which stands behind a simulated server: TLS is the estate's, everything else
//! is PostgreSQL's own.

use callout::base::Value;
use callout::effect::{ProbeVerdict, Sent, Verdict};
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

#[tokio::test]
async fn a_real_postgresql_answers_the_hand_as_the_simulated_one_does() {
    let Some(real) = Postgres::start("chatbot", PASSWORD) else { return skip(Postgres::MISSING) };
    real.carry_out("CREATE TABLE orders (id bigint, total numeric, paid bool, written_at timestamptz, note text)");
    real.carry_out("CREATE SEQUENCE numbers");
    real.carry_out(
        "INSERT INTO orders SELECT n, n * 1.5, n % 2 = 0, '2026-11-20 03:00:00+00'::timestamptz + n * interval '1 s', \
         NULL FROM generate_series(1, 250) n",
    );
    let bench = Bench::with_environment(|name| match name {
        "REAL" => Some(PASSWORD.to_owned()),
        "NEXT" => Some("postgresql://chatbot:the%20next%20one@elsewhere.invalid/postgres".to_owned()),
        other => environment()(other),
    });
    let bench = bench.await;
    bench.control("databases/chatbot-pg/behind", json!({"port": real.port()})).await;
    let of = |action: &str, more: &[(&str, Value)]| {
        let mut call = callout::effect::Call::new(
            action,
            [
                ("server", super::databases::server("chatbot-pg")),
                ("login", text("chatbot")),
                ("password", secret("REAL")),
            ],
        );
        call.args.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        call
    };
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
