/* SPDX-License-Identifier: MIT */
#include "registry/descriptor.h"

#include <string.h>

#include "base/alloc.h"

#define LIST_MAXIMUM 1000

/* Sizes beyond this are not exact in other JSON readers (RFC 7493 section 2.2). */
#define SIZE_MAXIMUM ((uint64_t)1 << 53)

static bool to_size(const struct json_value *value, void *target, struct error *err)
{
    uint64_t size = 0;
    if (!json_to_uint64(value, &size, err))
        return false;
    if (size == 0 || size > SIZE_MAXIMUM)
        return json_error(value, err, "a size must be 1 to 2^53");
    uint64_t *ret = target;
    *ret = size;
    return true;
}

static const struct json_field descriptor_fields[] = {
    {"mediaType", json_to_string, offsetof(struct descriptor, media_type), JSON_REQUIRED},
    {"digest", json_to_digest, offsetof(struct descriptor, digest), JSON_REQUIRED},
    {"size", to_size, offsetof(struct descriptor, size), JSON_REQUIRED},
    {"urls", json_to_strlist, offsetof(struct descriptor, urls), JSON_OPTIONAL},
    {"platform", platform_from_json, offsetof(struct descriptor, platform), JSON_OPTIONAL},
};

bool descriptor_from_json(const struct json_value *value, void *target, struct error *err)
{
    CLEANUP(descriptor_clear) struct descriptor descriptor = {0};
    if (!json_read_fields(value, descriptor_fields, ARRAY_SIZE(descriptor_fields), &descriptor,
                          err))
        return false;
    const struct json_value *platform = json_member(value, "platform");
    descriptor.has_platform = platform && platform->type == JSON_MAP;
    struct descriptor *ret = target;
    *ret = TAKE(descriptor);
    return true;
}

bool descriptor_list_from_json(const struct json_value *value, void *target, struct error *err)
{
    CLEANUP(descriptor_list_clear) struct descriptor_list list = {0};
    if (value->type != JSON_LIST)
        return json_error(value, err, "not a list");
    if (value->count > LIST_MAXIMUM)
        return json_error(value, err, "more than %d entries", LIST_MAXIMUM);

    list.items = xcalloc(value->count, sizeof(*list.items));
    for (const struct json_value *item = value->first; item; item = item->next) {
        if (!descriptor_from_json(item, &list.items[list.count], err))
            return false;
        list.count++;
    }
    struct descriptor_list *ret = target;
    *ret = TAKE(list);
    return true;
}

struct descriptor descriptor_of_text(const char *media_type, const char *text)
{
    return (struct descriptor){
        .media_type = xstrdup(media_type),
        .digest = digest_of(text, strlen(text)),
        .size = strlen(text),
    };
}

void descriptor_clear(struct descriptor *descriptor)
{
    str_free(&descriptor->media_type);
    strlist_clear(&descriptor->urls);
    platform_clear(&descriptor->platform);
    *descriptor = (struct descriptor){0};
}

void descriptor_list_clear(struct descriptor_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        descriptor_clear(&list->items[i]);
    mem_free(&list->items);
    *list = (struct descriptor_list){0};
}

void descriptor_put(struct json_writer *w, const char *key, const struct descriptor *descriptor)
{
    JSON_OBJECT(w, key) {
        json_string(w, "mediaType", descriptor->media_type);
        json_uint(w, "size", descriptor->size);
        json_string(w, "digest", descriptor->digest.text);
        if (descriptor->urls.count) {
            JSON_ARRAY(w, "urls") {
                for (size_t i = 0; i < descriptor->urls.count; i++)
                    json_string(w, NULL, descriptor->urls.items[i]);
            }
        }
    }
}
