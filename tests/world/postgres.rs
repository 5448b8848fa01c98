//! The same hand against a real PostgreSQL, which stands behind a simulated server: TLS is the estate's, everything else
//! is PostgreSQL's own.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use callout::base::Value;
use callout::effect::{ProbeVerdict, Sent, Verdict};
use serde_json::json;
use tempfile::TempDir;

use super::bench::{Bench, answered, environment, errand, field};
use crate::support::require::skip;
use crate::support::until;

const PASSWORD: &str = "a real one";

/// A real server in a folder of its own; it ends with this value.
struct Real {
    server: Child,
    port: u16,
    programs: PathBuf,
    folder: TempDir,
}

impl Drop for Real {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Real {
    /// Starts one; nothing if PostgreSQL is not installed.
    fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().unwrap();
        let owner = unprivileged();
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        for path in [folder.path().to_owned(), folder.path().join("password")] {
            if let Some((user, group)) = owner {
                chown(path, Some(user), Some(group)).unwrap();
            }
        }
        let data = folder.path().join("data");
        let mut initdb = program(&programs, "initdb", owner);
        initdb.args(["--auth=scram-sha-256", "--username=chatbot", "--no-sync", "--encoding=UTF8", "--locale=C"]);
        initdb.arg("--pwfile").arg(folder.path().join("password")).arg("--pgdata").arg(&data);
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // Taken and given back: nobody else asks for this very port in between.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut postgres = program(&programs, "postgres", owner);
        postgres.arg("-D").arg(&data).arg("-k").arg(folder.path());
        postgres.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
        let server = postgres.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let real = Self { server, port, programs, folder };
        until("a PostgreSQL that answers", || real.psql("SELECT 1").status.success().then_some(()));
        Some(real)
    }

    fn psql(&self, sql: &str) -> std::process::Output {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.env("PGPASSWORD", PASSWORD).env("PGCONNECT_TIMEOUT", "20").current_dir(self.folder.path());
        psql.args(["-X", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "chatbot", "-d", "postgres"]);
        psql.args(["-p", &self.port.to_string(), "-c", sql]).output().unwrap()
    }

    fn carry_out(&self, sql: &str) {
        let done = self.psql(sql);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// Debian keeps the programs of each version apart; the newest is taken.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(Result::ok).map(|version| version.path().join("bin"));
    folders.filter(|folder| folder.join("postgres").exists() && folder.join("psql").exists()).max()
}

/// PostgreSQL refuses to run as root, so as root it runs as `nobody`.
fn unprivileged() -> Option<(u32, u32)> {
    let id = |option: &str, of: &str| -> u32 {
        let said = Command::new("id").args([option, of]).output().unwrap();
        String::from_utf8(said.stdout).unwrap().trim().parse().unwrap()
    };
    let own = Command::new("id").arg("-u").output().unwrap();
    (own.stdout == b"0\n").then(|| (id("-u", "nobody"), id("-g", "nobody")))
}

fn program(programs: &Path, name: &str, owner: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(programs.join(name));
    command.current_dir("/").stdin(Stdio::null());
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

fn secret(name: &str) -> Value {
    Value::Secret { secret: callout::base::SecretRef::Environment { name: name.to_owned() } }
}

fn text(text: &str) -> Value {
    Value::text(text)
}

#[tokio::test]
async fn a_real_postgresql_answers_the_hand_as_the_simulated_one_does() {
    let Some(real) = Real::start() else { return skip("PostgreSQL is not installed (Debian's `postgresql`)") };
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
    bench.control("databases/chatbot-pg/behind", json!({"port": real.port})).await;
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
