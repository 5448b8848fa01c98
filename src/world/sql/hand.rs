use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;
use zeroize::Zeroizing;

use super::super::guard::wipe;
use super::super::keyvault::KeyVault;
use super::super::redirect::Network;
use super::super::{Redactor, error, reach};
use super::asking;
use super::login::{Login, password};
use super::trust::trusted;
use crate::base::AttemptId;
use crate::effect::{Errand, Method, Reply, Request, Sent};

/// The hand for SQL: one connection, one statement, and the connection is gone.
pub(in super::super) struct Sql {
    network: Network,
    secrets: Arc<KeyVault>,
    redactor: Redactor,
    limit: Duration,
    trust: OnceCell<Arc<rustls::ClientConfig>>,
}

/// How long a connection may take to come about.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How a question ended, if not with an answer.
enum Trouble {
    /// Nobody was asked.
    Unasked(String),
    /// The server refused the login itself.
    Refused { code: String, message: String },
    /// The server refused the statement.
    Statement { code: String, message: String },
    /// The statement may have been carried out.
    Lost(String),
}

impl Sql {
    pub(in super::super) fn new(network: Network, secrets: Arc<KeyVault>, redactor: Redactor, limit: Duration) -> Self {
        Self { network, secrets, redactor, limit, trust: OnceCell::new() }
    }

    /// Asks once. A check that wants more tries says so itself.
    pub(in super::super) async fn read(&self, errand: &Errand) -> Sent {
        if errand.request.method != Method::Get {
            return Sent::NeverSent { why: "a question must be a reading".to_owned() };
        }
        let left = AtomicBool::new(false);
        let outcome = match tokio::time::timeout(self.limit, self.carry(&errand.request, "", &left)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.late(&left)),
        };
        match outcome {
            // Whether a login is taken is the very question of this row.
            Err(Trouble::Refused { code, message }) if errand.call.action == "sql.login" => {
                let refused = json!({"code": code, "message": self.redactor.redact(&message)});
                Sent::Answered(Reply::json(200, json!({ "refused": refused })))
            }
            outcome => self.sent(outcome),
        }
    }

    /// Sends an effect once.
    pub(in super::super) async fn send(&self, request: &Request, attempt: AttemptId) -> Sent {
        let left = AtomicBool::new(false);
        let attempt = attempt.to_string();
        let outcome = match tokio::time::timeout(self.limit, self.carry(request, &attempt, &left)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.late(&left)),
        };
        self.sent(outcome)
    }

    fn late(&self, left: &AtomicBool) -> Trouble {
        let why = format!("the database did not answer within {} s", self.limit.as_secs_f32());
        if left.load(Ordering::Acquire) { Trouble::Lost(why) } else { Trouble::Unasked(why) }
    }

    fn sent(&self, outcome: Result<Json, Trouble>) -> Sent {
        let error = |status, code: String, message: String| {
            let error = json!({"code": code, "message": self.redactor.redact(&message)});
            Sent::Answered(Reply::json(status, json!({ "error": error })))
        };
        match outcome {
            Ok(mut body) => {
                self.redactor.redact_json(&mut body);
                Sent::Answered(Reply::json(200, body))
            }
            Err(Trouble::Unasked(why)) => Sent::NeverSent { why: self.redactor.redact(&why) },
            Err(Trouble::Lost(why)) => Sent::Lost { why: self.redactor.redact(&why) },
            Err(Trouble::Refused { code, message }) => error(401, code, message),
            Err(Trouble::Statement { code, message }) => error(400, code, message),
        }
    }

    /// Signs in and carries the statement. `left` tells from outside whether a statement may have reached the server.
    async fn carry(&self, request: &Request, attempt: &str, left: &AtomicBool) -> Result<Json, Trouble> {
        let unasked = |why: &str| Trouble::Unasked(why.to_owned());
        let body = request.body.as_ref().ok_or_else(|| unasked("the rendered request has no body"))?;
        let secrets = self.secrets.resolve_all(Some(body)).await.map_err(Trouble::Unasked)?;
        let filled = body.fill(attempt, &mut |wanted| secrets.text(wanted)).map_err(unasked)?;
        let asked = Asked(filled);
        let login = Login::read(asked.text("login"), asked.text("database"), asked.needed("password")?);
        let login = login.map_err(unasked)?;
        self.redactor.learn(&login.password);
        let session = self.connect(request, &login, attempt).await?;
        let given = match (asked.text("value"), asked.0.get("read_only").and_then(Json::as_bool)) {
            (Some(secret), None) if request.method == Method::Post => {
                // An address that cannot be read is no password: set as one, it would lock everybody out.
                let password = password(secret).map_err(unasked)?;
                self.set_password(&session.client, &asked, &password, left).await
            }
            (None, None) if request.method == Method::Post => {
                let statement = asked.needed("sql")?;
                left.store(true, Ordering::Release);
                session.client.batch_execute(statement).await.map(|()| json!({}))
            }
            (None, Some(true)) if request.method == Method::Get => {
                left.store(true, Ordering::Release);
                let number = |name| asked.0.get(name).and_then(Json::as_u64).unwrap_or(1);
                let (rows, seconds) = (number("rows"), number("timeout_s"));
                let (rows, seconds) = (usize::try_from(rows).unwrap_or(1), u32::try_from(seconds).unwrap_or(1));
                asking::ask(&session.client, asked.needed("sql")?, rows, seconds).await
            }
            _ => return Err(unasked("the request is neither a question nor a change that this hand knows")),
        };
        given.map_err(|error| told(&error, left.load(Ordering::Acquire)))
    }

    async fn set_password(&self, client: &Client, asked: &Asked, password: &str, left: &AtomicBool) -> asking::Given {
        let (role, sql) = (asked.text("role").unwrap_or_default(), asked.text("sql").unwrap_or_default());
        self.redactor.learn(password);
        let verifier = Zeroizing::new(asking::verifier(client, role, password).await?);
        // A verifier is letters, digits and `$:+/=`, so there is nothing in it to be quoted.
        let statement = Zeroizing::new(sql.replacen("$1", &format!("'{}'", verifier.as_str()), 1));
        left.store(true, Ordering::Release);
        client.batch_execute(&statement).await?;
        Ok(json!({}))
    }

    async fn connect(&self, request: &Request, login: &Login, attempt: &str) -> Result<Session, Trouble> {
        let url: Url = request.url.parse().map_err(|_| Trouble::Unasked("the address cannot be read".to_owned()))?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or(5432));
        let trust = self.trust.get_or_try_init(|| trusted(&self.network)).await.map_err(Trouble::Unasked)?;
        let stream = self.stream(host, port).await?;
        let mut maker = MakeRustlsConnect::new(trust.as_ref().clone());
        let tls = <MakeRustlsConnect as MakeTlsConnect<TcpStream>>::make_tls_connect(&mut maker, host)
            .map_err(|error| Trouble::Unasked(format!("cannot prepare TLS for {host}: {error}")))?;
        let mut config = Config::new();
        config.user(&login.user).password(login.password.as_bytes()).dbname(&login.database);
        config.ssl_mode(SslMode::Require).application_name(format!("callout {attempt}").trim());
        let (client, connection) = config.connect_raw(stream, tls).await.map_err(|error| unentered(&error, host))?;
        let connection = tokio::spawn(async move {
            // What goes wrong here, the client's own calls report.
            let _ = connection.await;
        });
        Ok(Session { client, connection })
    }

    async fn stream(&self, host: &str, port: u16) -> Result<TcpStream, Trouble> {
        let simulated = self.network.endpoint();
        let place = match simulated {
            Some(endpoint) => (endpoint.host_str().unwrap_or_default(), endpoint.port().unwrap_or_default()),
            None => (host, port),
        };
        match tokio::time::timeout(CONNECT_LIMIT, TcpStream::connect(place)).await {
            Ok(Ok(stream)) => {
                // Small packets are to leave at once; a refusal costs only time.
                let _ = stream.set_nodelay(true);
                Ok(stream)
            }
            _ if simulated.is_some() => Err(Trouble::Unasked(format!("{host} is not reached in the simulated estate"))),
            _ => Err(Trouble::Unasked(reach(host, port, CONNECT_LIMIT).await.sentence())),
        }
    }
}

/// A connection, which ends with this value.
struct Session {
    client: Client,
    connection: JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// A body with its secrets in it, which are overwritten when it goes.
struct Asked(Json);

impl Asked {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Json::as_str)
    }

    fn needed(&self, name: &str) -> Result<&str, Trouble> {
        self.text(name).ok_or_else(|| Trouble::Unasked(format!("the request holds no `{name}`")))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Why nobody was let in. Class 28 of PostgreSQL's codes is a refusal of login or password, but for one: a firewall of
/// Azure's says that `pg_hba.conf` has no entry for the address that asks, and that is about the way and not the login.
/// Everything else says that the question was never asked.
fn unentered(error: &tokio_postgres::Error, host: &str) -> Trouble {
    match error.as_db_error() {
        Some(refusal) if refusal.code().code().starts_with("28") && !refusal.message().contains("pg_hba.conf") => {
            Trouble::Refused { code: refusal.code().code().to_owned(), message: refusal.message().to_owned() }
        }
        Some(refusal) => {
            Trouble::Unasked(format!("{host} lets nobody in: {} {}", refusal.code().code(), refusal.message()))
        }
        None => Trouble::Unasked(format!("no connection to {host}: {}", error::root(error))),
    }
}

/// Why a statement gave nothing. What the server itself says is certain, unless it says that it goes away (class 57P, such
/// as a shutdown in the middle); a broken connection is not.
fn told(error: &tokio_postgres::Error, left: bool) -> Trouble {
    match error.as_db_error() {
        Some(end) if left && end.code().code().starts_with("57P") => {
            Trouble::Lost(format!("the server ended the connection: {} {}", end.code().code(), end.message()))
        }
        Some(refusal) => {
            Trouble::Statement { code: refusal.code().code().to_owned(), message: refusal.message().to_owned() }
        }
        None if left => Trouble::Lost(format!("the connection broke: {}", error::root(error))),
        None => Trouble::Unasked(format!("the connection broke before anything was asked: {}", error::root(error))),
    }
}
