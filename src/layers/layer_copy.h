/* SPDX-License-Identifier: MIT */
/* layer_copy: files and directories from one place to another, of which one is a container's
 * volume.
 *
 * A container decides what is in its volume, so nothing in it is followed: a link on the way is an
 * error, one among the files is left out and told as a warning. Copied are data, times and
 * attributes; who may read a copy follows from the directory it is in. */
#pragma once

#include "base/event.h"

struct copy_place {
    const char *root;  /* a directory that is trusted: of the host, or the volume itself */
    const char *shown; /* what users write before 'path' */
    const char *path;  /* below it, separated by backslashes; "" = the directory itself */
    bool is_inside;    /* it was written with a separator at its end: what it is, or will be, is a
                          directory */
};

/* As 'docker cp' does it: a directory that exists gets the copy inside, under the name that 'from'
 * has; what does not exist is made, in a directory that does; a file is replaced. With is_inside,
 * or of a root, what is in a directory is copied, not the directory. ERR_NOT_FOUND, ERR_USAGE when
 * a directory would have to replace a file. What was copied before a failure stays. */
bool layer_copy(const struct copy_place *from, const struct copy_place *to,
                const struct context *context, struct error *err) MUST_USE;
