/* SPDX-License-Identifier: MIT */
/* secret: passwords and tokens, overwritten before their memory is given back.
 *
 * This keeps them out of dumps and of memory that is used again; it is not a promise, since
 * libraries and a growing buffer leave copies. */
#pragma once

#include <stddef.h>

#include "base/buf.h"

void secret_wipe(void *data, size_t length);
/* str_free() for CLEANUP(secret_free) char *. */
void secret_free(char **text);
/* buf_clear() likewise. */
void secret_buf_clear(struct buf *buf);
