use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// Whether a host can be reached from here: does its name resolve, does TCP connect. Nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The host that was asked for.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The address that was tried, the first one that the name resolves to.
    pub address: Option<IpAddr>,
    /// How far it went.
    pub reached: Reached,
}

/// How far a try to reach a host went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// TCP connected.
    Connected,
    /// The name does not resolve.
    NotResolved {
        /// What the resolver said.
        why: String,
    },
    /// The address does not accept a connection.
    NotConnected {
        /// What the system said.
        why: String,
    },
}

/// Whom an address belongs to, as far as the address itself tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Reachable from anywhere.
    Public,
    /// Only reachable inside a network: private (RFC 1918, RFC 4193), shared (RFC 6598), link-local, or loopback.
    Private,
}

impl Reach {
    /// The range of the address that was tried.
    pub fn range(&self) -> Option<Range> {
        self.address.map(range)
    }

    /// One sentence for a person.
    pub fn sentence(&self) -> String {
        let (host, port) = (&self.host, self.port);
        let range = match self.range() {
            Some(Range::Private) => "a private address",
            _ => "a public address",
        };
        match (&self.reached, self.address) {
            (Reached::Connected, Some(address)) => format!("{host} is {address}, {range}, and port {port} answers"),
            (Reached::NotConnected { why }, Some(address)) => {
                format!("{host} is {address}, {range}, but port {port} does not answer from here: {why}")
            }
            (Reached::NotResolved { why } | Reached::NotConnected { why }, _) => {
                format!("{host} does not resolve from here: {why}")
            }
            (Reached::Connected, None) => format!("{host} answers at port {port}"),
        }
    }
}

/// Tries to reach a host; resolving and connecting may each take up to `limit` of host time.
pub async fn reach(host: &str, port: u16, limit: Duration) -> Reach {
    let no_answer = || format!("no answer within {} s", limit.as_secs_f32());
    let resolved = match timeout(limit, lookup_host((host, port))).await {
        Ok(Ok(mut addresses)) => addresses.next().ok_or_else(|| "the name has no address".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(no_answer()),
    };
    let (address, reached) = match resolved {
        Err(why) => (None, Reached::NotResolved { why }),
        Ok(address) => (Some(address.ip()), connect(address, limit, no_answer).await),
    };
    Reach { host: host.to_owned(), port, address, reached }
}

async fn connect(address: SocketAddr, limit: Duration, no_answer: impl Fn() -> String) -> Reached {
    match timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Reached::Connected,
        Ok(Err(error)) => Reached::NotConnected { why: error.to_string() },
        Err(_) => Reached::NotConnected { why: no_answer() },
    }
}

fn range(address: IpAddr) -> Range {
    let private = match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_loopback() || address.is_link_local() || shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    };
    if private { Range::Private } else { Range::Public }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_listening_port_is_reached_and_a_closed_one_is_told_apart_from_an_unknown_name() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = reach("127.0.0.1", port, LIMIT).await;
        assert_eq!((open.reached.clone(), open.range()), (Reached::Connected, Some(Range::Private)));
        assert!(open.sentence().contains("private"), "{}", open.sentence());
        drop(listener);
        let closed = reach("127.0.0.1", port, LIMIT).await;
        assert!(matches!(closed.reached, Reached::NotConnected { .. }));
        let unknown = reach("does-not-exist.invalid", 443, LIMIT).await;
        assert!(matches!(unknown.reached, Reached::NotResolved { .. }));
        assert!(unknown.sentence().contains("does not resolve"), "{}", unknown.sentence());
    }

    #[test]
    fn private_shared_and_mapped_addresses_are_private() {
        for text in ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "fd00::1", "::ffff:10.0.0.1"]
        {
            assert_eq!(range(text.parse().unwrap()), Range::Private, "{text}");
        }
        for text in ["20.50.2.1", "2603:1030::1", "100.128.0.1"] {
            assert_eq!(range(text.parse().unwrap()), Range::Public, "{text}");
        }
    }
}
