// Standard output and standard error, written by system calls: nothing is kept back, and a failure is known at once.

import Glibc

/// Standard output and standard error, written at once, whole.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    @discardableResult
    func write(_ text: String) -> SystemError? { write(Array(text.utf8)) }

    /// - Returns: why not all is written; nil as well when the reader has gone (EPIPE), which is the reader's will.
    @discardableResult
    func write(_ bytes: [UInt8]) -> SystemError? {
        StandardStream.write(bytes, to: rawValue, named: self == .output ? "standard output" : "standard error")
    }

    /// Writes a result, or its last piece, to standard output, and says on standard error why not all of it is there.
    ///
    /// - Parameter earlier: why a piece before it was not written; then this one is not either.
    /// - Returns: whether all is there.
    static func print(_ bytes: [UInt8], after earlier: SystemError? = nil) -> Bool {
        guard let failure = earlier ?? output.write(bytes) else { return true }
        error.write("\(failure)\n")
        return false
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32, named name: String) -> SystemError? {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
                continue
            }
            switch count == 0 ? ENOSPC : errno {
            case EINTR: break
            case EAGAIN:
                // Whoever shares the pipe made it non-blocking: it takes more when some of it was read.
                var pipe = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&pipe, 1, -1)
            case EPIPE: return nil
            case let code: return SystemError(action: "write", object: name, code: code)
            }
        }
        return nil
    }

    /// Puts /dev/null where standard input, output or error is missing (`>&-`): the next file that is opened would get its
    /// number, and what is printed would be written into it.
    static func openMissing() {
        var streams = (0...2).map { pollfd(fd: $0, events: 0, revents: 0) }
        guard poll(&streams, nfds_t(streams.count), 0) > 0 else { return }
        // open(2) takes the lowest number that is free.
        for stream in streams where stream.revents & Int16(POLLNVAL) != 0 { _ = open("/dev/null", O_RDWR) }
    }
}
