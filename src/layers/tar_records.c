/* SPDX-License-Identifier: MIT */
#include "layers/tar_records.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "layers/path_list.h"
#include "layers/printable.h"

void tar_records_add(struct tar_records *records, const char *key, const void *value, size_t length)
{
    char *copy = xcalloc(length + 1, 1);
    if (length > 0)
        memcpy(copy, value, length);
    records->items = array_room(records->items, records->count, sizeof(*records->items));
    records->items[records->count++] = (struct tar_record){
        .key = xstrdup(key),
        .value = copy,
        .value_length = length,
    };
}

void tar_records_add_text(struct tar_records *records, const char *key, const char *value)
{
    tar_records_add(records, key, value, strlen(value));
}

static int compare_keys(const void *a, const void *b)
{
    const struct tar_record *first = a;
    const struct tar_record *second = b;
    return strcmp(first->key, second->key);
}

/* Of the whole record, which begins with this number. */
static size_t length_of(const struct tar_record *record)
{
    size_t rest = strlen(record->key) + record->value_length + strlen(" =\n");
    size_t digits = 1;
    for (size_t power = 10; rest + digits >= power; power *= 10)
        digits++;
    return rest + digits;
}

static bool add_record(struct buf *out, const struct tar_record *record, struct error *err)
{
    CLEANUP(str_free) char *start = str_format("%zu %s=", length_of(record), record->key);
    return buf_append(out, start, strlen(start), err)
        && buf_append(out, record->value, record->value_length, err)
        && buf_append(out, "\n", 1, err);
}

static bool check_key(const struct tar_record *record, const struct tar_record *before,
                      struct error *err)
{
    if (record->key[0] == '\0' || strchr(record->key, '='))
        return error_set(err, ERR_INTEGRITY, "'%s' cannot be the name of a PAX record",
                         printable_name(record->key).text);
    if (before && str_equal(record->key, before->key))
        return error_set(err, ERR_INTEGRITY, "there are two '%s'",
                         printable_name(record->key).text);
    return true;
}

bool tar_records_compose(struct tar_records *records, struct buf *ret, struct error *err)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, TAR_MAXIMUM_HEADER);
    if (records->count > 1)
        qsort(records->items, records->count, sizeof(*records->items), compare_keys);
    for (size_t i = 0; i < records->count; i++) {
        const struct tar_record *record = &records->items[i];
        if (!check_key(record, i ? record - 1 : NULL, err) || !add_record(&text, record, err))
            return false;
    }
    return buf_append(ret, text.data, text.length, err);
}

void tar_records_clear(struct tar_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        struct tar_record *record = &records->items[i];
        mem_free(&record->key);
        mem_free(&record->value);
    }
    mem_free(&records->items);
    *records = (struct tar_records){0};
}
