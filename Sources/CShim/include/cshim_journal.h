// libsystemd.so.0, opened when the journal is read. Its headers are not needed to build: the few functions are those of
// its stable ABI (soname 0, all there since systemd 196), as sd-journal(3) documents them.
//
// libsystemd reads files through mmap(2). A file that is cut meanwhile, or a disk that fails, raises SIGBUS there, which
// would end the program; here it becomes -EIO.
#ifndef CSHIM_JOURNAL_H
#define CSHIM_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// One open journal file. Used by one thread only, as sd_journal_open(3) asks.
typedef struct cshim_journal cshim_journal;

enum {
    /// Room for any cursor; real ones have about 150 bytes.
    CSHIM_JOURNAL_CURSOR_SIZE = 512,
};

/// Opens the library, once. Returns 0, or -1 with the reason in dlopen(3)'s words.
int cshim_journal_load(char *reason, size_t reason_size);

/// Reads the journal file at `descriptor`, which stays the caller's. NULL, and an errno in `error`,
/// when it cannot be read or the library is not loaded.
///
/// - data_threshold: bytes of a field that are decompressed at least, where it is longer.
cshim_journal *_Nullable cshim_journal_open(int descriptor, size_t data_threshold, int *error);
void cshim_journal_close(cshim_journal *journal);

// Each returns 0 or more, or a negative errno: see the manual page of the function without `c` and `him`.

/// `FIELD=value`; several values of a field are alternatives, several fields must all match.
int cshim_journal_add_match(cshim_journal *journal, const char *match);
int cshim_journal_seek_tail(cshim_journal *journal);
int cshim_journal_seek_cursor(cshim_journal *journal, const char *cursor);
int cshim_journal_seek_realtime(cshim_journal *journal, uint64_t microseconds);
/// 1: there is an entry; 0: at the end.
int cshim_journal_next(cshim_journal *journal);
int cshim_journal_previous(cshim_journal *journal);
/// Copies the entry's cursor, with its NUL.
int cshim_journal_cursor(cshim_journal *journal, char cursor[_Nonnull CSHIM_JOURNAL_CURSOR_SIZE]);
int cshim_journal_realtime(cshim_journal *journal, uint64_t *microseconds);
/// Copies the value of `field`, at most `size` bytes. `length` is its whole length, as far as it is known.
int cshim_journal_value(cshim_journal *journal, const char *field, void *value, size_t size, size_t *length);
/// Whether the file is still read: libsystemd drops one that it finds damaged, and then says that the end is reached.
int cshim_journal_is_intact(cshim_journal *journal);

#pragma clang assume_nonnull end

#endif
