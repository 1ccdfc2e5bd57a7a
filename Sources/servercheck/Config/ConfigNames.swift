// Names of sensors and channels must differ and be fit for `--sensor`, finding ids and perfdata labels.

/// The names given so far in one list.
struct ConfigNames {
    /// Findings of servercheck itself have these names.
    private static let reserved = ["metrics_file", "notifications", "servercheck", "state", "status"]
    private static let limit = 64
    private static let unfit = "'\"`\\:;=|"

    /// Name to the path of its owner.
    private var owners: [String: String] = [:]

    /// Takes a name in.
    mutating func problems(with name: String, at path: String) -> [ConfigProblem] {
        guard let text = complaint(about: name) else {
            owners[name] = path
            return []
        }
        return [ConfigProblem(path: ConfigProblem.path(path, "name"), text: text)]
    }

    private func complaint(about name: String) -> String? {
        if let fault = fault(of: name) { return fault }
        if ConfigNames.reserved.contains(name) { return "\"\(name)\" is taken by servercheck itself" }
        return owners[name].map { "\"\(name)\" is the name of \($0) too: give each its own" }
    }

    /// What is wrong with the name by itself.
    private func fault(of name: String) -> String? {
        // As nearly all are: none of what follows is in it.
        let isPlain = name.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
        if isPlain, !name.isEmpty, name.utf8.count <= ConfigNames.limit { return nil }
        let scalars = name.unicodeScalars
        if scalars.isEmpty || scalars.count > ConfigNames.limit {
            return "must have 1 to \(ConfigNames.limit) characters, has \(scalars.count)"
        }
        if scalars.contains(where: \.movesText) { return "must not hold control characters" }
        if scalars.contains(where: ConfigNames.unfit.unicodeScalars.contains) {
            return "must not hold quotes, a backslash, a vertical bar or one of : ; ="
        }
        if scalars.first == " " || scalars.last == " " { return "must not begin or end with a space" }
        return nil
    }
}
