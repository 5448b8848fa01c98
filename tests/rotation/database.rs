//! The secret is a login at a database: two logins take turns, and the server is told before any app is.

use crate::support::{Estate, Home, Outcome};
use crate::words::bench::only_run;

const APPS: [&str; 4] = ["chatbot-web-staging", "chatbot-web", "chatbot-worker", "chatbot-scheduler"];
const CONSUMERS: &str = "consumers=chatbot-web/staging,chatbot-web,chatbot-worker,chatbot-scheduler";
const WHAT: [&str; 8] = ["run", "key-rotation", "-i", "issuer=db", "-i", "secret=database-url", "-i", CONSUMERS];
const BEFOREHAND: [&str; 5] = ["--headless", "--yes", "destructive", "--speed", "max"];

fn rotate(home: &Home, more: &[&str]) -> Outcome {
    home.callout(WHAT).args(BEFOREHAND).args(more).run()
}

/// As far as the wait of a day.
fn half_rotated(home: &Home) -> Estate {
    let estate = Estate::serve(home);
    let parked = home.callout(WHAT).args(["--headless", "--yes", "destructive", "--speed", "20"]).run().exits(3);
    assert!(parked.stdout.contains("it is parked"), "{}", parked.stdout);
    estate
}

fn enabled(estate: &Estate, secret: &str) -> Vec<bool> {
    estate.versions_of(secret).into_iter().map(|version| version.enabled).collect()
}

fn all_well(estate: &Estate) -> bool {
    APPS.iter().all(|app| estate.health(app) == 200)
}

#[test]
fn two_logins_take_turns_and_the_old_one_is_switched_off_last() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    assert!(estate.may_sign_in("chatbot") && !estate.may_sign_in("chatbot_b"));
    let first = rotate(&home, &[]).succeeded().stdout;
    assert!(first.contains("in-use pass: the server takes the password, as chatbot\n"), "{first}");
    let at = |text: &str| first.find(text).unwrap_or_else(|| panic!("{text}: {first}"));
    assert!(
        at("issued pass: the server takes the password, as chatbot_b") < at("given sends PUT /secrets/database-url")
    );
    assert!(at("after-refresh[chatbot-scheduler] succeeded") < at("switched-off sends POST"));
    assert!(!estate.may_sign_in("chatbot") && estate.may_sign_in("chatbot_b"));
    assert_eq!((enabled(&estate, "database-url"), enabled(&estate, "database-url-next")), {
        (vec![false, true], vec![false])
    });
    assert!(all_well(&estate));

    // The apps have fetched for the last time what the first rotation asked them to.
    estate.advance(3600);
    // The other way round: what was given before is what the apps sign in with now.
    let second = rotate(&home, &[]).succeeded().stdout;
    assert!(second.contains("in-use pass: the server takes the password, as chatbot_b\n"), "{second}");
    assert!(estate.may_sign_in("chatbot") && !estate.may_sign_in("chatbot_b"));
    assert_eq!(enabled(&estate, "database-url"), [false, false, true]);
    assert_eq!(enabled(&estate, "database-url-next"), [false, false]);
    assert!(all_well(&estate));
}

#[test]
fn no_password_stands_anywhere_but_in_the_vault() {
    let home = Home::new();
    home.callout(WHAT).args(BEFOREHAND).env("RUST_LOG", "trace").run().succeeded();
    let world = std::fs::read_to_string(home.world_file()).unwrap();
    let addresses: Vec<&str> = world.split('"').filter(|text| text.starts_with("postgresql://chatbot")).collect();
    let password = |address: &&str| address.split([':', '@']).nth(2).unwrap().to_owned();
    let mut passwords: Vec<String> = addresses.iter().map(password).collect();
    passwords.sort_unstable();
    passwords.dedup();
    assert_eq!(passwords.len(), 2, "the one before and the fresh one");
    for password in passwords {
        assert_eq!(home.files_with(password.as_bytes()), [home.world_file()], "{password}");
    }
}

#[test]
fn a_login_without_the_rights_of_the_apps_is_found_out_before_any_app_has_it() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let outcome = rotate(&home, &["-i", "proof=SELECT count(*) > 1000000000 FROM messages"]).exits(1);
    assert!(outcome.stdout.contains("proven FAILED"), "{}", outcome.stdout);
    assert_eq!(enabled(&estate, "database-url"), [true]);
    // The way back leaves the server as it was found, and keeps nothing that works.
    home.callout(["abort", &only_run(&home), "--undo"]).args(BEFOREHAND).run().exits(5);
    assert!(estate.may_sign_in("chatbot") && !estate.may_sign_in("chatbot_b"));
    assert_eq!((enabled(&estate, "database-url"), enabled(&estate, "database-url-next")), (vec![true], vec![false]));
    assert!(all_well(&estate));
}

#[test]
fn the_way_back_takes_the_new_login_away_only_when_every_app_has_gone_back() {
    let home = Home::new();
    // The day of waiting is where a person changes their mind.
    let estate = half_rotated(&home);
    assert!(estate.may_sign_in("chatbot") && estate.may_sign_in("chatbot_b"), "both are valid meanwhile");
    let back = home.callout(["abort", &only_run(&home), "--undo"]).args(BEFOREHAND).run().exits(5).stdout;
    let at = |text: &str| back.find(text).unwrap_or_else(|| panic!("{text}: {back}"));
    assert!(at("given~undo/2[chatbot-scheduler] succeeded") < at("issued~undo/1 sends POST"), "{back}");
    assert!(estate.may_sign_in("chatbot") && !estate.may_sign_in("chatbot_b"));
    assert_eq!(enabled(&estate, "database-url"), [true, false, true], "the old value, as it was and set anew");
    assert!(all_well(&estate));
}

#[test]
fn a_login_that_somebody_may_be_using_is_not_taken_from_them() {
    let home = Home::new();
    let estate = half_rotated(&home);
    let before = estate.changes().len();
    let other = rotate(&home, &[]).exits(1).stdout;
    assert!(other.contains("other FAILED") && other.contains("the role may sign in"), "{other}");
    assert_eq!(estate.changes().len(), before, "nothing was changed");
}

#[test]
fn a_database_that_is_not_named_is_missed_before_anything_is_changed() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let outcome = rotate(&home, &["-i", "database="]).exits(1).stdout;
    assert!(outcome.contains("in-use FAILED") && outcome.contains("`inputs.database` is empty"), "{outcome}");
    assert_eq!(estate.changes(), []);
}
