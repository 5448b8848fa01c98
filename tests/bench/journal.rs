//! How fast entries become durable, as a ratio to a floor that is measured in the same run: the same bytes appended to a
//! plain file, synced after each. Milliseconds say more about a disk than about the program; the ratio is ours.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench is run by a person who reads it")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use callout::base::{
    ClockSource, Commitment, Digest, Entropy, EntryId, HostClock, HostId, RunId, Seq, Timestamp, Uptime,
};
use callout::incident::Event;
use callout::journal::{
    Access, Actor, Authn, Batch, Channel, Draft, Fact, Journal as _, Opening, SqliteJournal, StoreKind, Tool, Writer,
    encode,
};
use uuid::Uuid;

/// Enough that a hundredth is ten appends, and few enough to end within seconds on a slow disk.
const APPENDS: u64 = 1000;

struct Lots;

impl Entropy for Lots {
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn salt(&self) -> [u8; 32] {
        [7; 32]
    }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder.path().join("journal.db"));
    let run = RunId::new(Lots.uuid());
    let mut line = 0;
    let append = measured(|| {
        let entries = store.append(&Batch { drafts: vec![note(run)], ..Batch::default() }).unwrap();
        line = encode(&entries[0]).unwrap().len();
    });
    let bytes = vec![b'x'; line];
    let mut file = File::create(folder.path().join("floor")).unwrap();
    let floor = measured(|| {
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
    });
    println!("append of one entry of {line} bytes, {APPENDS} times");
    println!("        p50 µs  p99 µs  max µs");
    print("store", &append);
    print("floor", &floor);
    println!("store / floor: {:.1} at p50", append[500].as_secs_f64() / floor[500].as_secs_f64());

    let begun = Instant::now();
    let entries = black_box(store.of_run(run, Seq(0)).unwrap()).len();
    let per_entry = begun.elapsed() / u32::try_from(entries).unwrap();
    println!("folding back: {entries} entries of a run, {} µs each", per_entry.as_micros());
}

fn open(path: &Path) -> SqliteJournal {
    SqliteJournal::open(&Opening {
        path,
        access: Access::Create(StoreKind::Simulated),
        busy: Duration::from_secs(5),
        entropy: &Lots,
        first: &|fact| draft(None, fact),
        network: &|_| None,
    })
    .unwrap()
}

fn note(run: RunId) -> Draft {
    draft(Some(run), Fact::Incident(Event::Noted { text: Commitment::to_text("a note", &[7; 32]) }))
}

/// As long as an entry of a real run.
fn draft(run: Option<RunId>, fact: Fact) -> Draft {
    let mono_ns = Some(Uptime::from_nanoseconds(11_156_450_000_000));
    let host = Some(HostId::new(Lots.uuid()));
    Draft {
        id: EntryId::new(Lots.uuid()),
        recorded_at: Timestamp::from_seconds(0),
        host_clock: HostClock { boot: Some(Lots.uuid()), mono_ns, ..HostClock::default() },
        occurred_at: Timestamp::from_seconds(0),
        clock: ClockSource::Simulated,
        run,
        fence: None,
        actor: Actor { authn: Authn::None, tenant: None, object: None, os_user: Some(1000) },
        writer: Writer { host, tool: Tool::this(Some(Digest::of_parts(&[]))) },
        channel: Channel::Cli,
        refs: Vec::new(),
        fact,
    }
}

/// How long each of many turns took, the shortest first.
fn measured(mut turn: impl FnMut()) -> Vec<Duration> {
    let mut took: Vec<Duration> = (0..APPENDS)
        .map(|_| {
            let begun = Instant::now();
            turn();
            begun.elapsed()
        })
        .collect();
    took.sort();
    took
}

fn print(name: &str, took: &[Duration]) {
    println!("{name} {:>8} {:>7} {:>7}", took[500].as_micros(), took[990].as_micros(), took[999].as_micros());
}
