//! TLS for a connection of our own, with rustls.

use super::security::{Pem, Tls};
use rustls_platform_verifier::BuilderVerifierExt as _;
use secrecy::ExposeSecret;
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

/// rustls' form of it; the error says why there is none.
pub(super) fn client_config(tls: &Tls) -> Result<Arc<ClientConfig>, String> {
    let words = |e: tokio_rustls::rustls::Error| e.to_string();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(words)?;
    let builder = match &tls.authority {
        Some(pem) => builder.with_root_certificates(roots(pem)?),
        None => builder.with_platform_verifier().map_err(words)?,
    };
    let config = match &tls.identity {
        Some((chain, key)) => {
            let key =
                PrivateKeyDer::from_pem_slice(&bytes(key)?).map_err(|e| format!("the key cannot be read: {e}"))?;
            builder.with_client_auth_cert(certificates(chain)?, key).map_err(words)?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

fn roots(pem: &Pem) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (added, refused) = roots.add_parsable_certificates(certificates(pem)?);
    if added == 0 {
        return Err(format!("none of {refused} certificate authorities can be used"));
    }
    Ok(roots)
}

fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = bytes(pem)?;
    let found = CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>();
    found.map_err(|e| format!("the certificates cannot be read: {e}"))
}

#[expect(clippy::disallowed_methods, reason = "certificates and keys are part of the connection")]
fn bytes(pem: &Pem) -> Result<Vec<u8>, String> {
    match pem {
        Pem::Text(text) => Ok(text.expose_secret().as_bytes().to_vec()),
        Pem::File(path) => std::fs::read(path).map_err(|e| format!("{path} cannot be read: {e}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_without_a_certificate_is_told() {
        let tls = |authority| Tls { authority: Some(authority), identity: None };
        let error = client_config(&tls(Pem::Text("no certificate".into()))).unwrap_err();
        assert!(error.contains("none of 0"), "{error}");
        let error = client_config(&tls(Pem::File("nowhere/ca.pem".to_owned()))).unwrap_err();
        assert!(error.contains("nowhere/ca.pem cannot be read"), "{error}");
    }

    #[test]
    fn certificate_and_key_become_an_identity() {
        let made = rcgen::generate_simple_self_signed(["broker".to_owned()]).unwrap();
        let (certificate, key) =
            (Pem::Text(made.cert.pem().into()), Pem::Text(made.signing_key.serialize_pem().into()));
        let tls = Tls { authority: Some(certificate.clone()), identity: Some((certificate.clone(), key)) };
        assert!(client_config(&tls).unwrap().client_auth_cert_resolver.has_certs());
        let wrong = Tls { authority: None, identity: Some((certificate.clone(), certificate)) };
        assert!(client_config(&wrong).unwrap_err().contains("the key cannot be read"));
    }
}
