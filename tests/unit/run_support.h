/* SPDX-License-Identifier: MIT */
/* run_support: options and plans of 'wrun run' as tests need them. */
#pragma once

#include "base/text.h"
#include "check.h"
#include "runner/plan.h"

/* Arguments as they are typed, separated by '|' ("" = none). The positional ones go to *args. */
static inline bool parse_run(const char *text, struct run_options *options, struct strlist *args,
                             struct error *err)
{
    char *words[32];
    size_t count = 0;
    CLEANUP(str_free) char *copy = xstrdup(text);
    for (char *word = copy; word && *text; count++) {
        assert_true(count < ARRAY_SIZE(words));
        char *bar = strchr(word, '|');
        if (bar)
            *bar++ = 0;
        words[count] = word;
        word = bar;
    }
    struct cli_table tables[] = {{run_option_table, RUN_OPTION_COUNT, options}};
    struct cli_request request = {"run", tables, 1, true};
    return cli_parse(&request, words, count, args, err) && run_options_check(options, args, err);
}

#define IMAGE_DIGEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"

/* An image of two layers; 'process' is the member "config" of its configuration. */
static inline struct image make_image(const char *process)
{
    struct error err = {0};
    struct image image = {0};
    CLEANUP(str_free)
    char *config = str_format("{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":"
                              "\"10.0.20348.2322\",\"config\":%s,\"rootfs\":{\"type\":\"layers\","
                              "\"diff_ids\":[\"%s\",\"%s\"]}}",
                              process, IMAGE_DIGEST, IMAGE_DIGEST);
    assert_ok(reference_parse("localhost:5000/demo/app:1", &image.reference, &err));
    assert_ok(digest_parse(IMAGE_DIGEST, &image.digest, &err));
    assert_ok(image_config_parse(config, strlen(config), &image.config, &err));
    return image;
}

static inline struct guid guid_of(const char *text)
{
    struct error err = {0};
    struct guid guid = {0};
    assert_ok(guid_parse(text, &guid, &err));
    return guid;
}

#define RUN_GUID "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
#define RUN_ID "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

/* The scratch of the layer that --layer names. */
static char layer_scratch[] = "33333333333333333333333333333333";

/* A plan with fixed ids. 'text' has the options and the command, without an image; mount sources
 * are resolved to themselves. *ret must not move. */
static inline bool compose_plan(const char *root, const char *text, const char *process,
                                struct run_plan *ret, struct error *err)
{
    CLEANUP(run_options_clear) struct run_options options = {0};
    CLEANUP(strlist_clear) struct strlist args = {0};
    CLEANUP(strlist_clear) struct strlist layers = {0};
    CLEANUP(strlist_clear) struct strlist sources = {0};
    CLEANUP(image_clear) struct image image = make_image(process);
    if (!parse_run(text, &options, &args, err))
        return false;
    strlist_add(&layers, "D:\\wrun\\layers\\top");
    strlist_add(&layers, "D:\\wrun\\layers\\base");
    for (size_t i = 0; i < options.mounts.count; i++)
        strlist_addf(&sources, "\\\\?\\%s", options.mounts.items[i].source);
    const struct named_layer layer = {.name = options.layer, .scratch = layer_scratch};
    const struct plan_input input = {
        .options = &options,
        .source = options.layer,
        .layer = options.layer ? &layer : NULL,
        .image = &image,
        .arguments = &args,
        .layers = &layers,
        .mount_sources = &sources,
        .root = root,
        .run = guid_of(RUN_GUID),
        .name_space = guid_of("59b1057a-e526-415a-b840-b61662558067"),
        .endpoint = guid_of("e2b1057a-e526-415a-b840-b61662558067"),
    };
    return plan_compose(&input, ret, err);
}
