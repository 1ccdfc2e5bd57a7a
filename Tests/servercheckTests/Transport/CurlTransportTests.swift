import Testing

@testable import servercheck

@Suite struct CurlTransportTests {
    static let later = ContinuousClock.now + .seconds(60)

    static func mail(port: Int, username: String? = nil, server: String = "127.0.0.1", message: String) -> Transfer {
        .mail(
            Transfer.MailRequest(
                server: server, port: port, security: .none, username: username,
                password: username.map { _ in Secret("S3CRET") }, sender: "a@b", recipients: ["c@d"], clientName: "me",
                verifyTLS: true, message: Array(message.utf8)))
    }

    static let hasLibrary = (try? CurlLibrary(name: "libcurl.so.4")) != nil

    @Test(
        "a message with leading dots crosses the wire with each of them doubled",
        .enabled(if: hasLibrary, "needs the package libcurl4"))
    func dots() throws {
        let server = try #require(SMTPListener())
        var transport: any Transport = CurlTransport()
        transport.start(Self.mail(port: server.port, message: "Subject: x\r\n\r\n.\r\n..a\r\nb.\r\n"), tag: 4)
        let answered = transport.next(before: Self.later)
        #expect(answered?.tag == 4)
        // Without a delivery the server below would wait for ever.
        try #require(answered?.answer == Answer(code: 250))
        #expect(server.content() == "Subject: x\r\n\r\n..\r\n...a\r\nb.\r\n")
        #expect(transport.next(before: Self.later) == nil)
    }

    @Test("without libcurl every transfer fails with the remedy")
    func missingLibrary() {
        let transport = CurlTransport(libraryName: "libcurl-that-is-not-there.so.4")
        for tag in 0..<2 { transport.start(Self.mail(port: 1, message: ""), tag: tag) }
        for tag in 0..<2 {
            let answered = transport.next(before: Self.later)
            #expect(answered?.tag == tag)
            #expect(
                answered?.answer.failure
                    == "cannot load libcurl, which sends the messages: libcurl-that-is-not-there.so.4: cannot open "
                    + "shared object file: No such file or directory "
                    + "(install the package libcurl4; on Fedora and RHEL: libcurl)")
        }
    }

    @Test("a library that is not libcurl is refused")
    func foreignLibrary() {
        let transport = CurlTransport(libraryName: "libc.so.6")
        transport.start(Self.mail(port: 1, message: ""), tag: 0)
        #expect(
            transport.next(before: Self.later)?.answer.failure
                == "cannot load libcurl, which sends the messages: libc.so.6 has no curl_global_init "
                + "(install the package libcurl4; on Fedora and RHEL: libcurl)")
    }

    @Test(
        "an option that must be set and cannot be: nothing is sent, and no recipient is forgotten",
        .enabled(if: FakeCurl.hasCompiler, "needs cc"),
        arguments: [
            (181, "PROTOCOLS", "W48"), (119, "USE_SSL", "W48"), (64, "SSL_VERIFYPEER", "W48"),
            (81, "SSL_VERIFYHOST", "W48"), (10065, "CAINFO", "W48"), (10004, "PROXY", "W48"), (-2, "MAIL_RCPT", "W27"),
        ])
    func refusedOption(option: Int, name: String, words: String) throws {
        let fake = try FakeCurl(refusing: option)
        let transport = CurlTransport(libraryName: fake.path)
        guard case .mail(var mail) = Self.mail(port: 1, message: "x") else { return }
        (mail.recipients, mail.caFile) = (["c@d", "e@f"], "/ca.pem")
        transport.start(.mail(mail), tag: 0)
        #expect(
            transport.next(before: Self.later)?.answer.failure
                == "nothing was sent: libcurl cannot set \(name) (\(words))")
        #expect(fake.performed == false)
    }

    @Test(
        "plain http, which only this machine is spoken to with, goes around every proxy; https may take one",
        .enabled(if: FakeCurl.hasCompiler, "needs cc"), arguments: [("http", true), ("https", false)])
    func proxy(scheme: String, isDirect: Bool) throws {
        let fake = try FakeCurl(refusing: -1)
        let transport = CurlTransport(libraryName: fake.path)
        let url = Secret("\(scheme)://127.0.0.1:1/botT0KEN/x")
        transport.start(.http(Transfer.HTTPRequest(url: url, contentType: "x", body: [])), tag: 0)
        #expect(transport.next(before: Self.later)?.answer.failure == nil)
        #expect(fake.performed && fake.hasEmptyProxy == isDirect)
    }

    @Test("a password that would travel readable is refused before anything is opened")
    func exposedPassword() {
        let transport = CurlTransport(libraryName: "libcurl-that-is-not-there.so.4")
        transport.start(Self.mail(port: 25, username: "u", server: "192.0.2.1", message: ""), tag: 0)
        #expect(
            transport.next(before: Self.later)?.answer.failure
                == "username and password are not sent to 192.0.2.1:25 without encryption "
                + "(set send_starttls to true, or port to 465)")
    }

    @Test(
        "other protocols than http and https are refused", .enabled(if: hasLibrary, "needs the package libcurl4"),
        arguments: ["file:///etc/passwd", "ftp://127.0.0.1:1/"])
    func protocols(url: String) {
        let transport = CurlTransport()
        transport.start(.http(Transfer.HTTPRequest(url: Secret(url), contentType: "x", body: [])), tag: 0)
        let answer = transport.next(before: Self.later)?.answer
        let place = url.hasPrefix("file") ? "file://" : "ftp://127.0.0.1:1"
        #expect(
            answer?.failure
                == "this machine's libcurl cannot speak to \(place) "
                + "(install the package libcurl4; on Fedora and RHEL: libcurl in place of libcurl-minimal)")
        #expect(answer?.body == [])
    }
}
