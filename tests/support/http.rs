use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// What a server on this machine answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Asks a server on this machine, at `http://127.0.0.1:PORT`, in the name of `host`. Nothing if it cannot be reached or
/// ends before it has answered.
pub(crate) fn ask(endpoint: &str, host: &str, method: &str, path: &str, body: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(endpoint.trim_start_matches("http://")).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // HTTP/1.0: the answer comes in one piece, and is whole when the connection ends (RFC 9112 §9.3, §7.1).
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}"
    );
    write!(stream, "{head}\r\n\r\n{body}").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some(Answer { status: head.split(' ').nth(1)?.parse().ok()?, body: body.to_owned() })
}
