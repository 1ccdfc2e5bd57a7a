import Testing

@testable import servercheck

@Suite struct MailMessageTests {
    static func mail(
        from: String = "a@b", to: [String] = ["c@d"], id: String = "17.1", hostname: String = "host.example.org",
        subject: String = "Hello", body: String = "Text", offset: Int = 60
    ) throws -> String {
        let message = MailMessage(
            from: try MailAddress(from), to: try to.map { try MailAddress($0) },
            date: Timestamp(seconds: 1_795_448_533), id: id, hostname: hostname, subject: subject, body: body,
            utcOffsetMinutes: offset)
        return String(decoding: message.bytes, as: UTF8.self)
    }

    @Test("the whole message")
    func whole() throws {
        let mail = try Self.mail(
            from: "Wächter <a@b>", to: ["c@d", "\"Doe, J\\\"\" <e@f>"], subject: "/home ist voll: größer",
            body: "90 % = voll\n\nöäü \n.\n")
        #expect(
            mail.split(separator: "\r\n", omittingEmptySubsequences: false) == [
                "Date: Mon, 23 Nov 2026 16:42:13 +0100",
                "From: =?UTF-8?B?V8OkY2h0ZXI=?= <a@b>",
                "To: c@d,",
                " \"Doe, J\\\"\" <e@f>",
                "Message-ID: <17.1@host.example.org>",
                "Subject: =?UTF-8?B?L2hvbWUgaXN0IHZvbGw6IGdyw7bDn2Vy?=",
                "Auto-Submitted: auto-generated",
                "MIME-Version: 1.0",
                "Content-Type: text/plain; charset=utf-8",
                "Content-Transfer-Encoding: quoted-printable",
                "",
                "90 % =3D voll",
                "",
                "=C3=B6=C3=A4=C3=BC=20",
                ".",
                "",
                "",
            ])
    }

    @Test("no line break or control character reaches a header, whatever the texts hold")
    func injection() throws {
        let evil = "x\r\nBcc: victim@example.org\r\n\r\nBody\0\u{7F}"
        let mail = try Self.mail(id: evil, hostname: evil, subject: evil)
        #expect(
            mail.split(separator: "\r\n", omittingEmptySubsequences: false).prefix(6) == [
                "Date: Mon, 23 Nov 2026 16:42:13 +0100",
                "From: a@b",
                "To: c@d",
                "Message-ID: <xBccvictimexample.orgBody@xBccvictimexample.orgBody>",
                "Subject: =?UTF-8?B?eCAgQmNjOiB2aWN0aW1AZXhhbXBsZS5vcmcgICAgQm9keSAg?=",
                "Auto-Submitted: auto-generated",
            ])
    }

    static let subjects: [(String, String)] = [
        ("plain", "plain"),
        ("", "=?UTF-8?B??="),
        ("two  spaces", "=?UTF-8?B?dHdvICBzcGFjZXM=?="),
        ("=?looks encoded", "=?UTF-8?B?PT9sb29rcyBlbmNvZGVk?="),
        (
            "a word and another one and more of them until the line is full and goes on here",
            "a word and another one and more of them until the line is full and\r\n goes on here"
        ),
        (
            String(repeating: "ö", count: 25),
            "=?UTF-8?B?w7bDtsO2w7bDtsO2w7bDtsO2w7bDtsO2w7bDtsO2w7bDtsO2w7Y=?=\r\n =?UTF-8?B?w7bDtsO2w7bDtsO2?="
        ),
    ]

    @Test("a subject is folded, and encoded where it is not plain", arguments: subjects)
    func subject(text: String, expected: String) {
        #expect(MailMessage.unstructured(text) == expected)
    }

    @Test("no line is longer than 78 octets and every one is ASCII, whatever the text holds")
    func lineLength() throws {
        let long = "ö 😀 " + String(repeating: "wörter und\tmehr = ", count: 40)
        let mail = try Self.mail(subject: long, body: long + "\n" + String(repeating: "x", count: 500))
        for line in mail.split(separator: "\r\n") {
            #expect(line.utf8.count <= 78)
            #expect(line.utf8.allSatisfy { $0 < 0x7F })
        }
    }

    static let encoded: [(String, String)] = [
        ("", "\r\n"),
        ("a\nb", "a\r\nb\r\n"),
        ("a\r\nb\n", "a=0D\r\nb\r\n\r\n"),
        ("end \tx\t", "end \tx=09\r\n"),
        ("\u{1B}[31m", "=1B[31m\r\n"),
        (
            String(repeating: "x", count: 77),
            String(repeating: "x", count: 75) + "=\r\nxx\r\n"
        ),
        // An escape is not torn apart.
        (String(repeating: "x", count: 74) + "=", String(repeating: "x", count: 74) + "=\r\n=3D\r\n"),
    ]

    @Test("quoted-printable", arguments: encoded)
    func quotedPrintable(text: String, expected: String) { #expect(MailMessage.quotedPrintable(text) == expected) }

    static let hostnames: [(String, String)] = [
        ("mail.example.org", "mail.example.org"), ("srv_1", "srv1"), ("", "localhost"), ("…", "localhost"),
        ("-a-.-.b.", "a.b"), ("my server\r\nMAIL FROM:<x>", "myserverMAILFROMx"),
    ]

    @Test("a host name is cleaned for EHLO and Message-ID", arguments: hostnames)
    func domain(hostname: String, expected: String) { #expect(MailMessage.domain(hostname) == expected) }

    static let dates: [(Int64, Int, String)] = [
        (0, 0, "Thu, 01 Jan 1970 00:00:00 +0000"),
        (1_709_164_800, 0, "Thu, 29 Feb 2024 00:00:00 +0000"),
        (1_709_164_800, -210, "Wed, 28 Feb 2024 20:30:00 -0330"),
        (1_767_225_599, 345, "Thu, 01 Jan 2026 05:44:59 +0545"),
        (-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000"),
    ]

    @Test("a date has the offset of its place", arguments: dates)
    func date(seconds: Int64, offset: Int, expected: String) {
        #expect(MailMessage.dateText(Timestamp(seconds: seconds), utcOffsetMinutes: offset) == expected)
    }
}
