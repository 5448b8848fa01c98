//! A protected environment asks for more, and goes on asking when the configuration has been changed since.

use std::fs;

use callout::base::{Clock as _, RunId};
use callout::journal::{Batch, Draft, Fact, Holder, Journal as _};
use callout::plan::{Input, Mode, Origin, Place, Plan, Revision};
use callout::run::Event;
use callout::runbook::{Environment, bind_inputs, check, shipped};
use callout::world::SystemClock;
use serde_json::Value as Json;

use crate::corpus::examples;
use crate::journal::open;
use crate::support::child::{Child, Outcome};
use crate::support::home::Home;

/// Where a run was planned to take place: the simulated environment, with one thing changed.
fn place(change: impl FnOnce(&mut Place)) -> Place {
    let Environment { name: environment, estate, tenant, subscription, .. } = Environment::simulated();
    let mut place = Place { environment, estate, tenant, subscription, protected: false, drill: Vec::new() };
    change(&mut place);
    place
}

/// Puts a run of the shipped rollback into the home's store, planned for that place and begun by nobody; gives the
/// plan's digest. Today's environment of that name is the built-in one, which is not protected.
fn planned(home: &Home, place: Place) -> String {
    let (file, text) = *shipped().iter().find(|(file, _)| file.starts_with("rollback")).unwrap();
    let runbook = check(file, text.as_bytes()).runbook.unwrap();
    let bound = bind_inputs(&runbook, &[], &Environment::simulated()).unwrap();
    let inputs = bound.into_iter().map(|(name, value)| Input { name, value }).collect();
    let revision = Revision { text: callout::journal::text_digest(text), origin: Origin::Shipped };
    let plan = Plan {
        runbook,
        revision,
        inputs,
        place,
        mode: Mode::Live,
        nested: Vec::new(),
        resources: None,
        exercise: None,
    };
    let digest = plan.digest().unwrap();
    let run = RunId::new(examples::uuid(0x77));
    let draft = Draft {
        run: Some(run),
        fence: Some(0),
        occurred_at: SystemClock.host_now(),
        ..examples::draft(1, Fact::Run(Event::Planned { plan: Box::new(plan), digest }))
    };
    let holder = Some(Holder { run, version: 0, fence: 0 });
    let batch = Batch { drafts: vec![draft], holder, texts: vec![text.to_owned()], ..Batch::default() };
    open(&home.store()).append(&batch).unwrap();
    digest.to_string()
}

/// The program at the home's store, with what a pipe says.
fn resume(home: &Home, args: &[&str], said: &str) -> Outcome {
    home.callout(["resume", "--store"]).args([home.store()]).args(args).stdin(said).run()
}

/// How often the slots were asked to be swapped.
fn swaps(home: &Home) -> usize {
    let outcome = home.callout(["sim", "requests", "--json", "--store"]).args([home.store()]).run().succeeded();
    let requests: Json = serde_json::from_str(&outcome.stdout).unwrap();
    let is_swap = |request: &&Json| request["path"].as_str().is_some_and(|path| path.contains("slotsswap"));
    requests.as_array().unwrap().iter().filter(is_swap).count()
}

/// What is asked once the former release is back, and what is said to it.
const AFTERWARDS: [(&str, &str); 3] =
    [("── hold-now ──", "held"), ("── companions ──", "they do"), ("── record ──", "done")];

/// Takes the run up with plain lines on pipes, as another program would, and decides to roll back.
fn decided(home: &Home) -> Child {
    let args = ["resume", "--plain", "--speed", "max", "--store"];
    let mut child = home.callout(args).args([home.store()]).spawn();
    child.wait_for("Type a number.");
    child.say("1");
    child.wait_for("── swap ──");
    child
}

#[test]
fn a_pipe_confirms_a_swap_where_nothing_is_protected() {
    let home = Home::new();
    planned(&home, place(|_| ()));
    let mut child = decided(&home);
    child.say("chatbot-web");
    for (step, choice) in AFTERWARDS {
        child.wait_for(step);
        child.say(choice);
    }
    child.wait_for("succeeded.");
    child.wait().succeeded();
    assert_eq!(swaps(&home), 1);
}

#[test]
fn a_pipe_is_no_person_and_confirms_nothing_destructive_under_protection() {
    let home = Home::new();
    planned(&home, place(|place| place.protected = true));
    let child = decided(&home);
    child.wait_for("confirmed by a person at a terminal, and by nobody else; the run is paused");
    child.wait().exits(3);
    assert_eq!(swaps(&home), 0);
}

#[test]
fn a_person_at_a_terminal_confirms_it_all_the_same() {
    let home = Home::new();
    planned(&home, place(|place| place.protected = true));
    let mut screen =
        home.callout(["resume", "--plain", "--speed", "max", "--store"]).args([home.store()]).screen(160, 50);
    screen.wait_for("Type a number.");
    screen.write("1");
    screen.press("Enter");
    screen.wait_for("Type `chatbot-web` to confirm it");
    screen.write("chatbot-web");
    screen.press("Enter");
    for (step, choice) in AFTERWARDS {
        screen.wait_until("the question", |contents| {
            contents.split_once(step).is_some_and(|(_, rest)| rest.contains("Type a number."))
        });
        screen.write(choice);
        screen.press("Enter");
    }
    assert_eq!(screen.exit_code(), Some(0));
    assert_eq!(swaps(&home), 1);
}

#[test]
fn what_was_said_beforehand_is_refused_unless_it_is_for_this_very_plan() {
    let home = Home::new();
    let digest = planned(&home, place(|place| place.protected = true));
    let answers = home.path("answers.yaml");
    let file = answers.to_str().unwrap();
    let refused = resume(&home, &["--headless", "--yes", "destructive"], "").exits(6).stderr;
    assert!(refused.contains("`--yes` is refused in a protected environment"), "{refused}");

    fs::write(&answers, "confirm: {swap: chatbot-web}\n").unwrap();
    let refused = resume(&home, &["--headless", "--answers", file], "").exits(6).stderr;
    assert!(refused.contains("demands the plan digest"), "{refused}");

    fs::write(&answers, format!("plan: {}\nconfirm: {{swap: chatbot-web}}\n", "0".repeat(64))).unwrap();
    let refused = resume(&home, &["--headless", "--answers", file], "").exits(6).stderr;
    assert!(refused.contains("for another plan"), "{refused}");

    // The right digest lets the run go on; what is destructive waits for a person even so.
    fs::write(&answers, format!("plan: {digest}\nconfirm: {{swap: chatbot-web}}\n")).unwrap();
    let stdout = resume(&home, &["--headless", "--answers", file, "--speed", "max"], "").exits(3).stdout;
    assert!(stdout.contains("swap"), "{stdout}");
    assert_eq!(swaps(&home), 0);
}

#[test]
fn answers_for_another_plan_are_refused_where_nothing_is_protected_too() {
    let home = Home::new();
    planned(&home, place(|_| ()));
    let answers = home.path("answers.yaml");
    fs::write(&answers, format!("plan: {}\n", "0".repeat(64))).unwrap();
    resume(&home, &["--headless", "--answers", answers.to_str().unwrap()], "").exits(6);
}

#[test]
fn a_run_does_not_go_on_in_another_subscription_of_the_same_name_but_can_be_ended() {
    let home = Home::new();
    planned(&home, place(|place| place.subscription = examples::uuid(9).to_string()));
    let refused = resume(&home, &["--headless", "--yes", "destructive"], "").exits(6).stderr;
    assert!(refused.contains("was planned for the subscription"), "{refused}");
    let run = RunId::new(examples::uuid(0x77)).to_string();
    home.callout(["abort", &run, "--store"]).args([home.store()]).run().exits(5);
}
