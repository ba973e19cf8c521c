/* SPDX-License-Identifier: MIT */
/* unpack_times: how long the parts of the work took. */
#pragma once

#include <stdint.h>

/* In nanoseconds. The parts overlap: each is the sum over the threads that did it, without the time
 * in which a thread waited for another. */
struct unpack_times {
    uint64_t inflate; /* decoding, without reading the source */
    uint64_t hash;    /* of the uncompressed content */
    uint64_t parse;   /* the tar and the rules */
    uint64_t create;  /* directories, files and links, with everything but their content */
    uint64_t write;   /* content */
    uint64_t close;   /* times, attributes, closing */
};

void unpack_times_add(struct unpack_times *to, const struct unpack_times *more);

/* Adds to *part what has passed since *mark, and moves the mark. */
void unpack_times_lap(uint64_t *part, uint64_t *mark);
