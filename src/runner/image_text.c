/* SPDX-License-Identifier: MIT */
#include "runner/image_text.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "layers/chain.h"
#include "runner/candidates.h"
#include "runner/size_text.h"
#include "runner/table.h"

static void add_row(struct table *table, const char *title, const char *text)
{
    if (!text || !*text)
        return;
    table_add(table, title);
    table_add(table, text);
}

static void add_rows(struct table *table, const char *title, const struct strlist *list)
{
    for (size_t i = 0; i < list->count; i++)
        add_row(table, i == 0 ? title : "", list->items[i]);
}

static void add_head(struct table *table, const struct description *description)
{
    const struct image *image = &description->image;
    struct platform platform = image_config_platform(&image->config);
    CLEANUP(str_free) char *reference = reference_format(&image->reference);
    CLEANUP(str_free) char *platform_text = platform_format(&platform);
    add_row(table, "reference", reference);
    add_row(table, "digest", image->digest.text);
    add_row(table, "index", description->index_digest.text);
    add_row(table, "platform", platform_text);
    add_row(table, "created", image->config.created);
    add_row(table, "in the store", description->fetched ? description->fetched : "no");
}

static void add_size(struct table *table, const struct manifest *manifest)
{
    uint64_t total = 0;
    for (size_t i = 0; i < manifest->layers.count; i++)
        total += manifest->layers.items[i].size;
    CLEANUP(str_free) char *size = size_text(total);
    CLEANUP(str_free)
    char *text = str_format("%s in %zu layer%s", size, manifest->layers.count,
                            manifest->layers.count == 1 ? "" : "s");
    add_row(table, "size", text);
}

static void add_layers(struct table *table, const struct image *image)
{
    size_t count = image->manifest.layers.count;
    CLEANUP(mem_free) struct digest *chain = xcalloc(count, sizeof(*chain));
    chain_ids_of(image->config.diff_ids, count, chain);
    for (size_t i = 0; i < count; i++) {
        const struct descriptor *layer = &image->manifest.layers.items[i];
        CLEANUP(str_free) char *title = str_format("layer %zu", i + 1);
        CLEANUP(str_free) char *size = size_text(layer->size);
        CLEANUP(str_free) char *text = str_format("%s, %s", size, layer->media_type);
        add_row(table, title, text);
        add_row(table, "  digest", layer->digest.text);
        add_row(table, "  diff id", image->config.diff_ids[i].text);
        add_row(table, "  chain id", chain[i].text);
        add_rows(table, "  urls", &layer->urls);
    }
}

static void add_process(struct table *table, const struct image_process *process)
{
    add_row(table, "user", process->user);
    add_row(table, "working dir", process->working_dir);
    add_rows(table, "entrypoint", &process->entrypoint);
    add_rows(table, "cmd", &process->cmd);
    if (process->args_escaped)
        add_row(table, "args escaped", "yes");
    add_rows(table, "env", &process->env);
    for (size_t i = 0; i < process->label_count; i++) {
        const struct image_label *label = &process->labels[i];
        CLEANUP(str_free) char *text = str_format("%s=%s", label->key, label->value);
        add_row(table, i == 0 ? "labels" : "", text);
    }
}

char *image_text_compose(const struct description *description, const struct platform_host *host)
{
    CLEANUP(table_clear) struct table table = {.columns = 2};
    CLEANUP(str_free) char *candidates = candidates_format(&description->index, host);
    if (!description->has_image)
        return TAKE(candidates);
    add_head(&table, description);
    add_size(&table, &description->image.manifest);
    add_process(&table, &description->image.config.config);
    add_layers(&table, &description->image);
    CLEANUP(str_free) char *facts = table_format(&table);
    return str_format("%s\n%s", facts, candidates);
}
