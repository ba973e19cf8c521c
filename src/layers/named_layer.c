/* SPDX-License-Identifier: MIT */
#include "layers/named_layer.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/os.h"
#include "base/text.h"
#include "layers/chain.h"
#include "layers/layer_path.h"

#define VERSION 1
#define LABEL_MAXIMUM 4096 /* bytes of key and value together */

static const char *const state_names[] = {
    [NAMED_LAYER_NONE] = "none",           [NAMED_LAYER_PREPARING] = "preparing",
    [NAMED_LAYER_ACTIVE] = "active",       [NAMED_LAYER_COMMITTING] = "committing",
    [NAMED_LAYER_IMPORTING] = "importing", [NAMED_LAYER_COMMITTED] = "committed",
    [NAMED_LAYER_REMOVING] = "removing",
};

/* ---- names and labels ---- */

static bool is_device_name(const char *name)
{
    CLEANUP(str_free) char *path = str_format("Files/%s", name);
    CLEANUP(layer_path_clear) struct layer_path parsed = {0};
    CLEANUP(error_clear) struct error reason = {0};
    return !layer_path_parse(path, &parsed, &reason);
}

bool named_layer_check_name(const char *name, struct error *err)
{
    size_t length = strlen(name);
    bool fits = length > 0 && length <= NAMED_LAYER_MAXIMUM_LENGTH && char_is_alnum(name[0])
        && name[length - 1] != '.';
    for (size_t i = 0; fits && i < length; i++)
        fits = char_is_alnum(name[i]) || strchr("_.-", name[i]);
    if (fits && !is_device_name(name))
        return true;
    CLEANUP(str_free) char *shown = str_printable(name, NAMED_LAYER_MAXIMUM_LENGTH);
    error_set(err, ERR_USAGE, "'%s' is no name for a layer", shown);
    return error_hint(err,
                      "take letters, digits, '-', '_' and '.', at most %d, beginning with a letter "
                      "or digit and not ending in '.'; no name of a device, as con",
                      NAMED_LAYER_MAXIMUM_LENGTH);
}

const char *named_layer_state_name(enum named_layer_state state)
{
    return state_names[state];
}

static bool has_control_character(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            return true;
    return false;
}

static size_t key_length(const char *label)
{
    return strcspn(label, "=");
}

static bool same_key(const char *a, const char *b)
{
    return key_length(a) == key_length(b) && strncmp(a, b, key_length(a)) == 0;
}

bool named_layer_set_label(struct strlist *labels, const char *text, struct error *err)
{
    if (key_length(text) == 0 || has_control_character(text) || strlen(text) > LABEL_MAXIMUM)
        return error_set(err, ERR_USAGE, "'%.64s' is no label: write KEY=VALUE", text);
    char *label = str_format("%s%s", text, text[key_length(text)] ? "" : "=");
    for (size_t i = 0; i < labels->count; i++) {
        if (!same_key(labels->items[i], label))
            continue;
        str_free(&labels->items[i]);
        labels->items[i] = label;
        return true;
    }
    strlist_add_owned(labels, label);
    strlist_sort(labels);
    return true;
}

const char *named_layer_label(const struct named_layer *layer, const char *key)
{
    size_t length = strlen(key);
    for (size_t i = 0; i < layer->labels.count; i++)
        if (key_length(layer->labels.items[i]) == length
            && strncmp(layer->labels.items[i], key, length) == 0)
            return layer->labels.items[i] + length + 1;
    return NULL;
}

/* ---- composing ---- */

static void put_labels(struct json_writer *w, const struct strlist *labels)
{
    JSON_OBJECT(w, "labels") {
        for (size_t i = 0; i < labels->count; i++) {
            size_t length = key_length(labels->items[i]);
            CLEANUP(str_free) char *key = xstrndup(labels->items[i], length);
            json_string(w, key, labels->items[i] + length + 1);
        }
    }
}

bool named_layer_compose(const struct named_layer *layer, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open_pretty(&w);
    JSON_OBJECT(&w, NULL) {
        json_uint(&w, "version", VERSION);
        json_string(&w, "name", layer->name);
        json_string(&w, "state", state_names[layer->state]);
        json_opt_string(&w, "scratch", layer->scratch);
        json_opt_string(&w, "layer", layer->layer);
        json_opt_string(&w, "commitAs", layer->commit_as);
        JSON_ARRAY(&w, "parents") {
            for (size_t i = 0; i < layer->parents.count; i++)
                json_string(&w, NULL, layer->parents.items[i]);
        }
        json_opt_string(&w, "from", layer->from);
        put_labels(&w, &layer->labels);
        json_opt_string(&w, "created", layer->created);
        json_opt_string(&w, "lastUsed", layer->last_used);
        json_opt_uint(&w, "storageBytes", layer->storage_bytes);
        json_opt_bool(&w, "mounted", layer->mounted);
    }
    return json_writer_finish(&w, ret, err);
}

/* ---- parsing ---- */

static bool to_state(const struct json_value *value, void *target, struct error *err)
{
    for (size_t i = NAMED_LAYER_PREPARING; i < ARRAY_SIZE(state_names); i++) {
        if (value->type == JSON_STRING && str_equal(value->text, state_names[i])) {
            *(enum named_layer_state *)target = (enum named_layer_state)i;
            return true;
        }
    }
    return json_error(value, err, "not a state of a layer");
}

static bool is_directory_name(const char *text)
{
    return strlen(text) == LAYER_DIRECTORY_NAME_SIZE - 1
        && strspn(text, "0123456789abcdef") == LAYER_DIRECTORY_NAME_SIZE - 1;
}

static bool to_directory(const struct json_value *value, void *target, struct error *err)
{
    if (value->type != JSON_STRING || !is_directory_name(value->text))
        return json_error(value, err, "not the name of a layer's directory");
    return json_to_string(value, target, err);
}

static bool to_directories(const struct json_value *value, void *target, struct error *err)
{
    if (!json_to_strlist(value, target, err))
        return false;
    const struct strlist *names = target;
    for (size_t i = 0; i < names->count; i++)
        if (!is_directory_name(names->items[i]))
            return json_error(value, err, "[%zu] is not the name of a layer's directory", i);
    return names->count > 0 || json_error(value, err, "there is no layer");
}

static bool to_name(const struct json_value *value, void *target, struct error *err)
{
    CLEANUP(error_clear) struct error reason = {0};
    if (value->type != JSON_STRING || !named_layer_check_name(value->text, &reason))
        return json_error(value, err, "not a name of a layer");
    return json_to_string(value, target, err);
}

static bool to_labels(const struct json_value *value, void *target, struct error *err)
{
    if (value->type != JSON_MAP)
        return json_error(value, err, "not an object");
    for (const struct json_value *label = value->first; label; label = label->next) {
        CLEANUP(error_clear) struct error reason = {0};
        if (label->type != JSON_STRING || strchr(label->key, '='))
            return json_error(label, err, "not a label");
        CLEANUP(str_free) char *text = str_format("%s=%s", label->key, label->text);
        if (!named_layer_set_label(target, text, &reason))
            return json_error(label, err, "not a label");
    }
    return true;
}

#define MEMBER(name) offsetof(struct named_layer, name)

static const struct json_field fields[] = {
    {"name", to_name, MEMBER(name), JSON_REQUIRED},
    {"state", to_state, MEMBER(state), JSON_REQUIRED},
    {"scratch", to_directory, MEMBER(scratch), JSON_OPTIONAL},
    {"layer", to_directory, MEMBER(layer), JSON_OPTIONAL},
    {"commitAs", to_name, MEMBER(commit_as), JSON_OPTIONAL},
    {"parents", to_directories, MEMBER(parents), JSON_REQUIRED},
    {"from", json_to_string, MEMBER(from), JSON_OPTIONAL},
    {"labels", to_labels, MEMBER(labels), JSON_OPTIONAL},
    {"created", json_to_string, MEMBER(created), JSON_OPTIONAL},
    {"lastUsed", json_to_string, MEMBER(last_used), JSON_OPTIONAL},
    {"storageBytes", json_to_uint64, MEMBER(storage_bytes), JSON_OPTIONAL},
    {"mounted", json_to_bool, MEMBER(mounted), JSON_OPTIONAL},
};

enum content { NEVER, PERHAPS, ALWAYS };

/* What each state has: a scratch, a layer. */
static const struct {
    enum content scratch;
    enum content layer;
} contents[] = {
    [NAMED_LAYER_PREPARING] = {ALWAYS, NEVER},   [NAMED_LAYER_ACTIVE] = {ALWAYS, NEVER},
    [NAMED_LAYER_COMMITTING] = {ALWAYS, ALWAYS}, [NAMED_LAYER_IMPORTING] = {NEVER, ALWAYS},
    [NAMED_LAYER_COMMITTED] = {PERHAPS, ALWAYS}, [NAMED_LAYER_REMOVING] = {PERHAPS, PERHAPS},
};

static bool is_as_said(enum content content, const char *text)
{
    return content == PERHAPS || (content == ALWAYS) == (text != NULL);
}

static bool check_contents(const struct named_layer *layer, struct error *err)
{
    bool fits = is_as_said(contents[layer->state].scratch, layer->scratch)
        && is_as_said(contents[layer->state].layer, layer->layer);
    return fits
        || error_set(err, ERR_INTEGRITY, "a layer that is %s has other members",
                     state_names[layer->state]);
}

static bool check_version(const struct json_value *root, struct error *err)
{
    uint64_t version = 0;
    const struct json_value *value = json_member(root, "version");
    if (!value)
        return error_set(err, ERR_INTEGRITY, "it has no version");
    if (!json_to_uint64(value, &version, err))
        return false;
    return version == VERSION || json_error(value, err, "made by a newer wrun");
}

bool named_layer_parse(const char *text, size_t length, struct named_layer *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(named_layer_clear) struct named_layer layer = {0};
    if (!json_parse(text, length, &json_default_limits, &document, err)
        || !check_version(document.root, err)
        || !json_read_fields(document.root, fields, ARRAY_SIZE(fields), &layer, err)
        || !check_contents(&layer, err))
        return false;
    *ret = TAKE(layer);
    return true;
}

/* ---- memory ---- */

static char *copy_text(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

struct named_layer named_layer_copy(const struct named_layer *layer)
{
    struct named_layer copy = {
        .name = copy_text(layer->name),
        .state = layer->state,
        .scratch = copy_text(layer->scratch),
        .layer = copy_text(layer->layer),
        .commit_as = copy_text(layer->commit_as),
        .from = copy_text(layer->from),
        .created = copy_text(layer->created),
        .last_used = copy_text(layer->last_used),
        .storage_bytes = layer->storage_bytes,
        .mounted = layer->mounted,
    };
    strlist_add_all(&copy.parents, &layer->parents);
    strlist_add_all(&copy.labels, &layer->labels);
    return copy;
}

void named_layer_clear(struct named_layer *layer)
{
    str_free(&layer->name);
    str_free(&layer->scratch);
    str_free(&layer->layer);
    str_free(&layer->commit_as);
    strlist_clear(&layer->parents);
    str_free(&layer->from);
    strlist_clear(&layer->labels);
    str_free(&layer->created);
    str_free(&layer->last_used);
    *layer = (struct named_layer){0};
}

void named_layer_touch(struct named_layer *layer)
{
    char now[32];
    os_timestamp(now);
    str_free(&layer->last_used);
    layer->last_used = xstrdup(now);
}
