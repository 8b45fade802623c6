internal import COpenSSL

/// Why a connection ended, or never came about.
package enum TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// We did not believe the peer's certificate.
    case certificateRefused(CertificateRefusal)
    /// The peer ended the connection with an alert (RFC 8446 section 6). Alerts 42 to 48, 113 and 116 are about our certificate.
    case alertReceived(TLSAlert)
    /// The handshake failed for another reason: what arrived is not TLS, or no version or cipher is in common.
    case handshakeFailed(queue: [OpenSSLFailure])
    /// The handshake was not over after this time.
    case handshakeTimedOut(after: Duration)
    /// The peer closed the connection before the handshake was over.
    case closedDuringHandshake
    /// The connection ended without the peer's farewell (`close_notify`): what arrived last may be cut short.
    case truncated
    /// What arrived after the handshake is not what the peer's end of the connection can have sent.
    case protocolViolated(queue: [OpenSSLFailure])
    /// More bytes waited in this process than `limit` allows.
    case tooMuchBuffered(limit: Int)
    /// The configuration cannot be used.
    case configurationRefused(CertificateError)
    /// OpenSSL refused `operation`, which only a lack of memory or a broken installation explains.
    case libraryFailed(operation: String, queue: [OpenSSLFailure])

    /// One sentence for what happened, one for what to do.
    package var message: String {
        switch self {
        case .certificateRefused(let refusal):
            refusal.message
        case .alertReceived(let alert) where alert.isAboutCertificate:
            """
            The peer refused our certificate (\(alert)). Check that it belongs to the same pool, that it has not expired, \
            and that the clocks of both servers agree.
            """
        case .alertReceived(let alert):
            "The peer ended the connection (\(alert)). Its log says why."
        case .handshakeFailed(let queue):
            "No TLS connection came about\(queue.clause). Check that the port is the right one and that both sides speak the same TLS version."
        case .handshakeTimedOut(let time):
            "The peer did not finish the TLS handshake within \(time). Check the network between the two, and that the peer's agent runs."
        case .closedDuringHandshake:
            "The peer closed the connection during the TLS handshake. Check that its agent runs and that the port is the right one."
        case .truncated:
            "The connection ended without a farewell from the peer, so its last words may be missing. Check whether the peer still runs."
        case .protocolViolated(let queue):
            "The peer broke the TLS protocol\(queue.clause). If this repeats, something between the two servers alters what they send."
        case .tooMuchBuffered(let limit):
            "More than \(limit) bytes waited for the TLS connection, so it was closed. Check whether the peer still reads."
        case .configurationRefused(let error):
            error.message
        case .libraryFailed(let operation, let queue):
            "OpenSSL refused \(operation)\(queue.clause). Check that libssl 3 of this system is whole and that memory is free."
        }
    }

    package var description: String { message }
}

/// An alert of TLS, by its number (RFC 8446 section 6).
package struct TLSAlert: Hashable, Sendable, CustomStringConvertible {
    /// The number on the wire, such as 48 for `unknown_ca`.
    package let number: UInt8

    /// An alert by its number on the wire.
    package init(number: UInt8) { self.number = number }

    /// bad_certificate to access_denied's neighbours (42 to 48), bad_certificate_status_response (113), certificate_required (116),
    /// and handshake_failure (40), with which OpenSSL reports a certificate that the application refused.
    package var isAboutCertificate: Bool { number == 40 || (42...48).contains(number) || number == 113 || number == 116 }

    package var description: String { "TLS alert \(number), \(String(cString: SSL_alert_desc_string_long(Int32(number))))" }
}

extension TLSError {
    /// OpenSSL reports an alert from the peer as this reason plus the alert's number (`SSL_AD_REASON_OFFSET`).
    private static let alertReasonOffset: Int32 = SSL_AD_REASON_OFFSET

    /// Sorts a failed handshake by its cause.
    static func handshake(refusal: CertificateRefusal?, queue: [OpenSSLFailure]) -> TLSError {
        if let refusal { return .certificateRefused(refusal) }
        if let alert = alert(in: queue) { return .alertReceived(alert) }
        if queue.contains(where: { $0.reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE }) { return .certificateRefused(.notPresented) }
        if queue.contains(where: { $0.reason == SSL_R_UNEXPECTED_EOF_WHILE_READING }) { return .closedDuringHandshake }
        return .handshakeFailed(queue: queue)
    }

    /// Sorts a failure after the handshake by its cause.
    static func connection(queue: [OpenSSLFailure]) -> TLSError {
        alert(in: queue).map(TLSError.alertReceived) ?? .protocolViolated(queue: queue)
    }

    private static func alert(in queue: [OpenSSLFailure]) -> TLSAlert? {
        queue.lazy.compactMap { UInt8(exactly: $0.reason - alertReasonOffset).map(TLSAlert.init(number:)) }.first
    }
}
