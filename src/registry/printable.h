/* SPDX-License-Identifier: MIT */
/* printable: text of a stranger, made fit for a message. */
#pragma once

#include <stddef.h>

/* A copy in which control characters (C0, DEL, C1) and malformed UTF-8 are '?', cut with "..."
 * after 'maximum' bytes. The caller owns it. NULL gives "". */
char *printable(const char *text, size_t maximum);
