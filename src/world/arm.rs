use std::sync::Arc;
use std::time::Duration;

use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::request::options::ClientRequestId;
use azure_core::http::{
    ClientOptions, Context, Method as HttpMethod, Pipeline, PipelineSendOptions, RawResponse, Request as HttpRequest,
    RetryOptions, Url, UserAgentOptions,
};
use serde_json::Value as Json;

use super::guard::{Expected, Guard, Rule};
use super::outcome::{Outcome, is_resource_manager, outcome, timed_out};
use super::redirect::Network;
use super::retry::again;
use super::secret::Resolved;
use super::sign_in::MANAGEMENT;
use super::{Credential, Redactor, settings};
use crate::base::AttemptId;
use crate::effect::{Errand, Handle, Method, Reply, Request, Sent, refusal};

/// The hand for Azure Resource Manager: sends a rendered request, nothing more. An operation *is* its catalogue row.
pub(super) struct Arm {
    pipeline: Pipeline,
    credential: Arc<Credential>,
    redactor: Redactor,
    limit: Duration,
}

/// A collection of more pages than this is not read to its end; it is then reported as not read at all.
const MOST_PAGES: usize = 100;

impl Arm {
    pub(super) fn new(network: &Network, credential: Arc<Credential>, redactor: Redactor, limit: Duration) -> Self {
        let auth = BearerTokenAuthorizationPolicy::new(credential.clone(), [MANAGEMENT]);
        let pipeline = Pipeline::new(
            Some("callout"),
            Some(env!("CARGO_PKG_VERSION")),
            client_options(network),
            Vec::new(),
            vec![Arc::new(auth)],
            None,
        );
        Self { pipeline, credential, redactor, limit }
    }

    /// Sends an effect once, with the secrets that its body names.
    pub(super) async fn send(&self, request: &Request, attempt: AttemptId, secrets: &Resolved) -> Sent {
        let body = match &request.body {
            Some(body) => match body.fill(&attempt.to_string(), &mut |wanted| secrets.text(wanted)) {
                Ok(body) => Some(body),
                Err(why) => return never(why),
            },
            None => None,
        };
        let url = match address(&request.url) {
            Ok(url) => url,
            Err(why) => return never(why),
        };
        self.once(request.method, url, body, Some(attempt)).await.into()
    }

    /// Asks once how an operation stands. The address comes from the journal, so it is checked again.
    pub(super) async fn poll(&self, handle: &Handle, attempt: AttemptId) -> Sent {
        match address(&handle.url) {
            Ok(url) => self.once(Method::Get, url, None, Some(attempt)).await.into(),
            Err(why) => never(why),
        }
    }

    /// Writes all app settings of a site anew, and with the values that they have those that are to stay.
    ///
    /// They are read in the moment before. If other settings are there than those that were looked at, nothing is sent.
    pub(super) async fn replace_settings(&self, errand: &Errand, attempt: AttemptId) -> Sent {
        let (url, list) = match (address(&errand.request.url), settings::list_address(&errand.request)) {
            (Ok(url), Ok(list)) => (url, list),
            (Err(why), _) | (_, Err(why)) => return never(why),
        };
        let listed = match self.exchange(Method::Post, list, None, None).await {
            Ok((_, Some(Ok(raw)))) if raw.status().is_success() => settings::read(&raw),
            Ok((expected, result)) => Err(match self.made_of(result, &expected, &self.redactor).await.into() {
                Sent::Answered(reply) => refusal(&reply).message,
                Sent::NeverSent { why } | Sent::Lost { why } => why,
            }),
            Err(why) => Err(why),
        };
        let filled = listed.and_then(|listed| settings::fill(errand, attempt, &listed));
        let (body, redactor) = match filled {
            Ok(filled) => filled,
            Err(why) => return never(&format!("the settings as they are could not be put into the request: {why}")),
        };
        match self.exchange(errand.request.method, url, Some(body), Some(attempt)).await {
            Ok((expected, result)) => self.made_of(result, &expected, &redactor).await.into(),
            Err(why) => never(&why),
        }
    }

    /// Reads, page by page, and puts the pages' `value` together. Nothing but the whole collection is an answer.
    pub(super) async fn read(&self, request: &Request) -> Sent {
        let first = match address(&request.url) {
            Ok(url) => url,
            Err(why) => return never(why),
        };
        if !reads(request.method, &first) {
            return never("only GET reads, and the few POSTs that are known to");
        }
        let body = request.body.as_ref().map(|body| body.fill("", &mut |_| Err(())));
        let Ok(mut body) = body.transpose() else { return never("a read cannot carry a secret") };
        let mut whole: Option<Reply> = None;
        let (mut method, mut page) = (request.method, first.clone());
        for _ in 0..MOST_PAGES {
            let asked = again(&self.credential, || self.once(method, page.clone(), body.clone(), None)).await;
            let (reply, next) = match asked {
                Outcome::Answered { reply, next } if (200..300).contains(&reply.status) => (reply, next),
                other => return other.into(),
            };
            // What has one page may be a single resource, which has no list.
            if (whole.is_some() || next.is_some()) && !is_page(&reply) {
                return Sent::Lost { why: "a page of the collection has no list in it, so it is not whole".to_owned() };
            }
            let whole_so_far = match whole.take() {
                None => reply,
                Some(mut whole) => {
                    append(&mut whole, reply);
                    whole
                }
            };
            let Some(link) = next else { return Sent::Answered(whole_so_far) };
            match first.join(&link) {
                Ok(link) if link.origin() == first.origin() => (method, page, body) = (Method::Get, link, None),
                _ => return never("the service pages on to another origin, which is never followed"),
            }
            whole = Some(whole_so_far);
        }
        never("the collection has more pages than are read")
    }

    async fn once(&self, method: Method, url: Url, body: Option<Json>, attempt: Option<AttemptId>) -> Outcome {
        match self.exchange(method, url, body, attempt).await {
            Ok((expected, result)) => self.made_of(result, &expected, &self.redactor).await,
            Err(why) => Outcome::Refused { why },
        }
    }

    /// Sends a request and gives what came back, with its secrets; nothing if the time for it is over.
    async fn exchange(
        &self,
        method: Method,
        url: Url,
        body: Option<Json>,
        attempt: Option<AttemptId>,
    ) -> Result<(Arc<Expected>, Option<azure_core::Result<RawResponse>>), String> {
        self.credential.ready(MANAGEMENT).await?;
        let method = http_method(method);
        let mut request = HttpRequest::new(url.clone(), method);
        request.insert_header("accept", "application/json");
        if let Some(body) = &body {
            request.insert_header("content-type", "application/json");
            request.set_body(body.to_string());
        }
        let expected = Expected::new(method, url, body, Rule::Exactly);
        let mut context = Context::new().with_value(expected.clone());
        if let Some(attempt) = attempt {
            context.insert(ClientRequestId::new(attempt.to_string()));
        }
        // Every status is an answer here; what it means is judged elsewhere.
        let options = PipelineSendOptions { skip_checks: true, ..Default::default() };
        let sending = self.pipeline.send(&context, &mut request, Some(options));
        let result = tokio::time::timeout(self.limit, sending).await.ok();
        Ok((expected, result))
    }

    /// What came of a request that was sent.
    async fn made_of(
        &self,
        result: Option<azure_core::Result<RawResponse>>,
        expected: &Expected,
        redactor: &Redactor,
    ) -> Outcome {
        let outcome = match result {
            Some(result) => outcome(result, expected, redactor),
            None => timed_out(expected, self.limit),
        };
        if matches!(&outcome, Outcome::Answered { reply, .. } if reply.status == 401) {
            self.credential.forget().await;
        }
        outcome
    }
}

/// Whether a request only reads. Where the service keeps something out of what GET shows, it reads by POST.
fn reads(method: Method, url: &Url) -> bool {
    let path = url.path();
    match method {
        Method::Get => true,
        Method::Post => [settings::LIST, "/slotsdiffs", "/checkNameAvailability"].iter().any(|end| path.ends_with(end)),
        Method::Put | Method::Patch | Method::Delete => false,
    }
}

/// What every pipeline of ours has: our network, no retry, and the guard as the last policy.
pub(super) fn client_options(network: &Network) -> ClientOptions {
    ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(network.transport()),
        per_try_policies: vec![Arc::new(Guard)],
        user_agent: UserAgentOptions { application_id: Some("callout".to_owned()) },
        ..Default::default()
    }
}

pub(super) const fn http_method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Put => HttpMethod::Put,
        Method::Patch => HttpMethod::Patch,
        Method::Delete => HttpMethod::Delete,
    }
}

fn address(text: &str) -> Result<Url, &'static str> {
    let url: Url = text.parse().map_err(|_| "the address cannot be read")?;
    if is_resource_manager(&url) { Ok(url) } else { Err("the address is not one of Resource Manager") }
}

/// Tells whether an answer is a page of a collection.
fn is_page(reply: &Reply) -> bool {
    reply.body.as_ref().and_then(|body| body.get("value")).is_some_and(Json::is_array)
}

fn append(whole: &mut Reply, page: Reply) {
    let items = page.body.and_then(|mut body| body.get_mut("value").map(Json::take));
    let value = whole.body.as_mut().and_then(|body| body.get_mut("value"));
    if let (Some(Json::Array(value)), Some(Json::Array(items))) = (value, items) {
        value.extend(items);
    }
}

fn never(why: &str) -> Sent {
    Sent::NeverSent { why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::super::redirect::loopback;
    use super::super::redirect::tests::Canned;
    use super::super::sign_in::tests::{TENANT, az};
    use super::*;
    use crate::effect::{HandleKind, Json, Service};

    const SITE: &str = "https://management.azure.com/subscriptions/s/sites/x/restart?api-version=2023-12-01";

    /// A hand whose network is a port at which connections can be counted.
    async fn arm(tenant: &str) -> (Arm, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = loopback(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let network = Network::open(Some(&endpoint)).unwrap();
        let (credential, _) = az(0, tenant, 3600, "");
        (Arm::new(&network, credential, Redactor::new(), Duration::from_millis(100)), listener)
    }

    const SITES: &str = "https://management.azure.com/subscriptions/s/sites?api-version=2023-12-01";
    /// A link of the shape that redaction takes out.
    const SIGNED: &str =
        "https://management.azure.com/subscriptions/s/sites?%24skiptoken=eyJhIjoxfQ.eyJiIjoyfQ&sig=abc";

    /// Reads a collection that is answered with these bodies.
    async fn pages<const N: usize>(bodies: [&str; N]) -> (Sent, Canned) {
        let canned = Canned::serve(bodies.map(|body| ("200 OK", "", body))).await;
        let (credential, _) = az(0, TENANT, 3600, "");
        let arm = Arm::new(&canned.network(), credential, Redactor::new(), Duration::from_secs(30));
        (arm.read(&Request::new(Service::ResourceManager, Method::Get, SITES)).await, canned)
    }

    #[tokio::test]
    async fn a_signed_link_to_the_next_page_is_followed_as_it_was_given() {
        let first = format!(r#"{{"value": [1], "nextLink": "{SIGNED}"}}"#);
        let (sent, canned) = pages([&first, r#"{"value": [2]}"#]).await;
        let Sent::Answered(reply) = sent else { panic!("{sent:?}") };
        let body = reply.body.unwrap();
        assert_eq!(body["value"], serde_json::json!([1, 2]));
        assert!(!body.to_string().contains("abc"), "the link is a secret everywhere else: {body}");
        let asked = &canned.asked()[1];
        assert!(asked.contains("%24skiptoken=eyJhIjoxfQ.eyJiIjoyfQ&sig=abc "), "{asked}");
    }

    #[tokio::test]
    async fn a_collection_with_a_page_that_is_no_list_is_not_read_at_all() {
        let first = format!(r#"{{"value": [1], "nextLink": "{SIGNED}"}}"#);
        let headless = format!(r#"{{"values": [1], "nextLink": "{SIGNED}"}}"#);
        for second in ["{}", "", "<html>", r#"{"value": {"id": "x"}}"#] {
            let (sent, _) = pages([&first, second]).await;
            assert!(matches!(&sent, Sent::Lost { why } if why.contains("no list")), "{second}: {sent:?}");
        }
        let (sent, _) = pages([&headless]).await;
        assert!(matches!(&sent, Sent::Lost { .. }), "{sent:?}");
    }

    #[tokio::test]
    async fn a_single_resource_without_a_list_is_read() {
        let (sent, _) = pages([r#"{"id": "x"}"#]).await;
        assert!(matches!(&sent, Sent::Answered(reply) if reply.body.as_ref().unwrap()["id"] == "x"), "{sent:?}");
    }

    #[tokio::test]
    async fn a_lost_answer_is_asked_for_again_and_a_missing_token_is_not() {
        let canned = Canned::serve([("200 OK", "x-broken\r\n", ""), ("200 OK", "", "{}")]).await;
        let get = Request::new(Service::ResourceManager, Method::Get, SITE);
        let (credential, _) = az(0, TENANT, 3600, "");
        let arm = Arm::new(&canned.network(), credential, Redactor::new(), Duration::from_secs(30));
        assert!(matches!(arm.read(&get).await, Sent::Answered(_)));
        assert_eq!(canned.asked().len(), 2);
        let (signed_out, az) = az(1, TENANT, 0, "ERROR: Please run 'az login' to setup account.");
        let arm = Arm::new(&canned.network(), signed_out, Redactor::new(), Duration::from_secs(30));
        assert!(matches!(arm.read(&get).await, Sent::NeverSent { .. }));
        assert_eq!(az.runs(), 1, "nobody signs in within half a second");
    }

    fn attempt() -> AttemptId {
        "01938a3c-0000-7000-8000-000000000001".parse().unwrap()
    }

    #[tokio::test]
    async fn a_post_that_is_not_known_to_read_is_never_sent_as_a_read() {
        let (arm, listener) = arm(TENANT).await;
        for url in [SITE, "https://management.azure.com/subscriptions/s/sites/x/slots/y/slotsswap?api-version=1"] {
            let request = Request::new(Service::ResourceManager, Method::Post, url);
            assert!(matches!(arm.read(&request).await, Sent::NeverSent { .. }), "{url}");
        }
        assert!(is_untouched(&listener).await);
    }

    fn restart() -> Request {
        Request::new(Service::ResourceManager, Method::Post, SITE)
    }

    /// Tells whether nobody has connected. A connection that was made is accepted at once.
    async fn is_untouched(listener: &TcpListener) -> bool {
        tokio::select! { biased; _ = listener.accept() => false, () = tokio::task::yield_now() => true }
    }

    #[tokio::test]
    async fn a_token_of_another_tenant_is_refused_before_anything_is_sent() {
        let (arm, listener) = arm("66666666-6666-4666-8666-666666666666").await;
        for sent in [
            arm.send(&restart(), attempt(), &Resolved::default()).await,
            arm.read(&Request::new(Service::ResourceManager, Method::Get, SITE)).await,
        ] {
            assert!(matches!(&sent, Sent::NeverSent { why } if why.contains("tenant")), "{sent:?}");
        }
        assert!(is_untouched(&listener).await);
    }

    #[tokio::test]
    async fn a_request_that_is_taken_and_never_answered_is_lost() {
        let (arm, listener) = arm(TENANT).await;
        let request = restart();
        let secrets = Resolved::default();
        let (sent, _connection) = tokio::join!(arm.send(&request, attempt(), &secrets), listener.accept());
        assert!(matches!(&sent, Sent::Lost { .. }), "{sent:?}");
    }

    #[tokio::test]
    async fn no_token_goes_to_another_host_and_no_request_leaves_without_its_secret() {
        let (arm, listener) = arm(TENANT).await;
        for url in ["https://evil.example/op", "http://management.azure.com/op", "https://management.azure.com:8443/op"]
        {
            let handle = Handle { url: url.to_owned(), kind: HandleKind::Location };
            assert!(matches!(arm.poll(&handle, attempt()).await, Sent::NeverSent { .. }), "{url}");
        }
        let secret = crate::base::SecretRef::Environment { name: "TOKEN".to_owned() };
        let request = restart().with_body(Json::Secret(secret));
        assert!(matches!(arm.send(&request, attempt(), &Resolved::default()).await, Sent::NeverSent { .. }));
        assert!(is_untouched(&listener).await);
    }
}
