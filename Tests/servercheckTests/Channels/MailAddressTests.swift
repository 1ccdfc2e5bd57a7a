import Testing

@testable import servercheck

@Suite struct MailAddressTests {
    static let usable: [(String, String?, String)] = [
        ("a@b", nil, "a@b"),
        (" admin+x@mail.example.org ", nil, "admin+x@mail.example.org"),
        ("Jane Doe <jane@example.org>", "Jane Doe", "jane@example.org"),
        ("<jane@example.org>", nil, "jane@example.org"),
        ("\"Doe, \\\"J\\\" Jane\" <jane@example.org>", "Doe, \"J\" Jane", "jane@example.org"),
        ("Jürgen <j@example.org>", "Jürgen", "j@example.org"),
        ("root", nil, "root"), ("Cron <www-data>", "Cron", "www-data"),
    ]

    @Test("both forms of an address are read", arguments: usable)
    func readsBothForms(text: String, name: String?, address: String) throws {
        let mailbox = try MailAddress(text)
        #expect(mailbox.name == name)
        #expect(mailbox.address == address)
    }

    static let unusable = [
        "", "example.org", "a;", "-o\u{7F}", "@b", "a@", "a@b@c", "a b@c", "a@b c", "a@b>", "<a@b", "x <a@b> y",
        "a@b, c@d", "ä@b", "a@b;",
        "<<a@b>>",
        "a@b\r\nRCPT TO:<x@y>", "Name\n <a@b>", "a@b\0", "\"a b\"@c", String(repeating: "a", count: 253) + "@b",
    ]

    @Test("anything else is a fault", arguments: unusable)
    func refusesTheRest(text: String) {
        #expect(throws: MailAddress.Fault.self) { try MailAddress(text) }
    }

    @Test("a fault quotes what it is about, cleaned")
    func fault() {
        #expect(throws: MailAddress.Fault(description: "holds a line break or another control character")) {
            try MailAddress("a@b\n")
        }
        let text = "\"a|b\" is no usable address (write a@example.org or Name <a@example.org>)"
        #expect(throws: MailAddress.Fault(description: text.replacing("|", with: "?"))) { try MailAddress("a|b") }
    }

    @Test("a comma between quotes belongs to the name")
    func split() {
        #expect(MailAddress.split("a@b, \"Doe, J\" <c@d>,e@f") == ["a@b", " \"Doe, J\" <c@d>", "e@f"])
    }
}
