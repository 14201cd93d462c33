//! Database addresses: what is written in the configuration, and what sqlx gets.
//!
//! sqlx knows one host per address; here `postgres://user@one:5432,two/db` gives one address per host.
//! An address may hold a password, so it never appears in an error.

use sqlx::any::AnyConnectOptions;

use crate::Error;

/// Where the database is.
pub(crate) enum Address {
    /// A file.
    Sqlite(AnyConnectOptions),
    /// Servers of one cluster, in the order in which they are asked; at least one.
    Postgres(Vec<Host>),
}

/// One server.
#[derive(Clone)]
pub(crate) struct Host {
    /// Its name and port as written, for people.
    pub(crate) name: String,
    pub(crate) options: AnyConnectOptions,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        if url.starts_with("sqlite:") {
            return sqlite(url).map(Self::Sqlite);
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(Error::Address { problem: "it has no scheme such as sqlite://" });
        };
        match scheme {
            "postgres" | "postgresql" => postgres(rest).map(Self::Postgres),
            _ => Err(Error::Address { problem: "only sqlite:// and postgres:// are known" }),
        }
    }
}

fn sqlite(url: &str) -> Result<AnyConnectOptions, Error> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(Error::Address {
            problem: "a database in memory would forget what it answered",
        });
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    let url =
        if url.contains("mode=") { url.to_owned() } else { format!("{url}{separator}mode=rwc") };
    options(&url)
}

fn postgres(rest: &str) -> Result<Vec<Host>, Error> {
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    hosts
        .split(',')
        .map(|host| {
            let options = options(&format!("postgres://{user}{host}{tail}"))?;
            Ok(Host { name: host.to_owned(), options })
        })
        .collect()
}

fn options(url: &str) -> Result<AnyConnectOptions, Error> {
    // The parser's error is dropped on purpose: it may repeat the address.
    url.parse().map_err(|_| Error::Address { problem: "it is not a URL" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Vec<String> {
        match Address::parse(url) {
            Ok(Address::Sqlite(options)) => vec![options.database_url.to_string()],
            Ok(Address::Postgres(hosts)) => {
                hosts.iter().map(|host| host.options.database_url.to_string()).collect()
            }
            Err(error) => vec![error.to_string()],
        }
    }

    #[test]
    fn creates_the_sqlite_file_unless_told_otherwise() {
        assert_eq!(parsed("sqlite://bot.db"), ["sqlite://bot.db?mode=rwc"]);
        assert_eq!(parsed("sqlite:///var/bot.db?mode=ro"), ["sqlite:///var/bot.db?mode=ro"]);
        assert!(parsed("sqlite::memory:")[0].contains("forget"));
    }

    #[test]
    fn gives_each_host_an_address_of_its_own() {
        assert_eq!(
            parsed("postgres://bot:a%2Cb@one:5433,two/db?sslmode=require"),
            [
                "postgres://bot:a%2Cb@one:5433/db?sslmode=require",
                "postgres://bot:a%2Cb@two/db?sslmode=require"
            ]
        );
        assert_eq!(parsed("postgresql://one"), ["postgres://one"]);
    }

    #[test]
    fn never_repeats_an_address_that_is_wrong() {
        for wrong in ["mysql://bot:secret@one/db", "postgres://bot:secret@one:port/db", "secret"] {
            let said = parsed(wrong).concat();
            assert!(said.starts_with("could not"), "{wrong} was taken for an address: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
