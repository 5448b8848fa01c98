//! A served estate with hands on it, and the calls that the tests make.

use std::sync::Arc;

use callout::base::{AttemptId, SecretRef, Value};
use callout::effect::{Call, Errand, Field, ProbeContext, ProbeVerdict, Reply, Sent, Verdict, find};
use callout::sim::{Server, Setting, Speed, serve};
use callout::world::{Environment, Pace, Redactor, World, open_simulated};
use serde_json::Value as Document;
use tempfile::TempDir;

pub(super) const GROUP: &str =
    "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers";
pub(super) const CANARY: &str = "canary-b31f\"5/secret+value";

/// A served estate, and the world that is opened on it.
pub(crate) struct Bench {
    pub(super) server: Server,
    pub(crate) world: World,
    pub(super) redactor: Redactor,
    pub(super) client: reqwest::Client,
    pub(super) folder: TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with_environment(|name| environment()(name)).await
    }

    /// One whose secrets are kept in these variables.
    pub(super) async fn with_environment(variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setting = Setting { world_file: folder.path().join("x.sim.jsonl"), port: None, speed: Speed::Times(1) };
        let server = serve(setting).await.unwrap();
        let redactor = Redactor::new();
        let world = open_simulated(server.endpoint(), Pace::Max, redactor.clone(), Arc::new(variables)).await.unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { server, world, redactor, client, folder }
    }

    pub(super) async fn send(&self, call: &Call, attempt: AttemptId) -> Sent {
        self.world.hands.send(&errand(call), attempt).await
    }

    pub(super) fn attempt(&self) -> AttemptId {
        AttemptId::new(self.world.entropy.uuid())
    }

    /// The outputs of a read of one or several requests.
    pub(super) async fn read(&self, call: &Call) -> Value {
        let row = find(&call.action).unwrap();
        let mut replies = vec![self.ask(&errand(call)).await];
        while let Some(follow) = row.follow {
            let requests = (follow.next)(&call.args, &replies);
            if requests.is_empty() {
                break;
            }
            for request in requests {
                replies.push(self.ask(&Errand { call: call.clone(), request }).await);
            }
        }
        (row.parse)(&call.args, &replies).unwrap()
    }

    pub(super) async fn ask(&self, errand: &Errand) -> Reply {
        answered(self.world.hands.read(errand).await)
    }

    pub(super) async fn check(&self, call: &Call) -> Verdict {
        (find(&call.action).unwrap().judge.unwrap())(&call.args, &self.read(call).await)
    }

    pub(super) async fn observed(&self, call: &Call) -> Vec<Field> {
        let change = find(&call.action).unwrap().change.as_ref().unwrap();
        (change.observed)(&call.args, &self.reads((change.observe)(&call.args)).await)
    }

    pub(super) async fn probe(&self, call: &Call, attempt: AttemptId, before: &[Field]) -> ProbeVerdict {
        let change = find(&call.action).unwrap().change.as_ref().unwrap();
        let seen = self.reads((change.probe.reads)(&call.args)).await;
        let sent_at = self.world.clock.now();
        (change.probe.judge)(&ProbeContext { args: &call.args, attempt, sent_at, before }, &seen)
    }

    pub(super) async fn reads(&self, calls: Vec<Call>) -> Vec<Value> {
        let mut seen = Vec::new();
        for call in calls {
            seen.push(self.read(&call).await);
        }
        seen
    }

    pub(super) async fn fault(&self, rule: Document) {
        let url = format!("{}/_sim/faults", self.server.endpoint());
        let request = self.client.post(url).header("content-type", "application/json").body(rule.to_string());
        assert!(request.send().await.unwrap().status().is_success());
    }

    /// The requests that arrived with this method and this end of the path.
    pub(crate) async fn arrived(&self, method: &str, end: &str) -> Vec<Document> {
        let url = format!("{}/_sim/requests", self.server.endpoint());
        let text = self.client.get(url).send().await.unwrap().text().await.unwrap();
        let all: Document = serde_json::from_str(&text).unwrap();
        let is_one = |entry: &&Document| {
            entry["method"] == method && entry["path"].as_str().unwrap().to_lowercase().ends_with(end)
        };
        all["requests"].as_array().unwrap().iter().filter(is_one).cloned().collect()
    }
}

pub(super) fn environment() -> Environment {
    Arc::new(|name| (name == "CANARY").then(|| CANARY.to_owned()))
}

pub(super) fn errand(call: &Call) -> Errand {
    let request = (find(&call.action).unwrap().render)(&call.args).unwrap();
    Errand { call: call.clone(), request }
}

pub(super) fn answered(sent: Sent) -> Reply {
    match sent {
        Sent::Answered(reply) => reply,
        Sent::NeverSent { why } | Sent::Lost { why } => panic!("no answer: {why}"),
    }
}

pub(super) fn vault() -> Value {
    Value::record([
        ("name", Value::text("chatbot-kv")),
        ("id", Value::text(format!("{GROUP}/Microsoft.KeyVault/vaults/chatbot-kv"))),
        ("url", Value::text("https://chatbot-kv.vault.azure.net")),
    ])
}

pub(super) fn app(name: &str) -> Value {
    Value::record([("name", Value::text(name)), ("id", Value::text(format!("{GROUP}/Microsoft.Web/sites/{name}")))])
}

pub(super) fn service() -> Value {
    Value::record([
        ("name", Value::text("chatbot-search")),
        ("id", Value::text(format!("{GROUP}/Microsoft.Search/searchServices/chatbot-search"))),
        ("url", Value::text("https://chatbot-search.search.windows.net")),
    ])
}

pub(super) fn account() -> Value {
    Value::record([
        ("name", Value::text("chatbotstorage")),
        ("id", Value::text(format!("{GROUP}/Microsoft.Storage/storageAccounts/chatbotstorage"))),
        ("url", Value::text("https://chatbotstorage.blob.core.windows.net")),
    ])
}

pub(super) fn of_secret<const N: usize>(action: &str, more: [(&str, Value); N]) -> Call {
    let mut call = Call::new(action, [("vault", vault()), ("name", Value::text("session-secret"))]);
    call.args.extend(more.map(|(name, value)| (name.to_owned(), value)));
    call
}

pub(super) fn versions() -> Call {
    of_secret("keyvault.secret.versions", [])
}

pub(super) fn set(secret: SecretRef) -> Call {
    of_secret("keyvault.secret.set", [("value", Value::Secret { secret })])
}

pub(super) fn canary() -> SecretRef {
    SecretRef::Environment { name: "CANARY".to_owned() }
}

pub(super) fn swap() -> Call {
    Call::new("webapp.slot.swap", [("app", app("chatbot-web/slots/staging"))])
}

pub(super) fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.field(name).and_then(Value::as_text).unwrap()
}
