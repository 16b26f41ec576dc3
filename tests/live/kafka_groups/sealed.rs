//! Removal of members over TLS, with certificates on both sides and every kind of login.

use super::{left_behind, topic};
use crate::fixture::{sealed, unique};
use rcgen::generate_simple_self_signed;
use sluice::client::kafka::{KafkaError, KafkaSettings, KafkaWriter, Removal};

/// The settings without a property, or with another value of it.
fn with(mut settings: KafkaSettings, changes: &[(&str, Option<&str>)]) -> KafkaSettings {
    for (key, value) in changes {
        settings.properties.remove(*key);
        settings.properties.extend(value.map(|value| ((*key).to_owned(), value.into())));
    }
    settings
}

async fn removes(settings: &KafkaSettings) {
    let (writer, group) = (KafkaWriter::connect(settings).unwrap(), unique("sealed"));
    let topic = topic(&writer, "sealed", 1).await;
    let member = left_behind(settings, &writer.reader(), &group, &topic).await;
    let removal = writer.remove_members(&group, std::slice::from_ref(&member)).await.unwrap();
    assert_eq!(removal, Removal::Done { removed: vec![member], gone: Vec::new() });
    assert_eq!(writer.reader().group(&group).await.unwrap().members, []);
}

#[tokio::test]
async fn members_are_removed_over_tls_with_every_login() {
    let broker = tokio::task::spawn_blocking(sealed::broker).await.unwrap();
    removes(&broker.login("PLAIN", "admin", "adminsecret")).await;
    for (mechanism, user) in sealed::SCRAM {
        removes(&broker.login(mechanism, user, &format!("secret-of-{user}"))).await;
        let wrong = KafkaWriter::connect(&broker.login(mechanism, user, "wrongsecret")).unwrap();
        let error = wrong.remove_members("g", &["m".to_owned()]).await.unwrap_err();
        assert!(matches!(&error, KafkaError::Login { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("wrongsecret"));
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test writes its certificates")]
async fn certificates_may_lie_in_files() {
    let broker = tokio::task::spawn_blocking(sealed::broker).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let papers = &broker.papers;
    let (authority, certificate, key) =
        (file("ca.pem", &papers.authority), file("me.pem", &papers.certificate), file("me.key", &papers.key));
    let changes = [
        ("ssl.ca.pem", None),
        ("ssl.certificate.pem", None),
        ("ssl.key.pem", None),
        ("ssl.ca.location", Some(authority.as_str())),
        ("ssl.certificate.location", Some(&certificate)),
        ("ssl.key.location", Some(&key)),
    ];
    removes(&with(broker.login("PLAIN", "admin", "adminsecret"), &changes)).await;
}

/// Nobody gets a password who does not show the right certificate, and nobody is let in without one.
#[tokio::test]
async fn strangers_are_not_spoken_to() {
    let broker = tokio::task::spawn_blocking(sealed::broker).await.unwrap();
    let stranger = generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap().cert.pem();
    let login = || broker.login("PLAIN", "admin", "adminsecret");
    for (changes, cause) in [
        (vec![("ssl.ca.pem", Some(stranger.as_str()))], "invalid peer certificate"),
        // Without an authority of its own it trusts the system's, which do not know this one.
        (vec![("ssl.ca.pem", None)], "invalid peer certificate"),
        (vec![("ssl.certificate.pem", None), ("ssl.key.pem", None)], "ertificate"),
        (vec![("security.protocol", Some("SASL_PLAINTEXT"))], ""),
    ] {
        let writer = KafkaWriter::connect(&with(login(), &changes)).unwrap();
        let error = writer.remove_members("g", &["m".to_owned()]).await.unwrap_err();
        assert!(
            matches!(&error, KafkaError::Unreachable { last, .. } if last.contains(cause))
                || matches!(&error, KafkaError::Request { .. } if cause.is_empty()),
            "{changes:?}: {error:?}"
        );
    }
    let unverified = with(login(), &[("enable.ssl.certificate.verification", Some("false"))]);
    let answer = KafkaWriter::connect(&unverified).unwrap().remove_members("g", &["m".to_owned()]).await.unwrap();
    assert!(matches!(&answer, Removal::Unsupported(why) if why.contains("certificate")), "{answer:?}");
}
