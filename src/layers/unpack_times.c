/* SPDX-License-Identifier: MIT */
#include "layers/unpack_times.h"

#include "base/os.h"

void unpack_times_add(struct unpack_times *to, const struct unpack_times *more)
{
    to->inflate += more->inflate;
    to->hash += more->hash;
    to->parse += more->parse;
    to->create += more->create;
    to->write += more->write;
    to->close += more->close;
}

void unpack_times_lap(uint64_t *part, uint64_t *mark)
{
    uint64_t now = os_monotonic_ns();
    *part += now - *mark;
    *mark = now;
}
