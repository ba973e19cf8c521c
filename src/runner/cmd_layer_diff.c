/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text.h"
#include "runner/host.h"
#include "runner/layer_origin.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

#define FILES "Files"

/* What is found, in the order of the tar. */
struct diff {
    struct layer_below below;
    bool json;
    struct json_writer writer;
    struct buf text;
};

static void diff_clear(struct diff *diff)
{
    layer_below_close(&diff->below);
    json_writer_close(&diff->writer);
    buf_clear(&diff->text);
}

/* As a container sees it; "Files" itself is C:\. */
static char *path_inside(const char *path)
{
    const char *rest = path + strlen(FILES);
    return str_format("C:%s", *rest ? rest : "\\");
}

static void add(struct diff *diff, const char *letter, const struct layer_change *change)
{
    CLEANUP(str_free) char *path = path_inside(change->path);
    if (!diff->json) {
        buf_addf(&diff->text, "%s %s\n", letter, path);
        return;
    }
    JSON_OBJECT(&diff->writer, NULL) {
        json_string(&diff->writer, "change", letter);
        json_string(&diff->writer, "path", path);
        json_opt_bool(&diff->writer, "directory", change->is_directory);
    }
}

static bool on_change(void *user, const struct layer_change *change, struct error *err)
{
    struct diff *diff = user;
    bool existed = false;
    if (str_equal(change->path, FILES))
        return true;
    if (change->kind == LAYER_CHANGE_DELETED) {
        add(diff, "D", change);
        return true;
    }
    if (!layer_below_has(&diff->below, change->path, &existed, err))
        return false;
    add(diff, existed ? "C" : "A", change);
    return true;
}

static bool compare(const struct invocation *invocation, struct layer_origin *origin,
                    struct diff *diff, struct error *err)
{
    CLEANUP(layer_reading_close) struct layer_reading reading = {0};
    return host_layer_below(invocation, &origin->parents, &diff->below, err)
        && layer_origin_read(invocation, origin, &reading, err)
        && layer_export_changes(&reading.folder, on_change, diff, &invocation->context, err);
}

static bool print(struct diff *diff, struct error *err)
{
    CLEANUP(str_free) char *json = NULL;
    if (!diff->json)
        return diff->text.length == 0 || terminal_result(buf_str(&diff->text), err);
    json_array_end(&diff->writer);
    return json_writer_finish_line(&diff->writer, &json, err) && terminal_result(json, err);
}

static bool run_diff(struct invocation *invocation, void *options, const struct strlist *args,
                     int *ret_code, struct error *err)
{
    const char *name = args->items[0];
    CLEANUP(diff_clear) struct diff diff = {.json = invocation->global.json};
    CLEANUP(layer_origin_close) struct layer_origin origin = {0};
    (void)options;
    (void)ret_code;
    buf_init(&diff.text, BUF_UNBOUNDED);
    json_writer_open(&diff.writer);
    json_array_begin(&diff.writer, NULL);
    if (!host_can_run(err) || !host_prepare(invocation, err)
        || !layer_origin_open_any(invocation, name, &origin, err))
        return false;
    return (compare(invocation, &origin, &diff, err) || error_wrap(err, "compare '%s'", name))
        && print(&diff, err);
}

const struct verb verb_layer_diff = {
    .name = "layer diff",
    .synopsis = "[OPTIONS] LAYER|RUN",
    .summary = "List what a layer adds, changes and deletes",
    .help = "One line for each file and directory: A for what is new, C for what is changed, or\n"
            "contains what is, D for what is deleted. A kept run can be named, too.\n\n"
            "As: docker diff\n",
    .minimum_args = 1,
    .maximum_args = 1,
    .uses_root = true,
    .run = run_diff,
};
