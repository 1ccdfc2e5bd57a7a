#include "cshim_curl.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CURL_GLOBAL_ALL = 3,
    CURLOPT_WRITEFUNCTION = 20011,
    CURLOPT_READFUNCTION = 20012,
    CURLOPT_DEBUGFUNCTION = 20094,
    CURLOPT_XFERINFOFUNCTION = 20219,
    CURLINFO_RESPONSE_CODE = 0x200000 + 2,
    CURLINFO_OS_ERRNO = 0x200000 + 25,
};

struct cshim_curl {
    int (*global_init)(long flags);
    const char *(*words)(int code);
    cshim_curl_easy *(*easy_init)(void);
    void (*easy_cleanup)(cshim_curl_easy *easy);
    int (*easy_setopt)(cshim_curl_easy *easy, int option, ...);
    int (*easy_getinfo)(cshim_curl_easy *easy, int info, ...);
    int (*easy_perform)(cshim_curl_easy *easy);
    cshim_curl_list *(*list_append)(cshim_curl_list *list, const char *text);
    void (*list_free)(cshim_curl_list *list);
};

cshim_curl *cshim_curl_open(const char *name, char *reason, size_t reason_size) {
    // Lazily, as curl(1) itself is linked: thousands of functions of thirty libraries are never called.
    void *handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
    if (handle == NULL) {
        const char *error = dlerror();
        snprintf(reason, reason_size, "%s", error != NULL ? error : "dlopen failed");
        return NULL;
    }
    cshim_curl *library = calloc(1, sizeof *library);
    if (library == NULL) {
        snprintf(reason, reason_size, "out of memory");
        return NULL;
    }
    const struct {
        const char *symbol;
        void *address;
    } table[] = {
        {"curl_global_init", &library->global_init},
        {"curl_easy_strerror", &library->words},
        {"curl_easy_init", &library->easy_init},
        {"curl_easy_cleanup", &library->easy_cleanup},
        {"curl_easy_setopt", &library->easy_setopt},
        {"curl_easy_getinfo", &library->easy_getinfo},
        {"curl_easy_perform", &library->easy_perform},
        {"curl_slist_append", &library->list_append},
        {"curl_slist_free_all", &library->list_free},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        void *address = dlsym(handle, table[i].symbol);
        if (address == NULL) {
            snprintf(reason, reason_size, "%s has no %s", name, table[i].symbol);
            free(library);
            return NULL;
        }
        // POSIX lets a data pointer hold a function's address; C only by way of memory.
        *(void **)table[i].address = address;
    }
    int code = library->global_init(CURL_GLOBAL_ALL);
    if (code != 0) {
        snprintf(reason, reason_size, "curl_global_init: %s", library->words(code));
        free(library);
        return NULL;
    }
    return library;
}

void cshim_curl_free(cshim_curl *library) { free(library); }

const char *cshim_curl_words(const cshim_curl *library, int code) { return library->words(code); }

cshim_curl_easy *cshim_curl_easy_new(const cshim_curl *library) { return library->easy_init(); }

void cshim_curl_easy_free(const cshim_curl *library, cshim_curl_easy *easy) { library->easy_cleanup(easy); }

int cshim_curl_set_long(const cshim_curl *library, cshim_curl_easy *easy, int option, long value) {
    return library->easy_setopt(easy, option, value);
}

int cshim_curl_set_size(const cshim_curl *library, cshim_curl_easy *easy, int option, int64_t value) {
    return library->easy_setopt(easy, option, value);
}

int cshim_curl_set_string(const cshim_curl *library, cshim_curl_easy *easy, int option, const char *value) {
    return library->easy_setopt(easy, option, value);
}

int cshim_curl_set_pointer(const cshim_curl *library, cshim_curl_easy *easy, int option, void *value) {
    return library->easy_setopt(easy, option, value);
}

int cshim_curl_set_list(const cshim_curl *library, cshim_curl_easy *easy, int option, cshim_curl_list *list) {
    return library->easy_setopt(easy, option, list);
}

int cshim_curl_set_write_function(
    const cshim_curl *library, cshim_curl_easy *easy, cshim_curl_data_function function) {
    return library->easy_setopt(easy, CURLOPT_WRITEFUNCTION, function);
}

int cshim_curl_set_read_function(const cshim_curl *library, cshim_curl_easy *easy, cshim_curl_data_function function) {
    return library->easy_setopt(easy, CURLOPT_READFUNCTION, function);
}

int cshim_curl_set_debug_function(
    const cshim_curl *library, cshim_curl_easy *easy, cshim_curl_debug_function function) {
    return library->easy_setopt(easy, CURLOPT_DEBUGFUNCTION, function);
}

int cshim_curl_set_progress_function(
    const cshim_curl *library, cshim_curl_easy *easy, cshim_curl_progress_function function) {
    return library->easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, function);
}

cshim_curl_list *cshim_curl_list_append(const cshim_curl *library, cshim_curl_list *list, const char *text) {
    return library->list_append(list, text);
}

void cshim_curl_list_free(const cshim_curl *library, cshim_curl_list *list) { library->list_free(list); }

int cshim_curl_perform(const cshim_curl *library, cshim_curl_easy *easy) { return library->easy_perform(easy); }

static long info(const cshim_curl *library, cshim_curl_easy *easy, int which) {
    long value = 0;
    return library->easy_getinfo(easy, which, &value) == 0 ? value : 0;
}

long cshim_curl_response_code(const cshim_curl *library, cshim_curl_easy *easy) {
    return info(library, easy, CURLINFO_RESPONSE_CODE);
}

long cshim_curl_os_errno(const cshim_curl *library, cshim_curl_easy *easy) {
    return info(library, easy, CURLINFO_OS_ERRNO);
}
