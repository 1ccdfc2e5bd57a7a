// What Swift's Glibc module does not show: Linux calls that glibc declares only with _GNU_SOURCE, and `environ`, which is a
// global variable.
#ifndef CSHIM_LINUX_H
#define CSHIM_LINUX_H

#include <pthread.h>
// statfs(2), which Swift's module of glibc leaves out.
#include <sys/statfs.h>

#pragma clang assume_nonnull begin

/// environ(7): NAME=VALUE strings, the last entry null; null when there is no environment at all.
char *_Nullable const *_Nullable cshim_environment(void);

/// How many arguments the program was called with, itself among them: CommandLine.arguments makes a text of each.
int cshim_argument_count(void);

/// renameat2(2) with RENAME_EXCHANGE: swaps two names in one step. 0, or -1 and errno.
int cshim_rename_exchange(const char *one, const char *other);

/// fallocate(2) with FALLOC_FL_KEEP_SIZE: blocks for the first `length` bytes, the file's size stays. 0, or -1 and errno.
int cshim_allocate_blocks(int descriptor, long length);

/// pthread_attr_setsigmask_np(3): a thread made with these attributes takes no signals. 0, or an error number.
int cshim_block_all_signals(pthread_attr_t *attributes);

/// mallopt(3) with M_MMAP_THRESHOLD: blocks of at least `bytes` go back to the kernel when they are freed. Left to itself
/// glibc raises that limit as it goes.
void cshim_give_back_blocks(int bytes);

/// mallopt(3): freed memory stays with this process, which is to end soon. By itself glibc hands large blocks to the kernel
/// and back, and asks for small pieces of memory at a time.
void cshim_keep_memory(void);

/// mallopt(3): threads that begin from now on share one heap. Setting one up for each takes longer than waiting for another.
void cshim_share_memory(void);

/// Has a thread with these attributes start on another processor than this one, if there is another. 0, or -1.
int cshim_avoid_this_processor(pthread_attr_t *attributes);

/// Lets this thread run wherever the process's first thread may.
void cshim_use_all_processors(void);

/// How many processors this process may run on: sched_getaffinity(2), which taskset(1) and systemd's CPUAffinity= narrow;
/// all of them on a machine too large for a cpu_set_t.
int cshim_usable_processors(void);

#pragma clang assume_nonnull end
#endif
