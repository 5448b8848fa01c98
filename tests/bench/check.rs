//! How fast a library is checked, as a ratio to a floor that is measured in the same run: the same texts read by the YAML
//! parser alone, event by event, with nothing made of them.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench is run by a person who reads it")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use callout::runbook::check;
use saphyr_parser::Parser;

const RUNBOOKS: usize = 1000;
const STEPS: usize = 50;
/// The best of so many turns: whatever else the machine does only ever makes a turn longer.
const TURNS: usize = 5;

fn main() {
    let library: Vec<(String, String)> =
        (0..RUNBOOKS).map(|number| (format!("r{number}.yaml"), text(number))).collect();
    for (file, text) in &library {
        let checked = check(file, text.as_bytes());
        assert!(checked.runbook.is_some() && checked.findings.is_empty(), "{:?}", checked.findings);
    }
    let bytes: usize = library.iter().map(|(_, text)| text.len()).sum();
    println!("{RUNBOOKS} runbooks of {STEPS} steps, {} KiB", bytes / 1024);
    let floor = best(|| library.iter().map(|(_, text)| Parser::new_from_str(text).map(Result::unwrap).count()).sum());
    let own = best(|| library.iter().map(|(file, text)| check(file, text.as_bytes()).findings.len()).sum());
    println!("parser alone {:>7.1} ms", floor.as_secs_f64() * 1e3);
    println!("check        {:>7.1} ms", own.as_secs_f64() * 1e3);
    println!("check / parser alone: {:.2}", own.as_secs_f64() / floor.as_secs_f64());
}

fn best(mut turn: impl FnMut() -> usize) -> Duration {
    let times = (0..TURNS).map(|_| {
        let begun = Instant::now();
        black_box(turn());
        begun.elapsed()
    });
    times.min().unwrap()
}

/// A runbook as people write them: a change with its verification and undo in every fifth step, checks between, and a
/// reason for each.
fn text(number: usize) -> String {
    let mut text = format!(
        "runbook: r{number}\nformat: 1\nversion: 1.0.{number}\ntitle: Rotate the secrets of service {number}\n\
         owner: platform-oncall\nuse_when: [A secret is due, or may have leaked]\nparameters:\n\
         \x20 vault: {{type: keyvault, description: Vault that holds the secrets}}\n\
         \x20 app: {{type: webapp, description: App that reads them}}\nsteps:\n"
    );
    for step in 0..STEPS {
        let needs = if step == 0 { String::new() } else { format!("    needs: [s{}]\n", step - 1) };
        let head = format!(
            "  - id: s{step}\n    title: Step {step} of service {number}\n{needs}    why: >-\n      \
             Nothing reads it yet; the old version stays enabled until every consumer of\n      \
             this service has been verified against the new one.\n"
        );
        text.push_str(&head);
        if step % 5 == 4 {
            write!(
                text,
                "    action: keyvault.secret.set\n    with:\n      vault: ${{{{ inputs.vault }}}}\n      \
                 name: secret-{step}\n      value: {{generate: {{bytes: 32, encoding: base64url}}}}\n    verify:\n      \
                 - check: keyvault.secret.versions\n        with: {{vault: '${{{{ inputs.vault }}}}', \
                 name: secret-{step}, newest: '${{{{ self.outputs.version }}}}'}}\n        \
                 until: {{every: 2s, timeout: 1m}}\n    undo:\n      - action: keyvault.secret.disable\n        \
                 with: {{vault: '${{{{ inputs.vault }}}}', name: secret-{step}, version: '${{{{ self.outputs.version }}}}'}}\n    \
                 expect: 5s\n"
            )
            .unwrap();
        } else {
            text.push_str(
                "    check: webapp.health\n    with: {app: '${{ inputs.app }}', path: /health/ready}\n    \
                 until: {every: 5s, timeout: 1m}\n    expect: 5s\n",
            );
        }
    }
    text
}
