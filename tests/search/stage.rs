use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callout::effect::{Call, Errand, Hands, Reply, Sent, find};
use callout::world::{AzureHands, Redactor, SignIn, WorldSetting};
use serde_json::json;
use tokio::net::TcpListener;

/// A loopback port on which every host of Azure is played: the sign-in here, all the rest by whoever builds the stage.
pub(super) struct Stage {
    endpoint: String,
    hands: AzureHands,
}

/// A request as it was received.
pub(super) struct Received {
    pub(super) method: String,
    pub(super) host: String,
    pub(super) path_and_query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What is answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

pub(super) type Playing = Pin<Box<dyn Future<Output = Answer> + Send>>;

impl Stage {
    pub(super) async fn new(play: impl Fn(Received) -> Playing + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let play = Arc::new(play);
        let router = Router::new().fallback(move |request: Request| {
            let play = Arc::clone(&play);
            async move {
                let received = received(request).await;
                let answer = match received.host.as_str() {
                    "login.microsoftonline.com" => sign_in(&received),
                    _ => play(received).await,
                };
                response(answer)
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let setting = WorldSetting {
            sign_in: SignIn::Simulated,
            redirect: Some(endpoint.parse().unwrap()),
            redactor: Redactor::new(),
            environment: Arc::new(|_| None),
            limit: Duration::from_secs(30),
        };
        let (hands, _) = AzureHands::open(&setting).unwrap();
        Self { endpoint, hands }
    }

    /// Where it is played.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What the hands bring back for a read.
    pub(super) async fn read(&self, call: &Call) -> Reply {
        let request = (find(&call.action).unwrap().render)(&call.args).unwrap();
        match self.hands.read(&Errand { call: call.clone(), request }).await {
            Sent::Answered(reply) => reply,
            Sent::NeverSent { why } | Sent::Lost { why } => panic!("{}: no answer: {why}", call.action),
        }
    }

    /// What the hands bring back for an effect.
    pub(super) async fn send(&self, call: &Call) -> Sent {
        let request = (find(&call.action).unwrap().render)(&call.args).unwrap();
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        self.hands.send(&Errand { call: call.clone(), request }, attempt).await
    }

    /// The outputs of a read.
    pub(super) async fn outputs(&self, call: &Call) -> callout::base::Value {
        let reply = self.read(call).await;
        assert_eq!(reply.status, 200, "{}: {:?}", call.action, reply.body);
        (find(&call.action).unwrap().parse)(&call.args, &[reply]).unwrap_or_else(|why| panic!("{}: {why}", call.action))
    }
}

async fn received(request: Request) -> Received {
    let (parts, body) = request.into_parts();
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    Received {
        method: parts.method.to_string(),
        host: parts.headers.get("host").map(text).unwrap_or_default(),
        path_and_query: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: to_bytes(body, 1 << 20).await.unwrap().to_vec(),
    }
}

fn response(answer: Answer) -> Response {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}

/// A token for whatever is asked for, with the claims that services look at, and not signed.
fn sign_in(received: &Received) -> Answer {
    let form = String::from_utf8_lossy(&received.body).replace("%3A", ":").replace("%2F", "/");
    let scope = form.split('&').find_map(|field| field.strip_prefix("scope=")).unwrap_or_default();
    let token = token(scope.trim_end_matches("/.default"));
    let body = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": token}).to_string();
    Answer { status: 200, headers: vec![("content-type".into(), "application/json".into())], body: body.into() }
}

/// An unsigned token for an audience.
pub(super) fn token(audience: &str) -> String {
    let tenant = "11111111-1111-4111-8111-111111111111";
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "aud": audience, "iss": format!("https://sts.windows.net/{tenant}/"), "iat": now - 60, "nbf": now - 60,
        "exp": now + 3600, "tid": tenant, "oid": "44444444-4444-4444-8444-444444444444", "ver": "1.0",
    });
    let part = |document: serde_json::Value| URL_SAFE_NO_PAD.encode(document.to_string());
    format!("{}.{}.{}", part(json!({"typ": "JWT", "alg": "none"})), part(claims), URL_SAFE_NO_PAD.encode("unsigned"))
}
