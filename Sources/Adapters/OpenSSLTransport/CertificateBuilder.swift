internal import COpenSSL

/// A certificate being made. Lives inside one call and is not shared.
final class CertificateBuilder {
    /// The fixed extensions of a kind of certificate.
    enum Profile {
        case authority
        case server
        case `operator`

        /// Extension and value in OpenSSL's configuration syntax; constants only, see `SubjectAlternativeNames.withStack`.
        var extensions: [(Int32, String)] {
            switch self {
            case .authority:
                [
                    (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                    (NID_subject_key_identifier, "hash"),
                ]
            case .server: Self.issued + [(NID_ext_key_usage, "serverAuth,clientAuth")]
            case .operator: Self.issued + [(NID_ext_key_usage, "clientAuth")]
            }
        }

        private static let issued: [(Int32, String)] = [
            (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
            (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"),
        ]
    }

    private static let version3 = 2
    private static let serialByteCount = 16
    private let handle: OpaquePointer

    init(validFrom notBefore: CertificateTime, until notAfter: CertificateTime) throws(CertificateError) {
        ERR_clear_error()
        guard let handle = X509_new() else {
            throw .libraryFailed(operation: "making a certificate", queue: OpenSSLFailure.takeQueue())
        }
        self.handle = handle
        let isFilled =
            X509_set_version(handle, Self.version3) == 1 && Self.setSerial(of: handle)
            && notBefore.withASN1Time { X509_set1_notBefore(handle, $0) } == 1
            && notAfter.withASN1Time { X509_set1_notAfter(handle, $0) } == 1
        try check(isFilled, "dating a certificate")
    }

    deinit { X509_free(handle) }

    /// A serial number that nobody can foresee: 126 random bits, positive (RFC 5280 section 4.1.2.2).
    private static func setSerial(of handle: OpaquePointer) -> Bool {
        var bytes = Cryptography.randomBytes(serialByteCount)
        bytes[0] = bytes[0] & 0x3f | 0x40
        let number = BN_bin2bn(bytes, Int32(bytes.count), nil)
        let serial = BN_to_ASN1_INTEGER(number, nil)
        defer {
            BN_free(number)
            ASN1_STRING_free(serial)
        }
        return X509_set_serialNumber(handle, serial) == 1
    }

    func setPublicKey(of key: PrivateKey) throws(CertificateError) {
        try check(X509_set_pubkey(handle, key.handle) == 1, "setting a public key")
    }

    func setPublicKey(of request: SigningRequest) throws(CertificateError) {
        try check(X509_set_pubkey(handle, X509_REQ_get0_pubkey(request.handle)) == 1, "setting a public key")
    }

    /// Sets the common names. The issuer's must equal the authority's byte for byte, so it is copied from there.
    func setNames(subject: String, issuer: String, issuedBy authority: Certificate? = nil) throws(CertificateError) {
        let name = X509_NAME_new()
        defer { X509_NAME_free(name) }
        let bytes = Array(subject.utf8)
        let isNamed =
            X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_FLAG | 1, bytes, Int32(bytes.count), -1, 0) == 1
            && X509_set_subject_name(handle, name) == 1
            && X509_set_issuer_name(handle, authority.map { X509_get_subject_name($0.handle) } ?? name) == 1
        try check(isNamed, "naming a certificate")
    }

    /// Adds the extensions of `profile`. Call it after the keys and names are set: some are computed from them.
    func add(_ profile: Profile, issuer: Certificate?) throws(CertificateError) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer?.handle ?? handle, handle, nil, nil, 0)
        for (identifier, value) in profile.extensions {
            let entry = X509V3_EXT_conf_nid(nil, &context, identifier, value)
            defer { X509_EXTENSION_free(entry) }
            try check(entry != nil && X509_add_ext(handle, entry, -1) == 1, "extending a certificate")
        }
    }

    func add(identity: CertificateIdentity, names: [String]) throws(CertificateError) {
        try SubjectAlternativeNames.withStack(identity: identity, names: names) { [handle] (stack) throws(CertificateError) in
            let isAdded = X509_add1_ext_i2d(handle, NID_subject_alt_name, UnsafeMutableRawPointer(stack), 0, 0) == 1
            if !isAdded { throw .libraryFailed(operation: "naming a certificate", queue: OpenSSLFailure.takeQueue()) }
        }
    }

    /// Signs with ECDSA and SHA-256, and hands the certificate over. Reads it back first, as every reader will.
    func sign(with key: PrivateKey) throws(CertificateError) -> Certificate {
        try check(X509_sign(handle, key.handle, EVP_sha256()) > 0, "signing a certificate")
        return try Certificate(der: DER.encode { i2d_X509(self.handle, $0) })
    }

    private func check(_ isDone: Bool, _ operation: String) throws(CertificateError) {
        if !isDone { throw .libraryFailed(operation: operation, queue: OpenSSLFailure.takeQueue()) }
    }
}
