use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use super::until;

/// A real PostgreSQL in a folder of its own, on a port of its own; it ends with this value.
///
/// What it writes ahead is archived, so it can be brought back to a moment after it was backed up.
pub(crate) struct Postgres {
    server: Child,
    port: u16,
    programs: PathBuf,
    superuser: String,
    password: String,
    place: Place,
}

/// A copy of a server's files, from which it is brought back with what was archived since.
pub(crate) struct Backup(Place);

/// A folder that the server may write to.
struct Place {
    folder: TempDir,
    owner: Option<(u32, u32)>,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Postgres {
    /// Why a test is left out where [`Self::start`] gives nothing.
    pub(crate) const MISSING: &str = "PostgreSQL is not installed (Debian's `postgresql`)";

    /// Starts one that this superuser signs in to; nothing if PostgreSQL is not installed.
    pub(crate) fn start(superuser: &str, password: &str) -> Option<Self> {
        let programs = programs()?;
        let place = Place::new();
        let file = place.path("password");
        fs::write(&file, password).unwrap();
        place.own(&file);
        let archive = place.path("archive");
        fs::create_dir(&archive).unwrap();
        place.own(&archive);
        let mut initdb = place.program(&programs, "initdb");
        initdb.args(["--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C", "--username", superuser]);
        initdb.arg("--pwfile").arg(&file).arg("--pgdata").arg(place.path("data"));
        succeeded(&initdb.output().unwrap());
        let copy = format!("archive_command=cp %p {}/%f", archive.display());
        Some(Self::serve(programs, place, superuser, password, &["archive_mode=on", &copy]))
    }

    fn serve(programs: PathBuf, place: Place, superuser: &str, password: &str, settings: &[&str]) -> Self {
        // Taken and given back: nobody else asks for this very port in between.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut postgres = place.program(&programs, "postgres");
        postgres.arg("-D").arg(place.path("data")).arg("-k").arg(place.folder.path()).args(["-p", &port.to_string()]);
        // Its own work would take numbers of transactions at moments that no test can know.
        for setting in ["listen_addresses=127.0.0.1", "fsync=off", "autovacuum=off"].iter().chain(settings) {
            postgres.args(["-c", setting]);
        }
        let server = postgres.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (superuser, password) = (superuser.to_owned(), password.to_owned());
        let real = Self { server, port, programs, superuser, password, place };
        until("a PostgreSQL that answers", || real.psql("postgres", "SELECT 1").status.success().then_some(()));
        real
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Carries out statements in the database `postgres`.
    pub(crate) fn carry_out(&self, sql: &str) {
        succeeded(&self.psql("postgres", sql));
    }

    /// Carries out statements in a database; what they give, as text without any frame.
    pub(crate) fn ask(&self, database: &str, sql: &str) -> String {
        let done = self.psql(database, sql);
        succeeded(&done);
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    fn psql(&self, database: &str, sql: &str) -> Output {
        let mut psql = self.client("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]).output().unwrap()
    }

    /// A program that signs in here as the superuser.
    fn client(&self, name: &str) -> Command {
        let mut command = self.place.program(&self.programs, name);
        command.env("PGPASSWORD", &self.password).env("PGCONNECT_TIMEOUT", "20").env("PGTZ", "UTC");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", &self.superuser]);
        command
    }

    /// Copies the server's files as they are now.
    pub(crate) fn back_up(&self) -> Backup {
        let place = Place::new();
        let mut copy = self.client("pg_basebackup");
        copy.args(["--checkpoint=fast", "--no-sync", "--wal-method=none", "--pgdata"]).arg(place.path("data"));
        succeeded(&copy.output().unwrap());
        Backup(place)
    }

    /// Waits until everything that was written until now is in the archive.
    pub(crate) fn archive(&self) {
        let last = self.ask("postgres", "SELECT pg_walfile_name(pg_switch_wal())");
        let file = self.place.path("archive").join(last);
        until("the archived log", || file.exists().then_some(()));
    }

    /// Another server: this one as it was at a moment after the backup.
    pub(crate) fn restored(&self, backup: Backup, at: &str) -> Self {
        let Backup(place) = backup;
        fs::write(place.path("data/recovery.signal"), "").unwrap();
        place.own(&place.path("data/recovery.signal"));
        let mut settings = OpenOptions::new().append(true).open(place.path("data/postgresql.auto.conf")).unwrap();
        let archive = self.place.path("archive");
        writeln!(settings, "restore_command = 'cp {}/%f %p'", archive.display()).unwrap();
        // It reads no moment as RFC 3339 writes it.
        let at = at.replace('T', " ").replace('Z', "+00");
        writeln!(settings, "recovery_target_time = '{at}'\nrecovery_target_action = 'promote'").unwrap();
        drop(settings);
        let (programs, superuser, password) = (self.programs.clone(), self.superuser.clone(), self.password.clone());
        let real = Self::serve(programs, place, &superuser, &password, &[]);
        let is_up = || real.ask("postgres", "SELECT pg_is_in_recovery()") == "f";
        until("the end of the recovery", || is_up().then_some(()));
        real
    }
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), owner: unprivileged() };
        place.own(place.folder.path());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Gives a file to whom the server runs as.
    fn own(&self, path: &Path) {
        if let Some((user, group)) = self.owner {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }

    fn program(&self, programs: &Path, name: &str) -> Command {
        let mut command = Command::new(programs.join(name));
        command.current_dir("/").stdin(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Debian keeps the programs of each version apart; the newest is taken.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(Result::ok).map(|version| version.path().join("bin"));
    folders.filter(|folder| ["postgres", "psql"].iter().all(|program| folder.join(program).exists())).max()
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
