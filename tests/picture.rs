//! The picture in the README is of the program: a real run on the simulator, folded from its journal, drawn by the screen.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use callout::base::{RunId, Seq, Timestamp};
use callout::engine::fold;
use callout::journal::{Access, Journal as _, Opening, SqliteJournal};
use callout::projection::{Board, Timeline};
use callout::run::RunState;
use callout::tui::{Key, Model, Moment, Msg, Setting, picture, update};
use callout::world::SystemEntropy;

use crate::corpus::examples;
use crate::support::home::Home;

const COLUMNS: u16 = 120;
const ROWS: u16 = 36;

/// A rotation that stands before its destructive step, and the store that it is in.
fn a_run_at_its_read_back(home: &Home) -> (RunState, Timeline) {
    let store = home.store();
    let run = ["run", "key-rotation", "--headless", "--yes", "reversible", "--speed", "max", "--store"];
    home.callout(run).args([&store]).run().exits(3);
    let entropy = SystemEntropy::open().unwrap();
    let mut journal = SqliteJournal::open(&Opening {
        path: &store,
        access: Access::ReadOnly(None),
        busy: Duration::from_secs(5),
        entropy: &entropy,
        first: &|fact| examples::draft(0, fact),
        network: &|_| None,
    })
    .unwrap();
    let run: RunId = journal.latest_run().unwrap().unwrap().run;
    let entries = journal.of_run(run, Seq(0)).unwrap();
    let mut timeline = Timeline::default();
    for entry in &entries {
        timeline.push(entry, &mut |_| None);
    }
    (fold(entries[0].log, run, &entries).unwrap(), timeline)
}

fn draw(state: &RunState, timeline: &Timeline, now: Timestamp) -> String {
    let mut board = Board::of(state, timeline.lines(), "you (simulated sign-in)", now);
    // The script left the run paused; the picture shows it as whoever takes it up finds it.
    board.header.state = "running".into();
    let mut model = Model::new(Arc::new(board), Setting { colour: true, unicode: true, banner: None });
    let mut seconds = 0;
    let mut tell = |msg: Msg| {
        update(&mut model, msg);
        seconds += 5;
        update(&mut model, Msg::Now(Moment(Duration::from_secs(seconds))));
        update(&mut model, Msg::Drawn);
    };
    tell(Msg::Resize { columns: COLUMNS, rows: ROWS });
    for letter in "2 session-s".chars() {
        tell(Msg::Key(Key::Char(letter)));
    }
    picture(&model, COLUMNS, ROWS)
}

#[test]
fn the_picture_shows_a_real_run_before_its_destructive_step() {
    let home = Home::new();
    let (state, timeline) = a_run_at_its_read_back(&home);
    let svg = draw(&state, &timeline, state.changed);
    for word in ["SIMULATED", "key-rotation", "Read back", "2 session-s", "new-version"] {
        assert!(svg.contains(word), "the picture does not show `{word}`");
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/run.svg");
    if std::env::var_os("CALLOUT_BLESS").is_some() {
        fs::write(&kept, &svg).unwrap();
    }
    // Ids and times differ from run to run, so the kept picture is held by its size and its words.
    let kept = fs::read_to_string(kept).expect("assets/run.svg is there; CALLOUT_BLESS=1 makes it");
    assert_eq!(kept.lines().next(), svg.lines().next(), "the picture is of another size: make it anew");
    assert!(kept.contains("Read back") && kept.contains("SIMULATED"));
}
