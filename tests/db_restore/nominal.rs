//! Each way of a restore to its good end, and the deletion of what it has replaced.

use super::{answers, moment, restore, seconds};
use crate::support::{Estate, Home};

const CLEAN: [&str; 7] = ["run", "db-cleanup", "--headless", "--yes", "irreversible", "--speed", "max"];

#[test]
fn a_cut_over_moves_every_app_to_whole_rows_and_measures_what_was_lost() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let damaged = estate.corrupt();
    let done = restore(&home, &[]).succeeded();
    // The newest damaged row says to which moment: the rows up to it are back, and nothing that is damaged.
    let (point, recovered) = (moment(&done, "choose", "at "), moment(&done, "recovered", "newest "));
    assert!(point == recovered && seconds(recovered, &damaged) < 20.0, "{point} {recovered} {damaged}");
    let lost = seconds(recovered, moment(&done, "last-row", "newest "));
    assert!((580.0..=640.0).contains(&lost), "what was written in ten minutes after the damage is lost: {lost}");
    let stopped = ["chatbot-scheduler", "chatbot-worker", "chatbot-web/staging", "chatbot-web"];
    assert_eq!(estate.asked_to("/stop"), stopped, "from the first mover to the last");
    let started = ["chatbot-web", "chatbot-worker", "chatbot-web/staging", "chatbot-scheduler"];
    assert_eq!(estate.asked_to("/start"), started, "and the scheduler last");
    assert_eq!((estate.restores(), estate.addresses()), (1, 1));
    let now = estate.now();
    let newest = now["secrets"]["database-url"][1]["version"].clone();
    for (app, slot) in [("chatbot-web", "production"), ("chatbot-web", "staging"), ("chatbot-worker", "production")] {
        assert_eq!(now["apps"][app]["slots"][slot]["references"]["DATABASE_URL"]["version"], newest, "{app} {slot}");
    }
    let secret = std::fs::read_to_string(home.world_file()).unwrap();
    let password = secret.split("postgresql://chatbot:").nth(1).unwrap().split('@').next().unwrap();
    let files = home.files_with(password.as_bytes());
    assert_eq!(files, [home.world_file()], "the password is in the simulated vault and nowhere else");
}

#[test]
fn the_old_server_is_deleted_by_a_runbook_of_its_own_that_nobody_confirms_in_passing() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    restore(&home, &[]).succeeded();
    let mut usual = CLEAN;
    usual[4] = "destructive";
    let unsaid = home.callout(usual).run().exits(3);
    assert!(unsaid.stdout.contains("put the file where it is kept"), "{}", unsaid.stdout);
    assert_eq!(estate.count("DELETE", "/"), 0, "no script says by itself that there is a dump");
    let dump = answers(&home, "manual: {dump: {}, dump-kept: {kept_at: 'on tape 7, ten years'}}\n");
    let resume = ["resume", "--headless", "--yes", "destructive", "--speed", "max", "--answers", &dump];
    home.callout(resume).run().exits(3);
    let deleted = || {
        let of = |path: &str| path.to_lowercase().ends_with("/flexibleservers/chatbot-pg");
        estate.received().iter().filter(|request| request.method == "DELETE" && of(&request.path)).count()
    };
    assert_eq!(
        (deleted(), estate.count("DELETE", "/locks/callout-restore")),
        (0, 1),
        "the lock is off, the server stands"
    );
    let irreversible = ["resume", "--headless", "--yes", "irreversible", "--speed", "max"];
    let gone = home.callout(irreversible).run().succeeded();
    assert!(gone.stdout.contains("there is no server of that name"), "{}", gone.stdout);
    assert_eq!(deleted(), 1);
    let again = home.callout(CLEAN).run().exits(1);
    assert!(again.stdout.contains("'chatbot-pg' was not found"), "{}", again.stdout);
}

#[test]
fn no_server_is_deleted_while_there_is_none_that_took_its_place() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let early = home.callout(CLEAN).run().exits(1);
    assert!(early.stdout.contains("'chatbot-pg-r1' was not found"), "{}", early.stdout);
    assert_eq!(estate.count("DELETE", "/"), 0);
}

#[test]
fn beside_the_old_server_rows_are_copied_back_while_people_go_on_working() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let beside = answers(&home, "gate: {decide: beside}\n");
    let done = restore(&home, &["--answers", &beside]).succeeded();
    assert!(done.stdout.contains("mended pass: the first value is 0"), "{}", done.stdout);
    assert_eq!((estate.asked_to("/stop").len(), estate.restores(), estate.addresses()), (0, 1, 0));
    assert_eq!(estate.count("DELETE", "/locks/callout-restore"), 1, "the server that goes on is not left locked");
}

#[test]
fn rows_that_nobody_has_copied_back_are_not_taken_for_mended() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.corrupt();
    let beside = answers(&home, "gate: {decide: beside}\n");
    let done = restore(&home, &["--answers", &beside]).exits(1);
    assert!(done.stdout.contains("whole pass: the first value is 0"), "{}", done.stdout);
    assert!(done.stdout.contains("mended FAILED"), "{}", done.stdout);
}

#[test]
fn to_look_at_it_only_a_copy_is_made() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let forensic = answers(&home, "gate: {decide: forensic}\n");
    restore(&home, &["--answers", &forensic]).succeeded();
    assert_eq!((estate.asked_to("/stop").len(), estate.restores(), estate.addresses()), (0, 1, 0));
}

#[test]
fn where_a_setting_names_the_server_every_app_gets_another_setting() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.name_host("chatbot-pg");
    restore(&home, &["-i", "addressed_by=setting"]).succeeded();
    let now = estate.now();
    for (app, slot) in super::CONSUMERS {
        let settings = &now["apps"][app]["slots"][slot]["settings"];
        assert_eq!(settings["DATABASE_HOST"], "chatbot-pg-r1.postgres.database.azure.com", "{app} {slot}");
    }
    assert_eq!((estate.count("PUT", "/config/appsettings"), estate.addresses()), (4, 0));
}

#[test]
fn it_can_be_planned_rehearsed_and_printed_without_a_word() {
    let home = Home::new();
    let plan = home.callout(["plan", "db-restore"]).run().succeeded().stdout;
    assert!(!plan.contains("cannot be told"), "{plan}");
    let list = home.callout(["plan", "db-restore", "--format", "checklist"]).run().succeeded().stdout;
    assert!(list.contains("not an undo"), "the point of no return is named: {list}");
    let rehearsal =
        ["run", "db-restore", "--mode", "rehearsal", "--headless", "--yes", "destructive", "--speed", "max"];
    let walked = home.callout(rehearsal).run().succeeded().stdout;
    assert!(walked.contains("nothing was changed"), "{walked}");
    home.callout(["plan", "db-cleanup"]).run().succeeded();
    let asked = home.callout(["run", "db-restore", "--plain", "--speed", "max"]).stdin("").run().exits(3);
    assert!(asked.stdout.contains("Say to which moment"), "{}", asked.stdout);
}
