/* SPDX-License-Identifier: MIT */
#include "runner/candidates.h"

#include "base/alloc.h"
#include "runner/message_json.h"
#include "runner/table.h"

static const char *const names[] = {
    [ISOLATION_PROCESS] = "process",
    [ISOLATION_HYPERV] = "hyperv",
};

/* One verdict for each isolation. */
struct verdicts {
    struct selection of[ARRAY_SIZE(names)];
};

static void verdicts_clear(struct verdicts *verdicts)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        selection_clear(&verdicts->of[i]);
}

static struct verdicts verdicts_of(const struct index *index, const struct platform_host *host)
{
    struct verdicts verdicts = {0};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct platform_host as_if = *host;
        as_if.isolation = (enum isolation)i;
        verdicts.of[i] = selection_of(index, &as_if);
    }
    return verdicts;
}

/* ---- for people ---- */

static void add_verdict(struct table *table, const struct candidate *candidate, bool is_own)
{
    bool chosen_elsewhere = candidate->is_chosen && !is_own;
    table_add_owned(table, chosen_elsewhere ? xstrdup("fits") : candidate_verdict(candidate));
}

char *candidates_format(const struct index *index, const struct platform_host *host)
{
    static const char *const titles[] = {"PLATFORM", "PROCESS", "HYPER-V", "DIGEST"};
    CLEANUP(verdicts_clear) struct verdicts verdicts = verdicts_of(index, host);
    CLEANUP(table_clear) struct table table = {.columns = ARRAY_SIZE(titles)};
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
        table_add(&table, titles[i]);
    for (size_t i = 0; i < index->manifests.count; i++) {
        const struct descriptor *entry = &index->manifests.items[i];
        table_add_owned(&table,
                        entry->has_platform ? platform_format(&entry->platform)
                                            : xstrdup("not stated"));
        for (size_t j = 0; j < ARRAY_SIZE(names); j++)
            add_verdict(&table, &verdicts.of[j].items[i], j == (size_t)host->isolation);
        table_add(&table, entry->digest.text);
    }
    return table_format(&table);
}

/* ---- for programs ---- */

static void put_verdict(struct json_writer *w, const char *key, const struct candidate *candidate)
{
    JSON_OBJECT(w, key) {
        json_bool(w, "accepted", candidate->verdict.accepted);
        message_json_text(w, "reason", candidate->verdict.reason);
    }
}

static void put_platform(struct json_writer *w, const struct platform *platform)
{
    JSON_OBJECT(w, "platform") {
        message_json_text(w, "os", platform->os);
        message_json_text(w, "architecture", platform->architecture);
        message_json_text(w, "variant", platform->variant);
        message_json_text(w, "osVersion", platform->os_version);
    }
}

static void put_candidate(struct json_writer *w, const struct verdicts *verdicts, size_t i,
                          enum isolation own)
{
    const struct candidate *candidate = &verdicts->of[own].items[i];
    const struct descriptor *entry = candidate->entry;
    JSON_OBJECT(w, NULL) {
        json_string(w, "digest", entry->digest.text);
        json_opt_string(w, "mediaType", entry->media_type);
        json_opt_uint(w, "size", entry->size);
        if (entry->has_platform)
            put_platform(w, &entry->platform);
        json_bool(w, "image", candidate->is_image);
        json_bool(w, "chosen", candidate->is_chosen);
        for (size_t j = 0; candidate->is_image && j < ARRAY_SIZE(names); j++)
            put_verdict(w, names[j], &verdicts->of[j].items[i]);
    }
}

void candidates_put(struct json_writer *w, const struct index *index,
                    const struct platform_host *host)
{
    CLEANUP(verdicts_clear) struct verdicts verdicts = verdicts_of(index, host);
    JSON_ARRAY(w, "candidates") {
        for (size_t i = 0; i < index->manifests.count; i++)
            put_candidate(w, &verdicts, i, host->isolation);
    }
}
