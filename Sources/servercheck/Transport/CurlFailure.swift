// Why a transfer failed, in words that name the server and the remedy. Built here and not taken from libcurl, whose texts
// can hold the URL and with it the token.

/// A transfer that libcurl could not complete.
struct CurlFailure: Sendable, Equatable {
    /// CURLcode, see libcurl-errors(3).
    var code: Int32
    /// What the code means, without anything of this transfer.
    var words: String
    /// libcurl's error buffer. Used only where it says what no code says: what is wrong with a certificate.
    var detail: String = ""
    /// errno of the connect, 0 when there was none.
    var connectErrno: Int32 = 0
    /// The SMTP server's last refusal.
    var reply: String?

    /// One line.
    func text(of transfer: Transfer, limits: CurlTransport.Limits) -> String {
        let place = transfer.place
        switch code {
        case 1:
            return "this machine's libcurl cannot speak to \(place) "
                + "(install the package libcurl4; on Fedora and RHEL: libcurl in place of libcurl-minimal)"
        case 3: return "\(place) is no usable address"
        case 5: return "cannot find the address of the proxy (see https_proxy, http_proxy and all_proxy)"
        case 6: return "cannot find the address of \(place) (is the name right, does DNS work here?)"
        case 7: return "cannot connect to \(place): \(connectErrno == 0 ? words : SystemError.text(connectErrno))"
        case 28:
            return "no complete answer from \(place) in time "
                + "(\(limits.connectSeconds) s to connect, \(limits.transferSeconds) s in all)"
        case 35: return "TLS with \(place) failed: \(detail.isEmpty ? words : detail)"
        case 52: return "\(place) closed the connection without an answer"
        case 60:
            let remedy = if case .mail = transfer { " (ca_file names an authority of your own)" } else { "" }
            return "the certificate of \(place) is not accepted: \(detail.isEmpty ? words : detail)" + remedy
        case 64:
            if let reply { return "\(place) refused STARTTLS, so nothing was sent: \(reply)" }
            return "\(place) does not offer STARTTLS, so nothing was sent "
                + "(port 465 means TLS from the start; send_starttls false sends in the clear)"
        case 67:
            return "\(place) refused the login: \(reply ?? words) (check username and password)"
        case 77:
            return "cannot read the certificates for \(place): \(detail.isEmpty ? words : detail)"
                + " (install the package ca-certificates, or check ca_file)"
        default:
            if let reply { return "\(place) refused the message: \(reply)" }
            return "\(place): \(words)"
        }
    }
}

extension Transfer {
    /// Where it goes, without path and secrets: `https://api.telegram.org`, `mail.example.org:587`.
    var place: String {
        switch self {
        case .http(let request):
            let url = request.url.revealed
            guard let scheme = url.utf8.firstIndex(of: UInt8(ascii: ":")), url[scheme...].hasPrefix("://") else {
                return "the server"
            }
            let rest = url.utf8[scheme...].dropFirst(3)
            return String(decoding: url.utf8[..<scheme], as: UTF8.self) + "://"
                + String(decoding: rest.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self)
        case .mail(let request): return "\(request.bracketedServer):\(request.port)"
        }
    }
}
