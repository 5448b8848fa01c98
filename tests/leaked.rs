//! A secret that has leaked: it is taken away first, and its apps are moved after that.

use crate::support::{Estate, Home};

const REPLACE: [&str; 7] = ["run", "key-rotation-leaked", "--headless", "--yes", "destructive", "--speed", "max"];

#[test]
fn the_leaked_versions_are_disabled_before_any_app_is_moved_and_nothing_is_waited_for() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let began = estate.now()["now"].as_str().unwrap().to_owned();
    home.callout(REPLACE).run().succeeded();
    let changes: Vec<String> = estate.changes().iter().map(|change| change.method.clone()).collect();
    assert_eq!(changes, ["PUT", "PATCH", "PATCH", "POST", "POST", "POST"]);
    let enabled: Vec<bool> = estate.versions().iter().map(|version| version.enabled).collect();
    assert_eq!(enabled, [false, false, true]);
    for app in ["chatbot-web", "chatbot-web-staging", "chatbot-worker"] {
        assert_eq!(estate.health(app), 200, "{app}");
    }
    let ended = estate.now()["now"].as_str().unwrap().to_owned();
    assert_eq!(began[..11], ended[..11], "there is no day in between");
}

#[test]
fn a_credential_from_elsewhere_is_revoked_by_a_person_before_anything_is_changed() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    let waiting = home.callout(REPLACE).args(["-i", "issuer=elsewhere"]).run().exits(3);
    assert!(waiting.stdout.contains("Revoke the credential behind session-secret at its issuer"), "{}", waiting.stdout);
    assert!(estate.changes().is_empty());
}
