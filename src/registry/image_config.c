/* SPDX-License-Identifier: MIT */
#include "registry/image_config.h"

#include "base/alloc.h"
#include "base/text.h"

#define DIFF_IDS_MAXIMUM 512

static const struct json_limits limits = {
    .maximum_bytes = IMAGE_CONFIG_MAXIMUM,
    .maximum_depth = 32,
    .maximum_values = 200000,
};

/* ---- the member "config" ---- */

static bool to_labels(const struct json_value *value, void *target, struct error *err)
{
    struct image_process *process = target;
    if (value->type != JSON_MAP)
        return json_error(value, err, "not an object");
    process->labels = xcalloc(value->count, sizeof(*process->labels));
    for (const struct json_value *item = value->first; item; item = item->next) {
        struct image_label *label = &process->labels[process->label_count];
        if (!json_to_string(item, &label->value, err))
            return false;
        label->key = xstrdup(item->key);
        process->label_count++;
    }
    return true;
}

/* The labels fill two members, so their converter is given the whole struct. */
static const struct json_field process_fields[] = {
    {"User", json_to_string, offsetof(struct image_process, user), JSON_OPTIONAL},
    {"Env", json_to_strlist, offsetof(struct image_process, env), JSON_OPTIONAL},
    {"Entrypoint", json_to_strlist, offsetof(struct image_process, entrypoint), JSON_OPTIONAL},
    {"Cmd", json_to_strlist, offsetof(struct image_process, cmd), JSON_OPTIONAL},
    {"WorkingDir", json_to_string, offsetof(struct image_process, working_dir), JSON_OPTIONAL},
    {"ArgsEscaped", json_to_bool, offsetof(struct image_process, args_escaped), JSON_OPTIONAL},
    {"Labels", to_labels, 0, JSON_OPTIONAL},
};

static void process_clear(struct image_process *process)
{
    str_free(&process->user);
    strlist_clear(&process->env);
    strlist_clear(&process->entrypoint);
    strlist_clear(&process->cmd);
    str_free(&process->working_dir);
    for (size_t i = 0; i < process->label_count; i++) {
        str_free(&process->labels[i].key);
        str_free(&process->labels[i].value);
    }
    mem_free(&process->labels);
    *process = (struct image_process){0};
}

static bool to_process(const struct json_value *value, void *target, struct error *err)
{
    CLEANUP(process_clear) struct image_process process = {0};
    if (!json_read_fields(value, process_fields, ARRAY_SIZE(process_fields), &process, err))
        return false;
    struct image_process *ret = target;
    *ret = TAKE(process);
    return true;
}

/* ---- the member "rootfs" ---- */

struct rootfs {
    char *type;
    struct digest *diff_ids;
    size_t count;
};

static void rootfs_clear(struct rootfs *rootfs)
{
    str_free(&rootfs->type);
    mem_free(&rootfs->diff_ids);
    rootfs->count = 0;
}

static bool to_diff_ids(const struct json_value *value, void *target, struct error *err)
{
    struct rootfs *rootfs = target;
    if (value->type != JSON_LIST)
        return json_error(value, err, "not a list");
    if (value->count > DIFF_IDS_MAXIMUM)
        return json_error(value, err, "more than %d layers", DIFF_IDS_MAXIMUM);
    rootfs->diff_ids = value->count ? xcalloc(value->count, sizeof(*rootfs->diff_ids)) : NULL;
    for (const struct json_value *item = value->first; item; item = item->next)
        if (!json_to_digest(item, &rootfs->diff_ids[rootfs->count++], err))
            return false;
    return true;
}

static const struct json_field rootfs_fields[] = {
    {"type", json_to_string, offsetof(struct rootfs, type), JSON_REQUIRED},
    {"diff_ids", to_diff_ids, 0, JSON_REQUIRED},
};

static bool to_rootfs(const struct json_value *value, void *target, struct error *err)
{
    CLEANUP(rootfs_clear) struct rootfs rootfs = {0};
    if (!json_read_fields(value, rootfs_fields, ARRAY_SIZE(rootfs_fields), &rootfs, err))
        return false;
    if (!str_equal(rootfs.type, "layers"))
        return json_error(value, err, "the type is not \"layers\"");
    struct image_config *config = target;
    config->diff_ids = TAKE(rootfs.diff_ids);
    config->diff_id_count = rootfs.count;
    return true;
}

/* ---- the whole ---- */

static const struct json_field config_fields[] = {
    {"os", json_to_string, offsetof(struct image_config, os), JSON_REQUIRED},
    {"architecture", json_to_string, offsetof(struct image_config, architecture), JSON_REQUIRED},
    {"variant", json_to_string, offsetof(struct image_config, variant), JSON_OPTIONAL},
    {"os.version", json_to_string, offsetof(struct image_config, os_version), JSON_OPTIONAL},
    {"os.features", json_to_strlist, offsetof(struct image_config, os_features), JSON_OPTIONAL},
    {"created", json_to_string, offsetof(struct image_config, created), JSON_OPTIONAL},
    {"config", to_process, offsetof(struct image_config, config), JSON_OPTIONAL},
    {"rootfs", to_rootfs, 0, JSON_REQUIRED},
};

bool image_config_parse(const char *text, size_t length, struct image_config *ret,
                        struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(image_config_clear) struct image_config config = {0};
    if (!json_parse(text, length, &limits, &document, err)
        || !json_read_fields(document.root, config_fields, ARRAY_SIZE(config_fields), &config, err))
        return error_wrap(err, "image configuration");
    config.raw = xstrndup(text, length);
    *ret = TAKE(config);
    return true;
}

void image_config_clear(struct image_config *config)
{
    str_free(&config->os);
    str_free(&config->architecture);
    str_free(&config->variant);
    str_free(&config->os_version);
    strlist_clear(&config->os_features);
    str_free(&config->created);
    process_clear(&config->config);
    mem_free(&config->diff_ids);
    str_free(&config->raw);
    *config = (struct image_config){0};
}

struct platform image_config_platform(const struct image_config *config)
{
    return (struct platform){
        .os = config->os,
        .architecture = config->architecture,
        .variant = config->variant,
        .os_version = config->os_version,
        .os_features = config->os_features,
    };
}
