use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use callout::base::Value;
use callout::effect::{Args, Verdict, find};

use super::stage::{Answer, Received, Stage, token};
use crate::support::require::skip;

/// Microsoft's own emulator of blobs and queues, in memory, with sign-in by token as the real one has it.
struct Azurite {
    child: Child,
    blob: u16,
    queue: u16,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
}

/// The account that the emulator has by itself.
const ACCOUNT: &str = "devstoreaccount1";
/// How long it may take to start; about a second is usual.
const START: Duration = Duration::from_mins(1);

impl Azurite {
    /// Starts it; nothing if this machine has none.
    async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        if !has("azurite") || !has("openssl") {
            skip("azurite (npm, 3.37.0) or openssl is not on the PATH");
            return None;
        }
        certificate(folder.path());
        let [blob, queue, table] = [free_port(), free_port(), free_port()];
        let child = Command::new("azurite")
            .args(["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"])
            .args(["--blobHost", "127.0.0.1", "--queueHost", "127.0.0.1", "--tableHost", "127.0.0.1"])
            .args([
                "--blobPort",
                &blob.to_string(),
                "--queuePort",
                &queue.to_string(),
                "--tablePort",
                &table.to_string(),
            ])
            .args(["--oauth", "basic", "--cert", "cert.pem", "--key", "key.pem"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // A certificate of a few minutes' life, for a port of this machine.
        let client = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).build().unwrap();
        let azurite = Self { child, blob, queue, client, _folder: folder };
        azurite.wait().await;
        Some(azurite)
    }

    async fn wait(&self) {
        let started = Instant::now();
        for port in [self.blob, self.queue] {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                assert!(started.elapsed() < START, "azurite does not start");
                tokio::task::spawn_blocking(std::thread::yield_now).await.unwrap();
            }
        }
    }

    /// Asks one of its services as the host of that kind.
    async fn ask(&self, method: &str, kind: &str, path: &str, body: &str) {
        let (port, host) =
            (if kind == "blob" { self.blob } else { self.queue }, format!("{ACCOUNT}.{kind}.core.windows.net"));
        let request = self.client.request(method.parse().unwrap(), format!("https://127.0.0.1:{port}{path}"));
        let request =
            request.header("host", host).header("x-ms-version", "2024-08-04").header("x-ms-blob-type", "BlockBlob");
        let request = request.bearer_auth(token("https://storage.azure.com")).body(body.to_owned());
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{method} {path}: {status} {}", answer.text().await.unwrap());
    }

    /// A stage on which it plays both hosts of its account.
    async fn stage(&self) -> Stage {
        let (client, blob, queue) = (self.client.clone(), self.blob, self.queue);
        Stage::new(move |received| {
            let (client, port) = (client.clone(), if received.host.contains(".blob.") { blob } else { queue });
            Box::pin(async move { forward(&client, port, received).await })
        })
        .await
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn forward(client: &reqwest::Client, port: u16, received: Received) -> Answer {
    let url = format!("https://127.0.0.1:{port}{}", received.path_and_query);
    let mut request = client.request(received.method.parse().unwrap(), url).body(received.body);
    for (name, value) in received.headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    let headers =
        answer.headers().iter().filter(|(name, _)| !["transfer-encoding", "connection"].contains(&name.as_str()));
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned())).collect();
    Answer { status: answer.status().as_u16(), headers, body: answer.bytes().await.unwrap().to_vec() }
}

fn has(program: &str) -> bool {
    let version = if program == "openssl" { "version" } else { "--version" };
    Command::new(program)
        .arg(version)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|done| done.success())
}

fn certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success() && fs::exists(folder.join("cert.pem")).unwrap());
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn args(more: &[(&str, &str)]) -> Args {
    let account = Value::record([
        ("name", Value::text(ACCOUNT)),
        ("id", Value::text(format!("{}/Microsoft.Storage/storageAccounts/{ACCOUNT}", super::GROUP))),
        ("url", Value::text(format!("https://{ACCOUNT}.blob.core.windows.net"))),
    ]);
    let mut args = Args::from([("account".to_owned(), account)]);
    args.extend(more.iter().map(|(name, value)| ((*name).to_owned(), Value::text(*value))));
    args
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_and_queues_are_read_from_microsofts_own_emulator() {
    let Some(azurite) = Azurite::start().await else { return };
    let stage = azurite.stage().await;
    assert!(stage.endpoint().starts_with("http://127.0.0.1:"));
    azurite.ask("PUT", "blob", "/docs?restype=container", "").await;
    for number in 1..=3 {
        azurite.ask("PUT", "blob", &format!("/docs/manuals/a%26b-{number}.pdf"), "five!").await;
    }
    azurite.ask("PUT", "blob", "/docs/manuals/readme.txt", "x").await;
    azurite.ask("PUT", "blob", "/docs/drafts/other.pdf", "x").await;
    let list =
        |more: &[(&str, &str)]| super::call("storage.blob.list", args(&[&[("container", "docs")], more].concat()));
    let found = stage.outputs(&list(&[("prefix", "manuals/a&b"), ("suffix", ".pdf")])).await;
    assert_eq!((found.field("count"), found.field("bytes")), (Some(&Value::Integer(3)), Some(&Value::Integer(15))));
    assert!(found.field("newest_name").unwrap().to_string().starts_with("manuals/a&b-"));
    assert_eq!(stage.outputs(&list(&[])).await.field("count"), Some(&Value::Integer(5)));
    assert_eq!(stage.outputs(&list(&[("prefix", "nothing")])).await.field("count"), Some(&Value::Integer(0)));
    let missing = stage.read(&super::call("storage.blob.list", args(&[("container", "nobodys")]))).await;
    assert_eq!((missing.status, &missing.body.unwrap()["Code"]), (404, &"ContainerNotFound".into()));

    azurite.ask("PUT", "queue", "/dead-letter", "").await;
    let queue = |action: &str| super::call(action, args(&[("queue", "dead-letter")]));
    let empty = stage.outputs(&queue("storage.queue.peek")).await;
    assert_eq!((empty.field("count"), empty.field("oldest")), (Some(&Value::Integer(0)), Some(&Value::text(""))));
    for text in ["Y2FuYXJ5", "Y2FuYXJ5"] {
        let message = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
        azurite.ask("POST", "queue", "/dead-letter/messages", &message).await;
    }
    let length = queue("storage.queue.length");
    let outputs = stage.outputs(&length).await;
    assert_eq!(outputs.field("length"), Some(&Value::Integer(2)));
    let judge = find(&length.action).unwrap().judge.unwrap();
    assert!(matches!(judge(&length.args, &outputs), Verdict::Fail { .. }));
    let peeked = stage.read(&queue("storage.queue.peek")).await;
    assert!(!peeked.body.unwrap().to_string().contains("Y2FuYXJ5"), "no text of a message becomes part of a reply");
    let outputs = stage.outputs(&queue("storage.queue.peek")).await;
    assert_eq!(
        (outputs.field("count"), outputs.field("most_tries")),
        (Some(&Value::Integer(2)), Some(&Value::Integer(0)))
    );
}
