"""Another time of day for one process: a library that answers clock_gettime(CLOCK_REALTIME) and time, no more.

libfaketime does more than is wanted: with it a wait for a condition on the monotonic clock ends at once.
"""

import subprocess

SOURCE = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The clock stands at $CLOCK_SECONDS. */
int clock_gettime(clockid_t clock, struct timespec *now) {
    const char *seconds = getenv("CLOCK_SECONDS");
    if (clock != CLOCK_REALTIME || seconds == NULL) return (int) syscall(SYS_clock_gettime, clock, now);
    now->tv_sec = atol(seconds);
    now->tv_nsec = 0;
    return 0;
}

time_t time(time_t *now) {
    struct timespec clock;
    clock_gettime(CLOCK_REALTIME, &clock);
    if (now != NULL) *now = clock.tv_sec;
    return clock.tv_sec;
}
"""


class Clock:
    """`Clock(directory).environment(time)` makes a program believe that it is `time` (an aware datetime)."""

    def __init__(self, directory):
        source = directory / "clock.c"
        source.write_text(SOURCE)
        self.library = directory / "clock.so"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.library, source], check=True)

    def environment(self, time):
        return {"LD_PRELOAD": str(self.library), "CLOCK_SECONDS": str(int(time.timestamp()))}
