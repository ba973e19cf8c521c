/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text.h"
#include "registry/archive_load.h"
#include "runner/archive_file.h"
#include "runner/host.h"
#include "runner/image_source.h"
#include "runner/layer_digest.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

struct load_options {
    char *input;
    char *tag;
    char *platform;
};

static const struct cli_option options_table[] = {
    {"input", 'i', "FILE", "Read this file or OCI directory, - = standard input (the default)",
     cli_set_string, offsetof(struct load_options, input)},
    {"tag", 0, "REFERENCE", "Name the only image of the archive, whatever it is called there",
     cli_set_string, offsetof(struct load_options, tag)},
    {"platform", 0, "OS/ARCH[:VERSION]", "Choose the image for this platform, and take no other",
     cli_set_string, offsetof(struct load_options, platform)},
};

static bool diff_id(void *user, const char *path, struct digest *ret, struct error *err)
{
    const struct invocation *invocation = user;
    return layer_digest_of(path, &invocation->context, ret, err);
}

static bool print_json(const struct loaded_list *list, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    CLEANUP(str_free) char *text = NULL;
    json_writer_open(&w);
    JSON_ARRAY(&w, NULL) {
        for (size_t i = 0; i < list->count; i++) {
            CLEANUP(str_free) char *name = reference_format(&list->items[i].name);
            JSON_OBJECT(&w, NULL) {
                json_string(&w, "ref", name);
                json_string(&w, "digest", list->items[i].digest.text);
            }
        }
    }
    return json_writer_finish_line(&w, &text, err) && terminal_result(text, err);
}

static bool print(const struct invocation *invocation, const struct loaded_list *list,
                  struct error *err)
{
    if (invocation->global.json)
        return print_json(list, err);
    for (size_t i = 0; i < list->count; i++) {
        CLEANUP(str_free) char *name = reference_format(&list->items[i].name);
        CLEANUP(str_free)
        char *line = str_format("%s%s\n", invocation->global.quiet ? "" : "Loaded image: ", name);
        if (!terminal_result(line, err))
            return false;
    }
    return true;
}

static bool load(struct invocation *invocation, const struct load_options *options,
                 const struct archive_choice *choice, const struct reference *name,
                 struct loaded_list *ret, struct error *err)
{
    CLEANUP(blob_store_close) struct blob_store store = {0};
    CLEANUP(store_lock_release) struct store_lock lock = {0};
    CLEANUP(archive_input_close) struct archive_input input = {0};
    struct load_request request = {.choice = *choice, .name = name};
    const char *path = options->input;
    if (path && fs_type_of(path) == FS_DIRECTORY)
        request.directory = path;
    else if (archive_input_open(&input, path, invocation->context.cancel, err))
        request.source = &input.source;
    else
        return false;
    return host_prepare(invocation, err) && blob_store_open(invocation->root, &store, err)
        && store_lock_share(&store, &invocation->context, &lock, err)
        && (archive_load(&request, &store, &invocation->context, ret, err)
            || error_wrap(err, "%s", path && !str_equal(path, "-") ? path : "standard input"));
}

static bool run_load(struct invocation *invocation, void *options, const struct strlist *args,
                     int *ret_code, struct error *err)
{
    const struct load_options *given = options;
    CLEANUP(reference_clear) struct reference name = {0};
    CLEANUP(loaded_list_clear) struct loaded_list loaded = {0};
    struct archive_choice choice = {
        .is_strict = given->platform,
        .inflater = {diff_id, invocation},
    };
    (void)args;
    (void)ret_code;
    return (!given->tag || reference_parse(given->tag, &name, err))
        && image_find_platform(given->platform, &choice.host, err)
        && load(invocation, given, &choice, given->tag ? &name : NULL, &loaded, err)
        && print(invocation, &loaded, err);
}

static void clear_options(void *options)
{
    struct load_options *load_options = options;
    str_free(&load_options->input);
    str_free(&load_options->tag);
    str_free(&load_options->platform);
}

const struct verb verb_load = {
    .name = "load",
    .synopsis = "[OPTIONS]",
    .summary = "Bring images from an archive into the store",
    .help = "Takes what wrun save, docker save (of any age), ctr images export, podman save and\n"
            "skopeo write, also compressed with gzip or zstd. Of several platforms the host's is\n"
            "chosen. Layers are unpacked when the image is run.\n\n"
            "  wrun load -i images.tar\n"
            "  docker save app:1 | wrun load\n\n"
            "As: docker load, ctr images import\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct load_options),
    .clear_options = clear_options,
    .uses_root = true,
    .run = run_load,
};
