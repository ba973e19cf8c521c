/* SPDX-License-Identifier: MIT */
#include "registry/selection.h"

#include "base/alloc.h"
#include "base/text.h"

/* ---- judging ---- */

/* Build tools add entries for unknown/unknown that hold signatures and the like, not images. */
static bool is_attestation(const struct platform *platform)
{
    return str_equal(platform->os, "unknown") && str_equal(platform->architecture, "unknown");
}

static struct candidate judge(const struct descriptor *entry, const struct platform_host *host)
{
    struct candidate candidate = {
        .entry = entry,
        .is_image = !entry->has_platform || !is_attestation(&entry->platform),
    };
    if (!entry->has_platform)
        candidate.verdict.accepted = true;
    else if (candidate.is_image)
        candidate.verdict = platform_judge(host, &entry->platform);
    return candidate;
}

static bool is_better(const struct descriptor *a, const struct descriptor *b,
                      const struct platform_host *host)
{
    if (a->has_platform != b->has_platform)
        return a->has_platform;
    return platform_compare(host, &a->platform, &b->platform) < 0;
}

struct selection selection_of(const struct index *index, const struct platform_host *host)
{
    const struct descriptor_list *list = &index->manifests;
    struct selection selection = {.items = xcalloc(list->count + 1, sizeof(*selection.items))};
    struct candidate *best = NULL;
    for (size_t i = 0; i < list->count; i++) {
        struct candidate *candidate = &selection.items[selection.count++];
        *candidate = judge(&list->items[i], host);
        if (candidate->verdict.accepted
            && (!best || is_better(candidate->entry, best->entry, host)))
            best = candidate;
    }
    if (best)
        best->is_chosen = true;
    selection.chosen = best;
    return selection;
}

void selection_clear(struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++)
        platform_verdict_clear(&selection->items[i].verdict);
    mem_free(&selection->items);
    *selection = (struct selection){0};
}

/* ---- text ---- */

char *candidate_verdict(const struct candidate *candidate)
{
    if (!candidate->is_image)
        return xstrdup("not an image");
    if (candidate->is_chosen)
        return xstrdup("chosen");
    return xstrdup(candidate->verdict.accepted ? "fits" : candidate->verdict.reason);
}

char *candidate_format(const struct candidate *candidate)
{
    CLEANUP(str_free)
    char *platform = candidate->entry->has_platform ? platform_format(&candidate->entry->platform)
                                                    : xstrdup("an entry without platform");
    CLEANUP(str_free) char *verdict = candidate_verdict(candidate);
    return str_format("%s: %s", platform, verdict);
}

/* ---- refusals ---- */

static bool refuse(const struct platform_host *host, const struct strlist *refusals,
                   bool any_windows, struct error *err)
{
    CLEANUP(str_free) char *wanted = platform_host_format(host);
    CLEANUP(str_free) char *list = strlist_join(refusals, ", ");
    error_set(err, ERR_MISMATCH, "no image for %s; there is: %s", wanted,
              refusals->count ? list : "nothing");
    return error_hint(err, "%s",
                      any_windows ? "pick a tag whose Windows build fits this host"
                                  : "pick an image that is made for Windows");
}

static void add_refusal(struct strlist *refusals, const struct platform *platform,
                        const char *reason)
{
    CLEANUP(str_free) char *shown = platform_format(platform);
    strlist_addf(refusals, "%s (%s)", shown, reason);
}

static bool is_windows(const struct platform *platform)
{
    return str_equal_nocase(platform->os, "windows");
}

bool selection_require(const struct selection *selection, const struct platform_host *host,
                       struct error *err)
{
    CLEANUP(strlist_clear) struct strlist refusals = {0};
    bool any_windows = false;
    if (selection->chosen)
        return true;
    for (size_t i = 0; i < selection->count; i++) {
        const struct candidate *candidate = &selection->items[i];
        if (!candidate->is_image)
            continue;
        add_refusal(&refusals, &candidate->entry->platform, candidate->verdict.reason);
        any_windows = any_windows || is_windows(&candidate->entry->platform);
    }
    return refuse(host, &refusals, any_windows, err);
}

bool selection_choose(const struct index *index, const struct platform_host *host, size_t *ret,
                      struct error *err)
{
    CLEANUP(selection_clear) struct selection selection = selection_of(index, host);
    if (!selection_require(&selection, host, err))
        return false;
    *ret = (size_t)(selection.chosen - selection.items);
    return true;
}

bool selection_check(const struct platform *platform, const struct platform_host *host,
                     struct error *err)
{
    CLEANUP(platform_verdict_clear)
    struct platform_verdict verdict = platform_judge(host, platform);
    if (verdict.accepted)
        return true;
    CLEANUP(strlist_clear) struct strlist refusals = {0};
    add_refusal(&refusals, platform, verdict.reason);
    return refuse(host, &refusals, is_windows(platform), err);
}
