/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "registry/store_lock.h"
#include "runner/duration.h"
#include "runner/host.h"
#include "runner/removal_print.h"
#include "runner/tally.h"
#include "runner/verbs.h"

struct prune_options {
    bool all;
    bool blobs;
    bool dry_run;
    char *older_than;
};

static const struct cli_option options_table[] = {
    {"all", 'a', NULL, "Also images that no run uses", cli_set_flag,
     offsetof(struct prune_options, all)},
    {"blobs", 0, NULL, "Also the blobs of layers that are unpacked; save and repair then lack them",
     cli_set_flag, offsetof(struct prune_options, blobs)},
    {"older-than", 0, "TIME", "Only what was not written for so long (45m, 12h, 7d)",
     cli_set_string, offsetof(struct prune_options, older_than)},
    {"dry-run", 0, NULL, "Tell what would go, and remove nothing", cli_set_flag,
     offsetof(struct prune_options, dry_run)},
};

struct prune {
    const struct invocation *invocation;
    const struct prune_options *options;
    struct cleanup_rule rule;
    struct tally tally;
    struct blob_store store;
    struct store_lock lock;
    struct store_view view;
    struct strlist untagged;
    struct cleanup cleanup;
};

static void prune_clear(struct prune *prune)
{
    store_lock_release(&prune->lock);
    blob_store_close(&prune->store);
    store_view_clear(&prune->view);
    strlist_clear(&prune->untagged);
    store_cleanup_clear(&prune->cleanup);
}

static bool make_rule(struct prune *prune, struct error *err)
{
    prune->rule = (struct cleanup_rule){
        .unpacked_blobs = prune->options->blobs,
        .stale = true,
        .stale_age = STORE_STALE_SECONDS,
    };
    if (!prune->options->older_than)
        return true;
    if (!duration_parse(prune->options->older_than, &prune->rule.minimum_age, err))
        return error_wrap(err, "--older-than");
    prune->rule.stale_age = prune->rule.minimum_age;
    return true;
}

/* Its age is that of its record: pulling or tagging it again makes it young. */
static bool is_unused(const struct prune *prune, const struct listed_image *image)
{
    CLEANUP(error_clear) struct error ignored = {0};
    uint64_t age = 0;
    return !image->damage && !store_view_user(&prune->view, image)
        && image_record_age(&prune->store, image->name, &age, &ignored)
        && age >= prune->rule.minimum_age;
}

static void untag_unused(struct prune *prune)
{
    for (size_t i = 0; i < prune->view.images.count; i++) {
        const struct listed_image *image = &prune->view.images.items[i];
        struct error failure = {0};
        if (!is_unused(prune, image))
            continue;
        if (!prune->options->dry_run
            && !image_record_remove(&prune->store, image->name, &failure)) {
            tally_add(&prune->tally, &failure);
            continue;
        }
        prune->view.leaving[i] = true;
        strlist_add(&prune->untagged, image->record.reference);
    }
}

/* What keeps part of the garbage from being found does not keep the rest from being removed. */
static void remove_garbage(struct prune *prune)
{
    const struct invocation *invocation = prune->invocation;
    struct error failure = {0};
    if (!store_cleanup_plan(invocation, &prune->store, &prune->view, &prune->rule, &prune->cleanup,
                            &failure))
        tally_add(&prune->tally, &failure);
    if (prune->options->dry_run) {
        store_lock_release(&prune->lock);
        store_cleanup_measure(&prune->view, &prune->cleanup);
        return;
    }
    if (!store_cleanup_remove(invocation, &prune->store, &prune->cleanup, &failure))
        tally_add(&prune->tally, &failure);
    store_lock_release(&prune->lock);
    if (!store_cleanup_finish(invocation, &prune->store, &prune->cleanup, &failure))
        tally_add(&prune->tally, &failure);
}

static bool run_prune(struct invocation *invocation, void *options, const struct strlist *args,
                      int *ret_code, struct error *err)
{
    CLEANUP(prune_clear)
    struct prune prune = {
        .invocation = invocation,
        .options = options,
        .tally = {.invocation = invocation, .verb = "prune"},
    };
    (void)args;
    (void)ret_code;
    if (!make_rule(&prune, err) || !host_prepare(invocation, err)
        || !blob_store_open(invocation->root, &prune.store, err)
        || !store_lock_own(&prune.store, &invocation->context, &prune.lock, err)
        || !store_view_read(invocation, &prune.store, &prune.view, err))
        return false;
    if (prune.options->all)
        untag_unused(&prune);
    remove_garbage(&prune);
    struct error failure = {0};
    const struct removal removal = {
        .untagged = &prune.untagged,
        .cleanup = &prune.cleanup,
        .dry_run = prune.options->dry_run,
        .with_total = true,
    };
    if (!removal_print(invocation, &removal, &failure))
        tally_add(&prune.tally, &failure);
    return tally_finish(&prune.tally, err);
}

static void clear_options(void *options)
{
    str_free(&((struct prune_options *)options)->older_than);
}

const struct verb verb_prune = {
    .name = "prune",
    .synopsis = "[OPTIONS]",
    .summary = "Remove what nothing needs",
    .help =
        "Blobs and unpacked layers that no image and no run needs, what broken-off pulls left\n"
        "longer than seven days ago, and what could not be removed earlier. Pulls and runs that\n"
        "are just starting are waited for, and lose nothing.\n\n"
        "  wrun prune --all --older-than 7d\n\n"
        "As: docker image prune, docker system prune\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct prune_options),
    .clear_options = clear_options,
    .minimum_args = 0,
    .maximum_args = 0,
    .uses_root = true,
    .run = run_prune,
};
