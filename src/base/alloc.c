/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void out_of_memory(void)
{
    fputs("wrun: out of memory\n", stderr);
    abort();
}

static size_t array_size(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total) || total > PTRDIFF_MAX)
        out_of_memory();
    return total;
}

void *xmalloc(size_t size)
{
    /* malloc(0) may return NULL, which would look like a failure. */
    void *memory = malloc(size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    size_t total = array_size(count, size);
    void *memory = calloc(1, total ? total : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *xrealloc_array(void *pointer, size_t count, size_t size)
{
    size_t total = array_size(count, size);
    void *memory = realloc(pointer, total ? total : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xstrndup(const char *text, size_t length)
{
    size_t used = strnlen(text, length);
    char *copy = xmalloc(used + 1);
    memcpy(copy, text, used);
    copy[used] = '\0';
    return copy;
}

void *xmemdup(const void *data, size_t size)
{
    void *copy = xmalloc(size);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

char *str_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_vformat(format, args);
    va_end(args);
    return text;
}

char *str_vformat(const char *format, va_list args)
{
    va_list measured;
    va_copy(measured, args);
    int length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    /* Only a result beyond INT_MAX fails. */
    if (length < 0)
        out_of_memory();

    size_t size = (size_t)length + 1;
    char *text = xmalloc(size);
    vsnprintf(text, size, format, args);
    return text;
}

void str_free(char **text)
{
    free(*text);
    *text = NULL;
}

void mem_free(void *pointer_to_pointer)
{
    void *memory;
    memcpy(&memory, pointer_to_pointer, sizeof memory);
    free(memory);
    memset(pointer_to_pointer, 0, sizeof memory);
}
