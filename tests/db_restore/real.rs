//! The runbook against two real PostgreSQL servers behind the simulated ones: the damaged one, and what `pg_basebackup` and
//! the archived log bring back of it. Resource Manager is simulated; every row that is looked at is a real one.

use serde_json::json;

use super::{answers, moment, restore, run, seconds};
use crate::support::require::skip;
use crate::support::{Estate, Home, Outcome, Postgres};

/// The damaged server, with its backup and the moment after which the damage was done.
struct Damaged {
    home: Home,
    estate: Estate,
    old: Postgres,
    /// When the last good row was there, and neither a later row nor the damage.
    good: String,
    /// When everything was damaged.
    bad: String,
    backup: crate::support::Backup,
}

const NOW: &str = "SELECT to_char(clock_timestamp(), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

/// A database with a row of every minute; then a backup, the last good row, five more minutes of rows, and a statement
/// without a `WHERE`.
fn damaged() -> Option<Damaged> {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // Both servers are asked with the password that the simulated vault holds.
    let world = std::fs::read_to_string(home.world_file()).unwrap();
    let password = world.split("postgresql://chatbot:").nth(1).unwrap().split('@').next().unwrap();
    let old = Postgres::start("postgres", password)?;
    old.carry_out(&format!("CREATE ROLE chatbot LOGIN PASSWORD '{password}'"));
    old.carry_out("CREATE DATABASE chatbot OWNER chatbot");
    old.ask(
        "chatbot",
        "CREATE TABLE messages (id bigint PRIMARY KEY, body text, created_at timestamptz NOT NULL);
         CREATE TABLE schema_migrations (version text);
         INSERT INTO schema_migrations VALUES ('0042_feedback');
         INSERT INTO messages SELECT n, 'message ' || n, date_trunc('minute', now()) - n * interval '1 minute'
         FROM generate_series(1, 120) n;
         GRANT ALL ON ALL TABLES IN SCHEMA public TO chatbot",
    );
    let backup = old.back_up();
    let insert =
        "INSERT INTO messages SELECT -n, 'message ' || -n, date_trunc('minute', now()) + n * interval '1 minute'";
    old.ask("chatbot", &format!("{insert} FROM generate_series(0, 0) n"));
    let good = old.ask("chatbot", NOW);
    old.ask("chatbot", &format!("{insert} FROM generate_series(1, 5) n"));
    old.ask("chatbot", "UPDATE messages SET body = NULL");
    let bad = old.ask("chatbot", NOW);
    // A restore to a moment needs something that was committed after it.
    old.ask("chatbot", "INSERT INTO schema_migrations VALUES ('0000_nothing')");
    old.archive();
    estate.control("POST", "databases/chatbot-pg/behind", &json!({"port": old.port()}));
    Some(Damaged { home, estate, old, good, bad, backup })
}

/// Restores to a moment beside the old server. The moment is only seconds ago, and everything since is in the archive
/// already; on Azure that takes five minutes, so the runbook would wait, and is told not to.
fn beside(home: &Home, at: &str) -> Outcome {
    let given = answers(home, &format!("gate: {{decide: beside}}\nmanual: {{choose: {{at: '{at}'}}}}\n"));
    let waits = restore(home, &["--answers", &given]).exits(1);
    assert!(waits.stdout.contains("backed-up FAILED"), "{}", waits.stdout);
    go_on(home, &["override", &run(home), "backed-up", "--reason", "the archive is complete"], &given)
}

/// Says something about a step, and goes on.
fn go_on(home: &Home, word: &[&str], given: &str) -> Outcome {
    home.callout(word).run().succeeded();
    let resume = ["resume", "--headless", "--yes", "destructive", "--speed", "max", "--answers", given];
    home.callout(resume).run()
}

#[test]
fn a_real_restore_is_proven_by_its_rows_and_loses_as_much_as_was_written_since() {
    let Some(Damaged { home, estate, old, good, backup, .. }) = damaged() else { return skip(Postgres::MISSING) };
    let new = old.restored(backup, &good);
    estate.control("POST", "databases/chatbot-pg-r1/behind", &json!({"port": new.port()}));
    let copied = beside(&home, &good).exits(1);
    let before = home.callout(["timeline"]).run().succeeded();
    // What had been written to the damaged server, and what has come back of it.
    let newest = before.stdout.lines().find(|line| line.contains("newest succeeded")).unwrap_or_default().to_owned();
    let newest = newest.split("newest 2").nth(1).map(|rest| format!("2{}", rest.split([',', ' ']).next().unwrap()));
    let newest = newest.unwrap_or_else(|| panic!("{}", before.stdout));
    let lost = seconds(moment(&copied, "recovered", "newest "), &newest);
    assert!((lost - 300.0).abs() < f64::EPSILON, "five minutes of rows came after the last good one: {lost}");
    assert!(moment(&copied, "recovered", "count ") == "121", "{}", copied.stdout);
    assert!(copied.stdout.contains("whole pass: the first value is 0"), "{}", copied.stdout);
    assert!(copied.stdout.contains("mended FAILED"), "nobody has copied a row back yet: {}", copied.stdout);

    let rows = new.ask("chatbot", "SELECT string_agg(format('(%s, %L)', id, body), ', ') FROM messages");
    let mend = "UPDATE messages SET body = good.body FROM (VALUES";
    old.ask(
        "chatbot",
        &format!("{mend} {rows}) AS good (id, body) WHERE messages.id = good.id AND messages.body IS NULL"),
    );
    let left = old.ask("chatbot", "SELECT count(*) FROM messages WHERE body IS NULL");
    assert_eq!(left, "5", "what was written since cannot come from a backup");
    old.ask("chatbot", "DELETE FROM messages WHERE body IS NULL");
    let given = answers(&home, "gate: {decide: beside}\n");
    go_on(&home, &["retry", &run(&home), "mended", "--reason", "the rows are copied back"], &given).succeeded();
}

#[test]
fn a_real_restore_to_after_the_damage_is_found_out() {
    let Some(Damaged { home, estate, old, bad, backup, .. }) = damaged() else { return skip(Postgres::MISSING) };
    let new = old.restored(backup, &bad);
    estate.control("POST", "databases/chatbot-pg-r1/behind", &json!({"port": new.port()}));
    let found = beside(&home, &bad).exits(1);
    assert!(found.stdout.contains("complete pass: the first value is true"), "{}", found.stdout);
    assert!(found.stdout.contains("whole FAILED"), "{}", found.stdout);
    assert!(found.stdout.contains("the first value is 126"), "every row of it is damaged: {}", found.stdout);
}

#[test]
fn a_row_that_was_begun_before_the_moment_and_ended_after_it_is_not_taken_for_missing() {
    let Some(Damaged { home, estate, old, good, backup, .. }) = damaged() else { return skip(Postgres::MISSING) };
    // Its transaction began just before the moment; what it wrote was there only after it.
    old.ask("chatbot", &format!("INSERT INTO messages VALUES (-100, 'late', '{good}'::timestamptz - interval '1 s')"));
    let new = old.restored(backup, &good);
    estate.control("POST", "databases/chatbot-pg-r1/behind", &json!({"port": new.port()}));
    let found = beside(&home, &good).exits(1);
    assert!(found.stdout.contains("complete pass: the first value is true"), "{}", found.stdout);
    assert!(found.stdout.contains("mended FAILED"), "{}", found.stdout);
}
