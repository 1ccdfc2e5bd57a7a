// The arguments of the program, for Swift's CommandLine.
//
// Swift's own way to them (stdlib/public/stubs/CommandLine.cpp) reads /proc/self/maps in a constructor, whether anybody
// asks for them or not: 110,000 instructions and four system calls, every minute. glibc hands them to each constructor.
// These two functions are all that is in that file; the linker takes them here, and so not the file.

#include "cshim_linux.h"

static int argument_count;
static char **arguments;

__attribute__((constructor)) static void remember(int count, char **vector)
{
    argument_count = count;
    arguments = vector;
}

int cshim_argument_count(void) { return argument_count; }

char **_swift_stdlib_getUnsafeArgvArgc(int *count);
void _swift_stdlib_overrideUnsafeArgvArgc(char **vector, int count);

char **_swift_stdlib_getUnsafeArgvArgc(int *count)
{
    *count = argument_count;
    return arguments;
}

void _swift_stdlib_overrideUnsafeArgvArgc(char **vector, int count)
{
    argument_count = count;
    arguments = vector;
}
