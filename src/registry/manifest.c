/* SPDX-License-Identifier: MIT */
#include "registry/manifest.h"

#include "base/alloc.h"
#include "base/text.h"
#include "registry/media_type.h"

#define LAYERS_MAXIMUM 512
#define SHOWN_MAXIMUM 120

static const struct json_limits limits = {
    .maximum_bytes = MANIFEST_MAXIMUM,
    .maximum_depth = 32,
    .maximum_values = 100000,
};

/* ---- what both documents have in common ---- */

struct head {
    uint64_t schema_version;
    char *media_type;
};

static const struct json_field head_fields[] = {
    {"schemaVersion", json_to_uint64, offsetof(struct head, schema_version), JSON_REQUIRED},
    {"mediaType", json_to_string, offsetof(struct head, media_type), JSON_OPTIONAL},
};

static void head_clear(struct head *head)
{
    str_free(&head->media_type);
}

static bool refuse_schema1(struct error *err)
{
    error_set(err, ERR_UNSUPPORTED,
              "the image has a schema 1 manifest, which nobody makes since 2017");
    return error_hint(err, "ask its publisher to push it again with a current tool");
}

/* Members that belong to another kind of document make this one ambiguous. */
static bool check_members(const struct json_value *root, const char *const *foreign, size_t count,
                          struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (json_member(root, foreign[i]))
            return error_set(err, ERR_INTEGRITY,
                             "the document has the member \"%s\" of another type", foreign[i]);
    return true;
}

static bool check_head(const struct json_value *root, const char *media_type, struct error *err)
{
    CLEANUP(head_clear) struct head head = {0};
    if (!json_read_fields(root, head_fields, ARRAY_SIZE(head_fields), &head, err))
        return false;
    if (head.schema_version == 1)
        return refuse_schema1(err);
    if (head.schema_version != 2)
        return error_set(err, ERR_UNSUPPORTED, "schemaVersion is not 2");
    if (head.media_type && !media_type_equal(head.media_type, media_type)) {
        CLEANUP(str_free) char *inner = str_printable(head.media_type, SHOWN_MAXIMUM);
        CLEANUP(str_free) char *outer = str_printable(media_type, SHOWN_MAXIMUM);
        return error_set(err, ERR_INTEGRITY, "the document says it is '%s' but was sent as '%s'",
                         inner, outer);
    }
    return true;
}

static bool check_kind(const char *media_type, enum media_kind expected, struct error *err)
{
    enum media_kind kind = media_type_kind(media_type);
    if (kind == expected)
        return true;
    if (kind == MEDIA_MANIFEST_SCHEMA1)
        return refuse_schema1(err);
    CLEANUP(str_free) char *shown = str_printable(media_type, SHOWN_MAXIMUM);
    return error_set(err, ERR_UNSUPPORTED, "the media type '%s' is no image %s", shown,
                     expected == MEDIA_INDEX ? "index" : "manifest");
}

/* ---- index ---- */

static const struct json_field index_fields[] = {
    {"manifests", descriptor_list_from_json, offsetof(struct index, manifests), JSON_REQUIRED},
};

static const char *const never_in_index[] = {"config", "layers", "fsLayers"};

bool index_parse(const char *text, size_t length, const char *media_type, struct index *ret,
                 struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(index_clear) struct index index = {0};
    bool parsed = check_kind(media_type, MEDIA_INDEX, err)
        && json_parse(text, length, &limits, &document, err)
        && check_head(document.root, media_type, err)
        && check_members(document.root, never_in_index, ARRAY_SIZE(never_in_index), err)
        && json_read_fields(document.root, index_fields, ARRAY_SIZE(index_fields), &index, err);
    if (!parsed)
        return error_wrap(err, "image index");
    *ret = TAKE(index);
    return true;
}

bool manifest_compose(const char *media_type, const struct descriptor *config,
                      const struct descriptor_list *layers, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_uint(&w, "schemaVersion", 2);
        json_string(&w, "mediaType", media_type);
        descriptor_put(&w, "config", config);
        JSON_ARRAY(&w, "layers") {
            for (size_t i = 0; i < layers->count; i++)
                descriptor_put(&w, NULL, &layers->items[i]);
        }
    }
    return json_writer_finish(&w, ret, err);
}

void index_clear(struct index *index)
{
    descriptor_list_clear(&index->manifests);
}

/* ---- manifest ---- */

static const struct json_field manifest_fields[] = {
    {"config", descriptor_from_json, offsetof(struct manifest, config), JSON_REQUIRED},
    {"layers", descriptor_list_from_json, offsetof(struct manifest, layers), JSON_REQUIRED},
};

static const char *const never_in_manifest[] = {"manifests", "fsLayers"};

static bool check_manifest(const struct manifest *manifest, struct error *err)
{
    if (media_type_kind(manifest->config.media_type) != MEDIA_CONFIG) {
        CLEANUP(str_free) char *shown = str_printable(manifest->config.media_type, SHOWN_MAXIMUM);
        return error_set(err, ERR_UNSUPPORTED,
                         "it is an artifact, not an image: its configuration is '%s'", shown);
    }
    if (manifest->layers.count == 0)
        return error_set(err, ERR_UNSUPPORTED, "the image has no layers");
    if (manifest->layers.count > LAYERS_MAXIMUM)
        return error_set(err, ERR_INTEGRITY, "more than %d layers", LAYERS_MAXIMUM);
    for (size_t i = 0; i < manifest->layers.count; i++) {
        enum media_kind kind = media_type_kind(manifest->layers.items[i].media_type);
        if (kind == MEDIA_LAYER || kind == MEDIA_FOREIGN_LAYER)
            continue;
        CLEANUP(str_free)
        char *shown = str_printable(manifest->layers.items[i].media_type, SHOWN_MAXIMUM);
        return error_set(err, ERR_UNSUPPORTED, "layers[%zu]: '%s' is no layer that wrun knows", i,
                         shown);
    }
    return true;
}

bool manifest_parse(const char *text, size_t length, const char *media_type, struct manifest *ret,
                    struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(manifest_clear) struct manifest manifest = {0};
    bool parsed = check_kind(media_type, MEDIA_MANIFEST, err)
        && json_parse(text, length, &limits, &document, err)
        && check_head(document.root, media_type, err)
        && check_members(document.root, never_in_manifest, ARRAY_SIZE(never_in_manifest), err)
        && json_read_fields(document.root, manifest_fields, ARRAY_SIZE(manifest_fields), &manifest,
                            err)
        && check_manifest(&manifest, err);
    if (!parsed)
        return error_wrap(err, "image manifest");
    *ret = TAKE(manifest);
    return true;
}

void manifest_clear(struct manifest *manifest)
{
    descriptor_clear(&manifest->config);
    descriptor_list_clear(&manifest->layers);
}
