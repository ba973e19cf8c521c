/* SPDX-License-Identifier: MIT */
#include "registry/oci_layout.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text.h"
#include "registry/manifest.h"
#include "registry/media_type.h"

#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define FULL_NAME "io.containerd.image.name"
#define REF_NAME "org.opencontainers.image.ref.name"
#define SHOWN_MAXIMUM 120

bool oci_layout_check(const struct buf *text, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    if (!json_parse(buf_str(text), text->length, &json_default_limits, &document, err))
        return error_wrap(err, "oci-layout");
    const char *version = json_member_string(document.root, "imageLayoutVersion");
    if (str_equal(version, "1.0.0"))
        return true;
    CLEANUP(str_free) char *shown = str_printable(version ? version : "none", SHOWN_MAXIMUM);
    return error_set(err, ERR_UNSUPPORTED, "oci-layout: version '%s' is not known", shown);
}

/* ---- reading ---- */

static void entry_clear(struct layout_entry *entry)
{
    reference_clear(&entry->reference);
    str_free(&entry->label);
    descriptor_clear(&entry->descriptor);
}

void layout_index_clear(struct layout_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        entry_clear(&index->items[i]);
    mem_free(&index->items);
    index->count = 0;
}

/* skopeo and others let a ref name be any text; only one that says where it belongs is a name. */
static void read_ref_name(const char *text, struct layout_entry *ret)
{
    CLEANUP(error_clear) struct error ignored = {0};
    bool is_full = text && strpbrk(text, "/:@");
    if (!is_full || !reference_parse(text, &ret->reference, &ignored))
        ret->label = text && *text ? xstrdup(text) : NULL;
}

static bool read_name(const struct json_value *annotations, struct layout_entry *ret,
                      struct error *err)
{
    const char *full = json_member_string(annotations, FULL_NAME);
    if (full && *full)
        return reference_parse(full, &ret->reference, err)
            || error_wrap(err, "annotation " FULL_NAME);
    read_ref_name(json_member_string(annotations, REF_NAME), ret);
    return true;
}

static bool read_entries(const struct json_value *list, struct descriptor_list *descriptors,
                         struct layout_index *ret, struct error *err)
{
    const struct json_value *item = list->first;
    ret->items = xcalloc(descriptors->count + 1, sizeof(*ret->items));
    for (size_t i = 0; i < descriptors->count; i++, item = item->next) {
        enum media_kind kind = media_type_kind(descriptors->items[i].media_type);
        if (kind != MEDIA_INDEX && kind != MEDIA_MANIFEST)
            continue;
        struct layout_entry *entry = &ret->items[ret->count++];
        entry->descriptor = TAKE(descriptors->items[i]);
        if (!read_name(json_member(item, "annotations"), entry, err))
            return error_wrap(err, "manifests[%zu]", i);
    }
    return true;
}

bool layout_index_parse(const struct buf *text, struct layout_index *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(index_clear) struct index index = {0};
    CLEANUP(layout_index_clear) struct layout_index found = {0};
    if (!index_parse(buf_str(text), text->length, INDEX_TYPE, &index, err)
        || !json_parse(buf_str(text), text->length, &json_default_limits, &document, err)
        || !read_entries(json_member(document.root, "manifests"), &index.manifests, &found, err))
        return error_wrap(err, "index.json");
    *ret = TAKE(found);
    return true;
}

/* ---- writing ---- */

static void put_platform(struct json_writer *w, const struct platform *platform)
{
    JSON_OBJECT(w, "platform") {
        json_opt_string(w, "architecture", platform->architecture);
        json_opt_string(w, "os", platform->os);
        json_opt_string(w, "os.version", platform->os_version);
        if (platform->os_features.count > 0) {
            JSON_ARRAY(w, "os.features") {
                for (size_t i = 0; i < platform->os_features.count; i++)
                    json_string(w, NULL, platform->os_features.items[i]);
            }
        }
        json_opt_string(w, "variant", platform->variant);
    }
}

static void put_entry(struct json_writer *w, const struct layout_entry *entry)
{
    CLEANUP(str_free) char *name = reference_format(&entry->reference);
    JSON_OBJECT(w, NULL) {
        json_string(w, "mediaType", entry->descriptor.media_type);
        json_string(w, "digest", entry->descriptor.digest.text);
        json_uint(w, "size", entry->descriptor.size);
        JSON_OBJECT(w, "annotations") {
            json_string(w, FULL_NAME, name);
            json_opt_string(w, REF_NAME, entry->reference.tag);
        }
        if (entry->descriptor.has_platform)
            put_platform(w, &entry->descriptor.platform);
    }
}

bool layout_index_compose(const struct layout_index *index, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_uint(&w, "schemaVersion", 2);
        json_string(&w, "mediaType", INDEX_TYPE);
        JSON_ARRAY(&w, "manifests") {
            for (size_t i = 0; i < index->count; i++)
                put_entry(&w, &index->items[i]);
        }
    }
    return json_writer_finish(&w, ret, err);
}
