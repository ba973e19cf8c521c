/* SPDX-License-Identifier: MIT */
#include "runner/verification.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/text.h"
#include "registry/store_garbage.h"

void verification_clear(struct verification *verification)
{
    for (size_t i = 0; i < verification->count; i++)
        strlist_clear(&verification->problems[i].needed_by);
    mem_free(&verification->problems);
    strlist_clear(&verification->broken);
    *verification = (struct verification){0};
}

size_t verification_failures(const struct verification *verification)
{
    size_t failures = verification->broken.count;
    for (size_t i = 0; i < verification->count; i++)
        failures += !verification->problems[i].mended;
    return failures;
}

static struct digest digest_from_hex(const char *hex)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(str_free) char *text = str_format("sha256:%s", hex);
    struct digest digest = {0};
    if (!digest_parse(text, &digest, &ignored))
        error_bug("a blob's name is no digest");
    return digest;
}

/* ---- what is to be looked at ---- */

/* Hex digits of the layers' blobs that are not missed when they are missing. */
static void add_unpacked(const struct store_view *view, const struct listed_image *image,
                         struct strlist *ret)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    store_view_layer_names(image, &names);
    for (size_t i = 0; i < names.count && i < image->manifest.layers.count; i++) {
        const struct listed_layer *layer = layer_list_find(&view->layers, names.items[i]);
        if (layer && !layer->damage)
            strlist_add(ret, digest_hex(&image->manifest.layers.items[i].digest));
    }
}

/* Every blob that is there, besides those that should be. */
static bool add_stored(const struct blob_store *store, struct strlist *ret, struct error *err)
{
    static const struct strlist nothing = {0};
    CLEANUP(garbage_clear) struct garbage all = {0};
    const struct garbage_rule rule = {.needed = &nothing};
    if (!store_garbage_find_blobs(store, &rule, &all, err))
        return false;
    for (size_t i = 0; i < all.count; i++)
        strlist_add(ret, strrchr(all.items[i].path, '/') + 1);
    return true;
}

static void drop_duplicates(struct strlist *list)
{
    struct strlist unique = {0};
    strlist_sort(list);
    for (size_t i = 0; i < list->count; i++)
        if (i == 0 || !str_equal(list->items[i], list->items[i - 1]))
            strlist_add(&unique, list->items[i]);
    strlist_clear(list);
    *list = unique;
}

static void find_users(const struct image_list *images, struct blob_problem *problem)
{
    strlist_clear(&problem->needed_by);
    for (size_t i = 0; i < images->count; i++) {
        CLEANUP(strlist_clear) struct strlist needs = {0};
        store_needs(&images->items[i], &needs);
        if (strlist_contains(&needs, digest_hex(&problem->digest)))
            strlist_add(&problem->needed_by, images->items[i].record.reference);
    }
}

static void add_problem(const struct store_view *view, const char *hex, enum blob_state state,
                        struct verification *verification)
{
    struct blob_problem problem = {.digest = digest_from_hex(hex), .state = state};
    find_users(&view->images, &problem);
    verification->problems = xrealloc_array(verification->problems, verification->count + 1,
                                            sizeof(*verification->problems));
    verification->problems[verification->count++] = problem;
}

static bool look(const struct invocation *invocation, const struct blob_store *store,
                 const char *hex, enum blob_state *ret, uint64_t *ret_size, struct error *err)
{
    struct digest digest = digest_from_hex(hex);
    context_step(&invocation->context, "reading %s", digest.text);
    return blob_verify(store, &digest, invocation->context.cancel, ret, ret_size, err)
        || error_wrap(err, "verify %s", digest.text);
}

bool verification_run(const struct invocation *invocation, const struct blob_store *store,
                      const struct store_view *view, const bool *selected, struct verification *ret,
                      struct error *err)
{
    CLEANUP(verification_clear) struct verification verification = {0};
    CLEANUP(strlist_clear) struct strlist wanted = {0};
    CLEANUP(strlist_clear) struct strlist spared = {0};
    for (size_t i = 0; i < view->images.count; i++) {
        const struct listed_image *image = &view->images.items[i];
        if (selected && !selected[i])
            continue;
        if (!image->record.reference)
            strlist_add(&verification.broken, image->name);
        store_needs(image, &wanted);
        add_unpacked(view, image, &spared);
    }
    if (!selected && !add_stored(store, &wanted, err))
        return false;
    drop_duplicates(&wanted);
    for (size_t i = 0; i < wanted.count; i++) {
        const char *hex = wanted.items[i];
        enum blob_state state = BLOB_SOUND;
        uint64_t size = 0;
        if (!look(invocation, store, hex, &state, &size, err))
            return false;
        verification.blobs += state != BLOB_MISSING;
        verification.bytes += size;
        if (state == BLOB_DAMAGED || (state == BLOB_MISSING && !strlist_contains(&spared, hex)))
            add_problem(view, hex, state, &verification);
    }
    *ret = TAKE(verification);
    return true;
}

/* ---- mending ---- */

/* Takes out what is damaged of the image. *ret tells whether anything is missing then. */
static bool evict_damaged(const struct invocation *invocation, const struct blob_store *store,
                          const struct listed_image *image, bool *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist needs = {0};
    bool is_incomplete = image->damage != NULL;
    store_needs(image, &needs);
    for (size_t i = 0; i < needs.count; i++) {
        struct digest digest = digest_from_hex(needs.items[i]);
        enum blob_state state = BLOB_SOUND;
        uint64_t size = 0;
        if (!look(invocation, store, needs.items[i], &state, &size, err)
            || (state == BLOB_DAMAGED && !blob_store_evict(store, &digest, err)))
            return false;
        is_incomplete = is_incomplete || state != BLOB_SOUND;
    }
    *ret = is_incomplete;
    return true;
}

static bool is_concerned(const struct verification *verification, const char *reference)
{
    for (size_t i = 0; i < verification->count; i++)
        if (strlist_contains(&verification->problems[i].needed_by, reference))
            return true;
    return false;
}

/* Twice, because what a damaged manifest needs is known only when it is back. */
static bool mend_image(const struct invocation *invocation, const struct image_options *options,
                       const struct blob_store *store, const char *name, struct error *err)
{
    for (unsigned round = 0; round < 2; round++) {
        CLEANUP(image_list_clear) struct image_list images = {0};
        CLEANUP(image_matches_clear) struct image_matches matches = {0};
        bool is_incomplete = false;
        if (!image_list_read(store, &images, err) || !image_list_find(&images, name, &matches, err))
            return false;
        const struct listed_image *image = &images.items[matches.items[0]];
        if (!evict_damaged(invocation, store, image, &is_incomplete, err))
            return false;
        if (!is_incomplete)
            return true;
        if (!image_repair(invocation, options, image, err))
            return false;
    }
    return true;
}

/* What nothing needs is simply taken out; but who needs what is known of sound images only. */
static bool conclude(const struct invocation *invocation, const struct blob_store *store,
                     const struct image_list *images, struct blob_problem *problem,
                     struct error *err)
{
    uint64_t size = 0;
    find_users(images, problem);
    if (!look(invocation, store, digest_hex(&problem->digest), &problem->state, &size, err))
        return false;
    problem->mended = problem->state == BLOB_SOUND;
    for (size_t i = 0; i < images->count; i++)
        if (images->items[i].damage)
            return true;
    if (problem->mended || problem->needed_by.count > 0)
        return true;
    problem->mended = true;
    return blob_store_evict(store, &problem->digest, err);
}

static bool mend_images(const struct invocation *invocation, const struct image_options *options,
                        const struct blob_store *store, const struct store_view *view,
                        const struct verification *verification, struct error *err)
{
    for (size_t i = 0; i < view->images.count; i++) {
        CLEANUP(error_clear) struct error failure = {0};
        const char *reference = view->images.items[i].record.reference;
        if (!reference || !is_concerned(verification, reference)
            || mend_image(invocation, options, store, reference, &failure))
            continue;
        if (failure.kind == ERR_CANCELLED) {
            *err = TAKE(failure);
            return false;
        }
        context_warn(&invocation->context, "cannot mend %s: %s", reference, failure.message);
    }
    return true;
}

bool verification_repair(const struct invocation *invocation, const struct image_options *options,
                         const struct blob_store *store, const struct store_view *view,
                         struct verification *verification, struct error *err)
{
    CLEANUP(image_list_clear) struct image_list images = {0};
    if (!mend_images(invocation, options, store, view, verification, err)
        || !image_list_read(store, &images, err))
        return false;
    for (size_t i = 0; i < verification->count; i++)
        if (!conclude(invocation, store, &images, &verification->problems[i], err))
            return false;
    return true;
}
