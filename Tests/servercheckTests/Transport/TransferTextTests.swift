import Testing

@testable import servercheck

@Suite struct TransferTextTests {
    static let http = Transfer.http(
        Transfer.HTTPRequest(url: Secret("https://api.example.org:8443/botT0KEN/x"), contentType: "", body: []))
    static let mail = Transfer.mail(mailRequest())

    static func mailRequest(
        server: String = "::1", security: Transfer.MailRequest.Security = .startTLS, username: String? = "u"
    ) -> Transfer.MailRequest {
        Transfer.MailRequest(
            server: server, port: 587, security: security, username: username,
            password: username == nil ? nil : Secret("pass"), sender: "a@b", recipients: ["c@d"], clientName: "me",
            verifyTLS: true, message: [])
    }

    static let failures: [(Int32, Int32, String?, Transfer, String)] = [
        (
            1, 0, nil, mail,
            "this machine's libcurl cannot speak to [::1]:587 "
                + "(install the package libcurl4; on Fedora and RHEL: libcurl in place of libcurl-minimal)"
        ),
        (3, 0, nil, http, "https://api.example.org:8443 is no usable address"),
        (5, 0, nil, http, "cannot find the address of the proxy (see https_proxy, http_proxy and all_proxy)"),
        (
            6, 0, nil, http,
            "cannot find the address of https://api.example.org:8443 (is the name right, does DNS work here?)"
        ),
        (7, 111, nil, http, "cannot connect to https://api.example.org:8443: Connection refused"),
        (7, 0, nil, mail, "cannot connect to [::1]:587: WORDS"),
        (28, 0, nil, mail, "no complete answer from [::1]:587 in time (5 s to connect, 15 s in all)"),
        (35, 0, nil, mail, "TLS with [::1]:587 failed: DETAIL"),
        (52, 0, nil, http, "https://api.example.org:8443 closed the connection without an answer"),
        (60, 0, nil, http, "the certificate of https://api.example.org:8443 is not accepted: DETAIL"),
        (
            60, 0, nil, mail,
            "the certificate of [::1]:587 is not accepted: DETAIL (ca_file names an authority of your own)"
        ),
        (
            64, 0, nil, mail,
            "[::1]:587 does not offer STARTTLS, so nothing was sent "
                + "(port 465 means TLS from the start; send_starttls false sends in the clear)"
        ),
        (64, 0, "454 no", mail, "[::1]:587 refused STARTTLS, so nothing was sent: 454 no"),
        (67, 0, "535 no", mail, "[::1]:587 refused the login: 535 no (check username and password)"),
        (67, 0, nil, mail, "[::1]:587 refused the login: WORDS (check username and password)"),
        (
            77, 0, nil, mail,
            "cannot read the certificates for [::1]:587: DETAIL (install the package ca-certificates, or check ca_file)"
        ),
        (55, 0, "554 spam", mail, "[::1]:587 refused the message: 554 spam"),
        (56, 0, nil, http, "https://api.example.org:8443: WORDS"),
        (9999, 0, nil, http, "https://api.example.org:8443: WORDS"),
    ]

    @Test("each failure names the server and what to do", arguments: failures)
    func failure(code: Int32, connectErrno: Int32, reply: String?, transfer: Transfer, expected: String) {
        let failure = CurlFailure(
            code: code, words: "WORDS", detail: "DETAIL", connectErrno: connectErrno, reply: reply)
        #expect(failure.text(of: transfer, limits: CurlTransport.Limits()) == expected)
    }

    @Test("a URL that is none has no place to name")
    func place() {
        let odd = Transfer.http(Transfer.HTTPRequest(url: Secret("T0KEN"), contentType: "", body: []))
        #expect(odd.place == "the server")
    }

    static let hidings: [(String, [String], String)] = [
        ("", ["x"], ""), ("abc", [], "abc"), ("abc", [""], "abc"), ("aXbXX", ["X"], "a***b******"),
        ("pass", ["passport"], "pass"), ("äpassö pass", ["pass"], "ä***ö ***"),
    ]

    @Test("a secret becomes asterisks wherever it is", arguments: hidings)
    func hiding(text: String, secrets: [String], expected: String) {
        #expect(text.hiding(secrets.map { Secret($0) }) == expected)
    }

    @Test("a password is hidden in the forms in which SMTP carries it")
    func mailSecrets() {
        #expect(Self.mail.secrets.map(\.revealed) == ["AHUAcGFzcw==", "cGFzcw==", "pass"])
        #expect(Transfer.mail(Self.mailRequest(username: nil)).secrets == [])
        #expect(Self.http.secrets.map(\.revealed) == ["https://api.example.org:8443/botT0KEN/x"])
        #expect("\(Self.http) \(Self.mail)".contains("T0KEN") == false)
        #expect("\(Self.mail)".contains("pass\"") == false)
    }

    static let places: [(String, Bool)] = [
        ("127.0.0.1", true), ("127.83.4.65", true), ("::1", true), ("localhost", true), ("LocalHost", true),
        ("128.0.0.1", false), ("::2", false), ("localhost.example.org", false), ("127.0.0.1.example.org", false),
        ("127.1", false), ("0.0.0.0", false), ("", false),
    ]

    @Test("only this machine gets a password in the clear", arguments: places)
    func loopback(server: String, isLoopback: Bool) {
        #expect(Self.mailRequest(server: server, security: .none).exposesCredentials == !isLoopback)
        #expect(!Self.mailRequest(server: server, security: .startTLS).exposesCredentials)
        #expect(!Self.mailRequest(server: server, security: .implicit).exposesCredentials)
        #expect(!Self.mailRequest(server: server, security: .none, username: nil).exposesCredentials)
    }

    @Test("the URL of a mail holds the name for EHLO")
    func mailURL() {
        #expect(Self.mailRequest().url == "smtp://[::1]:587/me")
        #expect(Self.mailRequest(server: "m.example.org", security: .implicit).url == "smtps://m.example.org:587/me")
    }
}
