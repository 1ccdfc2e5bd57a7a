// Finds the files that a log was rotated to, by their names: auth.log.1, auth.log.2.gz, auth.log-20261123,
// auth-20261123.log. Only names and lstat(2) here; nothing is opened.

import Glibc

/// A file whose name begins like the log's.
struct LogSibling: Equatable, Sendable {
    var path: String
    var facts: FileFacts
    /// Whether the name is one that rotation gives, so that an unknown file counts as part of the log.
    var isRotation: Bool
    /// The N of auth.log.N and auth.log.N.gz: a larger one is older.
    var number: Int?
}

/// The rules of names, for one log.
struct LogSiblings: Sendable {
    /// A sibling that was opened: what it is now, whatever its name is by now.
    typealias Opened = (sibling: LogSibling, file: LogFile)

    /// Files looked at, the last written ones; a directory may hold years of them.
    static let limit = 16

    private let directory: String
    private let base: String
    /// `auth` and `.log` of auth.log, for logrotate's `extension .log`.
    private let stem: Substring
    private let fileExtension: Substring

    init(of path: String) {
        let slash = path.lastIndex(of: "/")
        directory = slash.map { String(path[..<$0]) + "/" } ?? ""
        base = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let dot = base.lastIndex(of: ".") ?? base.endIndex
        stem = base[..<dot]
        fileExtension = base[dot...]
    }

    /// The regular files that may belong to the log: the last written ones, and those in `wanted` however old they are.
    func list(wanted: (FileFacts) -> Bool) throws(SystemError) -> [LogSibling] {
        guard let stream = opendir(directory.isEmpty ? "." : directory) else { throw .last("list", directory) }
        defer { closedir(stream) }
        var found: [LogSibling] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name, isCandidate(name), let facts = FileFacts(path: directory + name), facts.isRegular else {
                continue
            }
            let rotation = rotationPart(of: name)
            found.append(
                LogSibling(
                    path: directory + name, facts: facts, isRotation: rotation != nil,
                    number: rotation.flatMap { $0.count <= 5 ? Int($0) : nil }))
        }
        found.sort { $0.facts.modified > $1.facts.modified }
        return found.enumerated().filter { $0.offset < LogSiblings.limit || wanted($0.element.facts) }.map(\.element)
    }

    func isCandidate(_ name: String) -> Bool {
        guard name != base, !base.isEmpty else { return false }
        return name.hasPrefix(base) || rotationPart(of: name) != nil
    }

    /// What rotation added to the name, without its separator: `1`, `20261123`, `old`; nil: no rotation's name.
    func rotationPart(of name: String) -> Substring? {
        var rest = name[...]
        if rest.hasSuffix(".gz") { rest = rest.dropLast(3) }
        if rest.hasPrefix(base) {
            rest = rest.dropFirst(base.count)
        } else if !fileExtension.isEmpty, rest.hasPrefix(stem), rest.hasSuffix(fileExtension) {
            rest = rest.dropFirst(stem.count).dropLast(fileExtension.count)
        } else {
            return nil
        }
        guard let separator = rest.first, ".-_".contains(separator) else { return nil }
        let part = rest.dropFirst()
        if part == "old" { return part }
        guard part.utf8.contains(where: { 0x30...0x39 ~= $0 }), part.allSatisfy({ "0123456789-_:.T".contains($0) })
        else { return nil }
        return part
    }
}
