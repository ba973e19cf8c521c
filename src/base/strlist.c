/* SPDX-License-Identifier: MIT */
#include "base/strlist.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define SMALLEST_CAPACITY 8

void strlist_add_owned(struct strlist *list, char *text)
{
    if (list->count + 2 > list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : SMALLEST_CAPACITY;
        list->items = xrealloc_array(list->items, list->capacity, sizeof *list->items);
    }
    list->items[list->count++] = text;
    list->items[list->count] = NULL;
}

void strlist_add(struct strlist *list, const char *text)
{
    strlist_add_owned(list, xstrdup(text));
}

void strlist_insert_owned(struct strlist *list, size_t index, char *text)
{
    strlist_add_owned(list, text);
    memmove(list->items + index + 1, list->items + index,
            (list->count - 1 - index) * sizeof *list->items);
    list->items[index] = text;
}

void strlist_addf(struct strlist *list, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strlist_add_owned(list, str_vformat(format, args));
    va_end(args);
}

void strlist_add_all(struct strlist *list, const struct strlist *other)
{
    /* Read once: 'other' may be 'list' itself. */
    size_t count = other->count;
    for (size_t i = 0; i < count; i++)
        strlist_add(list, other->items[i]);
}

bool strlist_contains(const struct strlist *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->items[i], text))
            return true;
    return false;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare);
}

char *strlist_join(const struct strlist *list, const char *separator)
{
    size_t gap = strlen(separator);
    size_t size = 1;
    for (size_t i = 0; i < list->count; i++)
        size += (i ? gap : 0) + strlen(list->items[i]);

    char *text = xmalloc(size);
    char *at = text;
    for (size_t i = 0; i < list->count; i++) {
        if (i) {
            memcpy(at, separator, gap);
            at += gap;
        }
        size_t length = strlen(list->items[i]);
        memcpy(at, list->items[i], length);
        at += length;
    }
    *at = '\0';
    return text;
}

void strlist_clear(struct strlist *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strlist){0};
}
