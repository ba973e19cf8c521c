/* SPDX-License-Identifier: MIT */
/* process: a process in a container, from create to exit code. */
#pragma once

#include <stdint.h>

#include "base/cancel.h"
#include "base/error.h"
#include "hcs/api.h"
#include "hcs/notifier.h"
#include "hcs/stdio.h"
#include "hcs/system.h"

/* {0} is closed. */
struct hcs_process {
    struct hcs_system *system; /* borrowed: close the process first */
    HCS_PROCESS handle;
    HCS_CALLBACK callback;
    struct hcs_notifier *notifier;
    uint32_t id;
    HANDLE std_in; /* our ends of the pipes, overlapped; NULL = not asked for, or handed on */
    HANDLE std_out;
    HANDLE std_err;
};

/* Starts a process from a ProcessParameters document. hcs_error_start_failure() tells what to blame
 * when this fails: the command is missing, cannot be run, or neither. */
bool hcs_process_create(struct hcs_system *system, const char *document, struct hcs_process *ret,
                        struct error *err) MUST_USE;

/* Requests of 'cancel' (may be NULL) escalate; whoever makes them chooses by their number: */
enum {
    HCS_CANCEL_SIGNAL = 1,  /* the process is sent Ctrl-C and may end as it likes */
    HCS_CANCEL_KILL = 2,    /* it is terminated */
    HCS_CANCEL_ABANDON = 3, /* hcs_process_run() returns at once with ERR_CANCELLED */
};

/* Pumps the streams until the process has ended and its output is read to the end, and returns the
 * exit code in full. When something else keeps the output open for 2 s after the exit the container
 * is shut down (that is the end of a container whose first process has ended), which closes it; a
 * consumer of ours that is slow is waited for. Once per process. */
bool hcs_process_run(struct hcs_process *process, const struct hcs_stdio *streams,
                     const struct cancel *cancel, uint32_t *ret_exit_code, struct error *err)
    MUST_USE;

/* Sends HCS_DOCUMENT_CTRL_C or another signal, from a thread and by handles of its own: HCS answers
 * only when the process has dealt with it, and holds back what comes by the same handle meanwhile.
 */
bool hcs_process_signal(const struct hcs_process *process, const char *document, struct error *err)
    MUST_USE;
/* Terminates the process by a second handle (see above), or else the whole container. Ended already
 * is success. */
bool hcs_process_kill(struct hcs_process *process, struct error *err) MUST_USE;
bool hcs_process_resize(const struct hcs_process *process, uint16_t height, uint16_t width,
                        struct error *err) MUST_USE;
/* Tells HCS that there is no more input; our end of the pipe is closed after that. */
void hcs_process_end_input(const struct hcs_process *process);
/* Of a process that has ended. ERR_OS when HCS does not know it. */
bool hcs_process_exit_code(const struct hcs_process *process, uint32_t *ret, struct error *err)
    MUST_USE;
void hcs_process_close(struct hcs_process *process);
