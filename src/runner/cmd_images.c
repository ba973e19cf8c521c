/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "registry/image_list.h"
#include "runner/image_filter.h"
#include "runner/message_json.h"
#include "runner/size_text.h"
#include "runner/table.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

#define SHORT_ID_LENGTH 12
#define DATE_LENGTH 19 /* "2025-11-11T08:15:00" of an RFC 3339 time */

struct images_options {
    bool no_trunc;
    bool digests;
};

static const struct cli_option options_table[] = {
    {"no-trunc", 0, NULL, "Show digests in full", cli_set_flag,
     offsetof(struct images_options, no_trunc)},
    {"digests", 0, NULL, "Show the digest of what was pulled: the index, or the image itself",
     cli_set_flag, offsetof(struct images_options, digests)},
    {"all", 'a', NULL, "not needed: all images are listed", NULL, 0},
    {"filter", 'f', "FILTER", "name what is wanted instead: wrun images 'repository/*'", NULL, 0},
    {"format", 0, "TEMPLATE", "wrun has no templates; use --json", NULL, 0},
};

static bool is_selected(const struct listed_image *image, const struct strlist *args)
{
    if (args->count == 0)
        return true;
    return image->record.reference && image_filter_matches(args->items[0], image->record.reference);
}

/* ---- for people ---- */

static char *shown_id(const struct listed_image *image, bool in_full)
{
    if (!image->record.reference)
        return xstrndup(image->name, in_full ? SIZE_MAX : SHORT_ID_LENGTH);
    return in_full ? xstrdup(image->record.digest.text)
                   : xstrndup(digest_hex(&image->record.digest), SHORT_ID_LENGTH);
}

static char *shown_time(const char *time)
{
    if (!time)
        return xstrdup("");
    char *text = xstrndup(time, DATE_LENGTH);
    for (char *c = text; *c; c++)
        if (*c == 'T')
            *c = ' ';
    return text;
}

static char *shown_platform(const struct listed_image *image)
{
    if (image->damage)
        return xstrdup("damaged");
    struct platform platform = image_config_platform(&image->config);
    return platform_format(&platform);
}

static void add_row(struct table *table, const struct listed_image *image,
                    const struct images_options *options)
{
    const char *reference = image->record.reference;
    const struct digest *source = digest_is_set(&image->record.index_digest)
        ? &image->record.index_digest
        : &image->record.digest;
    table_add_owned(table, reference ? image_repository_shown(reference) : xstrdup("<damaged>"));
    table_add_owned(table, reference ? image_tag_shown(reference) : xstrdup("<none>"));
    if (options->digests)
        table_add(table, digest_is_set(source) ? source->text : "<none>");
    table_add_owned(table, shown_id(image, options->no_trunc));
    table_add_owned(table, shown_time(image->config.created));
    table_add_owned(table, image->damage ? xstrdup("") : size_text(listed_image_size(image)));
    table_add_owned(table, shown_platform(image));
}

static char *compose_table(const struct image_list *images, const struct images_options *options,
                           const struct strlist *args)
{
    static const char *const titles[] = {"REPOSITORY", "TAG",  "DIGEST",  "IMAGE ID",
                                         "CREATED",    "SIZE", "PLATFORM"};
    CLEANUP(table_clear)
    struct table table = {.columns = ARRAY_SIZE(titles) - (options->digests ? 0 : 1)};
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
        if (options->digests || !str_equal(titles[i], "DIGEST"))
            table_add(&table, titles[i]);
    for (size_t i = 0; i < images->count; i++)
        if (is_selected(&images->items[i], args))
            add_row(&table, &images->items[i], options);
    return table_format(&table);
}

/* Each image once, however many references it has. */
static char *compose_ids(const struct image_list *images, const struct images_options *options,
                         const struct strlist *args)
{
    CLEANUP(strlist_clear) struct strlist ids = {0};
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    for (size_t i = 0; i < images->count; i++) {
        CLEANUP(str_free) char *id = shown_id(&images->items[i], options->no_trunc);
        if (!is_selected(&images->items[i], args) || strlist_contains(&ids, id))
            continue;
        strlist_add(&ids, id);
        buf_addf(&text, "%s\n", id);
    }
    return xstrdup(buf_str(&text));
}

/* ---- for programs ---- */

static bool is_listed_before(const struct image_list *images, size_t index,
                             const struct strlist *args)
{
    const struct listed_image *image = &images->items[index];
    for (size_t i = 0; i < index && image->record.reference; i++)
        if (is_selected(&images->items[i], args)
            && digest_equal(&images->items[i].record.digest, &image->record.digest))
            return true;
    return false;
}

static void put_references(struct json_writer *w, const struct image_list *images, size_t first,
                           const struct strlist *args)
{
    const struct digest *digest = &images->items[first].record.digest;
    JSON_ARRAY(w, "references") {
        for (size_t i = first; i < images->count && images->items[first].record.reference; i++)
            if (images->items[i].record.reference && is_selected(&images->items[i], args)
                && digest_equal(&images->items[i].record.digest, digest))
                json_string(w, NULL, images->items[i].record.reference);
    }
}

static void put_image(struct json_writer *w, const struct image_list *images, size_t index,
                      const struct strlist *args)
{
    const struct listed_image *image = &images->items[index];
    JSON_OBJECT(w, NULL) {
        if (image->record.reference)
            json_string(w, "digest", image->record.digest.text);
        else
            json_string(w, "record", image->name);
        put_references(w, images, index, args);
        json_opt_string(w, "indexDigest", image->record.index_digest.text);
        json_opt_string(w, "mediaType", image->record.media_type);
        json_opt_string(w, "fetched", image->record.fetched);
        message_json_text(w, "damage", image->damage);
        if (!image->damage) {
            json_string(w, "configDigest", image->manifest.config.digest.text);
            json_opt_string(w, "created", image->config.created);
            json_uint(w, "size", listed_image_size(image));
            json_uint(w, "layers", image->manifest.layers.count);
            JSON_OBJECT(w, "platform") {
                json_opt_string(w, "os", image->config.os);
                json_opt_string(w, "architecture", image->config.architecture);
                json_opt_string(w, "osVersion", image->config.os_version);
            }
        }
    }
}

static bool compose_json(const struct image_list *images, const struct strlist *args, char **ret,
                         struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_ARRAY(&w, NULL) {
        for (size_t i = 0; i < images->count; i++)
            if (is_selected(&images->items[i], args) && !is_listed_before(images, i, args))
                put_image(&w, images, i, args);
    }
    return json_writer_finish_line(&w, ret, err);
}

static void warn_of_damage(const struct invocation *invocation, const struct image_list *images,
                           const struct strlist *args)
{
    for (size_t i = 0; i < images->count; i++) {
        const struct listed_image *image = &images->items[i];
        if (image->damage && is_selected(image, args))
            context_warn(&invocation->context,
                         "%s is damaged (%s); 'wrun pull' mends it, 'wrun rmi' removes it",
                         image->record.reference ? image->record.reference : image->name,
                         image->damage);
    }
}

static bool run_images(struct invocation *invocation, void *options, const struct strlist *args,
                       int *ret_code, struct error *err)
{
    CLEANUP(blob_store_close) struct blob_store store = {0};
    CLEANUP(image_list_clear) struct image_list images = {0};
    CLEANUP(str_free) char *text = NULL;
    (void)ret_code;
    if (!blob_store_open_to_read(invocation->root, &store, err)
        || !image_list_read(&store, &images, err))
        return false;
    warn_of_damage(invocation, &images, args);
    if (invocation->global.json) {
        if (!compose_json(&images, args, &text, err))
            return false;
    } else {
        text = invocation->global.quiet ? compose_ids(&images, options, args)
                                        : compose_table(&images, options, args);
    }
    return terminal_result(text, err);
}

const struct verb verb_images = {
    .name = "images",
    .synopsis = "[OPTIONS] [REPOSITORY[:TAG]]",
    .summary = "List the images of the store",
    .help = "The argument may have '*' and '?' in it. SIZE is what the image takes compressed; -q\n"
            "prints only the ids, each once.\n\n"
            "  wrun images 'mcr.microsoft.com/windows/*'\n\n"
            "As: docker images, ctr images ls\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct images_options),
    .minimum_args = 0,
    .maximum_args = 1,
    .uses_root = true,
    .run = run_images,
};
