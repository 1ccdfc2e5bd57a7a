// Linux calls that glibc declares only with _GNU_SOURCE, so that Swift's Glibc module does not show them.
#ifndef CSHIM_LINUX_H
#define CSHIM_LINUX_H

#pragma clang assume_nonnull begin

/// renameat2(2) with RENAME_EXCHANGE: swaps two names in one step. 0, or -1 and errno.
int cshim_rename_exchange(const char *one, const char *other);

/// fallocate(2) with FALLOC_FL_KEEP_SIZE: blocks for the first `length` bytes, the file's size stays. 0, or -1 and errno.
int cshim_allocate_blocks(int descriptor, long length);

#pragma clang assume_nonnull end
#endif
