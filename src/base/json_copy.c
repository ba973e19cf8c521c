/* SPDX-License-Identifier: MIT */
#include "base/json_copy.h"

static void copy_items(struct json_writer *w, const struct json_value *list)
{
    for (const struct json_value *item = list->first; item; item = item->next)
        json_copy(w, item->key, item);
}

/* As deep as the reader's limits allow, which is less than what the writer can nest. */
void json_copy(struct json_writer *w, const char *key, const struct json_value *value)
{
    switch (value->type) {
    case JSON_NULL:
        json_null(w, key);
        break;
    case JSON_BOOLEAN:
        json_bool(w, key, value->boolean);
        break;
    case JSON_NUMBER:
        json_raw(w, key, value->text);
        break;
    case JSON_STRING:
        json_string(w, key, value->text);
        break;
    case JSON_LIST:
        JSON_ARRAY(w, key) {
            copy_items(w, value);
        }
        break;
    case JSON_MAP:
        JSON_OBJECT(w, key) {
            copy_items(w, value);
        }
        break;
    }
}
