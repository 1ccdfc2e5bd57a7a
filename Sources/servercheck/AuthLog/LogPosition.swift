// How far a log was read: what the next run needs in order to go on, however the log was rotated in between. Small, and
// harmless when a damaged state file holds nonsense.

/// How far the log at `path`, and the files it was rotated to, were read.
struct LogPosition: Equatable, Sendable {
    /// Marks of rotated files that are kept: what was in use around the last rotations.
    static let rotatedLimit = 4

    /// The log as configured.
    var path = ""
    /// Where it really is, when `path` is a symbolic link.
    var target: String?
    /// The file now at `path`; nil: there was none, and one that appears is read from its start.
    var live: LogMark?
    /// Files it was rotated to, newest first.
    var rotated: [LogMark] = []
    /// The latest modification time of any file seen, in nanoseconds: a rotated file that is not known and was written
    /// to later came and went between two runs.
    var newest: Int64 = 0
}

/// One file and how far it was read. The inode alone does not tell: filesystems give it to the next file at once.
struct LogMark: Equatable, Sendable {
    var device: UInt64 = 0
    var inode: UInt64 = 0
    /// Bytes of its text that were read; of a compressed file the decompressed ones.
    var offset: Int64 = 0
    /// A hash of the first line; nil while there is no complete one, and nothing was read then.
    var first: UInt64?
    /// A hash of the bytes before `offset`: notices a file that was rewritten under the same first line.
    var last: UInt64?
    /// Whether `offset` is inside a line that is too long.
    var overlong: Bool?
    /// Of a rotated file that may still grow: where it is, and its size when it was read.
    var watched: Watched?
    /// It could not be read to its end (zlib is missing): to be tried again.
    var waits: Bool?

    struct Watched: Equatable, Sendable {
        var path = ""
        var size: Int64 = 0
    }

    /// The same, made fit for use: a state file may be damaged.
    var checked: LogMark {
        var mark = self
        mark.offset = first == nil ? 0 : max(0, offset)
        return mark
    }
}

extension LogPosition: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("live", &live)
        json.member("newest", &newest)
        json.member("path", &path)
        json.member("rotated", &rotated)
        json.member("target", &target)
    }
}

extension LogMark: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("device", &device)
        json.member("first", &first)
        json.member("inode", &inode)
        json.member("last", &last)
        json.member("offset", &offset)
        json.member("overlong", &overlong)
        json.member("waits", &waits)
        json.member("watched", &watched)
    }
}

extension LogMark.Watched: JSONRecord {
    mutating func members(_ json: inout JSONMembers) {
        json.member("path", &path)
        json.member("size", &size)
    }
}
