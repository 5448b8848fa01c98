use url::Url;
use zeroize::Zeroizing;

/// Who signs in where, read from a secret's text: a password alone, or an address that holds one.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Zeroizing<String>,
    pub(super) database: String,
}

/// The database that every server has.
const USUAL_DATABASE: &str = "postgres";

impl Login {
    /// Puts together what a request says and what the secret says; what the request says goes first. The host of an
    /// address is never used: a password goes to the server that the request names, and nowhere else.
    pub(super) fn read(user: Option<&str>, database: Option<&str>, secret: &str) -> Result<Self, &'static str> {
        let address = Address::read(secret)?;
        let (password, own_user, own_database) = match address {
            Some(address) => (address.password, address.user, address.database),
            None => (Zeroizing::new(secret.to_owned()), None, None),
        };
        let user = user.map(str::to_owned).or(own_user);
        let database = database.map(str::to_owned).or(own_database);
        Ok(Self {
            user: user.ok_or("the request names no login, and the secret is no address that does")?,
            password,
            database: database.unwrap_or_else(|| USUAL_DATABASE.to_owned()),
        })
    }
}

/// The password in a secret's text.
pub(super) fn password(secret: &str) -> Result<Zeroizing<String>, &'static str> {
    Ok(Address::read(secret)?.map_or_else(|| Zeroizing::new(secret.to_owned()), |address| address.password))
}

/// The parts of `postgresql://USER:PASSWORD@HOST/DATABASE` that matter here.
struct Address {
    user: Option<String>,
    password: Zeroizing<String>,
    database: Option<String>,
}

impl Address {
    /// Nothing if the text is no address at all. The text itself is never part of an error.
    fn read(text: &str) -> Result<Option<Self>, &'static str> {
        if !["postgresql://", "postgres://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Ok(None);
        }
        let url: Url = text.parse().map_err(|_| "the secret looks like an address, and cannot be read as one")?;
        let part = |encoded: &str| decoded(encoded).filter(|text| !text.is_empty());
        let password = url.password().and_then(decoded).map(Zeroizing::new);
        Ok(Some(Self {
            user: part(url.username()),
            password: password.ok_or("the secret is an address without a password in it")?,
            database: part(url.path().trim_start_matches('/')),
        }))
    }
}

/// Percent-decoded text (RFC 3986, section 2.1); nothing if it is not UTF-8.
fn decoded(encoded: &str) -> Option<String> {
    // A form's decoder takes `+` for a blank, and an address does not.
    let form = encoded.replace('+', "%2B");
    let mut pairs = url::form_urlencoded::parse(form.as_bytes());
    let (text, _) = pairs.next().unwrap_or_default();
    (!text.contains('\u{fffd}')).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gives_login_password_and_database_and_never_its_host() {
        let secret = "postgresql://chatbot:p%40ss%2Fw+rd@old.postgres.database.azure.com:5432/shop?sslmode=require";
        let login = Login::read(None, None, secret).unwrap();
        assert_eq!(
            (login.user.as_str(), login.password.as_str(), login.database.as_str()),
            ("chatbot", "p@ss/w+rd", "shop")
        );
        let other = Login::read(Some("admin"), Some("postgres"), secret).unwrap();
        assert_eq!((other.user.as_str(), other.database.as_str()), ("admin", "postgres"));
        assert_eq!(password(secret).unwrap().as_str(), "p@ss/w+rd");
    }

    #[test]
    fn a_bare_password_needs_a_login_beside_it() {
        let login = Login::read(Some("chatbot"), None, "s3cret").unwrap();
        assert_eq!((login.password.as_str(), login.database.as_str()), ("s3cret", "postgres"));
        assert!(Login::read(None, None, "s3cret").is_err());
        assert!(Login::read(None, None, "postgresql://chatbot@host/db").is_err());
    }
}
