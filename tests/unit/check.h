/* SPDX-License-Identifier: MIT */
/* check: cmocka with what it needs, and the assertions that fit our error contract. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifndef _WIN32
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "base/alloc.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/guid.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* The call succeeds; what it reports goes to 'err', a variable in scope. */
#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if (!(call))                                                                               \
            fail_msg("%s failed: %s", #call, err.message);                                         \
        assert_false(error_is_set(&err));                                                          \
    } while (0)

/* The call fails with this kind and a message that contains 'text'; 'err' is empty afterwards. */
#define assert_fails(call, expected_kind, text)                                                    \
    do {                                                                                           \
        if (call)                                                                                  \
            fail_msg("%s succeeded", #call);                                                       \
        check_error(&err, expected_kind, text, #call);                                             \
    } while (0)

static inline void check_error(struct error *err, enum err_kind kind, const char *text,
                               const char *subject)
{
    if (!error_is_set(err))
        fail_msg("%s failed without an error", subject);
    const char *message = err->message ? err->message : "(no message)";
    if (err->kind != kind)
        fail_msg("%s: kind %d, not %d: %s", subject, (int)err->kind, (int)kind, message);
    if (!strstr(message, text))
        fail_msg("%s: '%s' does not contain '%s'", subject, message, text);
    error_clear(err);
}

/* A new, empty directory below the working directory; the caller owns the path and removes the tree
 * with remove_scratch(). */
static inline char *make_scratch(void)
{
    struct error err = {0};
    struct guid unique;
    char name[GUID_TEXT_SIZE];
    assert_ok(guid_random(&unique, &err));
    guid_format(&unique, name);
    char *path = str_format("scratch-%s", name);
    assert_ok(fs_make_directories(path, &err));
    return path;
}

static inline void remove_scratch(char **path)
{
    struct error err = {0};
    if (*path && !fs_remove_tree(*path, &err))
        fprintf(stderr, "left behind: %s\n", err.message);
    error_clear(&err);
    str_free(path);
}

/* The function ends its process by abort() after writing 'text' to stderr. Skips the test where
 * there is no fork(). */
static inline void assert_aborts(void (*function)(void), const char *text)
{
#ifdef _WIN32
    (void)function;
    (void)text;
    skip();
#else
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        dup2(ends[1], STDERR_FILENO);
        function();
        _exit(0);
    }
    close(ends[1]);
    char said[512] = "";
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], said + length, sizeof said - 1 - length)) > 0)
        length += (size_t)got;
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
        fail_msg("did not abort, status %#x: %s", (unsigned)status, said);
    if (!strstr(said, text))
        fail_msg("'%s' does not contain '%s'", said, text);
#endif
}
