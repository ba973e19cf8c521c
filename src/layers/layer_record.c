/* SPDX-License-Identifier: MIT */
#include "layers/layer_record.h"

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/text.h"

static const char *const utility_vm_names[] = {
    [LAYER_UTILITY_VM_NONE] = "none",
    [LAYER_UTILITY_VM_LEFT_OUT] = "left out",
    [LAYER_UTILITY_VM_KEPT] = "kept",
};

static bool json_to_utility_vm(const struct json_value *value, void *target, struct error *err)
{
    CLEANUP(str_free) char *name = NULL;
    if (!json_to_string(value, (void *)&name, err))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(utility_vm_names); i++) {
        if (str_equal(name, utility_vm_names[i])) {
            *(enum layer_utility_vm *)target = (enum layer_utility_vm)i;
            return true;
        }
    }
    return json_error(value, err, "'%s' is neither none, left out nor kept", name);
}

static const struct json_field blob_fields[] = {
    {"mediaType", json_to_string, offsetof(struct layer_record_blob, media_type), JSON_REQUIRED},
    {"digest", json_to_digest, offsetof(struct layer_record_blob, digest), JSON_REQUIRED},
    {"size", json_to_uint64, offsetof(struct layer_record_blob, size), JSON_REQUIRED},
};

static bool to_blob(const struct json_value *value, void *target, struct error *err)
{
    CLEANUP(layer_record_blob_clear) struct layer_record_blob blob = {0};
    if (!json_read_fields(value, blob_fields, ARRAY_SIZE(blob_fields), &blob, err))
        return false;
    struct layer_record_blob *ret = target;
    *ret = TAKE(blob);
    return true;
}

static const struct json_field fields[] = {
    {"diffId", json_to_digest, offsetof(struct layer_record, diff_id), JSON_REQUIRED},
    {"chainId", json_to_digest, offsetof(struct layer_record, chain_id), JSON_REQUIRED},
    {"parents", json_to_strlist, offsetof(struct layer_record, parents), JSON_REQUIRED},
    {"created", json_to_string, offsetof(struct layer_record, created), JSON_OPTIONAL},
    {"blob", to_blob, offsetof(struct layer_record, blob), JSON_OPTIONAL},
    {"utilityVm", json_to_utility_vm, offsetof(struct layer_record, utility_vm), JSON_OPTIONAL},
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
        if (record->blob.media_type) {
            JSON_OBJECT(&w, "blob") {
                json_string(&w, "mediaType", record->blob.media_type);
                json_string(&w, "digest", record->blob.digest.text);
                json_uint(&w, "size", record->blob.size);
            }
        }
        json_string(&w, "utilityVm", utility_vm_names[record->utility_vm]);
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

struct layer_record_blob layer_record_blob_copy(const struct layer_record_blob *blob)
{
    struct layer_record_blob copy = *blob;
    copy.media_type = blob->media_type ? xstrdup(blob->media_type) : NULL;
    return copy;
}

void layer_record_blob_clear(struct layer_record_blob *blob)
{
    str_free(&blob->media_type);
    *blob = (struct layer_record_blob){0};
}

void layer_record_clear(struct layer_record *record)
{
    layer_record_blob_clear(&record->blob);
    strlist_clear(&record->parents);
    str_free(&record->created);
    *record = (struct layer_record){0};
}
