/* SPDX-License-Identifier: MIT */
/* printable: names out of an archive, made fit for a message.
 *
 * A stranger's name may be a megabyte long, malformed, or hold escape sequences for the terminal
 * that shows the message. */
#pragma once

#include <stddef.h>

#define PRINTABLE_SIZE 164

struct printable {
    char text[PRINTABLE_SIZE];
};

/* At most 160 bytes of 'name' with everything doubtful replaced by '?'; cut names end in "...". */
struct printable printable_name(const char *name);
