/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runner/image_filter.h"
#include "runner/removal.h"
#include "runner/verbs.h"

struct rmi_options {
    bool force;
    bool ignore_missing;
};

static const struct cli_option options_table[] = {
    {"force", 'f', NULL, "Remove the name although a run uses the image, or all names of an id",
     cli_set_flag, offsetof(struct rmi_options, force)},
    {"ignore-missing", 0, NULL, "An image that is not there is no failure", cli_set_flag,
     offsetof(struct rmi_options, ignore_missing)},
};

struct rmi {
    const struct rmi_options *options;
    struct removal removal;
};

static void rmi_clear(struct rmi *rmi)
{
    removal_clear(&rmi->removal);
}

/* ---- what may go ---- */

/* An id means the image; its names in other repositories are not taken along unasked. */
static bool check_names(const struct rmi *rmi, const char *name,
                        const struct image_matches *matches, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(strlist_clear) struct strlist repositories = {0};
    for (size_t i = 0; i < matches->count; i++) {
        const char *reference = rmi->removal.view.images.items[matches->items[i]].record.reference;
        if (!reference)
            return true;
        CLEANUP(str_free) char *repository = image_repository_shown(reference);
        strlist_add(&names, reference);
        if (!strlist_contains(&repositories, repository))
            strlist_add(&repositories, repository);
    }
    if (matches->by_reference || repositories.count <= 1 || rmi->options->force)
        return true;
    CLEANUP(str_free) char *list = strlist_join(&names, ", ");
    error_set(err, ERR_BUSY, "'%s' has names in several repositories: %s", name, list);
    return error_hint(err, "remove them by name, or all of them with --force");
}

static bool refuse_used(const char *name, const struct run_record *run, struct error *err)
{
    if (run->done) {
        error_set(err, ERR_BUSY, "'%s' is used by the kept layer of the run '%s'", name, run->name);
        return error_hint(err, "remove that first: wrun rm %s", run->name);
    }
    error_set(err, ERR_BUSY, "'%s' is used by the run '%s' (process %u)", name, run->name,
              (unsigned)run->process_id);
    return error_hint(err, "wait until it ends, or remove the name only, with --force");
}

/* Marks the matches as leaving, unless a run uses one that has no other name. */
static bool mark(struct rmi *rmi, const char *name, const struct image_matches *matches,
                 struct error *err)
{
    struct store_view *view = &rmi->removal.view;
    for (size_t i = 0; i < matches->count; i++)
        view->leaving[matches->items[i]] = true;
    for (size_t i = 0; i < matches->count && !rmi->options->force; i++) {
        size_t image = matches->items[i];
        const struct run_record *user = store_view_user(view, &view->images.items[image]);
        if (!user || store_view_has_other_name(view, image))
            continue;
        for (size_t j = 0; j < matches->count; j++)
            view->leaving[matches->items[j]] = false;
        return refuse_used(name, user, err);
    }
    return true;
}

static bool choose(struct rmi *rmi, const char *name, struct error *err)
{
    CLEANUP(image_matches_clear) struct image_matches matches = {0};
    if (image_list_find(&rmi->removal.view.images, name, &matches, err))
        return check_names(rmi, name, &matches, err) && mark(rmi, name, &matches, err);
    if (err->kind != ERR_NOT_FOUND || !rmi->options->ignore_missing)
        return false;
    error_clear(err);
    return true;
}

/* ---- removing ---- */

/* With another image damaged, the names go and the content waits for a prune. */
static bool plan(struct removal *removal, struct error *err)
{
    const struct cleanup_rule rule = {.leaving_only = true};
    if (store_cleanup_plan(removal->invocation, &removal->store, &removal->view, &rule,
                           &removal->cleanup, err))
        return true;
    if (err->kind != ERR_INTEGRITY)
        return false;
    context_warn(&removal->invocation->context, "the content stays for now: %s", err->message);
    error_clear(err);
    return true;
}

static bool remove_marked(struct removal *removal, struct error *err)
{
    const struct invocation *invocation = removal->invocation;
    for (size_t i = 0; i < removal->view.images.count; i++)
        if (removal->view.leaving[i])
            removal_untag(removal, i);
    bool removed = plan(removal, err)
        && store_cleanup_remove(invocation, &removal->store, &removal->cleanup, err);
    store_lock_release(&removal->lock);
    return removed && store_cleanup_finish(invocation, &removal->store, &removal->cleanup, err);
}

static bool run_rmi(struct invocation *invocation, void *options, const struct strlist *args,
                    int *ret_code, struct error *err)
{
    CLEANUP(rmi_clear)
    struct rmi rmi = {
        .options = options,
        .removal = {.invocation = invocation, .tally = {.invocation = invocation, .verb = "rmi"}},
    };
    struct error failure = {0};
    (void)ret_code;
    if (!removal_open(invocation, &rmi.removal, err))
        return false;
    for (size_t i = 0; i < args->count; i++)
        if (!choose(&rmi, args->items[i], &failure))
            tally_add(&rmi.removal.tally, &failure);
    if (!remove_marked(&rmi.removal, &failure))
        tally_add(&rmi.removal.tally, &failure);
    return removal_finish(&rmi.removal, err);
}

const struct verb verb_rmi = {
    .name = "rmi",
    .synopsis = "[OPTIONS] IMAGE...",
    .summary = "Remove images, with what nothing else needs",
    .help = "IMAGE is a reference, a digest or the beginning of one. Blobs and unpacked layers go\n"
            "with the last name that needs them. Goes on after a failure; the exit code is that\n"
            "of the worst.\n\n"
            "As: docker rmi, ctr images rm\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct rmi_options),
    .minimum_args = 1,
    .maximum_args = SIZE_MAX,
    .uses_root = true,
    .run = run_rmi,
};
