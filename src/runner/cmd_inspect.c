/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "runner/image_json.h"
#include "runner/image_source.h"
#include "runner/image_text.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

struct inspect_options {
    struct image_options image;
    bool remote;
};

static const struct cli_option options_table[] = {
    {"remote", 0, NULL, "Ask the registry, also when the store has the image", cli_set_flag,
     offsetof(struct inspect_options, remote)},
    IMAGE_OPTION_ROWS(struct inspect_options, image),
    ISOLATION_OPTION_ROW(struct inspect_options, image),
    {"format", 'f', "TEMPLATE", "wrun has no templates; use --json", NULL, 0},
};

static bool print(const struct invocation *invocation, const struct reference *reference,
                  const struct description *description, const struct platform_host *host,
                  struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    if (!invocation->global.json) {
        text = image_text_compose(description, host);
        return terminal_result(text, err);
    }
    if (!image_json_describe(reference, description, host, &text, err))
        return false;
    CLEANUP(str_free) char *line = str_format("%s\n", text);
    return terminal_result(line, err);
}

/* Also an index that has nothing for the host is printed, and then a failure. */
static bool inspect(struct invocation *invocation, const struct inspect_options *options,
                    const char *name, struct error *err)
{
    CLEANUP(reference_clear) struct reference reference = {0};
    CLEANUP(description_clear) struct description description = {0};
    struct platform_host host = {0};
    if (!reference_parse(name, &reference, err) || !image_host(&options->image, &host, err)
        || !image_describe(invocation, &options->image, &reference, options->remote, &description,
                           err))
        return false;
    report_finish(&invocation->report);
    return print(invocation, &reference, &description, &host, err)
        && (description.has_image || image_check(&reference, &description, &host, err));
}

static bool run_inspect(struct invocation *invocation, void *options, const struct strlist *args,
                        int *ret_code, struct error *err)
{
    const struct inspect_options *inspected = options;
    (void)ret_code;
    if (!image_options_check(&inspected->image, err))
        return false;
    report_mute(&invocation->report);
    for (size_t i = 0; i < args->count; i++)
        if (!inspect(invocation, inspected, args->items[i], err))
            return false;
    return true;
}

static void clear_options(void *options)
{
    image_options_clear(&((struct inspect_options *)options)->image);
}

const struct verb verb_inspect = {
    .name = "inspect",
    .synopsis = "[OPTIONS] REFERENCE...",
    .summary = "Show what an image is, and every candidate of its index",
    .help = "Of an image that is not in the store, the index, the manifest and the configuration\n"
            "are read from its registry, and no layer. With --json there is one object for each\n"
            "reference and line. Exit code 8: the index has nothing for this host.\n\n"
            "  wrun inspect --platform windows/amd64:10.0.20348 golang:1.25\n\n"
            "As: docker image inspect, docker manifest inspect, skopeo inspect\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct inspect_options),
    .clear_options = clear_options,
    .minimum_args = 1,
    .maximum_args = SIZE_MAX,
    .uses_root = true,
    .run = run_inspect,
};
