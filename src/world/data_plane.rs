use std::sync::Arc;
use std::time::Duration;

use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::request::options::ClientRequestId;
use azure_core::http::{Context, Pipeline, PipelineSendOptions, Request as HttpRequest, Url};
use serde_json::Value as Json;

use super::arm::{client_options, http_method};
use super::guard::{Expected, Rule, wipe};
use super::outcome::{Outcome, outcome, timed_out};
use super::redirect::Network;
use super::retry::again;
use super::sign_in::{SEARCH, STORAGE};
use super::{Credential, Redactor, reach};
use crate::base::AttemptId;
use crate::effect::{Condition, Method, Reply, Request, Sent, Service};

/// The hand for a data plane without a client of its own: AI Search, blobs and queues. It sends a rendered request,
/// nothing more, to hosts of its service only, because each has a token of its own.
pub(super) struct DataPlane {
    service: Service,
    scope: &'static str,
    hosts: &'static [&'static str],
    pipeline: Pipeline,
    credential: Arc<Credential>,
    redactor: Redactor,
    limit: Duration,
    /// Whether the real hosts are asked, so that it says something whether they can be reached.
    is_live: bool,
}

/// A list of more pages than this is not read to its end; it is then reported as not read at all. A page of blobs has up
/// to 5,000.
const MOST_PAGES: usize = 200;
/// How long it may take to find out whether a host can be reached at all.
const REACH_LIMIT: Duration = Duration::from_secs(3);
/// Members of an answer that hold a credential, or what somebody wrote to somebody else. They never become part of a
/// [`Reply`].
const UNSEEN: [&str; 5] = ["connectionString", "applicationSecret", "applicationId", "MessageText", "PopReceipt"];

impl DataPlane {
    pub(super) fn search(network: &Network, credential: Arc<Credential>, redactor: Redactor, limit: Duration) -> Self {
        Self::new(Service::Search, SEARCH, &[".search.windows.net"], network, credential, redactor, limit)
    }

    pub(super) fn storage(network: &Network, credential: Arc<Credential>, redactor: Redactor, limit: Duration) -> Self {
        let hosts = &[".blob.core.windows.net", ".queue.core.windows.net"];
        Self::new(Service::Storage, STORAGE, hosts, network, credential, redactor, limit)
    }

    fn new(
        service: Service,
        scope: &'static str,
        hosts: &'static [&'static str],
        network: &Network,
        credential: Arc<Credential>,
        redactor: Redactor,
        limit: Duration,
    ) -> Self {
        let auth = BearerTokenAuthorizationPolicy::new(credential.clone(), [scope]);
        let version = Some(env!("CARGO_PKG_VERSION"));
        let policies: Vec<Arc<dyn azure_core::http::policies::Policy>> = vec![Arc::new(auth)];
        let pipeline = Pipeline::new(Some("callout"), version, client_options(network), Vec::new(), policies, None);
        Self { service, scope, hosts, pipeline, credential, redactor, limit, is_live: !network.is_redirected() }
    }

    /// Sends an effect once.
    pub(super) async fn send(&self, request: &Request, attempt: AttemptId) -> Sent {
        if self.service == Service::Storage {
            return never("blobs and queues are only read; nothing was sent");
        }
        let body = match &request.body {
            // No row of these services carries a secret. One that does needs a hand that resolves it first.
            Some(body) => match body.fill(&attempt.to_string(), &mut |_| Err(())) {
                Ok(body) => Some(body),
                Err(()) => return never("a request to this service cannot carry a secret"),
            },
            None => None,
        };
        match self.address(&request.url) {
            Ok(url) => self.once(request, url, body, Rule::Exactly, Some(attempt)).await.into(),
            Err(why) => never(why),
        }
    }

    /// Reads, blobs page by page. Nothing but the whole list is an answer.
    pub(super) async fn read(&self, request: &Request) -> Sent {
        if request.method != Method::Get {
            return never("only GET reads");
        }
        let first = match self.address(&request.url) {
            Ok(url) => url,
            Err(why) => return never(why),
        };
        let mut whole: Option<Reply> = None;
        let mut page = first.clone();
        for _ in 0..MOST_PAGES {
            let asked = again(&self.credential, || self.once(request, page.clone(), None, Rule::Pages, None)).await;
            let reply = match asked {
                Outcome::Answered { reply, .. } if (200..300).contains(&reply.status) => reply,
                Outcome::NeverSent { why } => return Sent::NeverSent { why: self.unreached(&first, why).await },
                other => return other.into(),
            };
            let next = marker(&reply);
            match &mut whole {
                None => whole = Some(reply),
                Some(whole) => append(whole, reply),
            }
            match (next, whole.take()) {
                (None, Some(whole)) => return Sent::Answered(whole),
                (Some(marker), so_far) => {
                    page = first.clone();
                    page.query_pairs_mut().append_pair("marker", &marker);
                    whole = so_far;
                }
                (None, None) => break,
            }
        }
        never("the list has more pages than are read")
    }

    async fn once(
        &self,
        asked: &Request,
        url: Url,
        body: Option<Json>,
        rule: Rule,
        attempt: Option<AttemptId>,
    ) -> Outcome {
        if let Err(why) = self.credential.ready(self.scope).await {
            return Outcome::Refused { why };
        }
        let method = http_method(asked.method);
        let mut request = HttpRequest::new(url.clone(), method);
        request.insert_header(
            "accept",
            if self.service == Service::Storage { "application/xml" } else { "application/json" },
        );
        for (name, value) in asked.service.headers(asked.method) {
            request.insert_header(name, value);
        }
        if let Some((name, value)) = asked.condition.as_ref().map(Condition::header) {
            request.insert_header(name, value.to_owned());
        }
        if let Some(body) = &body {
            request.insert_header("content-type", "application/json");
            request.set_body(body.to_string());
        }
        let expected = Expected::under(asked.condition.clone(), method, url, body, rule);
        let mut context = Context::new().with_value(expected.clone());
        if let Some(attempt) = attempt {
            context.insert(ClientRequestId::new(attempt.to_string()));
        }
        // Every status is an answer here; what it means is judged elsewhere.
        let options = PipelineSendOptions { skip_checks: true, ..Default::default() };
        let sending = self.pipeline.send(&context, &mut request, Some(options));
        let mut outcome = match tokio::time::timeout(self.limit, sending).await {
            Ok(result) => outcome(result, &expected, &self.redactor),
            Err(_) => timed_out(&expected, self.limit),
        };
        if let Outcome::Answered { reply, .. } = &mut outcome {
            // AI Search has no long-running operation: what it accepts shows in what is read later (`Run Indexer`).
            reply.no_operation = self.service == Service::Search;
            if let Some(body) = &mut reply.body {
                hide(body);
            }
            if reply.status == 401 {
                self.credential.forget().await;
            }
        }
        outcome
    }

    /// Why nothing could be sent, and how far this machine gets: in a well-kept network no data plane answers from a
    /// laptop, and that is no outage.
    async fn unreached(&self, url: &Url, why: String) -> String {
        match url.host_str().filter(|_| self.is_live) {
            Some(host) => format!("{why}; {}", reach(host, 443, REACH_LIMIT).await.sentence()),
            None => why,
        }
    }

    fn address(&self, text: &str) -> Result<Url, &'static str> {
        let url: Url = text.parse().map_err(|_| "the address cannot be read")?;
        let host = url.host_str().unwrap_or_default();
        let is_ours =
            |suffix: &&str| host.strip_suffix(*suffix).is_some_and(|name| !name.is_empty() && !name.contains('.'));
        let is_plain = url.scheme() == "https" && url.port().is_none() && url.username().is_empty();
        if is_plain && self.hosts.iter().any(is_ours) { Ok(url) } else { Err("the address is not one of this service") }
    }
}

/// Where a list of blobs goes on.
fn marker(reply: &Reply) -> Option<String> {
    let marker = reply.body.as_ref()?.get("NextMarker")?.as_str()?;
    (!marker.is_empty()).then(|| marker.to_owned())
}

/// Puts the blobs of a further page behind those that were read.
fn append(whole: &mut Reply, page: Reply) {
    let blobs = |body: Option<Json>| match body.and_then(|mut body| body.pointer_mut("/Blobs/Blob").map(Json::take)) {
        Some(Json::Array(blobs)) => blobs,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let mut all = blobs(whole.body.take());
    all.extend(blobs(page.body));
    whole.body = Some(serde_json::json!({"Blobs": {"Blob": all}}));
}

/// Takes out what nobody may see.
fn hide(json: &mut Json) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(hide),
        Json::Object(members) => {
            for name in UNSEEN {
                if let Some(mut unseen) = members.remove(name) {
                    wipe(&mut unseen);
                }
            }
            members.values_mut().for_each(hide);
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn never(why: &str) -> Sent {
    Sent::NeverSent { why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::redirect::tests::Canned;
    use super::super::sign_in::tests::{TENANT, az};
    use super::*;

    const LIST: &str = "https://chatbotstorage.blob.core.windows.net/docs?restype=container&comp=list&prefix=a%2F";
    const QUEUE: &str = "https://chatbotstorage.queue.core.windows.net/dead?comp=metadata";

    /// Reads what is answered with these headers and bodies.
    async fn read<const N: usize>(url: &str, answers: [(&str, &str); N]) -> (Sent, Canned) {
        let canned = Canned::serve(answers.map(|(headers, body)| ("200 OK", headers, body))).await;
        let (credential, _) = az(0, TENANT, 3600, "");
        let hand = DataPlane::storage(&canned.network(), credential, Redactor::new(), Duration::from_secs(30));
        (hand.read(&Request::new(Service::Storage, Method::Get, url)).await, canned)
    }

    #[tokio::test]
    async fn a_list_of_blobs_is_read_to_its_end_and_every_page_keeps_the_prefix() {
        let page = |name: &str, marker: &str| {
            format!(
                "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs><Blob><Name>{name}</Name></Blob>\
                 </Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
            )
        };
        let (sent, canned) = read(LIST, [("", &page("a/1", "m=1&amp;x")), ("", &page("a/2", ""))]).await;
        let Sent::Answered(reply) = sent else { panic!("{sent:?}") };
        assert_eq!(reply.body.unwrap()["Blobs"]["Blob"], serde_json::json!([{"Name": "a/1"}, {"Name": "a/2"}]));
        let asked = canned.asked();
        assert!(asked[1].contains("prefix=a%2F&marker=m%3D1%26x "), "{}", asked[1]);
        assert!(asked.iter().all(|head| head.to_lowercase().contains("x-ms-version: 2024-08-04")), "{asked:?}");
    }

    #[tokio::test]
    async fn the_length_of_a_queue_comes_out_of_its_header_and_a_messages_text_comes_out_of_nothing() {
        let (sent, _) = read(QUEUE, [("x-ms-approximate-messages-count: 7\r\n", "")]).await;
        let Sent::Answered(reply) = sent else { panic!("{sent:?}") };
        assert_eq!(reply.body.unwrap()["approximate-messages-count"], 7);
        let peek = "<?xml version=\"1.0\"?><QueueMessagesList><QueueMessage><MessageId>m-1</MessageId><MessageText>canary\
                    </MessageText></QueueMessage></QueueMessagesList>";
        let (sent, _) = read(QUEUE, [("", peek)]).await;
        let Sent::Answered(reply) = sent else { panic!("{sent:?}") };
        assert_eq!(reply.body.unwrap(), serde_json::json!({"QueueMessage": {"MessageId": "m-1"}}));
        assert!(reply.text.is_none());
    }

    #[tokio::test]
    async fn a_host_of_another_service_never_gets_the_token() {
        for bad in [
            "https://management.azure.com/x",
            "https://chatbot-search.search.windows.net/indexes",
            "https://a.b.blob.core.windows.net/c",
            "https://evil.example/.blob.core.windows.net",
            "http://chatbotstorage.blob.core.windows.net/c",
            "https://u@chatbotstorage.blob.core.windows.net/c",
        ] {
            let (sent, canned) = read(bad, []).await;
            assert!(matches!(&sent, Sent::NeverSent { why } if why.contains("not one of this service")), "{bad}");
            assert!(canned.asked().is_empty());
        }
    }

    #[tokio::test]
    async fn a_connection_string_is_taken_out_wherever_it_stands() {
        let mut body =
            serde_json::json!({"value": [{"name": "s", "credentials": {"connectionString": "AccountKey=x"}}]});
        hide(&mut body);
        assert_eq!(body, serde_json::json!({"value": [{"name": "s", "credentials": {}}]}));
    }
}
