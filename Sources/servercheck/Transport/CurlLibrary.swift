// libcurl behind Swift types: opened once per transport, with the first transfer, because loading it costs more than the
// rest of a run.

import CShim
import Glibc

/// The loaded library. Its functions may be called from any thread; unchecked because the table is never changed.
final class CurlLibrary: @unchecked Sendable {
    /// Why libcurl cannot be used, with the remedy.
    struct Missing: Error, Sendable, Equatable, CustomStringConvertible {
        var description: String
    }

    fileprivate let table: OpaquePointer

    init(name: String) throws(Missing) {
        var reason = [CChar](repeating: 0, count: 512)
        guard let table = cshim_curl_open(name, &reason, reason.count) else {
            let words = Clean.text(reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
            throw Missing(
                description: "cannot load libcurl, which sends the messages: \(words) "
                    + "(install the package libcurl4; on Fedora and RHEL: libcurl)")
        }
        self.table = table
    }

    deinit { cshim_curl_free(table) }

    /// Keeps GnuTLS, which comes with Debian's libcurl for a protocol that is never used, from initialising itself when it is
    /// loaded, a tenth of the whole. A libcurl that uses it for TLS asks for that itself (gnutls_global_init(3)). To be called
    /// before the library is opened, by the thread that reads the environment.
    static func spareInitialisation() { setenv("GNUTLS_NO_IMPLICIT_INIT", "1", 0) }

    /// What a CURLcode means, in libcurl's words. Never holds anything of the transfer.
    func words(_ code: Int32) -> String {
        guard let words = cshim_curl_words(table, code) else { return "libcurl error \(code)" }
        return String(cString: words)
    }
}

/// One easy handle, with the lists that it points to.
struct CurlHandle: ~Copyable {
    private let library: CurlLibrary
    private let easy: OpaquePointer
    private var lists: [OpaquePointer] = []

    /// nil when there is no memory.
    init?(_ library: CurlLibrary) {
        guard let easy = cshim_curl_easy_new(library.table) else { return nil }
        self.library = library
        self.easy = easy
    }

    deinit {
        cshim_curl_easy_free(library.table, easy)
        for list in lists { cshim_curl_list_free(library.table, list) }
    }

    // Each returns a CURLcode. Most cannot fail with a value of the right type; CurlExchange looks at those that matter.

    @discardableResult
    func set(_ option: Int, _ value: Int) -> Int32 { cshim_curl_set_long(library.table, easy, Int32(option), value) }

    @discardableResult
    func set(_ option: Int, size: Int) -> Int32 { cshim_curl_set_size(library.table, easy, Int32(option), Int64(size)) }

    @discardableResult
    func set(_ option: Int, _ text: String?) -> Int32 {
        cshim_curl_set_string(library.table, easy, Int32(option), text)
    }

    @discardableResult
    func set(_ option: Int, pointer: UnsafeMutableRawPointer?) -> Int32 {
        cshim_curl_set_pointer(library.table, easy, Int32(option), pointer)
    }

    /// All of the texts, or none.
    mutating func set(_ option: Int, list texts: [String]) -> Int32 {
        var list: OpaquePointer?
        for text in texts {
            guard let longer = cshim_curl_list_append(library.table, list, text) else {
                if let list { cshim_curl_list_free(library.table, list) }
                return Int32(CSHIM_CURLE_OUT_OF_MEMORY)
            }
            list = longer
        }
        if let list { lists.append(list) }
        return cshim_curl_set_list(library.table, easy, Int32(option), list)
    }

    func onWrite(_ function: cshim_curl_data_function) {
        cshim_curl_set_write_function(library.table, easy, function)
    }
    func onRead(_ function: cshim_curl_data_function) { cshim_curl_set_read_function(library.table, easy, function) }
    func onDebug(_ function: cshim_curl_debug_function) {
        cshim_curl_set_debug_function(library.table, easy, function)
    }
    func onProgress(_ function: cshim_curl_progress_function) {
        cshim_curl_set_progress_function(library.table, easy, function)
    }

    /// Blocks until the transfer ended. Returns a CURLcode.
    func perform() -> Int32 { cshim_curl_perform(library.table, easy) }

    /// The last HTTP or SMTP status code; 0 when there was none.
    var responseCode: Int { cshim_curl_response_code(library.table, easy) }
    /// errno of a connect that failed; 0 when there was none.
    var connectErrno: Int32 { Int32(truncatingIfNeeded: cshim_curl_os_errno(library.table, easy)) }
}
