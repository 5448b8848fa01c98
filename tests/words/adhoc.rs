//! Commands outside the runbook: real incidents leave the script, and the record follows.

use rustix::process::Signal;

use super::bench::{ASK, held, of_kind, parked};
use crate::support::{Child, Home};

#[test]
fn a_command_is_kept_with_what_it_said_and_its_code_is_passed_on() {
    let home = Home::new();
    let run = parked(&home, ASK);
    let script = "echo looked; echo trouble >&2; exit 7";
    let done = home.callout(["adhoc", &run, "--", "sh", "-c", script]).run().exits(7);
    assert!(done.stdout.contains("looked") && done.stderr.contains("trouble"), "{}{}", done.stdout, done.stderr);
    let [adhoc] = &of_kind(&home, "run.adhoc")[..] else { panic!("it stands once in the record") };
    assert_eq!(adhoc["data"]["command"][2], script);
    assert_eq!(adhoc["data"]["exit"], 7);
    let told = home.callout(["timeline", &run]).run().succeeded().stdout;
    assert!(told.contains("AD-HOC COMMAND sh -c") && told.contains("looked"), "{told}");
}

#[test]
fn a_command_during_a_run_that_somebody_holds_is_noted_by_the_holder() {
    let home = Home::new();
    let (child, run) = held(&home, ASK, "go");
    home.callout(["adhoc", &run, "--", "true"]).run().succeeded();
    child.wait_for("AD-HOC COMMAND true (exit 0");
    let [request] = &of_kind(&home, "request.adhoc")[..] else { panic!("it was asked for once") };
    let [adhoc] = &of_kind(&home, "run.adhoc")[..] else { panic!("it stands once in the record") };
    assert_eq!(adhoc["refs"][0]["seq"], request["seq"]);
}

#[test]
fn what_looks_like_a_secret_is_neither_in_the_words_nor_in_what_was_said() {
    let home = Home::new();
    let run = parked(&home, ASK);
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ";
    home.callout(["adhoc", &run, "--", "echo", "Bearer", token]).run().succeeded();
    home.callout(["adhoc", &run, "--", "env", "PGPASSWORD=eyJzdWIs", "echo", "--password", "eyJzdWIt"])
        .run()
        .succeeded();
    let record = of_kind(&home, "run.adhoc").iter().map(ToString::to_string).collect::<String>();
    assert!(record.contains("redacted") && !record.contains("eyJzdWI"), "{record}");
    assert!(home.files_with(b"eyJzdWI").is_empty(), "{:?}", home.files_with(b"eyJzdWI"));
}

#[test]
fn what_cannot_be_started_or_has_no_run_is_not_in_the_record() {
    let home = Home::new();
    let run = parked(&home, ASK);
    assert!(home.callout(["adhoc", &run, "--", "no-such-command"]).run().exits(2).stderr.contains("nothing was done"));
    home.callout(["adhoc", "ffff", "--", "touch", "made"]).run().exits(2);
    home.callout(["answer", &run, "go", "no"]).run().succeeded();
    home.callout(["adhoc", &run, "--", "touch", "made"]).run().exits(2);
    assert!(!home.desk().join("made").exists(), "the command was performed for a run that had ended");
    assert!(of_kind(&home, "run.adhoc").is_empty());
}

#[test]
fn ctrl_c_is_for_the_command_and_what_it_had_said_is_kept() {
    let home = Home::new();
    let run = parked(&home, ASK);
    let script = ["sh", "-c", "echo looked; read x"];
    let child = home.callout(["adhoc", &run, "--"]).args(script).spawn();
    child.wait_for("looked");
    interrupt_all(&child);
    child.wait_with_stdin_open().exits(130);
    let told = home.callout(["timeline", &run]).run().succeeded().stdout;
    assert!(told.contains("(ended by a signal, ") && told.contains(": looked"), "{told}");
    // Nobody holds the run, and it can be spoken to.
    let said = home.callout(["answer", &run, "go", "yes"]).run().succeeded().stdout;
    assert!(said.contains("Nobody holds run"), "{said}");
}

#[test]
fn ctrl_c_during_a_command_in_the_middle_of_a_run_does_not_leave_the_run() {
    let home = Home::new();
    let (mut child, run) = held(&home, ASK, "go");
    child.wait_for("Type a number.");
    child.say("adhoc echo looked; exec sleep 100");
    child.wait_for("looked");
    interrupt_all(&child);
    child.wait_for("AD-HOC COMMAND");
    home.callout(["answer", &run, "go", "no"]).run().succeeded();
    child.wait_with_stdin_open().exits(5);
    let [adhoc] = &of_kind(&home, "run.adhoc")[..] else { panic!("it stands once in the record") };
    assert!(adhoc["data"]["exit"].is_null() || adhoc["data"]["exit"] == 130, "{adhoc}");
}

/// What Ctrl-C at a terminal does: every process of the group in the foreground is interrupted.
fn interrupt_all(child: &Child) {
    rustix::process::kill_process_group(child.pid(), Signal::INT).unwrap();
}
