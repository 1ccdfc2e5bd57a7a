#define _GNU_SOURCE
#include "cshim_journal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct sd_journal sd_journal;

static struct {
    int (*open_files_fd)(sd_journal **journal, int descriptors[], unsigned count, int flags);
    void (*close)(sd_journal *journal);
    int (*set_data_threshold)(sd_journal *journal, size_t size);
    int (*add_match)(sd_journal *journal, const void *data, size_t size);
    int (*seek_tail)(sd_journal *journal);
    int (*seek_cursor)(sd_journal *journal, const char *cursor);
    int (*seek_realtime_usec)(sd_journal *journal, uint64_t microseconds);
    int (*next)(sd_journal *journal);
    int (*previous)(sd_journal *journal);
    int (*get_cursor)(sd_journal *journal, char **cursor);
    int (*get_realtime_usec)(sd_journal *journal, uint64_t *microseconds);
    int (*get_data)(sd_journal *journal, const char *field, const void **data, size_t *size);
    int (*get_usage)(sd_journal *journal, uint64_t *bytes);
    char reason[256];
    int loaded;
} library;

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

struct cshim_journal {
    sd_journal *handle;
    // A SIGBUS left the library in the middle of something: its handle cannot be used any more, nor freed.
    int broken;
};

// Where a SIGBUS goes on, while this thread is inside the library.
static _Thread_local sigjmp_buf escape;
static _Thread_local volatile sig_atomic_t armed;

static void on_bus_error(int signal) {
    if (armed) {
        armed = 0;
        siglongjmp(escape, 1);
    }
    // Not ours: it happens again when this returns, and then ends the program as ever.
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(signal, &usual, NULL);
}

static void load(void) {
    const char *name = "libsystemd.so.0";
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *error = dlerror();
        snprintf(library.reason, sizeof library.reason, "%s", error != NULL ? error : "dlopen failed");
        return;
    }
    const struct {
        const char *symbol;
        void *address;
    } table[] = {
        {"sd_journal_open_files_fd", &library.open_files_fd},
        {"sd_journal_close", &library.close},
        {"sd_journal_set_data_threshold", &library.set_data_threshold},
        {"sd_journal_add_match", &library.add_match},
        {"sd_journal_seek_tail", &library.seek_tail},
        {"sd_journal_seek_cursor", &library.seek_cursor},
        {"sd_journal_seek_realtime_usec", &library.seek_realtime_usec},
        {"sd_journal_next", &library.next},
        {"sd_journal_previous", &library.previous},
        {"sd_journal_get_cursor", &library.get_cursor},
        {"sd_journal_get_realtime_usec", &library.get_realtime_usec},
        {"sd_journal_get_data", &library.get_data},
        {"sd_journal_get_usage", &library.get_usage},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        void *address = dlsym(handle, table[i].symbol);
        if (address == NULL) {
            snprintf(library.reason, sizeof library.reason, "%s has no %s", name, table[i].symbol);
            return;
        }
        // POSIX lets a data pointer hold a function's address; C only by way of memory.
        *(void **)table[i].address = address;
    }
    // SA_NODEFER: after a jump out of the handler the signal must not stay blocked.
    struct sigaction ours = {.sa_handler = on_bus_error, .sa_flags = SA_NODEFER};
    sigaction(SIGBUS, &ours, NULL);
    library.loaded = 1;
}

int cshim_journal_load(char *reason, size_t reason_size) {
    pthread_once(&library_once, load);
    if (library.loaded) return 0;
    snprintf(reason, reason_size, "%s", library.reason);
    return -1;
}

// One call into the library. What it leaves in `result` after a SIGBUS is -EIO.
#define GUARDED(journal, result, call)                                                                                 \
    do {                                                                                                               \
        if ((journal)->broken) {                                                                                       \
            (result) = -EIO;                                                                                           \
        } else if (sigsetjmp(escape, 0) != 0) {                                                                        \
            (journal)->broken = 1;                                                                                     \
            (result) = -EIO;                                                                                           \
        } else {                                                                                                       \
            armed = 1;                                                                                                 \
            (result) = (call);                                                                                         \
            armed = 0;                                                                                                 \
        }                                                                                                              \
    } while (0)

cshim_journal *cshim_journal_open(int descriptor, size_t data_threshold, int *error) {
    *error = ENOSYS;
    if (!library.loaded) return NULL;
    *error = ENOMEM;
    cshim_journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL) return NULL;
    // A blocked SIGBUS ends the program whatever its handler is.
    sigset_t bus;
    sigemptyset(&bus);
    sigaddset(&bus, SIGBUS);
    pthread_sigmask(SIG_UNBLOCK, &bus, NULL);
    // When it succeeds, the library takes the descriptor over and closes it, of which its manual says nothing.
    int descriptors[] = {fcntl(descriptor, F_DUPFD_CLOEXEC, 0)};
    int result = descriptors[0] < 0 ? -errno : 0;
    if (result >= 0) {
        GUARDED(journal, result, library.open_files_fd(&journal->handle, descriptors, 1, 0));
        if (result < 0) close(descriptors[0]);
    }
    if (result >= 0) GUARDED(journal, result, library.set_data_threshold(journal->handle, data_threshold));
    if (result >= 0) return journal;
    *error = -result;
    cshim_journal_close(journal);
    return NULL;
}

void cshim_journal_close(cshim_journal *journal) {
    if (!journal->broken && journal->handle != NULL) library.close(journal->handle);
    free(journal);
}

int cshim_journal_add_match(cshim_journal *journal, const char *match) {
    int result;
    GUARDED(journal, result, library.add_match(journal->handle, match, strlen(match)));
    return result;
}

int cshim_journal_seek_tail(cshim_journal *journal) {
    int result;
    GUARDED(journal, result, library.seek_tail(journal->handle));
    return result;
}

int cshim_journal_seek_cursor(cshim_journal *journal, const char *cursor) {
    int result;
    GUARDED(journal, result, library.seek_cursor(journal->handle, cursor));
    return result;
}

int cshim_journal_seek_realtime(cshim_journal *journal, uint64_t microseconds) {
    int result;
    GUARDED(journal, result, library.seek_realtime_usec(journal->handle, microseconds));
    return result;
}

int cshim_journal_next(cshim_journal *journal) {
    int result;
    GUARDED(journal, result, library.next(journal->handle));
    return result;
}

int cshim_journal_previous(cshim_journal *journal) {
    int result;
    GUARDED(journal, result, library.previous(journal->handle));
    return result;
}

int cshim_journal_cursor(cshim_journal *journal, char cursor[CSHIM_JOURNAL_CURSOR_SIZE]) {
    int result;
    char *text = NULL;
    GUARDED(journal, result, library.get_cursor(journal->handle, &text));
    if (result < 0) return result;
    int length = snprintf(cursor, CSHIM_JOURNAL_CURSOR_SIZE, "%s", text);
    free(text);
    return length < CSHIM_JOURNAL_CURSOR_SIZE ? 0 : -ENOBUFS;
}

int cshim_journal_realtime(cshim_journal *journal, uint64_t *microseconds) {
    int result;
    GUARDED(journal, result, library.get_realtime_usec(journal->handle, microseconds));
    return result;
}

// What the library hands out lies in the mapped file: it is copied under the guard, too.
static int copy_value(sd_journal *handle, const char *field, void *value, size_t size, size_t *length) {
    const void *data;
    size_t data_size;
    int result = library.get_data(handle, field, &data, &data_size);
    if (result < 0) return result;
    size_t prefix = strlen(field) + 1;
    if (data_size < prefix) return -EBADMSG;
    *length = data_size - prefix;
    memcpy(value, (const char *)data + prefix, *length < size ? *length : size);
    return 0;
}

int cshim_journal_value(cshim_journal *journal, const char *field, void *value, size_t size, size_t *length) {
    int result;
    *length = 0;
    GUARDED(journal, result, copy_value(journal->handle, field, value, size, length));
    return result;
}

int cshim_journal_is_intact(cshim_journal *journal) {
    int result;
    uint64_t bytes = 0;
    GUARDED(journal, result, library.get_usage(journal->handle, &bytes));
    return result >= 0 && bytes > 0;
}
