internal import COpenSSL

/// The subject alternative name extension (RFC 5280 section 4.2.1.6), read and written.
enum SubjectAlternativeNames {
    /// The most names that one certificate may bear beside its identity.
    static let nameLimit = 16
    private static let dnsNameLimit = 253

    /// The one `ovm://` identity of a certificate; nil where there is none, or more than one.
    static func identity(of certificate: OpaquePointer) -> CertificateIdentity? {
        withNames(OpaquePointer(X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil)), identity(in:))
    }

    /// The DNS names and addresses of a certificate, as ``withStack(identity:names:_:)`` takes them; others are left out.
    static func names(of certificate: OpaquePointer) -> [String] {
        withNames(OpaquePointer(X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil)), names(in:)) ?? []
    }

    /// The one `ovm://` identity that a stack of extensions asks for.
    static func identity(ofExtensions extensions: OpaquePointer) -> CertificateIdentity? {
        withNames(OpaquePointer(X509V3_get_d2i(extensions, NID_subject_alt_name, nil, nil)), identity(in:))
    }

    private static func withNames<Result>(_ names: OpaquePointer?, _ body: (OpaquePointer) -> Result?) -> Result? {
        guard let names else { return nil }
        defer { ovm_sk_GENERAL_NAME_pop_free(names) }
        return body(names)
    }

    private static func identity(in names: OpaquePointer) -> CertificateIdentity? {
        var found: [String] = []
        for index in 0..<max(0, ovm_sk_GENERAL_NAME_num(names)) {
            guard let name = ovm_sk_GENERAL_NAME_value(names, index), name.pointee.type == GEN_URI else { continue }
            let text = text(of: name.pointee.d.uniformResourceIdentifier)
            // The scheme is compared without regard to case, so that a second identity in another spelling is seen as one too many.
            if text.lowercased().hasPrefix("ovm:") { found.append(text) }
        }
        return found.count == 1 ? CertificateIdentity(uri: found[0]) : nil
    }

    private static func names(in names: OpaquePointer) -> [String] {
        var found: [String] = []
        for index in 0..<max(0, ovm_sk_GENERAL_NAME_num(names)) where found.count < nameLimit {
            guard let name = ovm_sk_GENERAL_NAME_value(names, index) else { continue }
            switch name.pointee.type {
            case GEN_DNS:
                let text = text(of: name.pointee.d.dNSName)
                if isDNSName(text) { found.append(text) }
            case GEN_IPADD:
                if let address = addressText(bytes(of: name.pointee.d.iPAddress)) { found.append(address) }
            default: continue
            }
        }
        return found
    }

    /// An IPv4 or IPv6 address in words that OpenSSL reads; nil for another number of bytes.
    private static func addressText(_ bytes: [UInt8]) -> String? {
        switch bytes.count {
        case 4: return bytes.map { String($0) }.joined(separator: ".")
        case 16:
            let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
            return groups.map { String($0, radix: 16) }.joined(separator: ":")
        default: return nil
        }
    }

    private static func text(of value: UnsafePointer<ASN1_STRING>?) -> String { String(decoding: bytes(of: value), as: UTF8.self) }

    /// The bytes of an ASN.1 string by its length: it may hold a NUL, at which a C string would end too early.
    private static func bytes(of value: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
        guard let value else { return [] }
        return Array(UnsafeBufferPointer(start: ASN1_STRING_get0_data(value), count: Int(max(0, ASN1_STRING_length(value)))))
    }

    /// Lets `body` use a stack of the identity's URI and `names`, each a DNS name or an address.
    static func withStack<Result>(
        identity: CertificateIdentity?, names: [String], _ body: (OpaquePointer) throws(CertificateError) -> Result
    ) throws(CertificateError) -> Result {
        guard let stack = ovm_sk_GENERAL_NAME_new_null() else {
            throw .libraryFailed(operation: "making a list of names", queue: OpenSSLFailure.takeQueue())
        }
        defer { ovm_sk_GENERAL_NAME_pop_free(stack) }
        if let identity { try push(type: GEN_URI, value: string(identity.uri), name: identity.uri, onto: stack) }
        guard names.count <= nameLimit else { throw .nameRefused(name: names[nameLimit]) }
        for name in names {
            // Names become strings of their own here and never pass through OpenSSL's configuration syntax, where a comma would begin another.
            if !name.utf8.contains(0), let address = a2i_IPADDRESS(name) {
                try push(type: GEN_IPADD, value: address, name: name, onto: stack)
            } else {
                guard isDNSName(name) else { throw .nameRefused(name: name) }
                try push(type: GEN_DNS, value: string(name), name: name, onto: stack)
            }
        }
        return try body(stack)
    }

    private static func string(_ text: String) -> UnsafeMutablePointer<ASN1_STRING>? {
        let value = ASN1_STRING_type_new(V_ASN1_IA5STRING)
        let bytes = Array(text.utf8)
        ASN1_STRING_set(value, bytes, Int32(bytes.count))
        return value
    }

    private static func push(
        type: Int32, value: UnsafeMutablePointer<ASN1_STRING>?, name: String, onto stack: OpaquePointer
    ) throws(CertificateError) {
        guard let value, let entry = GENERAL_NAME_new() else {
            throw .libraryFailed(operation: "naming \(name)", queue: OpenSSLFailure.takeQueue())
        }
        GENERAL_NAME_set0_value(entry, type, value)
        guard ovm_sk_GENERAL_NAME_push(stack, entry) > 0 else {
            GENERAL_NAME_free(entry)
            throw .libraryFailed(operation: "naming \(name)", queue: OpenSSLFailure.takeQueue())
        }
    }

    /// Letters, digits, hyphens and dots, no empty label, at most 253 bytes.
    private static func isDNSName(_ name: String) -> Bool {
        guard name.utf8.count <= dnsNameLimit else { return false }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63
                && label.utf8.allSatisfy { character in
                    switch character {
                    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
        }
    }
}
