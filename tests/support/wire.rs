use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::watched::Watched;

/// The wire between a program and the estate. It swallows one request: the estate never receives it, and the program
/// never gets an answer.
pub(crate) struct Wire {
    pub(crate) endpoint: String,
    swallowed: Arc<Watched<bool>>,
}

impl Wire {
    /// Lets everything pass to `endpoint` but the first request that begins with `opening` and bears a token.
    pub(crate) fn swallowing(endpoint: &str, opening: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let (target, swallowed) = (endpoint.trim_start_matches("http://").to_owned(), Arc::new(Watched::new(false)));
        let seen = Arc::clone(&swallowed);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&target) else { return };
                let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || {
                    // Whichever side ends first, the other learns of it.
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
                let seen = Arc::clone(&seen);
                thread::spawn(move || carry(client, server, opening, &seen));
            }
        });
        Self { endpoint: own, swallowed }
    }

    /// Waits until the request has been swallowed.
    pub(crate) fn wait(&self) {
        let seen = self.swallowed.wait(Duration::from_secs(20), |swallowed| swallowed.then_some(()));
        seen.expect("the request comes in time");
    }
}

/// Carries what the program sends to the estate. The client writes the head of a request at once, at the beginning of a
/// piece.
fn carry(mut client: TcpStream, mut server: TcpStream, opening: &str, swallowed: &Watched<bool>) {
    let mut buffer = [0; 16384];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let piece = &buffer[..length];
        let head = String::from_utf8_lossy(piece).to_lowercase();
        if head.starts_with(&opening.to_lowercase()) && head.contains("authorization:") {
            swallowed.with(|swallowed| *swallowed = true);
            // Kept open, and silent, until the program is gone.
            while let Ok(1..) = client.read(&mut buffer) {}
            break;
        }
        if server.write_all(piece).is_err() {
            break;
        }
    }
    // Fails only if the connection is gone already.
    let _ = server.shutdown(Shutdown::Write);
}
