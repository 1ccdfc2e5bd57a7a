"""The memory a program needs at most, and how often it makes the kernel hand it a page.

getrusage(2) also counts what the process was before execve: a child of a large Python would seem as large. So a tiny
program stands in between.
"""

import subprocess

SOURCE = r"""
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* peak FILE PROGRAM ARGUMENT...: runs the program, writes its largest resident set in KiB and its page faults (those that
   need no disk) to FILE, ends like it. */
int main(int count, char **arguments) {
    struct rusage usage;
    int status;
    pid_t child = count > 2 ? fork() : -1;
    if (child < 0) return 125;
    if (child == 0) {
        execvp(arguments[2], arguments + 2);
        _exit(127);
    }
    if (wait4(child, &status, 0, &usage) != child) return 125;
    FILE *file = fopen(arguments[1], "w");
    if (file == NULL || fprintf(file, "%ld %ld\n", usage.ru_maxrss, usage.ru_minflt) < 0 || fclose(file) != 0) return 125;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
"""


class Peak:
    """`peak.command([...])` runs a command; `peak.kibibytes` is then the most memory it had, `peak.faults` its page faults."""

    def __init__(self, directory):
        source = directory / "peak.c"
        source.write_text(SOURCE)
        self.program = directory / "peak"
        self.file = directory / "peak.kib"
        subprocess.run(["cc", "-O1", "-o", self.program, source], check=True)

    def command(self, line):
        return [str(self.program), str(self.file), *line]

    @property
    def kibibytes(self):
        return int(self.file.read_text().split()[0])

    @property
    def faults(self):
        return int(self.file.read_text().split()[1])
