use std::time::Duration;

use rusqlite::Connection;

/// What says that an SQLite file is a store of ours (`PRAGMA application_id`): the letters `COut`.
pub(super) const APPLICATION_ID: i32 = 0x434f_7574;

/// The oldest SQLite without the error by which two connections that write and checkpoint at once corrupt a log
/// (sqlite.org/wal.html, "the WAL-reset bug", fixed in 3.51.3).
pub(super) const OLDEST_LIBRARY: i32 = 3_051_003;

/// What makes a store of version N one of version N + 1; each runs in one transaction with the version's number.
pub(super) const MIGRATIONS: [&str; 2] = [FIRST, INCIDENTS];

/// The version of the schema that this program writes (`PRAGMA user_version`).
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a handful of migrations")]
pub(super) const VERSION: i32 = MIGRATIONS.len() as i32;

/// Columns beside `body` are generated from it, so that they cannot say anything else than the bytes that are hashed.
///
/// The triggers are guard rails for people with a shell, not security: whoever can write the file can drop them. The
/// one before an insert also names an id or leaf that is already there, because `INSERT OR REPLACE` would otherwise
/// delete the older row without asking the trigger against deletion (unless `recursive_triggers` is on, and in a shell
/// it is not).
const FIRST: &str = "
CREATE TABLE log_record (
  seq  INTEGER PRIMARY KEY CHECK (seq >= 0),
  body TEXT NOT NULL CHECK (json_valid(body) AND instr(body, char(10)) = 0),
  leaf BLOB NOT NULL UNIQUE CHECK (length(leaf) = 32),
  id          TEXT GENERATED ALWAYS AS (body ->> '$.id') VIRTUAL,
  kind        TEXT GENERATED ALWAYS AS (body ->> '$.kind') VIRTUAL,
  run         TEXT GENERATED ALWAYS AS (body ->> '$.run') VIRTUAL,
  recorded_at TEXT GENERATED ALWAYS AS (body ->> '$.recorded_at') VIRTUAL,
  CHECK ((body ->> '$.seq') IS seq),
  CHECK (id IS NOT NULL AND kind IS NOT NULL AND recorded_at IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX log_record_id ON log_record (id);
CREATE INDEX log_record_run ON log_record (run, seq) WHERE run IS NOT NULL;

CREATE TRIGGER log_record_in_order BEFORE INSERT ON log_record BEGIN
  SELECT RAISE(ABORT, 'the log is append-only: the next seq is one more than the last')
    WHERE NEW.seq IS NOT (SELECT coalesce(max(seq), -1) + 1 FROM log_record);
  SELECT RAISE(ABORT, 'the log is append-only: prev is the leaf of the last record')
    WHERE (NEW.body ->> '$.prev') IS NOT (SELECT lower(hex(leaf)) FROM log_record ORDER BY seq DESC LIMIT 1);
  SELECT RAISE(ABORT, 'the log is append-only: that record is already there')
    WHERE EXISTS (SELECT 1 FROM log_record WHERE leaf = NEW.leaf OR id = (NEW.body ->> '$.id'));
END;
CREATE TRIGGER log_record_not_changed BEFORE UPDATE ON log_record BEGIN
  SELECT RAISE(ABORT, 'the log is append-only');
END;
CREATE TRIGGER log_record_not_deleted BEFORE DELETE ON log_record BEGIN
  SELECT RAISE(ABORT, 'the log is append-only');
END;

CREATE TABLE payload (
  commitment BLOB PRIMARY KEY CHECK (length(commitment) = 32),
  salt       BLOB NOT NULL CHECK (length(salt) = 32),
  bytes      BLOB NOT NULL
) STRICT;
CREATE TABLE text (
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  bytes  BLOB NOT NULL
) STRICT;

-- Derived from log_record, in the transaction of each append. Never trusted by a verifier; callout doctor --rebuild.
CREATE TABLE run (
  run     TEXT PRIMARY KEY,
  runbook TEXT NOT NULL,
  stage   TEXT NOT NULL,
  fence   INTEGER NOT NULL,
  version INTEGER NOT NULL,
  first   INTEGER NOT NULL,
  last    INTEGER NOT NULL
) STRICT;
CREATE TABLE open_intent (
  lock_key TEXT PRIMARY KEY,
  run      TEXT NOT NULL,
  attempt  TEXT NOT NULL,
  seq      INTEGER NOT NULL
) STRICT;
CREATE INDEX open_intent_attempt ON open_intent (attempt);
CREATE TABLE frontier (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 0),
  size     INTEGER NOT NULL,
  roots    BLOB NOT NULL
) STRICT;
";

/// Finds the entries of an incident. No column: without the index the same questions have the same answers, so that a store
/// that may only be read needs none.
const INCIDENTS: &str = "
CREATE INDEX log_record_incident ON log_record (body ->> '$.incident', seq) WHERE (body ->> '$.incident') IS NOT NULL;
";

/// Sets what holds for one connection and not for the file. None of it writes.
///
/// `synchronous=FULL`: in WAL mode only this syncs every commit; with `NORMAL` an intent could be lost in a power cut
/// after its effect was sent. `secure_delete`: a removed payload must not linger in free pages.
pub(super) fn settle(connection: &Connection, busy: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(busy)?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON; PRAGMA mmap_size = 0;",
    )
}
