use std::time::Duration;

use serde_json::{Value as Json, json};
use url::Url;

use super::redirect::loopback;
use super::{Redactor, WorldError, error};
use crate::base::{Span, Timestamp};

/// The control endpoints of a simulated estate, `/_sim/…`: its clock, its faults, what it was asked. Plain HTTP and JSON.
///
/// It only ever speaks to this machine: another address is refused when it is opened, and a redirect is never followed.
/// Nothing is asked twice, and no connection is used twice: one that a server has just closed would lose an order to
/// set the clock forward.
#[derive(Clone, Debug)]
pub struct Control {
    client: reqwest::Client,
    endpoint: Url,
}

/// What an estate's clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The estate's moment.
    pub now: Timestamp,
    /// So many estate seconds pass in one host second; at least 1.
    pub speed: u32,
}

/// How long a server on this machine may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// A server on this machine that has not answered by then hangs.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

impl Control {
    /// Prepares to ask the estate at `http://127.0.0.1:PORT`; nothing is asked yet.
    ///
    /// # Errors
    /// [`WorldError::Endpoint`] if the address is not one of this machine, or [`WorldError::Client`].
    pub fn open(endpoint: &str) -> Result<Self, WorldError> {
        let endpoint = loopback(endpoint)?;
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_LIMIT)
            .timeout(ANSWER_LIMIT)
            .no_proxy()
            .tls_certs_only([]);
        Ok(Self { client: builder.build().map_err(WorldError::Client)?, endpoint })
    }

    /// Reads the estate's clock.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn clock(&self) -> Result<Reading, WorldError> {
        self.reading(&self.get("clock").await?)
    }

    /// Sets the clock forward to `at`; one that is there already stays.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn advance_to(&self, at: Timestamp) -> Result<Reading, WorldError> {
        self.reading(&self.post("clock/advance", json!({"to": at.to_string()})).await?)
    }

    /// Sets the clock forward by `span`, to the microsecond, from wherever the estate's own clock stands by then.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn advance_by(&self, span: Span) -> Result<Reading, WorldError> {
        self.reading(&self.post("clock/advance", json!({"seconds": seconds(span)})).await?)
    }

    /// Sets the clock's speed, in estate seconds per host second; 0 counts as 1.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn set_speed(&self, speed: u32) -> Result<Reading, WorldError> {
        self.reading(&self.post("clock/speed", json!({"speed": speed.max(1)})).await?)
    }

    /// Tells the server to stop. It may still be ending when this returns.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn stop(&self) -> Result<(), WorldError> {
        self.ask(self.client.post(self.address("stop"))).await.map(drop)
    }

    /// Asks a control endpoint, `/_sim/PATH`. An answer without a body is null.
    ///
    /// # Errors
    /// [`WorldError::Simulator`] if nobody answers, or not in JSON; [`WorldError::Refused`] if the simulator refuses.
    pub async fn get(&self, path: &str) -> Result<Json, WorldError> {
        self.ask(self.client.get(self.address(path))).await
    }

    /// Tells a control endpoint something.
    ///
    /// # Errors
    /// As [`Self::get`]; when nobody answers it is not known whether it was carried out.
    pub async fn post(&self, path: &str, body: Json) -> Result<Json, WorldError> {
        let request = self.client.post(self.address(path)).header("content-type", "application/json");
        self.ask(request.body(body.to_string())).await
    }

    /// Removes what a control endpoint holds.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn delete(&self, path: &str) -> Result<Json, WorldError> {
        self.ask(self.client.delete(self.address(path))).await
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.endpoint.clone();
        url.set_path(&format!("/_sim/{path}"));
        url
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Json, WorldError> {
        let answer = request.send().await.map_err(|error| self.silent(error::root(&error)))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| self.silent(error::root(&error)))?;
        let body = if text.is_empty() { Some(Json::Null) } else { serde_json::from_str::<Json>(&text).ok() };
        let said = || Redactor::new().redact(&text).chars().take(200).collect::<String>();
        match body {
            Some(body) if status.is_success() => Ok(body),
            Some(body) if body["error"]["message"].is_string() => {
                let message = body["error"]["message"].as_str().unwrap_or_default();
                Err(WorldError::Refused { status: status.as_u16(), message: Redactor::new().redact(message) })
            }
            _ => Err(self.silent(format!("it answered {status}: {}", said()))),
        }
    }

    fn reading(&self, body: &Json) -> Result<Reading, WorldError> {
        let now = body["now"].as_str().and_then(|now| now.parse().ok());
        let speed = body["speed"].as_u64().and_then(|speed| u32::try_from(speed).ok());
        match (now, speed) {
            (Some(now), Some(speed)) => Ok(Reading { now, speed: speed.max(1) }),
            _ => Err(self.silent("its clock cannot be read".to_owned())),
        }
    }

    /// It does not answer, or not as the simulator would.
    fn silent(&self, why: String) -> WorldError {
        WorldError::Simulator { endpoint: self.endpoint.to_string(), why }
    }
}

/// Seconds as a JSON number that keeps the microseconds.
fn seconds(span: Span) -> Json {
    let whole = span.microseconds() / 1_000_000;
    let text = format!("{whole}.{:06}", span.microseconds() % 1_000_000);
    serde_json::from_str(&text).unwrap_or_else(|_| json!(whole))
}

#[cfg(test)]
mod tests {
    use super::super::redirect::tests::Canned;
    use super::*;

    fn control(canned: &Canned) -> Control {
        Control::open(canned.endpoint.as_str()).unwrap()
    }

    #[test]
    fn only_an_estate_of_this_machine_is_spoken_to() {
        for elsewhere in ["http://10.0.0.1:4711", "http://example.com:80", "https://127.0.0.1:4711", "127.0.0.1:4711"] {
            assert!(matches!(Control::open(elsewhere), Err(WorldError::Endpoint(_))), "{elsewhere}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_that_is_not_the_simulators_and_nobody_follows_it() {
        let other = Canned::serve([("200 OK", "", r#"{"now": "2026-11-20T03:10:00Z", "speed": 1}"#)]).await;
        let location = format!("location: {}_sim/clock\r\n", other.endpoint);
        let first = Canned::serve([("302 Found", &location, "")]).await;
        let error = control(&first).clock().await.unwrap_err();
        assert!(error.to_string().contains("302"), "{error}");
        assert!(other.asked().is_empty());
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_simulators_own_words() {
        let body = r#"{"error": {"code": "X", "message": "the speed must be at least 1"}}"#;
        let canned = Canned::serve([("400 Bad Request", "", body)]).await;
        let error = control(&canned).set_speed(60).await.unwrap_err();
        assert!(matches!(&error, WorldError::Refused { status: 400, message } if message.contains("at least 1")));
        assert!(canned.asked()[0].starts_with("POST /_sim/clock/speed "), "{}", canned.asked()[0]);
    }

    #[tokio::test]
    async fn whoever_answers_in_other_words_is_not_a_simulator() {
        let canned = Canned::serve([("200 OK", "", "<html>"), ("200 OK", "", r#"{"now": "soon"}"#)]).await;
        assert!(matches!(control(&canned).get("requests").await, Err(WorldError::Simulator { .. })));
        assert!(matches!(control(&canned).clock().await, Err(WorldError::Simulator { .. })));
    }

    #[test]
    fn microseconds_are_not_lost_on_the_way() {
        assert_eq!(seconds(Span::from_microseconds(1_500_000)).to_string(), "1.5");
        assert_eq!(seconds(Span::minutes(60 * 24)).to_string(), "86400.0");
    }
}
