/* SPDX-License-Identifier: MIT */
/* os_process: another program, run to its end (os_process_posix.c natively, src/win32/process.c in
 * the product).
 *
 * The program gets its input on stdin and wrun's own stderr; what it writes to stdout is collected.
 * No other handle or descriptor of wrun reaches it. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/strlist.h"

struct os_process_spec {
    const char *program;             /* a path, as os_process_find() gives it */
    const struct strlist *arguments; /* without the program's name */
    const void *input;
    size_t input_length;
    size_t output_maximum; /* bytes; more is ERR_INTEGRITY */
    unsigned timeout_ms;   /* longer is ERR_BUSY */
    const struct cancel *cancel;
};

/* The program of this name in the absolute directories of PATH; on Windows NAME.exe only, never a
 * script and never from the working directory. Owned by the caller; NULL when there is none. */
char *os_process_find(const char *name);

/* Returns when the program has ended; on failure it has been ended. *ret_output is owned by the
 * caller, who may have to wipe it; *ret_code is the exit code (natively 128 + the number of the
 * signal that ended it). */
bool os_process_run(const struct os_process_spec *spec, struct buf *ret_output, uint32_t *ret_code,
                    struct error *err) MUST_USE;

/* The half of os_process_find() that each system has of its own: is this a file to be run? */
bool os_process_is_program(const char *path);
