//! A restore that a person ends: what is left is told, and what can be taken back is.

use serde_json::json;

use super::{answers, restore, run, take_back};
use crate::support::{Estate, Home, Outcome, Received};

#[test]
fn whoever_ends_it_in_the_middle_is_told_what_is_left() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let stop = answers(&home, "gate: {cut-over: stop}\n");
    let ended = restore(&home, &["--answers", &stop]).exits(5);
    let told = ended.stdout.lines().find(|line| line.contains("ABORTED; not undone: "));
    let told = told.unwrap_or_else(|| panic!("{}", ended.stdout));
    for step in ["stop-schedulers[chatbot-scheduler]", "stop-workers[chatbot-worker]", "stop-app", "lock", "restore"] {
        assert!(told.contains(step), "{step}: {told}");
    }
    assert_eq!((estate.restores(), estate.addresses(), estate.asked_to("/start").len()), (1, 0, 0));
}

#[test]
fn before_the_first_write_on_the_new_server_everything_can_be_taken_back() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let missing = restore(&home, &["-i", "schema_is=0043_reactions"]).exits(1);
    assert!(missing.stdout.contains("schema FAILED"), "{}", missing.stdout);
    let back = take_back(&home).exits(5);
    assert!(back.stdout.contains("ROLLED BACK"), "{}", back.stdout);
    assert_eq!(estate.asked_to("/start").len(), 4);
    assert_eq!(estate.count("DELETE", "/flexibleServers/chatbot-pg-r1"), 1, "ours, and only ours");
    assert_eq!(estate.health("chatbot-web"), 503, "it starts");
    estate.advance(60);
    assert_eq!(estate.health("chatbot-web"), 200);
}

#[test]
fn past_the_point_of_no_return_an_undo_takes_nothing_back_and_says_why() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    // The app is started on the new server, and never gets well there.
    estate.fault("GET", "/health/ready", 10_000, &json!({"status": {"code": 503, "body": "html"}}));
    let unwell = restore(&home, &[]).exits(1);
    assert!(unwell.stdout.contains("start-app FAILED"), "{}", unwell.stdout);
    let before = (estate.addresses(), estate.asked_to("/start"), estate.asked_to("/stop").len());
    let told = take_back(&home).exits(5).stdout;
    assert!(told.contains("a point of no return: The first write on the new server"), "{told}");
    assert!(told.contains("it could be undone until `start-app` began"), "{told}");
    assert_eq!((estate.addresses(), estate.asked_to("/start"), estate.asked_to("/stop").len()), before);
    assert_eq!(estate.count("DELETE", "/flexibleServers/chatbot-pg-r1"), 0);
}

#[test]
fn beside_the_old_server_the_copy_and_the_lock_are_told() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let stop = answers(&home, "gate: {decide: beside, proven: stop}\n");
    let ended = restore(&home, &["--answers", &stop]).exits(5);
    let told = ended.stdout.lines().find_map(|line| line.split_once("ABORTED; not undone: "));
    let told = told.unwrap_or_else(|| panic!("{}", ended.stdout)).1;
    assert!(told.starts_with("lock, restore, set-parameters[") && told.contains("let-in["), "{told}");
    assert_eq!((estate.asked_to("/stop").len(), estate.restores(), estate.addresses()), (0, 1, 0));
    assert_eq!(estate.count("DELETE", "/locks/callout-restore"), 0, "it stands as it is told");
}

#[test]
fn of_a_copy_to_look_at_nothing_is_left_when_it_is_taken_back() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let forensic = answers(&home, "gate: {decide: forensic}\n");
    restore(&home, &["--answers", &forensic, "-i", "schema_is=0043_reactions"]).exits(1);
    let back = take_back(&home).exits(5);
    assert!(back.stdout.contains("ROLLED BACK"), "{}", back.stdout);
    assert_eq!(estate.count("DELETE", "/flexibleServers/chatbot-pg-r1"), 1);
    assert_eq!(estate.count("DELETE", "/locks/callout-restore"), 1);
    assert_eq!((estate.asked_to("/start").len(), estate.health("chatbot-web")), (0, 200), "nobody was stopped");
}

#[test]
fn an_app_whose_address_stays_unresolved_is_found_before_anything_starts() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let refresh = "/config/configreferences/appsettings/refresh";
    estate.fault("POST", refresh, 1, &json!({"status": {"code": 403}}));
    let refused = restore(&home, &[]).exits(1);
    assert!(refused.stdout.contains("move[chatbot-web/staging] FAILED"), "{}", refused.stdout);
    // Before it is tried again, somebody pins the app to a version that there never was.
    let pinned = format!("https://chatbot-kv.vault.azure.net/secrets/database-url/{}", "0".repeat(32));
    let setting = json!({"DATABASE_URL": format!("@Microsoft.KeyVault(SecretUri={pinned})")});
    estate.control("POST", "apps/chatbot-web/staging/settings", &setting);
    let again = ["retry", &run(&home), "move[chatbot-web/staging]", "--reason", "it was refused"];
    home.callout(again).run().succeeded();
    let failed = home.callout(["resume", "--headless", "--yes", "destructive", "--speed", "max"]).run().exits(1);
    let told = "move[chatbot-web/staging] FAILED: webapp.references fails: DATABASE_URL uses no version";
    assert!(failed.stdout.contains(told), "{}", failed.stdout);
    assert_eq!((estate.restores(), estate.addresses(), estate.asked_to("/start").len()), (1, 1, 0));
}

/// Deletes the old server as far as a script may: that there is a dump, a person has said.
fn clean(home: &Home) -> Outcome {
    let dump = answers(home, "manual: {dump: {}, dump-kept: {kept_at: 'on tape 7, ten years'}}\n");
    let run = ["run", "db-cleanup", "--headless", "--yes", "destructive", "--speed", "max", "--answers", &dump];
    home.callout(run).run().exits(3)
}

#[test]
fn whoever_ends_the_deletion_of_the_old_server_between_lock_and_deletion_is_told_that_the_lock_is_off() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    restore(&home, &[]).succeeded();
    clean(&home);
    let told = home.callout(["abort", &run(&home)]).run().exits(5).stdout;
    assert!(told.contains("Stays as it is, and is not undone: unlock."), "{told}");
    assert!(told.contains("ABORTED; not undone: unlock\n"), "{told}");
    assert_eq!((estate.count("DELETE", "/locks/"), estate.deleted()), (1, 0));
    // Begun again and undone, it leaves the lock as it was.
    let locked = estate.count("PUT", "/locks/callout-restore");
    clean(&home);
    assert!(take_back(&home).exits(5).stdout.contains("ROLLED BACK\n"));
    assert_eq!((estate.count("PUT", "/locks/callout-restore"), estate.deleted()), (locked + 1, 0));
}

#[test]
fn past_the_deletion_of_the_old_server_an_undo_says_that_there_is_no_way_back_to_it() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    restore(&home, &[]).succeeded();
    clean(&home);
    // Nobody can see that the apps go on working.
    estate.control("POST", "databases/chatbot-pg-r1/behind", &json!({"port": 1}));
    let irreversible = ["resume", "--headless", "--yes", "irreversible", "--speed", "max"];
    let unseen = home.callout(irreversible).run().exits(1);
    assert!(unseen.stdout.contains("still-used FAILED: sql.newest cannot be observed"), "{}", unseen.stdout);
    assert_eq!(estate.deleted(), 1);
    let told = take_back(&home).exits(5).stdout;
    assert!(told.contains("delete  a point of no return: Server, databases and backups are gone"), "{told}");
    let made = estate.received().into_iter().filter(|request| request.method == "PUT").filter(of_the_old);
    assert_eq!((made.count(), estate.deleted()), (0, 1), "nobody tries to make it again");
}

/// Whether a request is about the old server itself.
fn of_the_old(request: &Received) -> bool {
    request.path.to_lowercase().ends_with("/flexibleservers/chatbot-pg")
}

impl Estate {
    /// How often the old server was asked to be deleted.
    fn deleted(&self) -> usize {
        self.received().iter().filter(|request| request.method == "DELETE" && of_the_old(request)).count()
    }
}

#[test]
fn past_the_point_of_no_return_nothing_is_stopped_unlocked_or_led_back_to_the_old_server() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    estate.name_host("chatbot-pg");
    // Everything runs on the new server but the scheduler, which may not be started.
    estate.fault("POST", "/sites/chatbot-scheduler/start", 100, &json!({"status": {"code": 403}}));
    let failed = restore(&home, &["-i", "addressed_by=setting"]).exits(1);
    assert!(failed.stdout.contains("start-schedulers[chatbot-scheduler] FAILED"), "{}", failed.stdout);
    let before = (estate.asked_to("/stop").len(), estate.count("PUT", "/config/appsettings"));
    let told = take_back(&home).exits(5).stdout;
    assert!(told.contains("`start-app` is a point of no return, and came after it"), "{told}");
    assert_eq!((estate.asked_to("/stop").len(), estate.count("PUT", "/config/appsettings")), before);
    assert_eq!(estate.count("DELETE", "/locks/callout-restore"), 0, "it is the only copy of what was written since");
    let now = estate.now();
    for (app, slot) in super::CONSUMERS {
        let host = &now["apps"][app]["slots"][slot]["settings"]["DATABASE_HOST"];
        assert_eq!(host, "chatbot-pg-r1.postgres.database.azure.com", "{app} {slot}");
    }
}
