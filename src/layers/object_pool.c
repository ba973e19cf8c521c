/* SPDX-License-Identifier: MIT */
#include "layers/object_pool.h"

#include "base/alloc.h"
#include "base/monitor.h"
#include "base/os.h"
#include "layers/printable.h"

/* Everything that is waited for is notified of. */
#define WAIT_MS 60000

#define FEWEST_THREADS 2
/* More of them only wait for the same disk. */
#define MOST_THREADS 16

struct object_pool {
    struct layer_tree tree;
    struct os_thread threads[MOST_THREADS];
    unsigned thread_count;

    struct monitor arrival; /* the threads wait for jobs; guards what follows */
    struct object_job *first;
    struct object_job *last;
    bool closing;

    struct monitor progress; /* who fills the pool waits for it; guards what follows */
    size_t jobs;             /* that are not done yet */
    size_t bytes;            /* in them */
    bool given_up;
    struct error err;
    struct unpack_times times;
};

/* ---- the threads ---- */

/* NULL when no more will come. */
static struct object_job *next_job(struct object_pool *pool)
{
    monitor_enter(&pool->arrival);
    while (!pool->first && !pool->closing)
        monitor_wait(&pool->arrival, WAIT_MS);
    struct object_job *job = pool->first;
    if (job)
        pool->first = job->next;
    monitor_leave(&pool->arrival);
    return job;
}

static bool is_given_up(const struct object_pool *pool)
{
    monitor_enter(&pool->progress);
    bool given_up = pool->given_up;
    monitor_leave(&pool->progress);
    return given_up;
}

/* Keeps the first failure. */
static void give_up(struct object_pool *pool, struct error *failure)
{
    monitor_enter(&pool->progress);
    if (!pool->given_up)
        pool->err = TAKE(*failure);
    pool->given_up = true;
    monitor_notify(&pool->progress);
    monitor_leave(&pool->progress);
    error_clear(failure);
}

static void do_job(struct object_pool *pool, struct object_job *job, struct unpack_times *times)
{
    struct error err = {0};
    if (is_given_up(pool)) {
        object_job_abandon(job, &pool->tree);
    } else if (!object_job_run(job, &pool->tree, times, &err)) {
        error_wrap(&err, "entry '%s'", printable_name(job->path.text).text);
        give_up(pool, &err);
    }
}

static void work(void *argument)
{
    struct object_pool *pool = argument;
    struct object_job *job;
    while ((job = next_job(pool))) {
        struct unpack_times times = {0};
        size_t size = job->charge;
        do_job(pool, job, &times);
        object_job_free(&job);
        monitor_enter(&pool->progress);
        pool->jobs--;
        pool->bytes -= size;
        unpack_times_add(&pool->times, &times);
        monitor_notify(&pool->progress);
        monitor_leave(&pool->progress);
    }
}

static void start_threads(struct object_pool *pool)
{
    struct error err = {0};
    unsigned wanted = os_processor_count();
    if (wanted < FEWEST_THREADS)
        wanted = FEWEST_THREADS;
    if (wanted > MOST_THREADS)
        wanted = MOST_THREADS;
    while (pool->thread_count < wanted) {
        if (!os_thread_start(&pool->threads[pool->thread_count], work, pool, &err)) {
            give_up(pool, &err);
            return;
        }
        pool->thread_count++;
    }
}

/* ---- who fills it ---- */

struct object_pool *object_pool_open(const struct layer_tree *tree)
{
    struct object_pool *pool = xcalloc(1, sizeof(*pool));
    pool->tree = *tree;
    pool->arrival = monitor_open();
    pool->progress = monitor_open();
    return pool;
}

/* One job always fits. */
static bool is_full(const struct object_pool *pool, size_t more)
{
    return pool->jobs == OBJECT_POOL_JOBS
        || (pool->jobs > 0 && pool->bytes + more > OBJECT_POOL_BYTES);
}

/* False when the job is not wanted any more. */
static bool make_room(struct object_pool *pool, size_t size)
{
    monitor_enter(&pool->progress);
    while (is_full(pool, size) && !pool->given_up)
        monitor_wait(&pool->progress, WAIT_MS);
    bool wanted = !pool->given_up;
    if (wanted) {
        pool->jobs++;
        pool->bytes += size;
    }
    monitor_leave(&pool->progress);
    return wanted;
}

void object_pool_put(struct object_pool *pool, struct object_job **job)
{
    struct object_job *taken = TAKE(*job);
    taken->charge = object_job_size(taken);
    if (pool->thread_count == 0)
        start_threads(pool);
    if (!make_room(pool, taken->charge)) {
        object_job_abandon(taken, &pool->tree);
        object_job_free(&taken);
        return;
    }
    monitor_enter(&pool->arrival);
    if (pool->first)
        pool->last->next = taken;
    else
        pool->first = taken;
    pool->last = taken;
    monitor_notify_one(&pool->arrival);
    monitor_leave(&pool->arrival);
}

bool object_pool_check(struct object_pool *pool, struct error *err)
{
    monitor_enter(&pool->progress);
    bool good = !pool->given_up;
    if (!good)
        *err = TAKE(pool->err);
    monitor_leave(&pool->progress);
    return good;
}

bool object_pool_settle(struct object_pool *pool, struct error *err)
{
    monitor_enter(&pool->progress);
    while (pool->jobs > 0)
        monitor_wait(&pool->progress, WAIT_MS);
    monitor_leave(&pool->progress);
    return object_pool_check(pool, err);
}

struct unpack_times object_pool_times(const struct object_pool *pool)
{
    monitor_enter(&pool->progress);
    struct unpack_times times = pool->times;
    monitor_leave(&pool->progress);
    return times;
}

void object_pool_close(struct object_pool **pool)
{
    struct object_pool *closed = TAKE(*pool);
    struct error unwanted = {0};
    if (!closed)
        return;
    give_up(closed, &unwanted);
    monitor_enter(&closed->arrival);
    closed->closing = true;
    monitor_notify(&closed->arrival);
    monitor_leave(&closed->arrival);
    for (unsigned i = 0; i < closed->thread_count; i++)
        os_thread_join(&closed->threads[i]);
    monitor_close(&closed->arrival);
    monitor_close(&closed->progress);
    error_clear(&closed->err);
    mem_free(&closed);
}
