//! A private certificate authority and the certificate of one server on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// Certificates as files in PEM, made anew for each server.
#[derive(Debug)]
pub struct Certificates {
    /// The authority, which clients have to trust.
    pub authority: PathBuf,
    /// The server's certificate, for `localhost` and `127.0.0.1`.
    pub certificate: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
}

impl Certificates {
    /// Writes them into that directory.
    ///
    /// # Panics
    ///
    /// If they can't be made or written.
    #[must_use]
    pub fn create(directory: &Path) -> Self {
        let authority_key = KeyPair::generate().expect("a key can be made");
        let mut authority = CertificateParams::default();
        authority
            .distinguished_name
            .push(DnType::CommonName, "Crucial test authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_certificate = authority
            .self_signed(&authority_key)
            .expect("an authority can sign itself");
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate().expect("a key can be made");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)
            .and_then(|params| params.signed_by(&key, &issuer))
            .expect("the authority can sign");

        let write = |name: &str, pem: String| {
            let path = directory.join(name);
            fs::write(&path, pem).expect("the temporary directory can be written to");
            path
        };
        Self {
            authority: write("authority.pem", authority_certificate.pem()),
            certificate: write("certificate.pem", certificate.pem()),
            key: write("key.pem", key.serialize_pem()),
        }
    }
}
