use futures::StreamExt as _;
use serde_json::{Value as Json, json};
use tokio_postgres::{Client, SimpleQueryMessage, Statement};

/// What a statement gave, or why it gave nothing.
pub(super) type Given = Result<Json, tokio_postgres::Error>;

/// No answer holds more text than this, in bytes; what would be beyond is left out, and the answer says so.
const MOST_TEXT: usize = 256 << 10;

/// Asks one question in a read-only transaction, for at most `rows` rows within `seconds`.
///
/// The server itself makes sure that it is one statement: preparing takes no more, and gives the columns' types. The same
/// text is then asked as text, because a value as text needs no knowledge of its type.
pub(super) async fn ask(client: &Client, sql: &str, rows: usize, seconds: u32) -> Given {
    client.batch_execute(&opening(seconds)).await?;
    let statement = client.prepare(sql).await?;
    let mut answer = std::pin::pin!(client.simple_query_raw(sql).await?);
    let (mut read, mut bytes, mut truncated) = (Vec::new(), 0, false);
    while let Some(message) = answer.next().await {
        let SimpleQueryMessage::Row(row) = message? else { continue };
        let values: Vec<Option<&str>> = (0..row.len()).map(|at| row.get(at)).collect();
        bytes += values.iter().flatten().map(|text| text.len()).sum::<usize>();
        if read.len() == rows || bytes > MOST_TEXT {
            // The rest is not waited for: the connection ends with this question.
            truncated = true;
            break;
        }
        read.push(json!(values));
    }
    Ok(json!({"columns": columns(&statement), "rows": read, "truncated": truncated}))
}

/// Moments are told in UTC and in ISO's form, whatever server and login are set to.
fn opening(seconds: u32) -> String {
    format!(
        "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'",
        u64::from(seconds) * 1000
    )
}

fn columns(statement: &Statement) -> Vec<Json> {
    let column = |column: &tokio_postgres::Column| json!({"name": column.name(), "type": column.type_().name()});
    statement.columns().iter().map(column).collect()
}

/// What the server keeps of a password, made here, so that the password itself is in no statement: by the method that the
/// server says it uses.
pub(super) async fn verifier(client: &Client, role: &str, password: &str) -> Result<String, tokio_postgres::Error> {
    let answer = client.simple_query("SHOW password_encryption").await?;
    let method = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(match method {
        Some("md5" | "on") => postgres_protocol::password::md5(password.as_bytes(), role),
        _ => postgres_protocol::password::scram_sha_256(password.as_bytes()),
    })
}
