/* Runs commands in turn, round after round, and writes one line for each timed run:
 *
 *     NUMBER NANOSECONDS PEAK_KIB PAGE_FAULTS STATUS
 *
 * It is small and linked statically, so that starting a child costs little (posix_spawn shares the parent's memory until
 * execve) and does not count in the child's peak: getrusage(2) includes what the process was before execve.
 *
 *     race ROUNDS LIST
 *
 * LIST is a file: words end with NUL, a command ends with an empty word. Before the program a command can have
 *     =               it is not timed: preparation for the next one
 *     @FILE           it runs in this mount namespace
 *     >FILE           its standard output, emptied before each run; not /dev/null, where grep stops at the first match
 *     NAME=VALUE      its environment, of which these are all
 * The first round is warm-up and is not reported.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_COMMANDS = 32, MOST_WORDS = 48 };

struct command {
    int untimed, namespace, output;
    int variables, words;
    char *environment[MOST_WORDS + 1], *arguments[MOST_WORDS + 1];
};

static struct command commands[MOST_COMMANDS];
static int count;

static char *content(const char *path, size_t *size) {
    struct stat facts;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &facts) != 0) err(125, "%s", path);
    char *bytes = malloc((size_t) facts.st_size + 1);
    if (bytes == NULL || read(file, bytes, (size_t) facts.st_size) != facts.st_size) err(125, "%s", path);
    close(file);
    *size = (size_t) facts.st_size;
    return bytes;
}

static void parse(char *word, char *end) {
    struct command *command = &commands[0];
    for (; word < end; word += strlen(word) + 1) {
        if (count == MOST_COMMANDS || command->words == MOST_WORDS || command->variables == MOST_WORDS)
            errx(125, "the list is too long");
        if (*word == '\0') {
            command = &commands[++count];
        } else if (command->words > 0) {
            command->arguments[command->words++] = word;
        } else if (strcmp(word, "=") == 0) {
            command->untimed = 1;
        } else if (*word == '@') {
            command->namespace = open(word + 1, O_RDONLY | O_CLOEXEC);
            if (command->namespace < 0) err(125, "%s", word + 1);
        } else if (*word == '>') {
            command->output = open(word + 1, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            if (command->output < 0) err(125, "%s", word + 1);
        } else if (strchr(word, '=') != NULL) {
            command->environment[command->variables++] = word;
        } else {
            command->arguments[command->words++] = word;
        }
    }
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void run(int number, int report) {
    struct command *command = &commands[number];
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    pid_t child;
    int status;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (command->output > 0) {
        if (ftruncate(command->output, 0) != 0 || lseek(command->output, 0, SEEK_SET) != 0) err(125, "output");
        posix_spawn_file_actions_adddup2(&actions, command->output, 1);
    }
    if (command->namespace > 0 && setns(command->namespace, CLONE_NEWNS) != 0) err(125, "setns");
    long long start = now();
    int failure = posix_spawnp(&child, command->arguments[0], &actions, NULL, command->arguments, command->environment);
    if (failure != 0) errx(125, "%s: %s", command->arguments[0], strerror(failure));
    if (wait4(child, &status, 0, &usage) != child) err(125, "wait4");
    long long end = now();
    posix_spawn_file_actions_destroy(&actions);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (command->untimed) {
        if (code != 0) errx(125, "exit status %d of %s", code, command->arguments[0]);
    } else if (report) {
        printf("%d %lld %ld %ld %d\n", number, end - start, usage.ru_maxrss, usage.ru_minflt, code);
        fflush(stdout);
    }
}

int main(int argumentCount, char **arguments) {
    size_t size;
    if (argumentCount != 3) errx(125, "usage: race ROUNDS LIST");
    int rounds = atoi(arguments[1]);
    char *list = content(arguments[2], &size);
    parse(list, list + size);
    for (int round = 0; round <= rounds; round++)
        for (int number = 0; number < count; number++) run(number, round > 0);
    return 0;
}
