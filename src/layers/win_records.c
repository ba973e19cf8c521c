/* SPDX-License-Identifier: MIT */
#include "layers/win_records.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "layers/ea_list.h"

#define TICKS_PER_SECOND 10000000
#define TICKS_FROM_1601_TO_1970 INT64_C(116444736000000000)
/* What the plain header of a tar can say: eleven octal digits. */
#define PLAIN_SECONDS_END (INT64_C(1) << 33)

int64_t win_time_seconds(int64_t time)
{
    int64_t ticks = time - TICKS_FROM_1601_TO_1970;
    int64_t seconds = ticks / TICKS_PER_SECOND;
    return ticks % TICKS_PER_SECOND < 0 ? seconds - 1 : seconds;
}

char *win_time_format(int64_t time)
{
    int64_t ticks = time - TICKS_FROM_1601_TO_1970;
    uint64_t size = ticks < 0 ? -(uint64_t)ticks : (uint64_t)ticks;
    char *text = str_format("%s%llu.%07u", ticks < 0 ? "-" : "",
                            (unsigned long long)(size / TICKS_PER_SECOND),
                            (unsigned)(size % TICKS_PER_SECOND));
    size_t length = strlen(text);
    while (text[length - 1] == '0')
        length--;
    if (text[length - 1] == '.')
        length--;
    text[length] = '\0';
    return text;
}

static void add_time(struct tar_records *records, const char *key, int64_t time)
{
    CLEANUP(str_free) char *text = win_time_format(time);
    tar_records_add_text(records, key, text);
}

void win_records_add_times(struct tar_records *records, const struct win_basic_info *basic)
{
    int64_t seconds = win_time_seconds(basic->write_time);
    bool is_whole = basic->write_time % TICKS_PER_SECOND == 0;
    if (!is_whole || seconds < 0 || seconds >= PLAIN_SECONDS_END)
        add_time(records, "mtime", basic->write_time);
    if (basic->access_time != 0)
        add_time(records, "atime", basic->access_time);
    if (basic->change_time != 0)
        add_time(records, "ctime", basic->change_time);
}

static void add_base64(struct tar_records *records, const char *key, const void *data,
                       size_t length)
{
    CLEANUP(str_free) char *text = base64_encode(data, length);
    tar_records_add_text(records, key, text);
}

static bool add_ea(struct tar_records *records, const struct buf *list, struct error *err)
{
    for (size_t at = 0; at < list->length;) {
        struct ea_item item;
        if (!ea_list_next(list->data, list->length, &at, &item, err))
            return false;
        CLEANUP(str_free) char *key = str_format("MSWINDOWS.xattr.%s", item.name);
        add_base64(records, key, item.value, item.value_length);
    }
    return true;
}

bool win_records_add(struct tar_records *records, const struct win_records_source *source,
                     struct error *err)
{
    CLEANUP(str_free) char *attributes = str_format("%u", (unsigned)source->basic->attributes);
    tar_records_add_text(records, "MSWINDOWS.fileattr", attributes);
    /* A layer without it would get the time of the last write. */
    add_time(records, "LIBARCHIVE.creationtime", source->basic->creation_time);
    win_records_add_times(records, source->basic);
    if (source->is_junction)
        tar_records_add_text(records, "MSWINDOWS.mountpoint", "1");
    if (source->security->length > 0)
        add_base64(records, "MSWINDOWS.rawsd", source->security->data, source->security->length);
    return add_ea(records, source->ea, err);
}
