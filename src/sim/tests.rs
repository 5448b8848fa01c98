//! The simulator over a real socket, driven by an ordinary HTTP client that knows nothing of its insides.

mod estate;
mod fault;
mod restart;
mod search;
mod slots;
mod storage;
mod swap;
mod vault;

use std::path::PathBuf;

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Server, Setting, Speed, serve};

const VAULT: &str = "chatbot-kv.vault.azure.net";
const ARM: &str = "management.azure.com";
const LOGIN: &str = "login.microsoftonline.com";
const SITES: &str =
    "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/chatbot-rg/providers/Microsoft.Web/sites";

/// A served estate in a folder of its own, and a client with tokens.
struct Bench {
    folder: TempDir,
    server: Server,
    client: Client,
    vault_token: String,
    arm_token: String,
}

impl Bench {
    async fn new() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap()).await
    }

    async fn in_folder(folder: TempDir) -> Self {
        let server = serve(setting(&folder)).await.unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        let mut bench = Self { folder, server, client, vault_token: String::new(), arm_token: String::new() };
        bench.vault_token = bench.token("https://vault.azure.net/.default", "simulated").await["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        bench.arm_token = bench.token("https://management.azure.com/.default", "simulated").await["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        bench
    }

    async fn token(&self, scope: &str, secret: &str) -> Value {
        let form = format!(
            "grant_type=client_credentials&client_id=33333333-3333-4333-8333-333333333333&client_secret={secret}&scope={}",
            scope.replace(':', "%3A").replace('/', "%2F")
        );
        let url = format!("{}/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token", self.server.endpoint());
        let request = self.client.post(url).header("host", LOGIN).body(form);
        document(request.send().await.unwrap()).await.1
    }

    /// Sends a request with the token of its host; an error means that no answer came.
    async fn send(&self, method: Method, host: &str, path: &str, body: Option<Value>) -> reqwest::Result<Response> {
        let mut request = self.client.request(method, format!("{}{path}", self.server.endpoint())).header("host", host);
        match host {
            VAULT => request = request.bearer_auth(&self.vault_token),
            ARM => request = request.bearer_auth(&self.arm_token),
            _ => {}
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await
    }

    async fn ask(&self, method: Method, host: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        document(self.send(method, host, path, body).await.unwrap()).await
    }

    async fn get(&self, host: &str, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, host, path, None).await
    }

    async fn vault(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let join = if path.contains('?') { '&' } else { '?' };
        self.ask(method, VAULT, &format!("{path}{join}api-version=7.5"), body).await
    }

    async fn arm(&self, method: Method, below_sites: &str, body: Option<Value>) -> (StatusCode, Value) {
        self.ask(method, ARM, &format!("{SITES}{below_sites}?api-version=2023-12-01"), body).await
    }

    async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, document) = self.ask(method, "localhost", &format!("/_sim/{path}"), body).await;
        assert_eq!(status, StatusCode::OK, "{document}");
        document
    }

    async fn advance(&self, seconds: u32) {
        self.control(Method::POST, "clock/advance", Some(json!({"seconds": seconds}))).await;
    }

    /// The version that an app holds for a setting, and the status of the reference.
    async fn held(&self, site: &str, setting: &str) -> (String, Option<String>) {
        let path = format!("/{site}/config/configreferences/appsettings/{setting}");
        let (_, document) = self.arm(Method::GET, &path, None).await;
        let properties = &document["properties"];
        let version = properties["activeVersion"].as_str().map(str::to_owned);
        (properties["status"].as_str().unwrap().to_owned(), version)
    }

    /// How many requests with this method and this end of the path were received.
    async fn received(&self, method: &str, path_end: &str) -> usize {
        let log = self.control(Method::GET, "requests", None).await;
        let same = |entry: &&Value| {
            entry["method"] == method && entry["path"].as_str().is_some_and(|path| path.ends_with(path_end))
        };
        log["requests"].as_array().unwrap().iter().filter(same).count()
    }
}

fn setting(folder: &TempDir) -> Setting {
    Setting { world_file: world_file(folder), port: None, speed: Speed::Times(1) }
}

fn world_file(folder: &TempDir) -> PathBuf {
    folder.path().join("drill.sim.jsonl")
}

async fn document(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
