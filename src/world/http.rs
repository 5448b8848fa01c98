use std::time::Duration;

use url::Url;

use super::redirect::Network;
use super::{Redactor, error};
use crate::effect::{Method, Reply, Request, Sent};

/// The hand for plain reads: what an application says of itself. It has no credential and so can leak none.
pub(super) struct Plain {
    network: Network,
    redactor: Redactor,
}

const LIMIT: Duration = Duration::from_secs(10);
const LARGEST: usize = 64 << 10;

impl Plain {
    pub(super) const fn new(network: Network, redactor: Redactor) -> Self {
        Self { network, redactor }
    }

    /// Reads once. A check that wants more tries says so itself.
    pub(super) async fn read(&self, request: &Request) -> Sent {
        let url = match request.url.parse::<Url>() {
            Ok(url) if request.method == Method::Get && url.scheme() == "https" => url,
            _ => return Sent::NeverSent { why: "only https addresses are read, with GET".to_owned() },
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        match tokio::time::timeout(LIMIT, self.get(&url)).await {
            Ok(Ok(reply)) => Sent::Answered(reply),
            Ok(Err(error)) => {
                let why = self.redactor.redact(&error::root(&error));
                if error.is_connect() {
                    Sent::NeverSent { why: format!("no connection to {host}: {why}") }
                } else {
                    Sent::Lost { why: format!("no whole answer came back from {host}: {why}") }
                }
            }
            Err(_) => Sent::Lost { why: format!("no answer came back from {host} within {} s", LIMIT.as_secs()) },
        }
    }

    async fn get(&self, url: &Url) -> Result<Reply, reqwest::Error> {
        let mut answer = self.network.get(url).send().await?;
        let (status, mut bytes) = (answer.status().as_u16(), Vec::new());
        while bytes.len() < LARGEST
            && let Some(chunk) = answer.chunk().await?
        {
            bytes.extend_from_slice(&chunk);
        }
        bytes.truncate(LARGEST);
        let mut body = serde_json::from_slice(&bytes).ok();
        if let Some(body) = &mut body {
            self.redactor.redact_json(body);
        }
        let text = (!bytes.is_empty()).then(|| self.redactor.redact(&String::from_utf8_lossy(&bytes)));
        Ok(Reply { body, text, ..Reply::empty(status) })
    }
}
