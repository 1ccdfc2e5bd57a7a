// Swift's backtraces on a crash, left out of the release binary.
//
// They need a program swift-backtrace, which only a toolchain has. To find it a constructor of the runtime
// (stdlib/public/runtime/Backtrace.cpp) makes eight stat(2) calls and 58,000 instructions, every minute. These two are all
// that the rest of the runtime wants of that file; the linker takes them here, and so not the file. Should another runtime
// want more of it, the file comes in, and its own definitions count: these are weak.
#include <stdbool.h>

#ifndef DEBUG

bool _swift_backtrace_isThunkFunction(const char *name);

// struct BacktraceSettings, and room for it to grow: all zero is off.
__attribute__((weak)) unsigned char _swift_backtraceSettings[512];

// Only who prints a backtrace asks (swiftrt.o names it, so that it can be found).
__attribute__((weak)) bool _swift_backtrace_isThunkFunction(const char *name)
{
    (void)name;
    return false;
}

#endif
