//! A database restored, from the first look to the deletion of the old server, on the simulated estate and once on a real
//! PostgreSQL: what it brings back, what it refuses, and what is left when it ends in the middle.

mod ended;
mod followed;
mod nominal;
mod real;
mod refused;
mod wrong;

use serde_json::{Value as Json, json};

use crate::support::{Estate, Home, Outcome};

/// The restore with nobody to ask, as fast as it goes.
fn restore(home: &Home, more: &[&str]) -> Outcome {
    home.callout(["run", "db-restore", "--headless", "--yes", "destructive", "--speed", "max"]).args(more).run()
}

/// The file with these answers.
fn answers(home: &Home, text: &str) -> String {
    let path = home.path("answers.yaml");
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

/// The id of the only run of a home.
fn run(home: &Home) -> String {
    let listed = home.callout(["runs", "--json"]).run().succeeded();
    let runs: Json = serde_json::from_str(&listed.stdout).unwrap();
    runs[0]["short"].as_str().unwrap().to_owned()
}

/// Ends the only run of a home and takes back what can be taken back.
pub(crate) fn take_back(home: &Home) -> Outcome {
    let run = run(home);
    home.callout(["abort", &run, "--undo", "--headless", "--yes", "irreversible", "--speed", "max"]).run()
}

/// The moment that a line of the output names: the text after `before`, up to a comma or the end.
fn moment<'a>(outcome: &'a Outcome, step: &str, before: &str) -> &'a str {
    let line = outcome.stdout.lines().find(|line| line.contains(&format!(" {step} succeeded: ")));
    let line = line.unwrap_or_else(|| panic!("{step} has not succeeded: {}", outcome.stdout));
    let from = line.find(before).unwrap_or_else(|| panic!("{before}: {line}")) + before.len();
    line[from..].split([',', ' ']).next().unwrap()
}

/// The seconds from one moment to another.
fn seconds(from: &str, to: &str) -> f64 {
    let read = |text: &str| text.parse::<callout::base::Timestamp>().unwrap();
    read(to).since(read(from)).std().as_secs_f64()
}

impl Estate {
    /// The names of the sites that were asked to do something, in order.
    fn asked_to(&self, verb: &str) -> Vec<String> {
        let sites = self.received().into_iter().filter(|request| request.is("POST", "/sites/"));
        let of = |path: String| Some(path.strip_suffix(verb)?.split("/sites/").nth(1)?.replace("/slots/", "/"));
        sites.filter_map(|request| of(request.path)).collect()
    }

    /// How often a restore was asked for.
    fn restores(&self) -> usize {
        let is_it = |path: &str| path.to_lowercase().ends_with("/flexibleservers/chatbot-pg-r1");
        self.received().iter().filter(|request| request.method == "PUT" && is_it(&request.path)).count()
    }

    /// How many new versions the address has got.
    fn addresses(&self) -> usize {
        self.now()["secrets"]["database-url"].as_array().unwrap().len() - 1
    }

    /// Empties every message, ten minutes before now; returns the moment.
    fn corrupt(&self) -> String {
        let at = self.control("POST", "databases/chatbot-pg/corrupt", &json!({}))["at"].take();
        self.advance(600);
        at.as_str().unwrap().to_owned()
    }
}

/// Everything that reads the address.
const CONSUMERS: [(&str, &str); 4] = [
    ("chatbot-web", "production"),
    ("chatbot-web", "staging"),
    ("chatbot-worker", "production"),
    ("chatbot-scheduler", "production"),
];

impl Estate {
    /// Gives every app a setting that names its database server.
    fn name_host(&self, server: &str) {
        let host = json!({"DATABASE_HOST": format!("{server}.postgres.database.azure.com")});
        for (app, slot) in CONSUMERS {
            self.control("POST", &format!("apps/{app}/{slot}/settings"), &host);
        }
    }
}
