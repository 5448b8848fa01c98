//! Nothing that was found in the current folder is trusted by itself: what a clone brings along, and `callout trust`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::environments::library;
use crate::support::{Home, Screen};

pub(crate) const TENANT: &str = "11111111-1111-4111-8111-111111111112";

/// An environment's file with one vault.
fn environment(name: &str, vault: &str) -> String {
    format!(
        "environment: {name}\nformat: 1\ntenant: {TENANT}\nsubscription: 33333333-3333-4333-8333-333333333333\n\
         resource_group: rg\nsign_in: cli\ntargets:\n  - {{name: {vault}, kind: keyvault}}\n  - {{name: shop, kind: webapp}}\n"
    )
}

/// The same as the user's own configuration.
pub(crate) fn configure(home: &Home, name: &str, vault: &str) {
    let text = environment(name, vault).replace("environment:", "name:").replace("\nformat: 1", "");
    let text = format!("environments:\n  - {}\n", text.trim_end().replace('\n', "\n    "));
    fs::create_dir_all(home.path("config/callout")).unwrap();
    fs::write(home.path("config/callout/environments.yaml"), text).unwrap();
}

pub(crate) const PLAN: [&str; 10] =
    ["plan", "key-rotation", "-i", "secret=s", "-i", "consumers=shop", "--env", "production", "-i", "vault=shop-kv"];

/// A library with the environment `production` and a copy of a shipped runbook.
pub(crate) fn cloned(home: &Home, vault: &str) {
    let desk = library(home, "production", &environment("production", vault));
    let (file, text) = callout::runbook::shipped().iter().find(|(file, _)| file.starts_with("key")).unwrap();
    fs::write(desk.join("runbooks").join(file), text).unwrap();
}

/// The digest of what the library brings along now, as the program shows it.
fn digest(home: &Home) -> String {
    let shown = home.callout(["trust"]).run().exits(6).stdout;
    let line = shown.lines().find_map(|line| line.strip_prefix("Digest")).unwrap_or_else(|| panic!("{shown}"));
    line.trim().to_owned()
}

pub(crate) fn trust(home: &Home) {
    home.callout(["trust", "--digest", &digest(home)]).run().succeeded();
}

#[test]
fn an_environment_of_a_clone_is_refused_until_its_very_content_is_trusted() {
    let home = Home::new();
    cloned(&home, "shop-kv");
    let said = home.callout(PLAN).run().exits(6).stderr;
    assert!(said.contains("is not trusted; nothing was started") && said.contains("hint: `callout trust "), "{said}");

    let shown = home.callout(["trust"]).run().exits(6);
    for fact in [TENANT, "https://shop-kv.vault.azure.net", "https://management.azure.com", "by the Azure CLI"] {
        assert!(shown.stdout.contains(fact), "{fact}: {}", shown.stdout);
    }
    assert!(
        shown.stderr.contains("nobody is there to be asked") && shown.stderr.contains("--digest"),
        "{}",
        shown.stderr
    );
    home.callout(["trust", "--digest", &"0".repeat(64)]).run().exits(6);
    home.callout(PLAN).run().exits(6);

    trust(&home);
    assert!(home.callout(PLAN).run().succeeded().stdout.contains("https://shop-kv.vault.azure.net/secrets/s"));
    assert!(home.callout(["trust"]).run().succeeded().stdout.contains("It is trusted already."));
    let listed = home.callout(["trust", "--list"]).run().succeeded().stdout;
    assert!(listed.starts_with("as trusted  ") && listed.contains("environments/production.yaml"), "{listed}");
    let mode = fs::metadata(home.path("data/callout/trusted.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    home.callout(["trust", "--revoke"]).run().succeeded();
    home.callout(PLAN).run().exits(6);
    assert_eq!(home.callout(["trust", "--list"]).run().succeeded().stdout, "No library is trusted.\n");
}

#[test]
fn a_change_of_one_byte_or_one_file_more_is_refused_and_named() {
    let home = Home::new();
    cloned(&home, "shop-kv");
    trust(&home);
    let file = home.desk().join("environments/production.yaml");
    let before = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{before}# \n")).unwrap();
    let said = home.callout(PLAN).run().exits(6).stderr;
    assert!(said.contains("environments/production.yaml has changed"), "{said}");
    fs::write(&file, &before).unwrap();
    home.callout(PLAN).run().succeeded();

    fs::write(home.desk().join("environments/other.yaml"), environment("other", "evil-kv")).unwrap();
    let said = home.callout(PLAN).run().exits(6).stderr;
    assert!(said.contains("environments/other.yaml is new"), "{said}");
    let shown = home.callout(["trust"]).run().exits(6).stdout;
    assert!(shown.contains("It was trusted with other content: environments/other.yaml is new."), "{shown}");
    assert!(home.callout(["trust", "--list"]).run().succeeded().stdout.starts_with("changed, refused"));
}

#[test]
fn a_clone_cannot_take_the_place_of_an_environment_of_the_users_own() {
    let home = Home::new();
    configure(&home, "production", "shop-kv");
    cloned(&home, "evil-kv");
    let own = home.callout(PLAN).run().succeeded().stdout;
    assert!(own.contains("https://shop-kv.vault.azure.net") && !own.contains("evil"), "{own}");
    let shown = home.callout(["trust"]).run().exits(6).stdout;
    assert!(shown.contains("Hidden      your own configuration has an environment of this name"), "{shown}");
    // Even a trusted one is hidden by it.
    trust(&home);
    assert_eq!(home.callout(PLAN).run().succeeded().stdout, own);
}

#[test]
fn what_is_not_trusted_has_no_effect_on_anything_else() {
    let bare = Home::new();
    cloned(&bare, "evil-kv");
    fs::remove_dir_all(bare.desk().join("environments")).unwrap();
    let hostile = Home::new();
    cloned(&hostile, "evil-kv");
    symlink("/etc", hostile.desk().join("environments/deep.yaml")).unwrap();
    for args in [&["list"][..], &["plan", "key-rotation", "--env", "sim"], &["plan", "key-rotation"], &["runs"]] {
        let outcome = |home: &Home| home.callout(args).run().succeeded().stdout;
        assert_eq!(outcome(&hostile), outcome(&bare), "{args:?}");
    }
}

#[test]
fn a_link_out_of_the_library_is_not_followed() {
    let home = Home::new();
    cloned(&home, "shop-kv");
    trust(&home);
    let file = home.desk().join("environments/production.yaml");
    let elsewhere = home.path("elsewhere.yaml");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    for args in [&PLAN[..], &["trust"]] {
        let said = home.callout(args).run().exits(6).stderr;
        assert!(said.contains("it is a link or no plain file"), "{said}");
    }
    fs::remove_file(&file).unwrap();
    fs::remove_dir(home.desk().join("environments")).unwrap();
    fs::create_dir(home.path("outside")).unwrap();
    fs::rename(&elsewhere, home.path("outside/production.yaml")).unwrap();
    symlink(home.path("outside"), home.desk().join("environments")).unwrap();
    let said = home.callout(PLAN).run().exits(6).stderr;
    assert!(said.contains("is a link or no folder"), "{said}");
}

#[test]
fn a_list_that_others_may_write_is_not_believed() {
    let home = Home::new();
    cloned(&home, "shop-kv");
    trust(&home);
    let list = home.path("data/callout/trusted.json");
    fs::set_permissions(&list, Permissions::from_mode(0o666)).unwrap();
    let said = home.callout(PLAN).run().exits(6).stderr;
    assert!(said.contains("is not this user's alone, so it is not believed"), "{said}");
    assert!(home.callout(["plan", "key-rotation", "--env", "sim"]).run().succeeded().stdout.contains("simulated"));
}

#[test]
fn a_file_with_findings_is_not_trusted_and_one_that_anybody_may_change_is_said() {
    let home = Home::new();
    cloned(&home, "shop-kv");
    let file = home.desk().join("environments/production.yaml");
    fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    let shown = home.callout(["trust"]).run().exits(6).stdout;
    assert!(shown.contains("Beware      anybody on this machine may change environments/production.yaml"), "{shown}");
    fs::write(&file, "environment: production\n").unwrap();
    let said = home.callout(["trust"]).run().exits(2).stderr;
    assert!(said.contains("environments/production.yaml:1:1") && said.contains("RB103"), "{said}");
}

/// `callout trust` on a terminal, with that answer.
fn answered(home: &Home, folder: &Path, answer: &str) -> Screen {
    let mut screen = home.callout(["trust"]).args([folder]).screen(120, 40);
    screen.wait_for("anything else to leave it:");
    screen.write(answer);
    screen.press("Enter");
    screen
}

#[test]
fn on_a_terminal_the_name_of_the_folder_is_typed() {
    let home = Home::new();
    cloned(&home, "shop-kv");
    let screen = answered(&home, &home.desk(), "yes");
    assert_eq!(screen.exit_code(), Some(6), "{}", screen.contents());
    home.callout(PLAN).run().exits(6);
    let screen = answered(&home, &home.desk(), "desk");
    assert_eq!(screen.exit_code(), Some(0), "{}", screen.contents());
    home.callout(PLAN).run().succeeded();
}

#[test]
fn a_policy_of_a_trusted_library_is_kept() {
    let home = Home::new();
    cloned(&home, "shop-kv");
    let file = home.desk().join("environments/production.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}policy: {{runbooks: [typed]}}\n")).unwrap();
    trust(&home);
    let args = PLAN.map(|word| if word == "plan" { "run" } else { word });
    let said = home.callout(args).args(["--headless"]).run().exits(6).stderr;
    assert!(said.contains("does not let `key-rotation` run") && said.contains("it lists typed"), "{said}");
    assert!(!home.path("data/callout/journal.db").exists(), "a store was begun");
}

#[test]
fn two_files_of_one_environment_are_refused() {
    let home = Home::new();
    cloned(&home, "shop-kv");
    trust(&home);
    fs::write(home.desk().join("environments/production.yml"), environment("production", "evil-kv")).unwrap();
    for args in [&PLAN[..], &["trust"]] {
        let said = home.callout(args).run().exits(6).stderr;
        let both =
            "both environments/production.yaml and environments/production.yml would be the environment production";
        assert!(said.contains(both), "{said}");
    }
}

#[test]
fn an_input_that_may_be_a_secret_is_not_shown() {
    let home = Home::new();
    let inputs = "inputs:\n  rot:\n    app: shop\n    both: [shop, hunter40hunter40]\n    kept: env:TOKEN\n    tok: hunter41hunter41\n";
    library(&home, "production", &(environment("production", "shop-kv") + inputs));
    let shown = home.callout(["trust"]).run().exits(6).stdout;
    for fact in ["app = shop\n", "both = shop, a fixed value\n", "kept = env:TOKEN\n", "tok = a fixed value\n"] {
        assert!(shown.contains(&format!("Input       rot: {fact}")), "{fact}: {shown}");
    }
    assert!(!shown.contains("hunter"), "{shown}");
}
