#define _GNU_SOURCE
#include "cshim_linux.h"

#include <fcntl.h>
#include <stdio.h>

int cshim_rename_exchange(const char *one, const char *other) {
    return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

int cshim_allocate_blocks(int descriptor, long length) { return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, length); }
