/* SPDX-License-Identifier: MIT */
#include "base/os_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/fs_posix.h"
#include "base/os.h"

#define TICK_MS 20
#define PIECE_SIZE 4096
#define FIRST_OTHER_DESCRIPTOR 3

bool os_process_is_program(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

struct child {
    pid_t id;   /* 0 = none, or ended and collected */
    int output; /* the reading end, never 0 */
    int status; /* of waitpid() */
    bool ended;
};

static void child_close(struct child *child)
{
    if (child->id && !child->ended) {
        kill(child->id, SIGKILL);
        while (waitpid(child->id, &child->status, 0) < 0 && errno == EINTR)
            ;
    }
    if (child->output)
        close(child->output);
    *child = (struct child){0};
}

/* The input as a file that exists in memory only: writing a pipe could block or raise SIGPIPE. The
 * caller closes what is in *ret also on failure. */
static bool open_input(const struct os_process_spec *spec, int *ret, struct error *err)
{
    int descriptor = memfd_create("input", MFD_CLOEXEC);
    if (descriptor < 0)
        return error_errno(err, errno, "make a file in memory");
    *ret = descriptor;
    struct fs_file file = {.handle = descriptor + 1};
    return fs_write_at(&file, 0, spec->input, spec->input_length, err);
}

static int add_actions(posix_spawn_file_actions_t *actions, int input, int output)
{
    int reason = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
    if (!reason)
        reason = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
    if (!reason)
        reason = posix_spawn_file_actions_addclosefrom_np(actions, FIRST_OTHER_DESCRIPTOR);
    return reason;
}

/* wrun ignores SIGPIPE, which a program would inherit. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    int reason = posix_spawnattr_setsigdefault(attributes, &signals);
    return reason ? reason : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF);
}

static int spawn(const struct os_process_spec *spec, int input, int output, pid_t *ret)
{
    CLEANUP(strlist_clear) struct strlist words = {0};
    strlist_add(&words, spec->program);
    strlist_add_all(&words, spec->arguments);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int reason = add_actions(&actions, input, output);
    if (!reason)
        reason = set_signals(&attributes);
    if (!reason)
        reason = posix_spawn(ret, spec->program, &actions, &attributes, words.items, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return reason;
}

static bool start(const struct os_process_spec *spec, struct child *ret, struct error *err)
{
    int ends[2];
    CLEANUP(posix_close) int input = -1;
    if (!open_input(spec, &input, err))
        return false;
    if (pipe2(ends, O_CLOEXEC))
        return error_errno(err, errno, "make a pipe");
    int reason = spawn(spec, input, ends[1], &ret->id);
    close(ends[1]);
    ret->output = ends[0];
    if (!reason)
        return true;
    ret->id = 0;
    return error_errno(err, reason, "start '%s'", spec->program);
}

/* *ret_any: something came, so there may be more. At the end of the output the pipe is closed. */
static bool read_piece(struct child *child, int wait_ms, struct buf *output, bool *ret_any,
                       struct error *err)
{
    unsigned char piece[PIECE_SIZE];
    struct pollfd polled = {.fd = child->output, .events = POLLIN};
    *ret_any = false;
    if (poll(&polled, 1, wait_ms) <= 0)
        return true;
    ssize_t got = read(child->output, piece, sizeof piece);
    if (got < 0 && errno != EINTR)
        return error_errno(err, errno, "read what it says");
    if (got == 0) {
        close(child->output);
        child->output = 0;
    }
    *ret_any = got > 0;
    return got <= 0 || buf_append(output, piece, (size_t)got, err);
}

/* What it started may hold the pipe open after its end; only what has been written by then counts.
 */
static bool collect(const struct os_process_spec *spec, struct child *child, struct buf *output,
                    struct error *err)
{
    uint64_t deadline = os_monotonic_ms() + spec->timeout_ms;
    bool any = true;
    while (!child->ended || (child->output && any)) {
        if (!cancel_check(spec->cancel, err))
            return false;
        if (os_monotonic_ms() >= deadline)
            return error_set(err, ERR_BUSY, "it does not end within %u seconds",
                             spec->timeout_ms / 1000);
        child->ended = child->ended || waitpid(child->id, &child->status, WNOHANG) == child->id;
        if (!child->output)
            os_sleep_ms(1);
        else if (!read_piece(child, child->ended ? 0 : TICK_MS, output, &any, err))
            return false;
    }
    return true;
}

bool os_process_run(const struct os_process_spec *spec, struct buf *ret_output, uint32_t *ret_code,
                    struct error *err)
{
    CLEANUP(child_close) struct child child = {0};
    CLEANUP(buf_clear) struct buf output;
    buf_init(&output, spec->output_maximum);
    if (!start(spec, &child, err))
        return false;
    if (!collect(spec, &child, &output, err))
        return error_wrap(err, "'%s'", spec->program);
    *ret_code = WIFEXITED(child.status) ? (uint32_t)WEXITSTATUS(child.status)
                                        : 128 + (uint32_t)WTERMSIG(child.status);
    *ret_output = TAKE(output);
    return true;
}
