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
        let scalars = name.unicodeScalars
        if scalars.isEmpty || scalars.count > ConfigNames.limit {
            return "must have 1 to \(ConfigNames.limit) characters, has \(scalars.count)"
        }
        if scalars.contains(where: \.movesText) { return "must not hold control characters" }
        if scalars.contains(where: ConfigNames.unfit.unicodeScalars.contains) {
            return "must not hold quotes, a backslash, a vertical bar or one of : ; ="
        }
        if scalars.first == " " || scalars.last == " " { return "must not begin or end with a space" }
        if ConfigNames.reserved.contains(name) { return "\"\(name)\" is taken by servercheck itself" }
        return owners[name].map { "\"\(name)\" is the name of \($0) too: give each its own" }
    }
}
