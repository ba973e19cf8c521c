/* SPDX-License-Identifier: MIT */
#include "layers/layer_record.h"

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/json_write.h"

static const struct json_field fields[] = {
    {"diffId", json_to_digest, offsetof(struct layer_record, diff_id), JSON_REQUIRED},
    {"chainId", json_to_digest, offsetof(struct layer_record, chain_id), JSON_REQUIRED},
    {"parents", json_to_strlist, offsetof(struct layer_record, parents), JSON_REQUIRED},
    {"created", json_to_string, offsetof(struct layer_record, created), JSON_OPTIONAL},
};

bool layer_record_compose(const struct layer_record *record, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open_pretty(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "diffId", record->diff_id.text);
        json_string(&w, "chainId", record->chain_id.text);
        JSON_ARRAY(&w, "parents") {
            for (size_t i = 0; i < record->parents.count; i++)
                json_string(&w, NULL, record->parents.items[i]);
        }
        json_opt_string(&w, "created", record->created);
    }
    return json_writer_finish(&w, ret, err);
}

bool layer_record_parse(const char *text, size_t length, struct layer_record *ret,
                        struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(layer_record_clear) struct layer_record record = {0};
    if (!json_parse(text, length, &json_default_limits, &document, err)
        || !json_read_fields(document.root, fields, ARRAY_SIZE(fields), &record, err))
        return false;
    *ret = TAKE(record);
    return true;
}

void layer_record_clear(struct layer_record *record)
{
    strlist_clear(&record->parents);
    str_free(&record->created);
    *record = (struct layer_record){0};
}
