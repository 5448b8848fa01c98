use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request, Transport};
use url::Url;

use super::WorldError;

/// The way to the network: straight, or, for a simulated estate, to a loopback endpoint that plays every host.
///
/// Everything above sees the real `https` addresses in both cases; only the very last step differs. Redirects are never
/// followed, no connection is used twice (a kept one that the server has just closed would put an effect in doubt for
/// nothing), and nothing is ever sent again down here.
#[derive(Clone, Debug)]
pub(super) struct Network {
    client: reqwest::Client,
    endpoint: Option<Url>,
}

/// How long a connection may take to come about.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);

impl Network {
    /// Opens the way. With an endpoint, everything goes there, tokens too: so it must be one of this machine.
    pub(super) fn open(endpoint: Option<&Url>) -> Result<Self, WorldError> {
        let endpoint = endpoint.map(|endpoint| loopback(endpoint.as_str())).transpose()?;
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_LIMIT)
            .user_agent(concat!("callout/", env!("CARGO_PKG_VERSION")));
        // A simulated estate speaks plain HTTP on this machine: no proxy, and no need for any certificate.
        let builder = if endpoint.is_some() { builder.no_proxy().tls_certs_only([]) } else { builder };
        let client = builder.build().map_err(WorldError::Client)?;
        Ok(Self { client, endpoint })
    }

    /// The same as a transport of Microsoft's pipelines.
    pub(super) fn transport(&self) -> Transport {
        Transport::new(Arc::new(self.clone()))
    }

    /// Whether everything goes to a simulated estate.
    pub(super) const fn is_redirected(&self) -> bool {
        self.endpoint.is_some()
    }

    /// A plain GET of `url`, which may be rewritten to the endpoint.
    pub(super) fn get(&self, url: &Url) -> reqwest::RequestBuilder {
        match self.rewritten(url) {
            Some((url, host)) => self.client.get(url).header("host", host),
            None => self.client.get(url.clone()),
        }
    }

    /// The endpoint that plays every host, if this is the way to a simulated estate.
    pub(super) const fn endpoint(&self) -> Option<&Url> {
        self.endpoint.as_ref()
    }

    /// Where a request really goes, and the host that it is for; nothing if it goes where it says.
    fn rewritten(&self, url: &Url) -> Option<(Url, String)> {
        let endpoint = self.endpoint.as_ref()?;
        let mut rewritten = endpoint.clone();
        rewritten.set_path(url.path());
        rewritten.set_query(url.query());
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Some((rewritten, host))
    }
}

#[async_trait]
impl HttpClient for Network {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        match self.rewritten(request.url()) {
            Some((url, host)) => {
                let mut request = request.clone();
                *request.url_mut() = url;
                request.insert_header("host", host);
                self.client.execute_request(&request).await
            }
            None => self.client.execute_request(request).await,
        }
    }
}

/// Reads the address of a simulated estate: `http`, a loopback address, a port, nothing else.
pub(super) fn loopback(text: &str) -> Result<Url, WorldError> {
    let wrong = || WorldError::Endpoint(text.to_owned());
    let url: Url = text.parse().map_err(|_| wrong())?;
    let is_loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let is_bare = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.port().is_some();
    if url.scheme() == "http" && is_loopback && is_bare { Ok(url) } else { Err(wrong()) }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Plays a service: each request is answered with the next of some given answers.
    pub(in super::super) struct Canned {
        pub(in super::super) endpoint: Url,
        asked: Arc<Mutex<Vec<String>>>,
    }

    impl Canned {
        /// Serves answers of a status line's end, header lines, and a body. After the last one nobody listens any more.
        pub(in super::super) async fn serve<const N: usize>(answers: [(&str, &str, &str); N]) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let endpoint = loopback(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
            let answers = answers.map(|(status, headers, body)| {
                let length = body.len();
                format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
            });
            let asked = Arc::new(Mutex::new(Vec::new()));
            let seen = asked.clone();
            tokio::spawn(async move {
                for answer in answers {
                    let (mut connection, _) = listener.accept().await.unwrap();
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(connection.read_u8().await.unwrap());
                    }
                    seen.lock().unwrap().push(String::from_utf8(head).unwrap());
                    connection.write_all(answer.as_bytes()).await.unwrap();
                    connection.shutdown().await.unwrap();
                }
            });
            Self { endpoint, asked }
        }

        pub(in super::super) fn network(&self) -> Network {
            Network::open(Some(&self.endpoint)).unwrap()
        }

        /// The heads of the requests that were answered.
        pub(in super::super) fn asked(&self) -> Vec<String> {
            self.asked.lock().unwrap().clone()
        }
    }

    #[test]
    fn a_rewritten_address_keeps_path_query_and_host_and_nothing_else_changes() {
        let network = Network::open(Some(&loopback("http://127.0.0.1:4711").unwrap())).unwrap();
        let real: Url = "https://v.vault.azure.net/secrets/s?api-version=7.5&x=a%2Fb".parse().unwrap();
        let (url, host) = network.rewritten(&real).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:4711/secrets/s?api-version=7.5&x=a%2Fb");
        assert_eq!(host, "v.vault.azure.net");
        assert!(Network::open(None).unwrap().rewritten(&real).is_none());
    }

    #[test]
    fn a_simulated_estate_is_never_on_another_machine() {
        for bad in ["http://10.0.0.1:80", "https://127.0.0.1:4711", "http://127.0.0.1", "http://127.0.0.1:1/x", "x"] {
            assert!(loopback(bad).is_err(), "{bad}");
        }
        assert!(loopback("http://127.0.0.1:4711").is_ok());
        let elsewhere: Url = "http://10.0.0.1:80".parse().unwrap();
        assert!(Network::open(Some(&elsewhere)).is_err());
    }
}
