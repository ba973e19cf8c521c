/* SPDX-License-Identifier: MIT */
#include "hcs/process.h"

#include "base/os.h"
#include "hcs/process_document.h"
#include "win32/handle.h"
#include "win32/hresult.h"

/* After the first request of a cancel its event stays set, so further ones are looked for. */
#define LOOK_MS 100u
/* How long the exit of a process may come after the exit of its container. */
#define LATE_EXIT_MS 500u
#define KILL_WAIT_MS 5000u
#define GRACE_MS 2000u
#define SHUTDOWN_MS 30000u
/* Without a byte for so long after the container's end, an output pipe is held by nobody we know.
 */
#define IDLE_MS 5000u

struct run {
    struct hcs_process *process;
    const struct hcs_stdio *streams;
    const struct cancel *cancel;
    int cancels_seen;
    uint64_t give_up_at; /* after a kill; 0 = never */
    bool input_open;     /* HCS has not been told of the end of input */
    struct hcs_pump *input;
    struct hcs_pump *output;
    struct hcs_pump *error;
};

/* ---- streams ---- */

static bool is_done(const struct hcs_pump *pump)
{
    return !pump || WaitForSingleObject(hcs_pump_done_event(pump), 0) == WAIT_OBJECT_0;
}

/* hcsshim's order: HCS is told, then the pipe is closed. */
static void end_input(struct run *run)
{
    hcs_process_end_input(run->process);
    if (run->input)
        hcs_pump_close_pipe(run->input);
    handle_close(&run->process->std_in);
    run->input_open = false;
}

static bool start_pumps(struct run *run, struct error *err)
{
    struct hcs_process *process = run->process;
    const struct hcs_stdio *streams = run->streams;
    HANDLE exited = process->notifier->events[HCS_NOTICE_EXITED];
    if (process->std_out
        && !hcs_pump_output(TAKE(process->std_out), &streams->output, exited, &run->output, err))
        return false;
    if (process->std_err
        && !hcs_pump_output(TAKE(process->std_err), &streams->error, exited, &run->error, err))
        return false;
    if (!process->std_in)
        return true;
    run->input_open = true;
    if (streams->input.read)
        return hcs_pump_input(&streams->input, TAKE(process->std_in), &run->input, err);
    end_input(run);
    return true;
}

static bool finish(struct hcs_pump **pump, bool so_far, struct error *err)
{
    struct error later = {0};
    bool finished = hcs_pump_finish(pump, so_far ? err : &later);
    error_clear(&later);
    return so_far && finished;
}

/* ---- cancellation ---- */

static int requests_of(const struct run *run)
{
    return run->cancel ? __atomic_load_n(&run->cancel->requested, __ATOMIC_SEQ_CST) : 0;
}

static bool escalate(struct run *run, struct error *err)
{
    CLEANUP(error_clear) struct error ignored = {0};
    int requests = requests_of(run);
    bool is_new = requests > run->cancels_seen;
    run->cancels_seen = requests;
    bool too_late = run->give_up_at && os_monotonic_ms() >= run->give_up_at;
    if (requests >= HCS_CANCEL_ABANDON || too_late)
        return error_set(err, ERR_CANCELLED, "interrupted");
    if (!is_new)
        return true;
    if (requests == HCS_CANCEL_SIGNAL) {
        /* What cannot be signalled can still be killed. */
        if (!hcs_process_signal(run->process, HCS_DOCUMENT_CTRL_C, &ignored))
            error_clear(&ignored);
        return true;
    }
    run->give_up_at = os_monotonic_ms() + KILL_WAIT_MS;
    return hcs_process_kill(run->process, err);
}

/* ---- waiting ---- */

static void wait_for_news(const struct run *run)
{
    const struct hcs_notifier *process = run->process->notifier;
    const struct hcs_notifier *system = run->process->system->notifier;
    HANDLE handles[6] = {
        process->events[HCS_NOTICE_EXITED],
        process->events[HCS_NOTICE_DISCONNECTED],
        system->events[HCS_NOTICE_EXITED],
        system->events[HCS_NOTICE_DISCONNECTED],
    };
    DWORD count = 4;
    if (run->input && run->input_open)
        handles[count++] = hcs_pump_done_event(run->input);
    bool cancelled_before = run->cancels_seen > 0;
    if (run->cancel && run->cancel->wakeup && !cancelled_before)
        handles[count++] = handle_from_number(run->cancel->wakeup);
    WaitForMultipleObjects(count, handles, FALSE, cancelled_before ? LOOK_MS : INFINITE);
}

/* The container is gone; perhaps its process has left an exit code all the same. */
static bool await_late_exit(const struct run *run, struct error *err)
{
    const struct hcs_notifier *process = run->process->notifier;
    const struct hcs_notifier *system = run->process->system->notifier;
    if (WaitForSingleObject(process->events[HCS_NOTICE_EXITED], LATE_EXIT_MS) == WAIT_OBJECT_0)
        return true;
    if (run->cancels_seen >= HCS_CANCEL_KILL)
        return error_set(err, ERR_CANCELLED, "interrupted");
    uint32_t code = hcs_api_code(system->status[HCS_NOTICE_EXITED]);
    return hcs_error_raise(err, HCS_CALL_OTHER, "wait for the command",
                           hcs_error_find(code) ? code : HCS_E_UNEXPECTED_EXIT, NULL);
}

static bool await_exit(struct run *run, struct error *err)
{
    const struct hcs_notifier *process = run->process->notifier;
    const struct hcs_notifier *system = run->process->system->notifier;
    for (;;) {
        if (hcs_notifier_has(process, HCS_NOTICE_EXITED))
            return true;
        if (hcs_notifier_has(system, HCS_NOTICE_EXITED))
            return await_late_exit(run, err);
        if (hcs_notifier_has(process, HCS_NOTICE_DISCONNECTED)
            || hcs_notifier_has(system, HCS_NOTICE_DISCONNECTED))
            return hcs_error_raise(err, HCS_CALL_OTHER, "wait for the command",
                                   HCS_E_SERVICE_DISCONNECT, NULL);
        if (run->input_open && is_done(run->input))
            end_input(run);
        if (!escalate(run, err))
            return false;
        wait_for_news(run);
    }
}

/* ---- draining ---- */

static bool is_drained(const struct run *run)
{
    return is_done(run->output) && is_done(run->error);
}

static void wait_for_output(const struct run *run)
{
    const struct hcs_pump *pending = is_done(run->output) ? run->error : run->output;
    WaitForSingleObject(hcs_pump_done_event(pending), LOOK_MS);
}

static bool is_writing(const struct hcs_pump *pump)
{
    return pump && hcs_pump_state(pump) == HCS_PUMP_WRITING;
}

static LONG64 progress_of(const struct run *run)
{
    return (run->output ? hcs_pump_progress(run->output) : 0)
        + (run->error ? hcs_pump_progress(run->error) : 0);
}

/* Until the outputs end, 'limit_ms' have passed, or the user has had enough. */
static void drain_for(const struct run *run, unsigned limit_ms)
{
    uint64_t deadline = os_monotonic_ms() + limit_ms;
    while (!is_drained(run) && requests_of(run) <= run->cancels_seen
           && os_monotonic_ms() < deadline)
        wait_for_output(run);
}

/* As above, but the limit counts only while neither the pipes nor our consumers keep us busy. */
static void drain_until_idle(const struct run *run, unsigned limit_ms)
{
    LONG64 progress = progress_of(run);
    uint64_t busy_at = os_monotonic_ms();
    while (!is_drained(run) && requests_of(run) <= run->cancels_seen
           && os_monotonic_ms() - busy_at < limit_ms) {
        wait_for_output(run);
        LONG64 now = progress_of(run);
        if (now != progress || is_writing(run->output) || is_writing(run->error))
            busy_at = os_monotonic_ms();
        progress = now;
    }
}

static void drain(const struct run *run)
{
    drain_for(run, GRACE_MS);
    if (is_drained(run) || requests_of(run) > run->cancels_seen)
        return;
    /* A process that was left behind keeps the pipe open: the end of the container ends it. */
    CLEANUP(error_clear) struct error ignored = {0};
    unsigned shutdown_ms = run->streams->shutdown_ms ? run->streams->shutdown_ms : SHUTDOWN_MS;
    if (!hcs_system_shutdown(run->process->system, shutdown_ms, &ignored))
        error_clear(&ignored);
    drain_until_idle(run, IDLE_MS);
}

bool hcs_process_run(struct hcs_process *process, const struct hcs_stdio *streams,
                     const struct cancel *cancel, uint32_t *ret_exit_code, struct error *err)
{
    struct run run = {.process = process, .streams = streams, .cancel = cancel};
    uint32_t exit_code = 0;
    bool ran = start_pumps(&run, err) && await_exit(&run, err)
        && hcs_process_exit_code(process, &exit_code, err);
    ran = finish(&run.input, ran, err);
    if (ran)
        drain(&run);
    ran = finish(&run.output, ran, err);
    ran = finish(&run.error, ran, err);
    if (!ran)
        return error_wrap(err, "run the command");
    *ret_exit_code = exit_code;
    return true;
}
