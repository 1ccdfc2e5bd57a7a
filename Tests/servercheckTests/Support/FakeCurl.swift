import Foundation
import Glibc

@testable import servercheck

/// A library with libcurl's functions that sends nothing: it refuses an option, and notes in files what was asked of it.
struct FakeCurl {
    static let hasCompiler = access("/usr/bin/cc", X_OK) == 0

    private let directory: TemporaryDirectory
    var path: String { directory.file("libcurl.so.4") }
    /// Whether a transfer was carried out.
    var performed: Bool { access(directory.file("performed"), F_OK) == 0 }
    /// Whether CURLOPT_PROXY was set to "", which keeps libcurl from looking at the environment.
    var hasEmptyProxy: Bool { access(directory.file("proxy"), F_OK) == 0 }

    /// - Parameter option: is answered with 48 (CURLE_UNKNOWN_OPTION); -2: no memory for the second member of a list.
    init(refusing option: Int) throws {
        directory = try TemporaryDirectory()
        let source = """
            #include <fcntl.h>
            #include <stdarg.h>
            #include <stdio.h>
            #include <string.h>
            static char words[9];
            static int easy, list;
            static void note(const char *name) { open(name, O_CREAT | O_WRONLY, 0600); }
            int curl_global_init(long flags) { return flags != 3; }
            const char *curl_easy_strerror(int code) { snprintf(words, sizeof words, "W%d", code); return words; }
            void *curl_easy_init(void) { return &easy; }
            void curl_easy_cleanup(void *easy) { (void)easy; }
            int curl_easy_setopt(void *easy, int option, ...) {
                (void)easy;
                if (option == 10004) {
                    va_list values;
                    va_start(values, option);
                    const char *proxy = va_arg(values, const char *);
                    if (proxy != NULL && strcmp(proxy, "") == 0) note("\(directory.file("proxy"))");
                    va_end(values);
                }
                return option == \(option) ? 48 : 0;
            }
            int curl_easy_getinfo(void *easy, int info, ...) { (void)easy; (void)info; return 48; }
            int curl_easy_perform(void *easy) { (void)easy; note("\(directory.file("performed"))"); return 0; }
            void *curl_slist_append(void *old, const char *text) {
                (void)text;
                return \(option) == -2 && old != NULL ? NULL : &list;
            }
            void curl_slist_free_all(void *list) { (void)list; }
            """
        try directory.write(source, to: "fake.c")
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/cc")
        compiler.arguments = ["-shared", "-fPIC", "-o", path, directory.file("fake.c")]
        try compiler.run()
        compiler.waitUntilExit()
    }
}
