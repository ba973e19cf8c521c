/* SPDX-License-Identifier: MIT */
/* What json_parse() accepts must be a sound tree, and writing the tree and reading it again must
 * give the same text. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/utf.h"

/* Small, so that the fuzzer can reach every one of them. */
static const struct json_limits limits = {
    .maximum_bytes = 4096,
    .maximum_depth = 16,
    .maximum_values = 256,
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_text(const char *text)
{
    require(utf8_is_valid(text, strlen(text)));
}

static void put(struct json_writer *w, const struct json_value *value);

static void put_children(struct json_writer *w, const struct json_value *container)
{
    size_t count = 0;
    for (const struct json_value *item = container->first; item; item = item->next) {
        require(item->owner == container);
        if (container->type == JSON_MAP)
            require(json_member(container, item->key) == item);
        put(w, item);
        count++;
    }
    require(count == container->count);
}

static void put(struct json_writer *w, const struct json_value *value)
{
    require((value->key != NULL) == (value->owner && value->owner->type == JSON_MAP));
    if (value->key)
        check_text(value->key);
    switch (value->type) {
    case JSON_NULL:
        json_null(w, value->key);
        break;
    case JSON_BOOLEAN:
        json_bool(w, value->key, value->boolean);
        break;
    case JSON_NUMBER:
        json_raw(w, value->key, value->text);
        break;
    case JSON_STRING:
        check_text(value->text);
        json_string(w, value->key, value->text);
        break;
    case JSON_LIST:
        JSON_ARRAY(w, value->key) {
            put_children(w, value);
        }
        break;
    case JSON_MAP:
        JSON_OBJECT(w, value->key) {
            put_children(w, value);
        }
        break;
    }
}

static char *rewrite(const struct json_value *root)
{
    struct error err = {0};
    char *text = NULL;
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    put(&w, root);
    require(json_writer_finish(&w, &text, &err));
    return text;
}

struct fields {
    char *string;
    uint64_t uint64;
    int64_t int64;
    bool boolean;
    struct strlist list;
};

/* Any answer will do; what was read and what is reported must be freed without a trace. */
static void read_fields(const struct json_value *root)
{
    static const struct json_field table[] = {
        {"s", json_to_string, offsetof(struct fields, string), JSON_OPTIONAL},
        {"u", json_to_uint64, offsetof(struct fields, uint64), JSON_OPTIONAL},
        {"i", json_to_int64, offsetof(struct fields, int64), JSON_OPTIONAL},
        {"b", json_to_bool, offsetof(struct fields, boolean), JSON_OPTIONAL},
        {"l", json_to_strlist, offsetof(struct fields, list), JSON_OPTIONAL},
    };
    struct error err = {0};
    struct fields fields = {0};
    bool ok = json_read_fields(root, table, ARRAY_SIZE(table), &fields, &err);
    require(ok != error_is_set(&err));
    str_free(&fields.string);
    strlist_clear(&fields.list);
    error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    if (!json_parse((const char *)data, size, &limits, &document, &err)) {
        require(error_is_set(&err) && err.kind == ERR_INTEGRITY && !document.root);
        error_clear(&err);
        return 0;
    }
    require(!error_is_set(&err) && document.root);
    read_fields(document.root);
    CLEANUP(str_free) char *first = rewrite(document.root);

    /* Escapes may have grown what is written. */
    CLEANUP(json_document_clear) struct json_document again = {0};
    require(json_parse(first, strlen(first), &json_default_limits, &again, &err));
    CLEANUP(str_free) char *second = rewrite(again.root);
    require(!strcmp(first, second));
    return 0;
}
