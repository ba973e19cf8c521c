/* SPDX-License-Identifier: MIT */
#include "runner/ordered_work.h"

#include "base/alloc.h"
#include "base/monitor.h"
#include "base/os.h"

/* Everything that is waited for is notified of. */
#define WAIT_MS 60000

struct ordered_work {
    const struct ordered_work_plan *plan;
    struct monitor monitor; /* guards what follows */
    bool *done;
    size_t next;     /* the first piece that has not begun */
    size_t finished; /* pieces from the first on that are all done */
    bool failed;
    struct error err;
};

/* False when there is nothing to begin. */
static bool begin(struct ordered_work *work, size_t *ret)
{
    monitor_enter(&work->monitor);
    bool is_left = !work->failed && work->next < work->plan->count;
    if (is_left)
        *ret = work->next++;
    monitor_leave(&work->monitor);
    return is_left;
}

static void end(struct ordered_work *work, size_t index)
{
    monitor_enter(&work->monitor);
    work->done[index] = true;
    while (work->finished < work->plan->count && work->done[work->finished])
        work->finished++;
    monitor_notify(&work->monitor);
    monitor_leave(&work->monitor);
}

static void fail(struct ordered_work *work, struct error *failure)
{
    const struct ordered_work_plan *plan = work->plan;
    monitor_enter(&work->monitor);
    bool is_first = !work->failed;
    work->failed = true;
    if (is_first) {
        if (plan->stop && plan->at_once > 1)
            plan->stop(plan->user, failure);
        work->err = TAKE(*failure);
    }
    monitor_notify(&work->monitor);
    monitor_leave(&work->monitor);
    error_clear(failure);
}

static void work_on(void *argument)
{
    struct ordered_work *work = argument;
    const struct ordered_work_plan *plan = work->plan;
    size_t index;
    while (begin(work, &index)) {
        struct error err = {0};
        if (plan->work(plan->user, work, index, &err))
            end(work, index);
        else
            fail(work, &err);
    }
}

bool ordered_work_run(const struct ordered_work_plan *plan, struct error *err)
{
    struct ordered_work work = {
        .plan = plan,
        .monitor = monitor_open(),
        .done = xcalloc(plan->count + 1, sizeof(bool)),
    };
    size_t wanted = plan->at_once < plan->count ? plan->at_once : plan->count;
    size_t others = wanted > 1 ? wanted - 1 : 0;
    CLEANUP(mem_free) struct os_thread *threads = xcalloc(others + 1, sizeof(*threads));
    CLEANUP(error_clear) struct error ignored = {0};
    /* The caller's thread works too: it takes what threads that cannot be had leave. */
    for (size_t i = 0; i < others; i++)
        if (!os_thread_start(&threads[i], work_on, &work, &ignored))
            break;
    work_on(&work);
    for (size_t i = 0; i < others; i++)
        os_thread_join(&threads[i]);
    monitor_close(&work.monitor);
    mem_free(&work.done);
    if (work.failed)
        *err = TAKE(work.err);
    return !work.failed;
}

bool ordered_work_await(struct ordered_work *work, size_t index, struct error *err)
{
    monitor_enter(&work->monitor);
    while (work->finished < index && !work->failed)
        monitor_wait(&work->monitor, WAIT_MS);
    bool good = !work->failed;
    monitor_leave(&work->monitor);
    return good || error_set(err, ERR_CANCELLED, "not wanted any more");
}
