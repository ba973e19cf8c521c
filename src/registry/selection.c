/* SPDX-License-Identifier: MIT */
#include "registry/selection.h"

#include "base/alloc.h"
#include "base/text.h"

/* What there is, and why it is not for the host. */
struct refusals {
    struct strlist shown;
    bool any_windows;
};

static void refusals_clear(struct refusals *refusals)
{
    strlist_clear(&refusals->shown);
}

static bool report(const struct platform_host *host, const struct refusals *refusals,
                   struct error *err)
{
    CLEANUP(str_free) char *wanted = platform_host_format(host);
    CLEANUP(str_free) char *list = strlist_join(&refusals->shown, ", ");
    error_set(err, ERR_MISMATCH, "no image for %s; there is: %s", wanted,
              refusals->shown.count ? list : "nothing");
    return error_hint(err, "%s",
                      refusals->any_windows ? "pick a tag whose Windows build fits this host"
                                            : "pick an image that is made for Windows");
}

static void add_refusal(struct refusals *refusals, const struct platform *platform,
                        const char *reason)
{
    CLEANUP(str_free) char *shown = platform_format(platform);
    strlist_addf(&refusals->shown, "%s (%s)", shown, reason);
    if (str_equal(platform->os, "windows"))
        refusals->any_windows = true;
}

/* Build tools add entries for unknown/unknown that hold signatures and the like, not images. */
static bool is_attestation(const struct platform *platform)
{
    return str_equal(platform->os, "unknown") && str_equal(platform->architecture, "unknown");
}

/* What the index says nothing about is settled by the image's own configuration. */
static bool is_accepted(const struct descriptor *entry, const struct platform_host *host,
                        struct refusals *refusals)
{
    if (!entry->has_platform)
        return true;
    if (is_attestation(&entry->platform))
        return false;
    CLEANUP(platform_verdict_clear)
    struct platform_verdict verdict = platform_judge(host, &entry->platform);
    if (!verdict.accepted)
        add_refusal(refusals, &entry->platform, verdict.reason);
    return verdict.accepted;
}

static bool is_better(const struct descriptor *a, const struct descriptor *b,
                      const struct platform_host *host)
{
    if (a->has_platform != b->has_platform)
        return a->has_platform;
    return platform_compare(host, &a->platform, &b->platform) < 0;
}

bool selection_choose(const struct index *index, const struct platform_host *host, size_t *ret,
                      struct error *err)
{
    CLEANUP(refusals_clear) struct refusals refusals = {0};
    const struct descriptor_list *list = &index->manifests;
    size_t best = list->count;
    for (size_t i = 0; i < list->count; i++) {
        if (!is_accepted(&list->items[i], host, &refusals))
            continue;
        if (best == list->count || is_better(&list->items[i], &list->items[best], host))
            best = i;
    }
    if (best == list->count)
        return report(host, &refusals, err);
    *ret = best;
    return true;
}

bool selection_check(const struct platform *platform, const struct platform_host *host,
                     struct error *err)
{
    CLEANUP(platform_verdict_clear)
    struct platform_verdict verdict = platform_judge(host, platform);
    if (verdict.accepted)
        return true;
    CLEANUP(refusals_clear) struct refusals refusals = {0};
    add_refusal(&refusals, platform, verdict.reason);
    return report(host, &refusals, err);
}
