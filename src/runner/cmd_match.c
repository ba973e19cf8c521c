/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "runner/candidates.h"
#include "runner/image_json.h"
#include "runner/image_source.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

struct match_options {
    struct image_options image;
    bool remote;
};

static const struct cli_option options_table[] = {
    {"remote", 0, NULL, "Ask the registry, also when the store has the image", cli_set_flag,
     offsetof(struct match_options, remote)},
    IMAGE_OPTION_ROWS(struct match_options, image),
    ISOLATION_OPTION_ROW(struct match_options, image),
};

static bool print_json(const struct reference *reference, const struct description *description,
                       const struct platform_host *host, struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    if (!image_json_match(reference, description, host, &text, err))
        return false;
    CLEANUP(str_free) char *line = str_format("%s\n", text);
    return terminal_result(line, err);
}

static bool print_table(const struct reference *reference, const struct description *description,
                        const struct platform_host *host, struct error *err)
{
    CLEANUP(str_free) char *name = reference_format(reference);
    CLEANUP(str_free) char *wanted = platform_host_format(host);
    CLEANUP(str_free) char *table = candidates_format(&description->index, host);
    CLEANUP(str_free) char *text = str_format("%s for %s\n\n%s", name, wanted, table);
    return terminal_result(text, err);
}

static bool run_match(struct invocation *invocation, void *options, const struct strlist *args,
                      int *ret_code, struct error *err)
{
    const struct match_options *match = options;
    CLEANUP(reference_clear) struct reference reference = {0};
    CLEANUP(description_clear) struct description description = {0};
    struct platform_host host = {0};
    (void)ret_code;
    report_mute(&invocation->report);
    if (!image_host(&match->image, &host, err) || !reference_parse(args->items[0], &reference, err)
        || !image_describe(invocation, &match->image, &reference, match->remote, &description, err))
        return false;
    report_finish(&invocation->report);
    bool printed = invocation->global.json ? print_json(&reference, &description, &host, err)
                                           : print_table(&reference, &description, &host, err);
    return printed && image_check(&reference, &description, &host, err);
}

static void clear_options(void *options)
{
    image_options_clear(&((struct match_options *)options)->image);
}

const struct verb verb_match = {
    .name = "match",
    .synopsis = "[OPTIONS] REFERENCE",
    .summary = "Show which entries of an index this host can run, and which it takes",
    .help = "Exit code 8: none.\n\n"
            "  wrun match --platform windows/amd64:10.0.26100 golang:1.25\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct match_options),
    .clear_options = clear_options,
    .minimum_args = 1,
    .maximum_args = 1,
    .uses_root = true,
    .run = run_match,
};
