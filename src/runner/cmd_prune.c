/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "runner/duration.h"
#include "runner/removal.h"
#include "runner/verbs.h"

struct prune_options {
    bool all;
    bool blobs;
    bool dry_run;
    char *older_than;
};

static const struct cli_option options_table[] = {
    {"all", 'a', NULL, "Also images that no run and no named layer uses", cli_set_flag,
     offsetof(struct prune_options, all)},
    {"blobs", 0, NULL, "Also the blobs of layers that are unpacked; save and repair then lack them",
     cli_set_flag, offsetof(struct prune_options, blobs)},
    {"older-than", 0, "TIME", "Only what was not written for so long (45m, 12h, 7d)",
     cli_set_string, offsetof(struct prune_options, older_than)},
    {"dry-run", 0, NULL, "Tell what would go, and remove nothing", cli_set_flag,
     offsetof(struct prune_options, dry_run)},
    {"force", 'f', NULL, "not needed: wrun never asks", NULL, 0},
};

static bool make_rule(const struct prune_options *options, struct cleanup_rule *ret,
                      struct error *err)
{
    *ret = (struct cleanup_rule){
        .unpacked_blobs = options->blobs,
        .stale = true,
        .stale_age = STORE_STALE_SECONDS,
    };
    if (!options->older_than)
        return true;
    if (!duration_parse(options->older_than, &ret->minimum_age, err))
        return error_wrap(err, "--older-than");
    ret->stale_age = ret->minimum_age;
    return true;
}

/* Its age is that of its record: pulling or tagging it again makes it young. */
static bool is_unused(const struct removal *removal, const struct cleanup_rule *rule,
                      const struct listed_image *image)
{
    CLEANUP(error_clear) struct error ignored = {0};
    uint64_t age = 0;
    return !image->damage && !store_view_user(&removal->view, image)
        && !store_view_named_user(&removal->view, image)
        && image_record_age(&removal->store, image->name, &age, &ignored)
        && age >= rule->minimum_age;
}

static void untag_unused(struct removal *removal, const struct cleanup_rule *rule)
{
    for (size_t i = 0; i < removal->view.images.count; i++)
        if (is_unused(removal, rule, &removal->view.images.items[i]))
            removal_untag(removal, i);
}

/* What keeps part of the garbage from being found does not keep the rest from being removed. */
static void remove_garbage(struct removal *removal, const struct cleanup_rule *rule)
{
    const struct invocation *invocation = removal->invocation;
    struct error failure = {0};
    if (!store_cleanup_plan(invocation, &removal->store, &removal->view, rule, &removal->cleanup,
                            &failure))
        tally_add(&removal->tally, &failure);
    if (removal->dry_run) {
        store_lock_release(&removal->lock);
        store_cleanup_measure(&removal->view, &removal->cleanup);
        return;
    }
    if (!store_cleanup_remove(invocation, &removal->store, &removal->cleanup, &failure))
        tally_add(&removal->tally, &failure);
    store_lock_release(&removal->lock);
    if (!store_cleanup_finish(invocation, &removal->store, &removal->cleanup, &failure))
        tally_add(&removal->tally, &failure);
}

static bool run_prune(struct invocation *invocation, void *user, const struct strlist *args,
                      int *ret_code, struct error *err)
{
    const struct prune_options *options = user;
    struct cleanup_rule rule;
    CLEANUP(removal_clear)
    struct removal removal = {
        .invocation = invocation,
        .dry_run = options->dry_run,
        .with_total = true,
        .tally = {.invocation = invocation, .verb = "prune"},
    };
    (void)args;
    (void)ret_code;
    if (!make_rule(options, &rule, err) || !removal_open(invocation, &removal, err))
        return false;
    if (options->all)
        untag_unused(&removal, &rule);
    remove_garbage(&removal, &rule);
    return removal_finish(&removal, err);
}

static void clear_options(void *options)
{
    str_free(&((struct prune_options *)options)->older_than);
}

const struct verb verb_prune = {
    .name = "prune",
    .synopsis = "[OPTIONS]",
    .summary = "Remove what nothing needs",
    .help = "Blobs and unpacked layers that no image, no run and no named layer needs, what "
            "broken-off\n"
            "pulls left longer than seven days ago, and what could not be removed earlier. Pulls "
            "and runs that\n"
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
