import Glibc
import Synchronization

/// An SMTP server on the loopback that accepts one message of one connection.
final class SMTPListener: Sendable {
    let port: Int
    private let listener: Int32
    private let thread: pthread_t
    private let received: Received

    private final class Received: Sendable {
        let listener: Int32
        let content = Mutex("")
        init(listener: Int32) { self.listener = listener }
    }

    init?() {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isBound else { return nil }
        port = Int(UInt16(bigEndian: address.sin_port))
        received = Received(listener: listener)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { SMTPListener.serve(Unmanaged<Received>.fromOpaque(pointer).takeRetainedValue()) }
                return nil
            }, Unmanaged.passRetained(received).toOpaque())
        self.thread = thread
    }

    /// The message as it came over the wire, without the final dot; waits for the client's end.
    func content() -> String {
        pthread_join(thread, nil)
        close(listener)
        return received.content.withLock { $0 }
    }

    private static func serve(_ received: Received) {
        let connection = accept(received.listener, nil, nil)
        defer { close(connection) }
        func say(_ text: String) { _ = send(connection, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }
        say("220 test\r\n")
        var pending = ""
        var isData = false
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count <= 0 { return }
            pending += String(decoding: buffer[..<count], as: UTF8.self)
            while let end = pending.firstRange(of: isData ? "\r\n.\r\n" : "\r\n") {
                let line = String(pending[..<end.lowerBound])
                pending.removeSubrange(..<end.upperBound)
                if isData { received.content.withLock { $0 = line + "\r\n" } }
                say(!isData && line == "DATA" ? "354 go\r\n" : line == "QUIT" ? "221 bye\r\n" : "250 ok\r\n")
                isData = !isData && line == "DATA"
            }
        }
    }
}
