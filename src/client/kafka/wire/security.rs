//! How a connection of our own is secured: librdkafka's properties, as far as this client can honour them.

use super::super::settings::KafkaSettings;
use secrecy::{ExposeSecret, SecretString};

/// Protection and login.
#[derive(Debug)]
pub(super) struct Security {
    /// TLS, where the connection has it.
    pub(super) tls: Option<Tls>,
    /// The login, where the connection has one.
    pub(super) login: Option<Login>,
}

/// Where certificates and the key come from.
#[derive(Debug, Default)]
pub(super) struct Tls {
    /// Authorities to trust; the system's where there is none.
    pub(super) authority: Option<Pem>,
    /// Our own certificate chain and its key.
    pub(super) identity: Option<(Pem, Pem)>,
}

/// PEM texts of a property.
#[derive(Debug, Clone)]
pub(super) enum Pem {
    /// The text itself.
    Text(SecretString),
    /// The path of a file that holds it.
    File(String),
}

/// Who we are.
#[derive(Debug)]
pub(super) struct Login {
    /// SASL mechanism, one of [`MECHANISMS`].
    pub(super) mechanism: &'static str,
    pub(super) user: SecretString,
    pub(super) password: SecretString,
}

/// SASL mechanisms this client speaks.
const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/// Properties that say how far to trust whom. Passing one of them over would weaken the connection or break it.
const UNHEEDED: [&str; 7] = [
    "ssl.cipher.suites",
    "ssl.crl.location",
    "ssl.curves.list",
    "ssl.key.password",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.sigalgs.list",
];

impl Security {
    /// What the properties ask for; the error says why this client cannot do it.
    pub(super) fn of(settings: &KafkaSettings) -> Result<Self, String> {
        let properties = Properties(settings);
        let protocol = properties.word("security.protocol").unwrap_or("plaintext").to_ascii_lowercase();
        let (tls, login) = match protocol.as_str() {
            "plaintext" => (false, false),
            "ssl" => (true, false),
            "sasl_plaintext" => (false, true),
            "sasl_ssl" => (true, true),
            _ => return Err(format!("it does not know the security protocol {protocol}")),
        };
        Ok(Self {
            tls: tls.then(|| Tls::of(&properties)).transpose()?,
            login: login.then(|| Login::of(&properties)).transpose()?,
        })
    }
}

impl Tls {
    fn of(properties: &Properties<'_>) -> Result<Self, String> {
        if let Some(key) = UNHEEDED.into_iter().find(|key| properties.get(key).is_some()) {
            return Err(format!("it cannot heed the property `{key}`"));
        }
        if let Some(verify) = properties.word("enable.ssl.certificate.verification")
            && verify != "true"
        {
            return Err("it speaks to no broker whose certificate it may not verify".to_owned());
        }
        if let Some(names) = properties.word("ssl.endpoint.identification.algorithm")
            && !names.eq_ignore_ascii_case("https")
        {
            return Err("it speaks to no broker whose name it may not verify".to_owned());
        }
        let identity = match (properties.pem("ssl.certificate"), properties.pem("ssl.key")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err("it needs a certificate and a key, or none of both".to_owned());
            }
        };
        // `probe` is librdkafka's word for the system's authorities.
        let authority = properties.pem("ssl.ca").filter(|pem| !matches!(pem, Pem::File(path) if path == "probe"));
        Ok(Self { authority, identity })
    }
}

impl Login {
    fn of(properties: &Properties<'_>) -> Result<Self, String> {
        // Both names are one property to librdkafka, and GSSAPI is its default.
        let wanted = properties.word("sasl.mechanisms").or_else(|| properties.word("sasl.mechanism"));
        let wanted = wanted.unwrap_or("GSSAPI");
        let mechanism = MECHANISMS.into_iter().find(|m| *m == wanted);
        let mechanism = mechanism.ok_or_else(|| format!("it does not speak the SASL mechanism {wanted}"))?;
        let secret = |key| properties.get(key).cloned().ok_or_else(|| format!("it finds no property `{key}`"));
        Ok(Self { mechanism, user: secret("sasl.username")?, password: secret("sasl.password")? })
    }
}

/// The properties of a connection; an empty value is none.
struct Properties<'a>(&'a KafkaSettings);

impl<'a> Properties<'a> {
    fn get(&self, key: &str) -> Option<&'a SecretString> {
        self.0.properties.get(key).filter(|value| !value.expose_secret().is_empty())
    }

    fn word(&self, key: &str) -> Option<&'a str> {
        self.get(key).map(ExposeSecret::expose_secret)
    }

    /// The text where there is one, else the path, as librdkafka prefers them.
    fn pem(&self, stem: &str) -> Option<Pem> {
        let text = self.get(&format!("{stem}.pem")).cloned().map(Pem::Text);
        text.or_else(|| self.word(&format!("{stem}.location")).map(|path| Pem::File(path.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(properties: &[(&str, &str)]) -> Result<Security, String> {
        let mut settings = KafkaSettings::new("h:1");
        settings.properties = properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
        Security::of(&settings)
    }

    #[test]
    fn nothing_said_is_nothing_secured() {
        let security = of(&[("sasl.password", "unused")]).unwrap();
        assert!(security.tls.is_none() && security.login.is_none());
    }

    #[test]
    fn protocols_are_read_in_any_case_and_the_secrets_are_not_shown() {
        for mechanism in MECHANISMS {
            let security = of(&[
                ("security.protocol", "SASL_SSL"),
                ("sasl.mechanism", mechanism),
                ("sasl.username", "alice"),
                ("sasl.password", "swordfish"),
                ("ssl.ca.location", "probe"),
                ("ssl.certificate.location", "me.pem"),
                ("ssl.key.pem", "KEY"),
                ("ssl.endpoint.identification.algorithm", "https"),
            ])
            .unwrap();
            assert!(!format!("{security:?}").contains("swordfish") && !format!("{security:?}").contains("KEY"));
            let (tls, login) = (security.tls.unwrap(), security.login.unwrap());
            assert!(tls.authority.is_none());
            let (certificate, key) = tls.identity.unwrap();
            assert!(matches!(certificate, Pem::File(path) if path == "me.pem") && matches!(key, Pem::Text(_)));
            assert_eq!((login.mechanism, login.user.expose_secret()), (mechanism, "alice"));
        }
        assert!(of(&[("security.protocol", "ssl")]).unwrap().tls.is_some());
    }

    #[test]
    fn what_this_client_cannot_do_is_said() {
        let sasl = ("security.protocol", "sasl_plaintext");
        for (properties, why) in [
            (vec![sasl], "GSSAPI"),
            (vec![sasl, ("sasl.mechanisms", "OAUTHBEARER")], "OAUTHBEARER"),
            (vec![sasl, ("sasl.mechanism", "PLAIN"), ("sasl.username", "a")], "sasl.password"),
            (vec![("security.protocol", "ssl"), ("enable.ssl.certificate.verification", "false")], "certificate"),
            (vec![("security.protocol", "ssl"), ("ssl.endpoint.identification.algorithm", "none")], "name"),
            (vec![("security.protocol", "ssl"), ("ssl.keystore.location", "k.p12")], "ssl.keystore.location"),
            (vec![("security.protocol", "ssl"), ("ssl.key.location", "k.pem")], "a certificate and a key"),
            (vec![("security.protocol", "quic")], "quic"),
        ] {
            let error = of(&properties).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
