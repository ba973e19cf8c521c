/* SPDX-License-Identifier: MIT */
/* pull_consumer: who works on the layers of a pull while they are fetched; the inside of pull. */
#pragma once

#include "base/os.h"
#include "registry/pull.h"

struct pull_consumer {
    const struct pull_request *request;
    const struct image *image;
    struct blob_feed *feed;
    struct cancel *stop; /* ends the fetching */
    struct os_thread thread;
    bool consumed;
    struct error error;
};

/* Starts the request's consumer, if it has one. The struct must stay where it is until it is
 * joined, whatever happens in between. */
bool pull_consumer_start(struct pull_consumer *consumer, struct error *err) MUST_USE;

/* To be called when the fetching is over, with its outcome: with 'fetched' false, *err is its error
 * and the consumer is stopped. Of two errors the one that came first stays. */
bool pull_consumer_join(struct pull_consumer *consumer, bool fetched, struct error *err) MUST_USE;
