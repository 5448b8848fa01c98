use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::{AUTHORIZATION, HeaderName};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Body, Context, Method, Request, StatusCode, Url};
use serde_json::Value as Json;
use zeroize::Zeroize as _;

use crate::effect::Condition;

/// The last policy before the transport: compares what is about to leave with what was rendered, and refuses a
/// difference. A request that nobody announced is refused too.
///
/// It lets one whole request through, and another only after the first was answered 401, which says that nothing was
/// carried out. So a retry that slipped in anywhere above cannot send twice.
#[derive(Debug)]
pub(super) struct Guard;

/// What may leave. It travels in the [`Context`] of a request as `Arc<Expected>`; the sender keeps the other end and
/// asks afterwards whether anything left.
pub(super) struct Expected {
    method: Method,
    url: Url,
    body: Option<Json>,
    condition: Option<Condition>,
    rule: Rule,
    crossing: Mutex<Crossing>,
}

/// How strictly a request is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Exactly this request, with its token.
    Exactly,
    /// Exactly this request; before it, a try with the same method and address, without token and with an empty body,
    /// which asks Key Vault for its challenge.
    AfterChallenge,
    /// A read page by page: the same method, origin and path, any query; with a challenge before it.
    Pages,
}

/// How far the whole request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crossing {
    NotYet,
    Left,
    Refused,
}

impl Expected {
    /// Announces a request whose places are filled.
    pub(super) fn new(method: Method, url: Url, body: Option<Json>, rule: Rule) -> Arc<Self> {
        Self::under(None, method, url, body, rule)
    }

    /// The same, with the condition under which it may be carried out.
    pub(super) fn under(
        condition: Option<Condition>,
        method: Method,
        url: Url,
        body: Option<Json>,
        rule: Rule,
    ) -> Arc<Self> {
        Arc::new(Self { method, url, body, condition, rule, crossing: Mutex::new(Crossing::NotYet) })
    }

    /// Whether the whole request was handed to the transport and not answered 401. `false` is certain.
    pub(super) fn may_have_left(&self) -> bool {
        *self.crossing() == Crossing::Left
    }

    /// The address that is asked.
    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    /// The host that is asked.
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    fn crossing(&self) -> std::sync::MutexGuard<'_, Crossing> {
        self.crossing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what leaves: the whole request, or only the question for a challenge.
    fn compare(&self, request: &Request) -> Result<Leaving, &'static str> {
        if request.method() != self.method {
            return Err("its method differs");
        }
        let same_address = match self.rule {
            Rule::Exactly | Rule::AfterChallenge => *request.url() == self.url,
            Rule::Pages => request.url().origin() == self.url.origin() && request.url().path() == self.url.path(),
        };
        if !same_address {
            return Err("its address differs");
        }
        let wanted = self.condition.as_ref().map(Condition::header);
        for name in ["if-match", "if-none-match"] {
            let expected = wanted.and_then(|(header, value)| (header == name).then_some(value));
            if request.headers().get_optional_str(&HeaderName::from_static(name)) != expected {
                return Err("its condition differs");
            }
        }
        let Body::Bytes(bytes) = request.body() else {
            return Err("its body is a stream, which cannot be compared");
        };
        let has_token = request.headers().get_optional_str(&AUTHORIZATION).is_some();
        if !has_token {
            return match self.rule {
                Rule::AfterChallenge | Rule::Pages if bytes.is_empty() => Ok(Leaving::Question),
                Rule::AfterChallenge | Rule::Pages => Err("it has a body and no token"),
                Rule::Exactly => Err("it has no token"),
            };
        }
        let same_body = match &self.body {
            None => bytes.is_empty(),
            Some(expected) => serde_json::from_slice::<Json>(bytes).is_ok_and(|mut body| {
                let same = body == *expected;
                wipe(&mut body);
                same
            }),
        };
        if same_body { Ok(Leaving::Whole) } else { Err("its body differs") }
    }

    /// Takes note that a request was refused. Of a read page by page each page is a request of its own: that the page
    /// before has left says nothing of this one.
    fn stay(&self) {
        if self.rule == Rule::Pages {
            *self.crossing() = Crossing::NotYet;
        }
    }

    /// Takes note that the whole request leaves now.
    fn leave(&self) -> Result<(), &'static str> {
        let mut crossing = self.crossing();
        if *crossing == Crossing::Left && self.rule != Rule::Pages {
            return Err("it was sent before");
        }
        *crossing = Crossing::Left;
        Ok(())
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        if let Some(body) = &mut self.body {
            wipe(body);
        }
    }
}

/// Overwrites every text inside.
pub(super) fn wipe(json: &mut Json) {
    match json {
        Json::String(text) => text.zeroize(),
        Json::Array(items) => items.iter_mut().for_each(wipe),
        Json::Object(members) => members.values_mut().for_each(wipe),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

enum Leaving {
    Whole,
    Question,
}

#[async_trait]
impl Policy for Guard {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let refuse = |why: &str| {
            let text = format!("what would have left is not what was rendered: {why}; nothing was sent");
            azure_core::Error::with_message(ErrorKind::Other, text)
        };
        let expected = ctx.value::<Arc<Expected>>().ok_or_else(|| refuse("nobody rendered it"))?;
        let leaving = expected.compare(request).inspect_err(|_| expected.stay()).map_err(refuse)?;
        let (transport, rest) = next.split_first().ok_or_else(|| refuse("there is no transport"))?;
        if matches!(leaving, Leaving::Question) {
            return transport.send(ctx, request, rest).await;
        }
        expected.leave().map_err(refuse)?;
        let answer = transport.send(ctx, request, rest).await;
        if answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::Unauthorized) {
            *expected.crossing() = Crossing::Refused;
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use azure_core::http::AsyncRawResponse;
    use azure_core::http::headers::Headers;
    use serde_json::json;

    use super::*;

    const URL: &str = "https://v.vault.azure.net/secrets/s?api-version=7.5";

    /// Counts what would reach the network, and answers with a fixed status.
    #[derive(Debug)]
    struct Network {
        arrived: AtomicUsize,
        status: StatusCode,
    }

    #[async_trait]
    impl Policy for Network {
        async fn send(&self, _: &Context, _: &mut Request, _: &[Arc<dyn Policy>]) -> PolicyResult {
            self.arrived.fetch_add(1, Ordering::SeqCst);
            Ok(AsyncRawResponse::from_bytes(self.status, Headers::new(), Vec::new()))
        }
    }

    struct Bench {
        network: Arc<Network>,
        expected: Arc<Expected>,
    }

    impl Bench {
        fn new(rule: Rule, status: StatusCode) -> Self {
            let network = Arc::new(Network { arrived: AtomicUsize::new(0), status });
            let body = Some(json!({"value": "s3cret", "tags": {"a": "1"}}));
            Self { network, expected: Expected::new(Method::Put, URL.parse().unwrap(), body, rule) }
        }

        async fn send(&self, request: &mut Request) -> Result<(), String> {
            let next: [Arc<dyn Policy>; 1] = [self.network.clone()];
            let context = Context::new().with_value(self.expected.clone());
            Guard.send(&context, request, &next).await.map(drop).map_err(|error| error.to_string())
        }

        fn arrived(&self) -> usize {
            self.network.arrived.load(Ordering::SeqCst)
        }
    }

    fn put(url: &str, body: &str) -> Request {
        let mut request = Request::new(url.parse().unwrap(), Method::Put);
        request.insert_header(AUTHORIZATION, "Bearer x");
        request.set_body(body.to_owned());
        request
    }

    const BODY: &str = r#"{"tags": {"a": "1"}, "value": "s3cret"}"#;

    #[tokio::test]
    async fn the_rendered_request_passes_whatever_the_order_of_its_members() {
        let bench = Bench::new(Rule::Exactly, StatusCode::Ok);
        assert!(!bench.expected.may_have_left());
        bench.send(&mut put(URL, BODY)).await.unwrap();
        assert_eq!(bench.arrived(), 1);
        assert!(bench.expected.may_have_left());
    }

    #[tokio::test]
    async fn another_address_body_or_method_is_refused_and_never_sent() {
        let bench = Bench::new(Rule::AfterChallenge, StatusCode::Ok);
        let elsewhere = put("https://v.vault.azure.net/secrets/t?api-version=7.5", BODY);
        let other_value = put(URL, r#"{"tags": {"a": "1"}, "value": "other"}"#);
        let mut other_method = put(URL, BODY);
        other_method.set_method(Method::Patch);
        for (mut request, word) in [(elsewhere, "address"), (other_value, "body"), (other_method, "method")] {
            let error = bench.send(&mut request).await.unwrap_err();
            assert!(error.contains(word) && !error.contains("s3cret"), "{error}");
        }
        assert_eq!(bench.arrived(), 0);
        assert!(!bench.expected.may_have_left());
    }

    #[tokio::test]
    async fn key_vaults_challenge_passes_and_does_not_count_as_sent() {
        let mut question = Request::new(URL.parse().unwrap(), Method::Put);
        let bench = Bench::new(Rule::AfterChallenge, StatusCode::Unauthorized);
        bench.send(&mut question).await.unwrap();
        assert_eq!(bench.arrived(), 1);
        assert!(!bench.expected.may_have_left());
        let strict = Bench::new(Rule::Exactly, StatusCode::Unauthorized);
        assert!(strict.send(&mut question).await.is_err(), "Resource Manager has no challenge");
        let mut with_body = put(URL, BODY);
        with_body.headers_mut().remove(AUTHORIZATION);
        assert!(bench.send(&mut with_body).await.is_err(), "a body never leaves without a token");
        assert_eq!((bench.arrived(), strict.arrived()), (1, 0));
    }

    #[tokio::test]
    async fn a_second_sending_is_refused_unless_the_first_was_answered_401() {
        let bench = Bench::new(Rule::Exactly, StatusCode::InternalServerError);
        bench.send(&mut put(URL, BODY)).await.unwrap();
        assert!(bench.send(&mut put(URL, BODY)).await.unwrap_err().contains("before"));
        assert_eq!(bench.arrived(), 1);
        let refused = Bench::new(Rule::Exactly, StatusCode::Unauthorized);
        refused.send(&mut put(URL, BODY)).await.unwrap();
        assert!(!refused.expected.may_have_left(), "401 says that nothing was carried out");
        refused.send(&mut put(URL, BODY)).await.unwrap();
        assert_eq!(refused.arrived(), 2);
    }

    #[tokio::test]
    async fn a_request_that_nobody_announced_is_refused() {
        let network = Arc::new(Network { arrived: AtomicUsize::new(0), status: StatusCode::Ok });
        let next: [Arc<dyn Policy>; 1] = [network.clone()];
        assert!(Guard.send(&Context::new(), &mut put(URL, BODY), &next).await.is_err());
        assert_eq!(network.arrived.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn pages_may_differ_in_their_query_and_never_in_their_origin_or_path() {
        let expected = Expected::new(Method::Get, URL.parse().unwrap(), None, Rule::Pages);
        let get = |url: &str| {
            let mut request = Request::new(url.parse().unwrap(), Method::Get);
            request.insert_header(AUTHORIZATION, "Bearer x");
            expected.compare(&request).is_ok()
        };
        assert!(get("https://v.vault.azure.net:443/secrets/s?api-version=7.5&$skiptoken=x"));
        assert!(!get("https://evil.example/secrets/s?api-version=7.5"));
        assert!(!get("https://v.vault.azure.net/secrets/t?api-version=7.5"));
    }
}
