use std::path::PathBuf;

use rustix::process::Signal;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::child::Child;
use super::home::Home;
use super::http::{self, Answer};
use super::until::until;

/// The simulated estate of a home, served by a process of its own: the real `callout sim serve`.
pub(crate) struct Estate {
    endpoint: String,
    home: Home,
    server: Child,
}

/// A request that the estate has received, as it tells of it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    /// Neither this nor `dropped` while it is being answered.
    pub(crate) status: Option<u16>,
    pub(crate) dropped: Option<String>,
}

impl Received {
    /// Whether it has been received and not answered yet.
    pub(crate) fn is_open(&self) -> bool {
        self.status.is_none() && self.dropped.is_none()
    }

    pub(crate) fn is(&self, method: &str, part: &str) -> bool {
        self.method == method && self.path.contains(part)
    }
}

impl Estate {
    /// Begins to serve the estate of the store that the program has in this home.
    pub(crate) fn serve(home: &Home) -> Self {
        let server = home.callout(["sim", "serve"]).spawn();
        let said = server.wait_for("Ctrl-C ends it");
        let from = said.find("http://").expect("it says where");
        let endpoint = said[from..].split_whitespace().next().unwrap().trim_end_matches('.').to_owned();
        Self { endpoint, home: home.clone(), server }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Asks a control endpoint.
    pub(crate) fn control(&self, method: &str, path: &str, body: &Json) -> Json {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.ask("localhost", method, &format!("/_sim/{path}"), &body);
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Asks one of the simulated hosts, as a stranger would.
    pub(crate) fn ask(&self, host: &str, method: &str, path: &str, body: &str) -> Answer {
        http::ask(&self.endpoint, host, method, path, body).expect("the estate is served")
    }

    /// Disturbs requests that are to come; see `callout sim fault --help` for what `blow` may be.
    pub(crate) fn fault(&self, method: &str, path: &str, times: u32, blow: &Json) {
        let rule = json!({"method": method, "path": path, "times": times, "do": blow});
        self.control("POST", "faults", &rule);
    }

    /// Carries the `nth` request from now on out, whatever it is, and keeps its answer back until [`Self::release`].
    pub(crate) fn hold_nth(&self, nth: u32) {
        self.control("POST", "faults", &json!({"skip": nth - 1, "do": "hold"}));
    }

    /// Removes all faults; what is held is answered.
    pub(crate) fn release(&self) {
        self.control("DELETE", "faults", &Json::Null);
    }

    pub(crate) fn advance(&self, seconds: u32) {
        self.control("POST", "clock/advance", &json!({"seconds": seconds}));
    }

    /// What has been received since it is served, and let in.
    pub(crate) fn received(&self) -> Vec<Received> {
        let requests = self.control("GET", "requests", &Json::Null)["requests"].take();
        let all: Vec<Received> = serde_json::from_value(requests).unwrap();
        all.into_iter().filter(|request| request.status != Some(401)).collect()
    }

    /// The requests that would change something.
    pub(crate) fn changes(&self) -> Vec<Received> {
        let changes = |request: &Received| request.method != "GET" && !request.path.contains("/oauth2/");
        self.received().into_iter().filter(changes).collect()
    }

    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        self.received().iter().filter(|request| request.is(method, part)).count()
    }

    /// Waits until a request has come that `is_it`, and returns it.
    pub(crate) fn wait_for(&self, what: &str, is_it: impl Fn(&Received) -> bool) -> Received {
        until(what, || self.received().into_iter().find(&is_it))
    }

    /// Waits until a request is being held.
    pub(crate) fn wait_for_held(&self) -> Received {
        self.wait_for("a request that is held", Received::is_open)
    }

    /// The estate as it is: everything but the values of secrets.
    pub(crate) fn now(&self) -> Json {
        self.control("GET", "estate", &Json::Null)
    }

    /// The versions of the secret that the shipped rotation is about.
    pub(crate) fn versions(&self) -> Vec<Version> {
        self.versions_of("session-secret")
    }

    /// The versions of a secret, the oldest first; none if it is not there.
    pub(crate) fn versions_of(&self, secret: &str) -> Vec<Version> {
        serde_json::from_value::<Option<_>>(self.now()["secrets"][secret].take()).unwrap().unwrap_or_default()
    }

    /// How many versions carry the tag of an attempt of ours.
    pub(crate) fn ours(&self) -> usize {
        self.versions().iter().filter(|version| version.tags.to_string().contains("callout-attempt")).count()
    }

    /// The build that a slot of `chatbot-web` runs.
    pub(crate) fn build(&self, slot: &str) -> String {
        self.now()["apps"]["chatbot-web"]["slots"][slot]["build"].as_str().unwrap().to_owned()
    }

    /// The status of the health page of an app.
    pub(crate) fn health(&self, app: &str) -> u16 {
        self.ask(&format!("{app}.azurewebsites.net"), "GET", "/health/ready", "").status
    }

    /// Whether a login of the database may sign in.
    pub(crate) fn may_sign_in(&self, login: &str) -> bool {
        self.now()["databases"]["chatbot-pg"]["may_sign_in"][login] == true
    }

    /// Lets the program find another address than ours.
    pub(crate) fn announce(&self, endpoint: &str) {
        std::fs::write(self.home.world_file_and("endpoint"), endpoint).unwrap();
    }

    /// Ends the server as a crash would.
    pub(crate) fn kill9(self) {
        let _ = self.server.kill9();
    }

    /// Ends the server in good order.
    pub(crate) fn stop(self) {
        self.server.signal(Signal::INT);
        self.server.wait().succeeded();
    }
}

/// A version of a secret.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) enabled: bool,
    pub(crate) tags: Json,
}

impl Home {
    /// The store that the program makes by itself for simulated runs.
    pub(crate) fn usual_store(&self) -> PathBuf {
        self.path("data/callout/sim.db")
    }

    /// The world that stands beside it.
    pub(crate) fn world_file(&self) -> PathBuf {
        self.path("data/callout/sim.db.sim.jsonl")
    }

    fn world_file_and(&self, suffix: &str) -> PathBuf {
        self.path(&format!("data/callout/sim.db.sim.jsonl.{suffix}"))
    }
}

#[test]
fn an_estate_tells_what_it_received_and_holds_what_it_is_told_to() {
    let home = Home::new();
    let estate = Estate::serve(&home);
    assert_eq!(estate.health("chatbot-web"), 200);
    assert_eq!(estate.count("GET", "/health/ready"), 1);
    assert_eq!((estate.ours(), estate.build("staging").as_str()), (0, "4711"));
    estate.hold_nth(2);
    assert_eq!(estate.health("chatbot-web"), 200);
    std::thread::scope(|scope| {
        let held = scope.spawn(|| estate.health("chatbot-worker"));
        assert!(estate.wait_for_held().host.starts_with("chatbot-worker"));
        estate.release();
        assert_eq!(held.join().unwrap(), 200);
    });
    estate.stop();
}
