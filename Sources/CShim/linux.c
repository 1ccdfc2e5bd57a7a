#define _GNU_SOURCE
#include "cshim_linux.h"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

char *const *cshim_environment(void) { return environ; }

int cshim_rename_exchange(const char *one, const char *other) {
    return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

int cshim_allocate_blocks(int descriptor, long length) { return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, length); }

int cshim_block_all_signals(pthread_attr_t *attributes) {
    sigset_t all;
    sigfillset(&all);
    return pthread_attr_setsigmask_np(attributes, &all);
}

void cshim_give_back_blocks(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }

void cshim_keep_memory(void) {
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_TOP_PAD, 1 << 20);
}

void cshim_share_memory(void) { mallopt(M_ARENA_MAX, 1); }

int cshim_avoid_this_processor(pthread_attr_t *attributes) {
    cpu_set_t set;
    int here = sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof set, &set) != 0) return -1;
    CPU_CLR(here, &set);
    return CPU_COUNT(&set) > 0 ? pthread_attr_setaffinity_np(attributes, sizeof set, &set) : -1;
}

void cshim_use_all_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(getpid(), sizeof set, &set) == 0) sched_setaffinity(0, sizeof set, &set);
}

int cshim_usable_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}
