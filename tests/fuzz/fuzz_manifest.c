/* SPDX-License-Identifier: MIT */
/* The input read as an index and as a manifest: it must never be both. */
#include <stdlib.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "registry/selection.h"

static const char *const types[][2] = {
    {"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"},
    {"application/vnd.docker.distribution.manifest.list.v2+json",
     "application/vnd.docker.distribution.manifest.v2+json"},
};

static void select_entry(const struct index *index)
{
    CLEANUP(error_clear) struct error err = {0};
    const struct platform_host host = {.version = {10, 0, 20348, 2322}, .architecture = "amd64"};
    CLEANUP(selection_clear) struct selection selection = selection_of(index, &host);
    if (selection.count != index->manifests.count)
        abort();
    for (size_t i = 0; i < selection.count; i++) {
        CLEANUP(str_free) char *text = candidate_format(&selection.items[i]);
        if (!*text || selection.items[i].is_chosen != (&selection.items[i] == selection.chosen))
            abort();
    }
    if (selection_require(&selection, &host, &err) != (selection.chosen != NULL))
        abort();
}

static void read_as(const char *text, size_t size, const char *const names[2])
{
    CLEANUP(error_clear) struct error index_error = {0};
    CLEANUP(error_clear) struct error manifest_error = {0};
    CLEANUP(index_clear) struct index index = {0};
    CLEANUP(manifest_clear) struct manifest manifest = {0};
    bool is_index = index_parse(text, size, names[0], &index, &index_error);
    bool is_manifest = manifest_parse(text, size, names[1], &manifest, &manifest_error);
    if (is_index && is_manifest)
        abort();
    if (is_manifest && (manifest.layers.count == 0 || !digest_is_set(&manifest.config.digest)))
        abort();
    if (is_index)
        select_entry(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        read_as((const char *)data, size, types[i]);
    return 0;
}
