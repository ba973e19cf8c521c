/* SPDX-License-Identifier: MIT */
/* stdio: the three streams of a container's process, pumped by one thread each.
 *
 * The container's ends are pipes opened for overlapped I/O; ours are whatever wrun was started
 * with. Nothing is lost and nothing hangs: output is read to its end, a consumer that is slow or
 * has gone is told from a pipe that somebody keeps open, and a stream that nobody reads or writes
 * any more can be cut off at any time. */
#pragma once

#include "base/error.h"
#include "win32/windows_lean.h"

/* Where output goes. write() takes everything or fails; it may block, and is called from the
 * stream's own thread only. A failure whose code is ERROR_BROKEN_PIPE, ERROR_NO_DATA or
 * ERROR_PIPE_NOT_CONNECTED means that the reader has gone, which is no error of the run. A thread
 * that cannot be woken from it is given up, so 'user' must live as long as the process. */
struct hcs_sink {
    bool (*write)(void *user, const void *data, size_t length,
                  struct error *err); /* NULL = discard */
    void *user;
};

/* Where input comes from. *ret_length 0 is the end. It may block and is called from one thread
 * only; that thread is given up when it cannot be woken, so 'user' must live as long as the
 * process. */
struct hcs_source {
    bool (*read)(void *user, void *data, size_t capacity, size_t *ret_length,
                 struct error *err); /* NULL = no input: the container's stdin is closed at once */
    void *user;
};

/* Plain ReadFile and WriteFile on a file, pipe or device. The handle is borrowed; one that wrun was
 * not given (NULL, INVALID_HANDLE_VALUE) discards, or has no input. */
struct hcs_sink hcs_sink_to_handle(HANDLE handle);
struct hcs_source hcs_source_from_handle(HANDLE handle);

struct hcs_stdio {
    struct hcs_source input;
    struct hcs_sink output;
    struct hcs_sink error;
    unsigned shutdown_ms; /* how long the container may take to shut down when something it left
                             behind keeps the output open; 0 = 30 s */
};

/* ---- for hcs/process.c and its tests ---- */

enum hcs_pump_state {
    HCS_PUMP_READING, /* waits for the source */
    HCS_PUMP_WRITING, /* waits for the destination */
    HCS_PUMP_DONE,
};

struct hcs_pump;

/* Starts a thread that copies the container's pipe to the sink until its end. Owns 'pipe' from then
 * on (also on failure). 'producer_exited' is a manual-reset event, borrowed: before it is set a
 * read of 0 bytes is not the end. */
bool hcs_pump_output(HANDLE pipe, const struct hcs_sink *sink, HANDLE producer_exited,
                     struct hcs_pump **ret, struct error *err) MUST_USE;
/* Starts a thread that copies the source to the container's pipe. Owns 'pipe' as above. At the end
 * of input it leaves the pipe open, for whoever must tell HCS first. */
bool hcs_pump_input(const struct hcs_source *source, HANDLE pipe, struct hcs_pump **ret,
                    struct error *err) MUST_USE;

/* Manual reset; set when the pump is done. Borrowed. */
HANDLE hcs_pump_done_event(const struct hcs_pump *pump);
enum hcs_pump_state hcs_pump_state(const struct hcs_pump *pump);
/* Grows whenever bytes have moved. */
LONG64 hcs_pump_progress(const struct hcs_pump *pump);
/* Closes the container's pipe of a pump that is done. */
void hcs_pump_close_pipe(struct hcs_pump *pump);
/* Ends the pump, cutting off what has not moved yet, and frees it; a thread that cannot be woken is
 * left behind with all it needs. Takes NULL, leaves NULL. False, with *err filled, when the pump
 * had failed; a reader of ours that has gone, or a container that does not read, is no failure. */
bool hcs_pump_finish(struct hcs_pump **pump, struct error *err) MUST_USE;
