/* SPDX-License-Identifier: MIT */
/* buf: a growable byte buffer that must be told its maximum.
 *
 * All bytes whose number somebody else chooses (network, archives, files) are collected here, so no
 * length from outside can grow memory without bound. The content is always followed by a NUL that
 * does not count, so text can be used in place. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct buf {
    unsigned char *data; /* NULL while empty */
    size_t length;
    size_t capacity;
    size_t maximum; /* bytes; set by buf_init */
};

/* For content that is composed by wrun itself. */
#define BUF_UNBOUNDED ((size_t)-1 / 4)

void buf_init(struct buf *buf, size_t maximum);
/* Fails (ERR_INTEGRITY) when the maximum would be passed; the content is then unchanged. */
bool buf_append(struct buf *buf, const void *data, size_t length, struct error *err) MUST_USE;
/* For buffers opened with BUF_UNBOUNDED. */
void buf_add(struct buf *buf, const void *data, size_t length);
void buf_add_str(struct buf *buf, const char *text);
void buf_addf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* The content as text; "" when empty. Owned by the buffer. */
const char *buf_str(const struct buf *buf);
/* Moves the content out as an owned, NUL-terminated string; the buffer is empty afterwards. */
char *buf_take_str(struct buf *buf);
void buf_reset(struct buf *buf); /* empties it, keeps capacity and maximum */
void buf_clear(struct buf *buf); /* frees it; the maximum becomes 0 */
