// libcurl.so.4, opened when there is something to send. Nothing here needs libcurl's headers: the few constants are the
// ones of its stable ABI (soname 4, since 2006; https://curl.se/libcurl/abi.html), as <curl/curl.h> documents them.
#ifndef CSHIM_CURL_H
#define CSHIM_CURL_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// The loaded library with the addresses of its functions.
typedef struct cshim_curl cshim_curl;
/// libcurl's easy handle (CURL).
typedef struct cshim_curl_easy cshim_curl_easy;
/// libcurl's list of strings (struct curl_slist).
typedef struct cshim_curl_list cshim_curl_list;

/// Options of curl_easy_setopt(3). The thousands tell the type of the value: 0 long, 10000 pointer, 20000 function,
/// 30000 curl_off_t.
enum {
    CSHIM_CURLOPT_NOPROGRESS = 43,
    CSHIM_CURLOPT_VERBOSE = 41,
    CSHIM_CURLOPT_UPLOAD = 46,
    CSHIM_CURLOPT_POST = 47,
    CSHIM_CURLOPT_NETRC = 51,
    CSHIM_CURLOPT_FOLLOWLOCATION = 52,
    CSHIM_CURLOPT_SSL_VERIFYPEER = 64,
    CSHIM_CURLOPT_FORBID_REUSE = 75,
    CSHIM_CURLOPT_SSL_VERIFYHOST = 81,
    CSHIM_CURLOPT_HTTP_VERSION = 84,
    CSHIM_CURLOPT_NOSIGNAL = 99,
    CSHIM_CURLOPT_USE_SSL = 119,
    CSHIM_CURLOPT_TIMEOUT_MS = 155,
    CSHIM_CURLOPT_CONNECTTIMEOUT_MS = 156,
    CSHIM_CURLOPT_PROTOCOLS = 181,
    CSHIM_CURLOPT_MAIL_RCPT_ALLOWFAILS = 290,
    CSHIM_CURLOPT_QUICK_EXIT = 322,

    CSHIM_CURLOPT_WRITEDATA = 10001,
    CSHIM_CURLOPT_URL = 10002,
    CSHIM_CURLOPT_PROXY = 10004,
    CSHIM_CURLOPT_READDATA = 10009,
    CSHIM_CURLOPT_ERRORBUFFER = 10010,
    CSHIM_CURLOPT_POSTFIELDS = 10015,
    CSHIM_CURLOPT_USERAGENT = 10018,
    CSHIM_CURLOPT_HTTPHEADER = 10023,
    CSHIM_CURLOPT_XFERINFODATA = 10057,
    CSHIM_CURLOPT_CAINFO = 10065,
    CSHIM_CURLOPT_DEBUGDATA = 10095,
    CSHIM_CURLOPT_CAPATH = 10097,
    CSHIM_CURLOPT_USERNAME = 10173,
    CSHIM_CURLOPT_PASSWORD = 10174,
    CSHIM_CURLOPT_MAIL_FROM = 10186,
    CSHIM_CURLOPT_MAIL_RCPT = 10187,
    CSHIM_CURLOPT_LOGIN_OPTIONS = 10224,

    CSHIM_CURLOPT_INFILESIZE_LARGE = 30115,
    CSHIM_CURLOPT_POSTFIELDSIZE_LARGE = 30120,
};

/// Values of some options.
enum {
    CSHIM_CURLPROTO_HTTP = 1 << 0,
    CSHIM_CURLPROTO_HTTPS = 1 << 1,
    CSHIM_CURLPROTO_SMTP = 1 << 16,
    CSHIM_CURLPROTO_SMTPS = 1 << 17,
    CSHIM_CURLUSESSL_NONE = 0,
    CSHIM_CURLUSESSL_ALL = 3,
    CSHIM_CURL_HTTP_VERSION_1_1 = 2,
    CSHIM_CURL_ERROR_SIZE = 256,
    /// A CURLcode.
    CSHIM_CURLE_OUT_OF_MEMORY = 27,
};

/// What kind of bytes the debug function sees (curl_infotype).
enum {
    CSHIM_CURLINFO_HEADER_IN = 1,
    CSHIM_CURLINFO_HEADER_OUT = 2,
};

/// Receives or hands out `size * count` bytes; see CURLOPT_WRITEFUNCTION(3) and CURLOPT_READFUNCTION(3).
typedef size_t (*cshim_curl_data_function)(char *data, size_t size, size_t count, void *user);
/// See CURLOPT_DEBUGFUNCTION(3).
typedef int (*cshim_curl_debug_function)(cshim_curl_easy *easy, int kind, char *data, size_t size, void *user);
/// See CURLOPT_XFERINFOFUNCTION(3); a result that is not 0 ends the transfer.
typedef int (*cshim_curl_progress_function)(void *user, int64_t down_total, int64_t down, int64_t up_total, int64_t up);

/// Opens the library and initialises it (curl_global_init).
///
/// - name: a soname, `libcurl.so.4`.
/// - reason: receives why it failed, as dlopen(3) or this shim words it.
/// - returns: NULL when it cannot be opened or lacks a function. It is never closed: libcurl and its TLS library leave
///   exit handlers behind.
cshim_curl *_Nullable cshim_curl_open(const char *name, char *reason, size_t reason_size);
/// Frees the table of addresses, not the library.
void cshim_curl_free(cshim_curl *library);

/// What a CURLcode means, in English (curl_easy_strerror).
const char *_Nullable cshim_curl_words(const cshim_curl *library, int code);

cshim_curl_easy *_Nullable cshim_curl_easy_new(const cshim_curl *library);
void cshim_curl_easy_free(const cshim_curl *library, cshim_curl_easy *easy);

// Each returns a CURLcode; 48 (CURLE_UNKNOWN_OPTION) when this libcurl is older than the option.
int cshim_curl_set_long(const cshim_curl *library, cshim_curl_easy *easy, int option, long value);
int cshim_curl_set_size(const cshim_curl *library, cshim_curl_easy *easy, int option, int64_t value);
/// libcurl copies the string, except for CURLOPT_POSTFIELDS.
int cshim_curl_set_string(const cshim_curl *library, cshim_curl_easy *easy, int option, const char *_Nullable value);
int cshim_curl_set_pointer(const cshim_curl *library, cshim_curl_easy *easy, int option, void *_Nullable value);
int cshim_curl_set_list(const cshim_curl *library, cshim_curl_easy *easy, int option, cshim_curl_list *_Nullable list);
int cshim_curl_set_write_function(const cshim_curl *library, cshim_curl_easy *easy, cshim_curl_data_function function);
int cshim_curl_set_read_function(const cshim_curl *library, cshim_curl_easy *easy, cshim_curl_data_function function);
int cshim_curl_set_debug_function(const cshim_curl *library, cshim_curl_easy *easy, cshim_curl_debug_function function);
int cshim_curl_set_progress_function(
    const cshim_curl *library, cshim_curl_easy *easy, cshim_curl_progress_function function);

/// A copy of `text` at the list's end. NULL when there is no memory; the old list is then still there.
cshim_curl_list *_Nullable cshim_curl_list_append(
    const cshim_curl *library, cshim_curl_list *_Nullable list, const char *text);
void cshim_curl_list_free(const cshim_curl *library, cshim_curl_list *_Nullable list);

/// Carries out the transfer; blocks until it ended. Returns a CURLcode.
int cshim_curl_perform(const cshim_curl *library, cshim_curl_easy *easy);
/// CURLINFO_RESPONSE_CODE: the last HTTP or SMTP status code, 0 when there was none.
long cshim_curl_response_code(const cshim_curl *library, cshim_curl_easy *easy);
/// CURLINFO_OS_ERRNO: errno of the last connect that failed, 0 when there was none.
long cshim_curl_os_errno(const cshim_curl *library, cshim_curl_easy *easy);

#pragma clang assume_nonnull end

#endif
