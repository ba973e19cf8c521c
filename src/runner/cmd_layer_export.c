/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "runner/archive_file.h"
#include "runner/host.h"
#include "runner/layer_origin.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

struct export_options {
    char *output;
    char *compression;
};

static const struct cli_option options_table[] = {
    {"output", 'o', "FILE", "Write to this file, - = standard output (the default)", cli_set_string,
     offsetof(struct export_options, output)},
    {"compress", 0, "none|gzip|zstd", "How the tar is compressed (default: none)", cli_set_string,
     offsetof(struct export_options, compression)},
};

static bool parse_compression(const char *text, enum compress_format *ret, struct error *err)
{
    return compress_format_parse(text ? text : "none", ret)
        || error_set(err, ERR_USAGE, "--compress: '%s' is not one of none, gzip, zstd", text);
}

/* Where the layer itself goes to standard output there is no room for a description. */
static bool print(const struct invocation *invocation, const struct archive_output *output,
                  const struct layer_export_result *result, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    CLEANUP(str_free) char *text = NULL;
    if (!output->path || !invocation->global.json)
        return true;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "diffId", result->diff_id.text);
        json_uint(&w, "tarSize", result->tar_size);
        json_string(&w, "digest", result->blob_digest.text);
        json_uint(&w, "size", result->blob_size);
        json_uint(&w, "entries", result->entries);
    }
    return json_writer_finish_line(&w, &text, err) && terminal_result(text, err);
}

static bool write_layer(const struct invocation *invocation, struct layer_origin *origin,
                        enum compress_format compression, const struct archive_output *output,
                        struct layer_export_result *ret, struct error *err)
{
    CLEANUP(layer_reading_close) struct layer_reading reading = {0};
    const struct byte_sink sink = {output->tar.write, output->tar.user};
    if (!layer_origin_read(invocation, origin, &reading, err))
        return false;
    const struct layer_export_request request = {
        .folder = &reading.folder,
        .form = reading.form,
        .compression = compression,
        .sink = &sink,
        .subject = origin->run.name ? origin->run.name : origin->claim.layer.name,
    };
    return layer_export(&request, ret, &invocation->context, err);
}

static bool run_export(struct invocation *invocation, void *options, const struct strlist *args,
                       int *ret_code, struct error *err)
{
    const struct export_options *export = options;
    const char *name = args->items[0];
    enum compress_format compression = COMPRESS_NONE;
    CLEANUP(layer_origin_close) struct layer_origin origin = {0};
    CLEANUP(archive_output_close) struct archive_output output = {0};
    struct layer_export_result result = {0};
    (void)ret_code;
    if (!named_layer_check_name(name, err)
        || !parse_compression(export->compression, &compression, err) || !host_can_run(err)
        || !host_prepare(invocation, err) || !layer_origin_open_any(invocation, name, &origin, err)
        || !archive_output_open(&output, export->output, ARCHIVE_SHAPE_TAR, err))
        return false;
    if (!write_layer(invocation, &origin, compression, &output, &result, err))
        return error_wrap(err, "export the layer '%s'", name);
    return archive_output_commit(&output, err) && print(invocation, &output, &result, err);
}

static void clear_options(void *options)
{
    struct export_options *export = options;
    str_free(&export->output);
    str_free(&export->compression);
}

const struct verb verb_layer_export = {
    .name = "layer export",
    .synopsis = "[OPTIONS] LAYER|RUN",
    .summary = "Write what a layer changes as a layer of an image",
    .help =
        "The tar is that of a layer of a Windows image: what the layer adds, changes and\n"
        "deletes, with all that Windows knows about the files. A writable layer must not be in\n"
        "use. A kept run can be named, too.\n\n"
        "  wrun layer export build -o build.tar.gz --compress gzip\n"
        "  wrun layer import copy --from IMAGE -i build.tar.gz\n\n"
        "PowerShell before 7.4 changes bytes in pipes: use -o there.\n\n"
        "As: ctr snapshots diff\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct export_options),
    .clear_options = clear_options,
    .minimum_args = 1,
    .maximum_args = 1,
    .uses_root = true,
    .run = run_export,
};
