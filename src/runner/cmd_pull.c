/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "runner/host.h"
#include "runner/image_json.h"
#include "runner/image_source.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

struct pull_options {
    struct image_options image;
    bool no_unpack;
    bool utility_vm;
};

static const struct cli_option options_table[] = {
    IMAGE_OPTION_ROWS(struct pull_options, image),
    ISOLATION_OPTION_ROW(struct pull_options, image),
    {"no-unpack", 0, NULL, "Fetch and verify the blobs only", cli_set_flag,
     offsetof(struct pull_options, no_unpack)},
    {"utility-vm", 0, NULL, "Unpack the files for Hyper-V isolation as well", cli_set_flag,
     offsetof(struct pull_options, utility_vm)},
};

static bool print_image(const struct invocation *invocation, const struct image *image,
                        const struct strlist *layers, struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    if (invocation->global.json) {
        const struct pull_outcome outcome = {.layers = layers,
                                             .fetched_bytes = invocation->report.fetched_bytes};
        if (!image_json_compose(image, &outcome, &text, err))
            return false;
    } else if (invocation->global.quiet) {
        text = xstrdup(image->digest.text);
    } else {
        CLEANUP(str_free) char *reference = reference_format(&image->reference);
        bool pinned = digest_is_set(&image->reference.digest);
        text = pinned ? xstrdup(reference) : str_format("%s@%s", reference, image->digest.text);
    }
    CLEANUP(str_free) char *line = str_format("%s\n", text);
    return terminal_result(line, err);
}

static bool run_pull(struct invocation *invocation, void *options, const struct strlist *args,
                     int *ret_code, struct error *err)
{
    struct pull_options *pull = options;
    CLEANUP(reference_clear) struct reference reference = {0};
    CLEANUP(image_clear) struct image image = {0};
    CLEANUP(strlist_clear) struct strlist layers = {0};
    CLEANUP(store_lock_release) struct store_lock lock = {0};
    const struct image_request request = {
        .options = &pull->image,
        .reference = &reference,
        .depth = pull->no_unpack ? PULL_BLOBS : PULL_EVERYTHING,
        .with_utility_vm = pull->utility_vm,
    };
    (void)ret_code;
    bool pulled = image_options_check(&pull->image, err)
        && reference_parse(args->items[0], &reference, err) && host_prepare(invocation, err)
        && image_store_share(invocation, &lock, err)
        && image_pull(invocation, &request, &image, &layers, err);
    if (!pulled)
        return false;
    report_finish(&invocation->report);
    return print_image(invocation, &image, &layers, err);
}

static void clear_options(void *options)
{
    image_options_clear(&((struct pull_options *)options)->image);
}

const struct verb verb_pull = {
    .name = "pull",
    .synopsis = "[OPTIONS] REFERENCE",
    .summary = "Fetch an image and unpack its layers",
    .help =
        "Prints the reference with its digest; progress goes to stderr.\n\n"
        "  wrun pull mcr.microsoft.com/windows/nanoserver:ltsc2025\n\n"
        "Layers are unpacked while they are fetched; one that is unpacked already is not fetched.\n"
        "On other systems than Windows they are only checked. What only Hyper-V isolation needs "
        "of\n"
        "them is left out without --utility-vm, and cannot be added later.\n\n"
        "As: docker pull, ctr images pull; with --no-unpack: ctr content fetch\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct pull_options),
    .clear_options = clear_options,
    .minimum_args = 1,
    .maximum_args = 1,
    .uses_root = true,
    .run = run_pull,
};
