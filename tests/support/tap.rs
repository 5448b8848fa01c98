use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Map, Value as Json, json};

/// A tap on the wire between a program and the estate: everything passes, and is written down with its bodies, in the
/// form in which recordings of Azure are kept.
pub(crate) struct Tap {
    pub(crate) endpoint: String,
    seen: Arc<Mutex<Vec<Json>>>,
}

impl Tap {
    /// Begins to carry between whoever asks at [`Self::endpoint`] and the server at `endpoint`.
    pub(crate) fn before(endpoint: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = format!("http://{}", listener.local_addr().unwrap());
        let (target, seen) = (endpoint.trim_start_matches("http://").to_owned(), Arc::new(Mutex::default()));
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (target, seen) = (target.clone(), Arc::clone(&kept));
                // A connection that ends early carried nothing whole, and there is nothing to write down.
                thread::spawn(move || carry(client, &target, &seen));
            }
        });
        Self { endpoint: own, seen }
    }

    /// Every exchange so far, but those with the simulator's own controls.
    pub(crate) fn exchanges(&self) -> Vec<Json> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        seen.into_iter().filter(|one| !one["url"].as_str().unwrap().contains("/_sim/")).collect()
    }
}

/// Half of an exchange.
struct Message {
    first_line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Message {
    /// Reads one, whose length its headers tell; none if the other side ends before it is whole.
    fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut piece = [0; 16384];
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            let length = stream.read(&mut piece).ok().filter(|length| *length > 0)?;
            bytes.extend_from_slice(&piece[..length]);
        };
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let mut lines = text.split("\r\n");
        let first_line = lines.next()?.to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers: Vec<(String, String)> =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let length =
            headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, text)| text.parse().unwrap());
        let mut body = bytes.split_off(head + 4);
        while body.len() < length {
            let length = stream.read(&mut piece).ok().filter(|length| *length > 0)?;
            body.extend_from_slice(&piece[..length]);
        }
        Some(Self { first_line, headers, body })
    }

    /// Writes it for a connection that carries nothing after it.
    fn write(&self, stream: &mut TcpStream) -> Option<()> {
        let mut text = format!("{}\r\nconnection: close\r\n", self.first_line);
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "connection") {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        stream.write_all(text.as_bytes()).ok()?;
        stream.write_all(&self.body).ok()
    }

    fn headers(&self) -> Json {
        let shown = self.headers.iter().filter(|(name, _)| name != "authorization");
        Json::Object(shown.map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>())
    }

    fn body(&self) -> Json {
        if self.body.is_empty() {
            return Json::Null;
        }
        let text = || json!(String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap_or_else(|_| text())
    }
}

fn carry(mut client: TcpStream, target: &str, seen: &Mutex<Vec<Json>>) -> Option<()> {
    let request = Message::read(&mut client)?;
    let mut server = TcpStream::connect(target).ok()?;
    request.write(&mut server)?;
    let response = Message::read(&mut server)?;
    let mut words = request.first_line.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    let host = request.headers.iter().find(|(name, _)| name == "host").map(|(_, host)| host.as_str())?;
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(json!({
        "method": method,
        "url": format!("https://{host}{path}"),
        "requestHeaders": request.headers(),
        "requestBody": request.body(),
        "statusCode": response.first_line.split(' ').nth(1)?.parse::<u16>().ok()?,
        "responseHeaders": response.headers(),
        "responseBody": response.body(),
    }));
    response.write(&mut client)
}
