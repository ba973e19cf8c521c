/* SPDX-License-Identifier: MIT */
/* alloc: allocation that cannot fail.
 *
 * Running out of memory ends the process with a static message; sizes chosen by strangers never
 * come here but go through a capped struct buf (base/buf.h). */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/cleanup.h"

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/* Grows or shrinks to count elements; aborts when count * size overflows. */
void *xrealloc_array(void *pointer, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *text, size_t length) __attribute__((malloc, returns_nonnull));
void *xmemdup(const void *data, size_t size) __attribute__((malloc, returns_nonnull));
char *str_format(const char *format, ...) PRINTF_LIKE(1, 2) __attribute__((returns_nonnull));
char *str_vformat(const char *format, va_list args) PRINTF_LIKE(1, 0)
    __attribute__((returns_nonnull));

/* free() for CLEANUP(str_free) char *; works for any char pointer, leaves NULL. */
void str_free(char **text);
/* free() for CLEANUP(mem_free) of any other pointer type: pass the address of the pointer. */
void mem_free(void *pointer_to_pointer);

NORETURN void out_of_memory(void);
