/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "layers/chain.h"
#include "runner/archive_file.h"
#include "runner/host.h"
#include "runner/layer_commit.h"
#include "runner/layer_digest.h"
#include "runner/layer_host.h"
#include "runner/layer_json.h"
#include "runner/layer_option.h"
#include "runner/layer_parents.h"
#include "runner/verbs.h"

#define SPOOL_NAME "layer"
#define PIECE_SIZE ((size_t)256 * 1024)

struct import_options {
    struct image_options image;
    char *from;
    char *input;
    struct strlist labels;
    enum pull_policy pull;
};

static const struct cli_option options_table[] = {
    {"from", 0, "IMAGE|LAYER", "What it lies on: an image, or a committed layer", cli_set_string,
     offsetof(struct import_options, from)},
    {"input", 'i', "FILE", "Read this file, - = standard input (the default)", cli_set_string,
     offsetof(struct import_options, input)},
    {"label", 'l', "KEY[=VALUE]", "Label it; may be repeated", layer_add_label,
     offsetof(struct import_options, labels)},
    PULL_OPTION_ROW(struct import_options, pull),
    IMAGE_OPTION_ROWS(struct import_options, image),
};

struct import {
    struct invocation *invocation;
    const struct import_options *options;
    const char *name;
    struct store_lock lock; /* until it is recorded what the layer needs */
    struct named_layer_claim claim;
    struct layer_parents parents;
    struct layer_workplace workplace;
    char *archive; /* the file that is given, or a copy of what came through a stream */
    struct digest diff_id;
    struct digest chain_id;
};

static void import_clear(struct import *import)
{
    layer_workplace_close(&import->workplace);
    str_free(&import->archive);
    layer_parents_clear(&import->parents);
    named_layer_close(&import->claim);
    store_lock_release(&import->lock);
}

/* ---- the archive ---- */

static bool copy(const struct archive_input *input, const struct byte_sink *sink, struct error *err)
{
    const struct archive_source *source = &input->source;
    CLEANUP(mem_free) unsigned char *piece = xmalloc(PIECE_SIZE);
    size_t length = 0;
    do {
        if (!cancel_check(input->cancel, err)
            || !source->read(source->user, piece, PIECE_SIZE, &length, err)
            || (length > 0 && !sink->write(sink->user, piece, length, err)))
            return false;
    } while (length > 0);
    return true;
}

static bool spool(struct import *import, const struct archive_input *input, struct error *err)
{
    CLEANUP(file_sink_close) struct file_sink file = {0};
    if (!host_workplace_open(import->invocation, &import->workplace, err))
        return false;
    import->archive = fs_join(import->workplace.path, SPOOL_NAME);
    if (!file_sink_open(import->archive, &file, err))
        return false;
    const struct byte_sink sink = file_sink_interface(&file);
    return copy(input, &sink, err);
}

/* Which layer it is, only its end tells; so it is read before anything is made of it, and once more
 * then. A file that changes meanwhile is another layer than it was, which the import notices. */
static bool read_archive(struct import *import, struct error *err)
{
    const struct context *context = &import->invocation->context;
    CLEANUP(archive_input_close) struct archive_input input = {0};
    if (!archive_input_open(&input, import->options->input, context->cancel, err))
        return false;
    if (input.path)
        import->archive = xstrdup(input.path);
    else if (!spool(import, &input, err))
        return false;
    return layer_digest_of_windows(import->archive, context, &import->diff_id, err);
}

/* ---- the layer ---- */

static bool find_parents(struct import *import, struct error *err)
{
    const struct layer_parents_request request = {
        .from = import->options->from,
        .image = &import->options->image,
        .pull = import->options->pull,
    };
    return layer_parents_find(import->invocation, &request, &import->parents, err)
        && layer_commit_chain(import->invocation, &import->parents.paths, &import->diff_id,
                              &import->chain_id, err);
}

static struct named_layer describe(const struct import *import)
{
    char directory[LAYER_DIRECTORY_NAME_SIZE];
    layer_directory_name(&import->chain_id, directory);
    struct named_layer layer = {
        .name = xstrdup(import->name),
        .state = NAMED_LAYER_IMPORTING,
        .layer = xstrdup(directory),
        .from = xstrdup(import->options->from),
    };
    for (size_t i = 0; i < import->parents.paths.count; i++)
        strlist_add(&layer.parents, fs_name_of(import->parents.paths.items[i]));
    strlist_add_all(&layer.labels, &import->options->labels);
    named_layer_touch(&layer);
    layer.created = xstrdup(layer.last_used);
    return layer;
}

static bool make(struct import *import, struct error *err)
{
    CLEANUP(str_free) char *path = NULL;
    const struct layer_making making = {
        .path = import->archive,
        .diff_id = import->diff_id,
        .chain_id = import->chain_id,
        .parents = &import->parents.paths,
    };
    return host_layer_make(import->invocation, &making, &path, err);
}

static bool write_state(struct import *import, enum named_layer_state state, struct error *err)
{
    import->claim.layer.state = state;
    return named_layer_write(&import->claim, err);
}

/* From the record on the layers below are needed by it. */
static bool record(struct import *import, struct error *err)
{
    const struct buf *config = &import->parents.config;
    import->claim.layer = describe(import);
    if (!write_state(import, NAMED_LAYER_IMPORTING, err)
        || !named_layer_write_config(&import->claim, buf_str(config), config->length, err))
        return false;
    store_lock_release(&import->lock);
    return true;
}

static bool record_and_make(struct import *import, struct error *err)
{
    if (record(import, err) && make(import, err) && write_state(import, NAMED_LAYER_COMMITTED, err))
        return true;
    CLEANUP(error_clear) struct error second = {0};
    if (!named_layer_forget(&import->claim, &second))
        context_step(&import->invocation->context, "left for later: %s", second.message);
    return false;
}

static bool run_import(struct invocation *invocation, void *options, const struct strlist *args,
                       int *ret_code, struct error *err)
{
    CLEANUP(import_clear)
    struct import import = {.invocation = invocation, .options = options, .name = args->items[0]};
    (void)ret_code;
    if (!named_layer_check_name(import.name, err))
        return false;
    if (!import.options->from)
        return error_set(err, ERR_USAGE, "--from is missing: say what '%s' lies on", import.name);
    if (!image_options_check(&import.options->image, err) || !host_can_run(err)
        || !host_prepare(invocation, err) || !image_store_share(invocation, &import.lock, err)
        || !layer_claim_new_name(invocation, import.name, &import.claim, err))
        return false;
    if (!read_archive(&import, err) || !find_parents(&import, err)
        || !record_and_make(&import, err))
        return error_wrap(err, "import the layer '%s'", import.name);
    report_finish(&invocation->report);
    return layer_made_print(invocation, &import.claim.layer, err);
}

static void clear_options(void *options)
{
    struct import_options *import = options;
    image_options_clear(&import->image);
    str_free(&import->from);
    str_free(&import->input);
    strlist_clear(&import->labels);
}

const struct verb verb_layer_import = {
    .name = "layer import",
    .synopsis = "[OPTIONS] NAME --from IMAGE|LAYER",
    .summary = "Make a committed layer from a file",
    .help = "The file is a layer of a Windows image (Files/..., Hives/...), plain or compressed\n"
            "with gzip or zstd: what 'wrun layer export' writes, or a layer of an image. It must\n"
            "have been made on what --from names. Prints the directory of the layer.\n\n"
            "  wrun layer import build --from IMAGE -i build.tar.gz\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct import_options),
    .clear_options = clear_options,
    .minimum_args = 1,
    .maximum_args = 1,
    .uses_root = true,
    .run = run_import,
};
