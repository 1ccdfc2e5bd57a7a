// Secrets and other `*_file` keys of the config. What must stay true: no problem's text holds a secret.

import Glibc

extension ConfigReader {
    /// A secret given as `key`, or in a file named by `fileKey`. nil when neither is there, or with a mistake.
    mutating func secret(_ key: String, file fileKey: String) -> Secret? {
        let isInline = has(key)
        let text = string(key)
        let file = string(fileKey)
        if isInline && has(fileKey) {
            problem(fileKey, "\(key) is given as well; keep one of them")
            return nil
        }
        if let text {
            guard let fault = ConfigReader.fault(ofSecret: text) else { return Secret(text) }
            problem(key, fault)
            return nil
        }
        guard let file else { return nil }
        let path = credentialPath(file)
        do throws(SystemError) {
            var bytes = try OpenFile.contents(of: path, limit: 4096)
            // Editors and `echo` end the file with a line end, which nobody means.
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                problem(fileKey, "\(path) is no text (write the secret alone into it, as UTF-8)")
                return nil
            }
            if let facts = FileFacts(followingLinksAt: path), facts.mode & (S_IROTH | S_IWOTH) != 0 {
                problem(fileKey, "others can read or change \(path) (chmod 0600 \(path))", severity: .warning)
            }
            guard let fault = ConfigReader.fault(ofSecret: text) else { return Secret(text) }
            problem(fileKey, "\(path) \(fault) (write the secret alone into it)")
        } catch {
            // What is no absolute path may be the secret itself, under the wrong key.
            let object = path.hasPrefix("/") ? path : "the file named here"
            let named = SystemError(action: error.action, object: object, code: error.code)
            problem(fileKey, "\(named) (\(ConfigReader.remedy(for: error.code)))")
        }
        return nil
    }

    /// Where a relative `*_file` path is found: in $CREDENTIALS_DIRECTORY if it is there, else as it was given.
    func credentialPath(_ path: String) -> String {
        guard let credentialsDirectory, !path.isEmpty, !path.hasPrefix("/") else { return path }
        let credential = "\(credentialsDirectory)/\(path)"
        return access(credential, F_OK) == 0 ? credential : path
    }

    /// A file that a channel will read: its path, checked now, so that check-config finds the mistake.
    mutating func readableFile(_ key: String) -> String? {
        guard let file = string(key) else { return nil }
        let path = credentialPath(file)
        do throws(SystemError) {
            let facts = try OpenFile(path, flags: O_RDONLY).facts()
            if !facts.isKind(S_IFDIR) { return path }
            problem(key, "\(path) is a directory (\(ConfigReader.remedy(for: EISDIR)))")
            return nil
        } catch {
            problem(key, "\(error) (\(ConfigReader.remedy(for: error.code)))")
            return nil
        }
    }

    private static func fault(ofSecret text: String) -> String? {
        if text.isEmpty { return "is empty" }
        if text.unicodeScalars.contains(where: \.isControl) {
            return "holds a line break or another control character"
        }
        return nil
    }

    private static func remedy(for code: Int32) -> String {
        switch code {
        case EACCES, EPERM: "let the user that runs servercheck read it, or pass it with systemd's LoadCredential="
        case EFBIG: "a secret has at most 4096 bytes"
        case EISDIR, EINVAL: "name a regular file"
        default: "check the path"
        }
    }
}
