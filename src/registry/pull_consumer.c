/* SPDX-License-Identifier: MIT */
#include "registry/pull_consumer.h"

static void run(void *argument)
{
    struct pull_consumer *consumer = argument;
    consumer->consumed = consumer->request->consume(consumer->request->consumer, consumer->image,
                                                    consumer->feed, &consumer->error);
    if (!consumer->consumed)
        cancel_request(consumer->stop);
}

bool pull_consumer_start(struct pull_consumer *consumer, struct error *err)
{
    return !consumer->request->consume || os_thread_start(&consumer->thread, run, consumer, err);
}

bool pull_consumer_join(struct pull_consumer *consumer, bool fetched, struct error *err)
{
    CLEANUP(error_clear) struct error own = {0};
    if (!consumer->request->consume)
        return fetched;
    if (!fetched)
        blob_feed_stop(consumer->feed, err);
    os_thread_join(&consumer->thread);
    own = TAKE(consumer->error);
    if (consumer->consumed)
        return fetched;
    /* A fetching that was cancelled while nobody outside asked for it was cancelled by the
     * consumer. In all other cases its error came first, and the consumer's may only repeat it. */
    bool stopped_by_consumer =
        fetched || (err->kind == ERR_CANCELLED && !cancel_is_requested(consumer->stop->parent));
    if (!stopped_by_consumer)
        return false;
    error_clear(err);
    *err = TAKE(own);
    return false;
}
