/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/text.h"
#include "runner/exit_code.h"
#include "runner/host.h"
#include "runner/layer_host.h"
#include "runner/layer_option.h"
#include "runner/plan.h"
#include "runner/run_options.h"
#include "runner/status_file.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

/* What one run works on. */
struct run {
    struct invocation *invocation;
    struct run_options *options;
    struct store_lock lock; /* until the run is recorded */
    struct reference reference;
    struct strlist arguments;
    struct image image;             /* of a layer its configuration only */
    struct named_layer_claim claim; /* of --layer */
    struct named_layer layer;       /* that of --layer, or of --from; else empty */
    struct strlist layers;
    struct strlist mount_sources;
    struct run_plan plan;
    struct run_outcome outcome;
    bool has_status_file;
};

static void run_clear(struct run *run)
{
    reference_clear(&run->reference);
    strlist_clear(&run->arguments);
    image_clear(&run->image);
    named_layer_close(&run->claim);
    named_layer_clear(&run->layer);
    strlist_clear(&run->layers);
    strlist_clear(&run->mount_sources);
    plan_clear(&run->plan);
    store_lock_release(&run->lock);
}

/* Mount sources are looked at before anything is fetched: that mistake is the quickest to make. */
static bool resolve_mounts(struct run *run, struct error *err)
{
    const struct mount_list *mounts = &run->options->mounts;
    for (size_t i = 0; i < mounts->count; i++) {
        char *resolved = NULL;
        if (!host_resolve_mount(run->invocation, mounts->items[i].source, &resolved, err))
            return error_wrap(err, "mount");
        strlist_add_owned(&run->mount_sources, resolved);
    }
    return true;
}

static bool find_image(struct run *run, struct error *err)
{
    const struct image_ready_request request = {
        .options = &run->options->image,
        .reference = &run->reference,
        .pull = run->options->pull,
        .description_only = run->options->dry_run,
    };
    return image_make_ready(run->invocation, &request, &run->image, &run->layers, err);
}

/* ---- what it runs on ---- */

static bool take_image(struct run *run, struct error *err)
{
    const char *from = run->options->from;
    return (!from || reference_parse(from, &run->reference, err)) && find_image(run, err)
        && (!run->options->dry_run
            || host_layer_paths(run->invocation, &run->image, &run->layers, err));
}

static bool read_config(struct run *run, const char *layer, struct error *err)
{
    CLEANUP(buf_clear) struct buf text = {0};
    return (named_layer_read_config(run->invocation->root, layer, &text, err)
            && image_config_parse(buf_str(&text), text.length, &run->image.config, err))
        || error_wrap(err, "the configuration of the layer '%s'", layer);
}

static bool take_named_layer(struct run *run, struct error *err)
{
    const char *root = run->invocation->root;
    const char *name = run->options->layer;
    if (run->options->dry_run) {
        if (!named_layer_read(root, name, &run->layer, err))
            return false;
    } else {
        if (!host_layer_open(run->invocation, name, &run->claim, err))
            return false;
        run->layer = named_layer_copy(&run->claim.layer);
    }
    if (run->layer.state != NAMED_LAYER_ACTIVE) {
        error_set(err, ERR_BUSY, "the layer '%s' is %s, so it cannot be written", name,
                  named_layer_state_name(run->layer.state));
        return error_hint(err, "run on a new layer over it: wrun run --from %s", name);
    }
    named_layer_parent_paths(root, &run->layer, &run->layers);
    return read_config(run, name, err);
}

static bool find_source(struct run *run, struct error *err)
{
    const char *root = run->invocation->root;
    if (run->options->layer)
        return take_named_layer(run, err);
    if (run->options->from && !layer_source_find(root, run->options->from, &run->layer, err))
        return false;
    if (run->layer.state == NAMED_LAYER_NONE)
        return take_image(run, err);
    if (!run->options->dry_run)
        named_layer_note_use(root, run->layer.name);
    named_layer_chain_paths(root, &run->layer, &run->layers);
    return read_config(run, run->options->from, err);
}

static bool make_plan(struct run *run, struct error *err)
{
    struct plan_input input = {
        .options = run->options,
        .image = &run->image,
        .source = run->layer.name,
        .layer = run->options->layer ? &run->layer : NULL,
        .arguments = &run->arguments,
        .layers = &run->layers,
        .mount_sources = &run->mount_sources,
        .root = run->invocation->root,
    };
    return guid_random(&input.run, err) && guid_random(&input.name_space, err)
        && guid_random(&input.endpoint, err) && plan_compose(&input, &run->plan, err);
}

static bool print_plan(const struct run *run, struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    bool composed = run->invocation->global.json ? plan_print_json(&run->plan, &text, err)
                                                 : plan_print_text(&run->plan, &text, err);
    return composed && terminal_result(text, err);
}

/* A dry run leaves alone what earlier runs left, but what it learns of an image goes to the store.
 */
static bool prepare(const struct run *run, struct error *err)
{
    return run->options->dry_run ? host_make_root(run->invocation, err)
                                 : host_prepare(run->invocation, err);
}

static bool execute(struct run *run, struct error *err)
{
    if (!host_can_run(err) || !resolve_mounts(run, err) || !prepare(run, err)
        || !image_store_share(run->invocation, &run->lock, err) || !find_source(run, err)
        || !make_plan(run, err))
        return false;
    report_finish(&run->invocation->report);
    if (run->options->dry_run)
        return print_plan(run, err);
    const struct host_run_request request = {
        .plan = &run->plan,
        .interactive = run->options->interactive,
        .layer = run->claim.directory ? &run->claim : NULL,
        .lock = &run->lock,
    };
    return host_run(run->invocation, &request, &run->outcome, err);
}

/* Codes from 0x80000000 are NTSTATUS values, which shells print in ways nobody recognises. */
static void explain_code(const struct run *run)
{
    if (run->outcome.started && run->outcome.exit_code >= 0x80000000u
        && !run->invocation->global.quiet)
        terminal_error_line("wrun: the process ended with 0x%08X", run->outcome.exit_code);
}

/* Nobody knows a name that was not given. */
static void tell_name(const struct run *run)
{
    if (run->outcome.kept && !run->options->name && !run->invocation->global.quiet)
        terminal_error_line("wrun: kept as %s; 'wrun rm' removes it", run->plan.name);
}

/* A mistyped place is told before the command has run; a file that an earlier run left would be
 * taken for this one's, should wrun be killed. */
static bool open_status_file(struct run *run, struct error *err)
{
    const char *path = run->options->status_file;
    if (!path || run->options->dry_run)
        return true;
    run->has_status_file = status_file_clear(path, err);
    return run->has_status_file || error_wrap(err, "--status-file");
}

static bool finish(const struct run *run, bool succeeded, int *ret_code, struct error *err)
{
    int code = (int)run->outcome.exit_code;
    if (!run->outcome.started && !succeeded)
        code = run->outcome.failure_code ? run->outcome.failure_code : EXIT_RUN_FAILED;
    if (!succeeded && err->kind == ERR_CANCELLED)
        code = EXIT_INTERRUPTED;
    explain_code(run);
    tell_name(run);
    if (run->has_status_file) {
        CLEANUP(error_clear) struct error failure = {0};
        if (!status_file_write(run->options->status_file, &run->outcome, code,
                               succeeded ? NULL : err, &failure))
            terminal_error_line("wrun: warning: --status-file: %s", failure.message);
    }
    *ret_code = code;
    return succeeded;
}

static bool run_run(struct invocation *invocation, void *options, const struct strlist *args,
                    int *ret_code, struct error *err)
{
    CLEANUP(run_clear) struct run run = {.invocation = invocation, .options = options};
    bool has_image = !run.options->layer && !run.options->from;
    if (has_image && args->count == 0) {
        error_set(err, ERR_USAGE, "an argument is missing");
        return error_hint(err, "name an image, or a layer with --layer or --from");
    }
    for (size_t i = has_image; i < args->count; i++)
        strlist_add(&run.arguments, args->items[i]);
    bool succeeded = open_status_file(&run, err) && run_options_check(run.options, args, err)
        && (!has_image || reference_parse(args->items[0], &run.reference, err))
        && execute(&run, err);
    return finish(&run, succeeded, ret_code, err);
}

static void clear_options(void *options)
{
    run_options_clear(options);
}

const struct verb verb_run = {
    .name = "run",
    .synopsis = "[OPTIONS] IMAGE|--layer NAME|--from LAYER [COMMAND [ARG...]]",
    .summary = "Run a command in a new container",
    .help =
        "The container is removed when the command ends, whatever ends it. The exit code is the\n"
        "command's own; 125 is wrun's failure, 126 a command that cannot be started, 127 one that\n"
        "is not there. The default network is nat.\n\n"
        "  wrun run --mount src=d:\\cache,dst=C:\\cache IMAGE cmd /c \"dir C:\\cache\"\n\n"
        "On a named layer (wrun layer prepare) what the command writes stays; the configuration "
        "is\n"
        "that of the image the layer descends from.\n\n"
        "As: docker run --rm, ctr run --rm --cni\n",
    .options = run_option_table,
    .option_count = RUN_OPTION_COUNT,
    .options_size = sizeof(struct run_options),
    .clear_options = clear_options,
    .minimum_args = 0,
    .maximum_args = SIZE_MAX,
    .command_follows = true,
    .uses_root = true,
    .failure_code = EXIT_RUN_FAILED,
    .run = run_run,
};
