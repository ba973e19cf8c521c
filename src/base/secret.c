/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <string.h>

#include "base/alloc.h"

void secret_wipe(void *data, size_t length)
{
    if (length == 0)
        return;
    memset(data, 0, length);
    /* Memory that is freed next is dead to the compiler, which would leave out the above. */
    __asm__ __volatile__("" : : "r"(data) : "memory");
}

void secret_free(char **text)
{
    if (*text)
        secret_wipe(*text, strlen(*text));
    str_free(text);
}

void secret_buf_clear(struct buf *buf)
{
    secret_wipe(buf->data, buf->capacity);
    buf_clear(buf);
}
