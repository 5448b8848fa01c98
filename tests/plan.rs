//! `callout plan`, as it is called: the same bytes every time, and a checklist that a shell can read.

use std::fs;
use std::process::Command;

use serde_json::Value as Json;

use super::support::Home;

const FORMATS: [&str; 3] = ["text", "json", "checklist"];
const SHIPPED: [&str; 2] = ["key-rotation", "rollback"];

/// A runbook whose inputs may be any text, and reach an address, a command, a title and a question.
const OPEN: &str = "\
runbook: open
format: 1
version: 1.0.0
title: \"Open <img src=x onerror=alert(1)> [a](http://e.example) `x` ``` # h\"
use_when: [\"# not a heading <script>\"]
parameters:
  vault: {type: keyvault}
  note: {type: string}
steps:
  - id: before
    title: Look
    check: keyvault.secret.versions
    with: {vault: '${{ inputs.vault }}', name: s}
  - id: ask
    title: Ask
    needs: [before]
    manual: {instruction: 'Look at ${{ inputs.note }} and ${{ steps.before.outputs.current }}'}
  - id: set
    title: Set
    needs: [ask]
    action: keyvault.secret.set
    with:
      vault: ${{ inputs.vault }}
      name: s
      value: {generate: {bytes: 32, encoding: hex}}
      content_type: ${{ inputs.note }}
      tags: [{name: note, value: '${{ inputs.note }}'}]
    undo:
      - action: keyvault.secret.disable
        with: {vault: '${{ inputs.vault }}', name: s, version: '${{ self.outputs.version }}'}
";

fn plan(home: &Home, runbook: &str, format: &str) -> String {
    home.callout(["plan", runbook, "--format", format]).run().succeeded().stdout
}

/// The shell of each block of a checklist.
fn blocks(sheet: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in sheet.lines() {
        let bare = line.trim_start();
        open = match open.take() {
            None => {
                let fence: String = bare.chars().take_while(|letter| *letter == '`').collect();
                (bare.strip_prefix(&fence) == Some("sh") && fence.len() > 2).then(|| (fence, String::new()))
            }
            Some((fence, block)) if bare == fence => {
                blocks.push(block);
                None
            }
            Some((fence, block)) => Some((fence, block + line.strip_prefix("  ").unwrap_or(line) + "\n")),
        };
    }
    assert!(open.is_none(), "a block is not closed\n{sheet}");
    blocks
}

/// Runs a script with `az` and `curl` that only note how they were called.
fn bash(home: &Home, script: &str) -> String {
    let called = home.path("called");
    fs::write(&called, "").unwrap();
    let stubs = "note() { printf '<%s>' \"$@\" >>\"$CALLED\"; echo >>\"$CALLED\"; }\n\
                 az() { note az \"$@\"; echo https://v/secrets/s/0123456789abcdef0123456789abcdef; }\n\
                 curl() { note curl \"$@\"; }\n";
    let script = format!("{stubs}{script}");
    let run = home.callout(["-c", &script]).program("bash").env("CALLED", &called).run();
    assert_eq!(run.code, Some(0), "{script}\n{}", run.stderr);
    fs::read_to_string(called).unwrap()
}

#[test]
fn a_plan_is_the_same_bytes_wherever_and_whenever_it_is_made() {
    for runbook in SHIPPED {
        for format in FORMATS {
            let (here, there) = (Home::new(), Home::new());
            let first = plan(&here, runbook, format);
            assert_eq!(plan(&here, runbook, format), first);
            let elsewhere = there.callout(["--no-color", "plan", runbook, "--format", format]).folder("/");
            let elsewhere = elsewhere.env("TZ", "Pacific/Auckland").env("LC_ALL", "de_DE.ISO-8859-1").run().succeeded();
            assert_eq!(elsewhere.stdout, first, "{runbook} {format}");
            assert!(!there.path("data/callout").exists(), "a plan opens no store");
        }
    }
}

#[test]
fn the_document_has_the_names_that_are_promised() {
    let home = Home::new();
    let plan: Json = serde_json::from_str(&plan(&home, "rollback", "json")).unwrap();
    let step = |path: &str| {
        let mut steps = plan["steps"].as_array().unwrap().iter();
        steps.find(|step| step["step"] == path).unwrap_or_else(|| panic!("{path}"))
    };
    let swap = step("swap");
    assert_eq!(swap["consent"]["text"], "chatbot-web");
    assert_eq!((swap["class"].as_str(), swap["risk"].as_str()), (Some("D"), Some("destructive")));
    assert_eq!(swap["only_if"][0]["gate"], "decide");
    assert_eq!(swap["only_if"][0]["choices"][0], "roll-back");
    let call = &swap["instances"][0]["call"];
    assert_eq!(call["requests"][0]["method"], "POST");
    assert_eq!(call["requests"][0]["body"]["targetSlot"], "production");
    assert_eq!((call["settles_s"].as_u64(), call["locks"].as_array().unwrap().len()), (Some(900), 2));
    assert_eq!(swap["instances"][0]["undo"][0]["call"]["action"], "webapp.slot.swap");
    assert_eq!(step("watch")["wait_s"], 900);
    let restored = &plan["forecast"]["restored"];
    assert_eq!((restored["machine_s"].as_u64(), restored["waiting_s"].as_u64()), (Some(215), Some(0)));
    assert_eq!(restored["people"], serde_json::json!(["decide", "swap"]));
    assert_eq!((plan["rto_s"].as_u64(), plan["keeps_rto"].as_bool()), (Some(900), Some(true)));
    assert_eq!(plan["layers"][0].as_array().unwrap().len(), 8);
    assert_eq!((plan["summary"]["changes"].as_u64(), plan["summary"]["destructive"].as_u64()), (Some(1), Some(1)));
}

#[test]
fn a_mode_is_part_of_the_plan_and_of_its_digest() {
    let home = Home::new();
    let digest = |mode: &str| {
        let said = home.callout(["plan", "rollback", "--mode", mode, "--format", "json"]).run().succeeded().stdout;
        let plan: Json = serde_json::from_str(&said).unwrap();
        assert_eq!(plan["mode"], mode);
        plan["plan_digest"].as_str().unwrap().to_owned()
    };
    assert_ne!(digest("live"), digest("drill"));
}

#[test]
fn text_is_at_most_80_columns_wide_where_it_is_prose_and_a_pipe_gets_no_colours() {
    let home = Home::new();
    for runbook in SHIPPED {
        let text = plan(&home, runbook, "text");
        assert!(!text.contains('\u{1b}'));
        let is_prose = |line: &&str| !["https://", "/subscriptions/", "{\""].iter().any(|sign| line.contains(sign));
        for line in text.lines().filter(is_prose) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn every_block_of_a_shipped_checklist_is_shell() {
    let home = Home::new();
    for runbook in SHIPPED {
        let sheet = plan(&home, runbook, "checklist");
        let blocks = blocks(&sheet);
        assert!(blocks.len() > 8, "{sheet}");
        for block in &blocks {
            let check = Command::new("bash").args(["-n", "-c", block]).output().unwrap();
            assert!(check.status.success(), "{block}\n{}", String::from_utf8_lossy(&check.stderr));
        }
    }
}

#[test]
fn a_rotation_by_hand_calls_what_the_runbook_says_and_leaves_no_secret_behind() {
    let home = Home::new();
    let blocks = blocks(&plan(&home, "key-rotation", "checklist"));
    let called = bash(&home, &blocks.concat());
    assert!(
        called.contains("<az><keyvault><secret><set><--vault-name><chatbot-kv><--name><session-secret><--file>"),
        "{called}"
    );
    assert!(called.contains("<--version><0123456789abcdef0123456789abcdef><--enabled><false>"), "{called}");
    assert!(called.contains("<curl><--silent><--show-error>"), "{called}");
    assert!(!called.contains("<--value>") && !called.contains("<fill in"), "{called}");
    let left: Vec<_> = fs::read_dir(home.path("tmp")).unwrap().collect();
    assert!(left.is_empty(), "the file with the secret is gone: {left:?}");
}

#[test]
fn a_command_whose_version_is_not_known_refuses_to_run() {
    let home = Home::new();
    let blocks = blocks(&plan(&home, "key-rotation", "checklist"));
    // In a new shell, without what the first steps told.
    let disable: Vec<&String> = blocks.iter().filter(|block| block.contains("--enabled false")).collect();
    assert_eq!(disable.len(), 2);
    for block in disable {
        let script = format!("az() {{ echo ASKED; }}\n{block}");
        let run = home.callout(["-c", &script]).program("bash").run();
        assert!(run.code != Some(0) && !run.stdout.contains("ASKED"), "{block}\n{run:?}");
    }
}

#[test]
fn a_nested_default_names_a_resource_of_the_environment() {
    let home = Home::new();
    fs::create_dir(home.desk().join("runbooks")).unwrap();
    let write = |name: &str, rest: &str| {
        let head = format!("runbook: {name}\nformat: 1\nversion: 1.0.0\ntitle: T\n");
        fs::write(home.desk().join(format!("runbooks/{name}.yaml")), head + rest).unwrap();
    };
    write("outer", "steps:\n  - {id: nest, title: N, runbook: inner}\n");
    let inner = |app: &str| {
        format!(
            "parameters: {{app: {{type: webapp, default: {app}}}}}\nsteps:\n  - {{id: look, title: L, \
             check: webapp.health, with: {{app: '${{{{ inputs.app }}}}', path: /up}}}}\n"
        )
    };
    write("inner", &inner("chatbot-worker"));
    let text = plan(&home, "outer", "text");
    assert!(text.contains("/Microsoft.Web/sites/chatbot-worker?api-version="), "{text}");
    write("inner", &inner("chatbot-wrker"));
    let refused = home.callout(["plan", "outer"]).run().exits(2).stderr;
    assert!(refused.contains("the input `app` of the nested `inner` is wrong"), "{refused}");
    assert!(refused.contains("did you mean `chatbot-worker`?"), "{refused}");
}

#[test]
fn a_hostile_input_is_one_word_of_the_shell_and_no_markup() {
    let home = Home::new();
    let library = home.path("library");
    fs::create_dir_all(library.join("runbooks")).unwrap();
    fs::write(library.join("runbooks/open.yaml"), OPEN).unwrap();
    let marker = home.path("marker");
    let touch = format!("touch {}", marker.display());
    for hostile in [
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("'; {touch}; '"),
        format!("\"; {touch}; \""),
        format!("x\n{touch}\n"),
        format!("x\n```\n{touch}\n```sh\n{touch}"),
        format!("\\'; {touch} #"),
        "two  words".to_owned(),
        "<script>alert(1)</script> **b** [a](javascript:x)".to_owned(),
        "\u{1b}[2J\u{202e}x".to_owned(),
        "${x} $x !x ~ * ?".to_owned(),
    ] {
        let input = format!("note={hostile}");
        let args = ["plan", "open", "--format", "checklist", "-i", "vault=chatbot-kv", "-i", &input];
        let sheet = home.callout(args).args(["--library".as_ref(), library.as_os_str()]).run().succeeded().stdout;
        let blocks = blocks(&sheet);
        let called = bash(&home, &blocks.concat());
        assert!(!marker.exists(), "{hostile}\n{sheet}");
        assert!(called.contains(&format!("<--description><{hostile}><--tags><note={hostile}><--query>")), "{called}");
        let outside: String = prose(&sheet);
        for bad in ["<script", "<img", "](", "\u{1b}", "\u{202e}", "http://"] {
            assert!(!outside.contains(bad), "{bad} of {hostile}\n{outside}");
        }
        assert!(!sheet.contains('\u{1b}') && !sheet.contains('\u{202e}'), "{sheet}");
    }
}

fn escapes_removed(line: &str) -> String {
    let mut letters = line.chars();
    let mut plain = String::new();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            letters.next();
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// What of a checklist is neither a block nor code inside a line.
fn prose(sheet: &str) -> String {
    let mut prose = String::new();
    let mut fence: Option<String> = None;
    for line in sheet.lines() {
        let bare = line.trim_start();
        let ticks: String = bare.chars().take_while(|letter| *letter == '`').collect();
        match &fence {
            Some(open) if bare == open => fence = None,
            Some(_) => {}
            None if ticks.len() > 2 && bare.strip_prefix(&ticks) == Some("sh") => fence = Some(ticks),
            None => {
                // What follows a backslash is text; what stands between two backticks is code.
                let plain = escapes_removed(line);
                prose.extend(plain.split('`').step_by(2));
                prose.push('\n');
            }
        }
    }
    prose
}
