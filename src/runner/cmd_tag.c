/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "registry/image_list.h"
#include "runner/host.h"
#include "runner/image_source.h"
#include "runner/verbs.h"

static bool find_source(const struct blob_store *store, const char *name, struct image_list *images,
                        const struct listed_image **ret, struct error *err)
{
    CLEANUP(image_matches_clear) struct image_matches matches = {0};
    if (!image_list_read(store, images, err) || !image_list_find(images, name, &matches, err))
        return false;
    const struct listed_image *found = &images->items[matches.items[0]];
    if (found->damage) {
        error_set(err, ERR_INTEGRITY, "the image '%s' is damaged: %s", name, found->damage);
        return error_hint(err, "pull it again");
    }
    *ret = found;
    return true;
}

static bool parse_target(const char *text, struct reference *ret, struct error *err)
{
    CLEANUP(reference_clear) struct reference target = {0};
    if (!reference_parse(text, &target, err))
        return false;
    if (digest_is_set(&target.digest))
        return error_set(err, ERR_USAGE, "'%s' is a digest, which cannot stand for another image",
                         text);
    *ret = TAKE(target);
    return true;
}

static bool run_tag(struct invocation *invocation, void *options, const struct strlist *args,
                    int *ret_code, struct error *err)
{
    CLEANUP(reference_clear) struct reference target = {0};
    CLEANUP(blob_store_close) struct blob_store store = {0};
    CLEANUP(store_lock_release) struct store_lock lock = {0};
    CLEANUP(image_list_clear) struct image_list images = {0};
    const struct listed_image *source = NULL;
    (void)options;
    (void)ret_code;
    return parse_target(args->items[1], &target, err) && host_make_root(invocation, err)
        && blob_store_open(invocation->root, &store, err)
        && store_lock_share(&store, &invocation->context, &lock, err)
        && find_source(&store, args->items[0], &images, &source, err)
        && image_record_write(&store, &target, &source->record, err);
}

const struct verb verb_tag = {
    .name = "tag",
    .synopsis = "IMAGE REFERENCE",
    .summary = "Give an image of the store another name",
    .help = "IMAGE is a reference, a digest or the beginning of one. A reference that stood for\n"
            "another image stands for this one afterwards.\n\n"
            "As: docker tag, ctr images tag\n",
    .minimum_args = 2,
    .maximum_args = 2,
    .uses_root = true,
    .run = run_tag,
};
