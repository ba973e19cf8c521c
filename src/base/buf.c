/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define SMALLEST_CAPACITY 64

void buf_init(struct buf *buf, size_t maximum)
{
    *buf = (struct buf){.maximum = maximum < BUF_UNBOUNDED ? maximum : BUF_UNBOUNDED};
}

/* Makes room for 'length' more bytes and the NUL; the caller has checked the maximum. */
static void reserve(struct buf *buf, size_t length)
{
    size_t needed = buf->length + length + 1;
    if (needed <= buf->capacity)
        return;
    size_t capacity = buf->capacity ? buf->capacity : SMALLEST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    buf->data = xrealloc_array(buf->data, capacity, 1);
    buf->capacity = capacity;
}

static bool fits(const struct buf *buf, size_t length)
{
    return length <= buf->maximum - buf->length;
}

static void append(struct buf *buf, const void *data, size_t length)
{
    if (!length)
        return;
    reserve(buf, length);
    memcpy(buf->data + buf->length, data, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

bool buf_append(struct buf *buf, const void *data, size_t length, struct error *err)
{
    if (!fits(buf, length))
        return error_set(err, ERR_INTEGRITY, "larger than the limit of %zu bytes", buf->maximum);
    append(buf, data, length);
    return true;
}

void buf_add(struct buf *buf, const void *data, size_t length)
{
    if (buf->maximum != BUF_UNBOUNDED)
        error_bug("buf_add() on a buffer that has a limit");
    if (!fits(buf, length))
        out_of_memory();
    append(buf, data, length);
}

void buf_add_str(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *text = str_vformat(format, args);
    va_end(args);
    buf_add_str(buf, text);
}

const char *buf_str(const struct buf *buf)
{
    return buf->data ? (const char *)buf->data : "";
}

char *buf_take_str(struct buf *buf)
{
    char *text = buf->data ? (char *)buf->data : xstrdup("");
    buf_init(buf, buf->maximum);
    return text;
}

void buf_reset(struct buf *buf)
{
    buf->length = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

void buf_clear(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}
