/* SPDX-License-Identifier: MIT */
#include "runner/image_json.h"

#include "base/alloc.h"
#include "base/json_write.h"
#include "layers/chain.h"
#include "runner/candidates.h"

static void put_list(struct json_writer *w, const char *key, const struct strlist *list)
{
    if (list->count == 0)
        return;
    JSON_ARRAY(w, key) {
        for (size_t i = 0; i < list->count; i++)
            json_string(w, NULL, list->items[i]);
    }
}

static void put_process(struct json_writer *w, const struct image_process *process)
{
    JSON_OBJECT(w, "config") {
        put_list(w, "Env", &process->env);
        put_list(w, "Entrypoint", &process->entrypoint);
        put_list(w, "Cmd", &process->cmd);
        json_opt_string(w, "User", process->user);
        json_opt_string(w, "WorkingDir", process->working_dir);
        json_opt_bool(w, "ArgsEscaped", process->args_escaped);
        if (process->label_count > 0) {
            JSON_OBJECT(w, "Labels") {
                for (size_t i = 0; i < process->label_count; i++)
                    json_string(w, process->labels[i].key, process->labels[i].value);
            }
        }
    }
}

/* ---- layers ---- */

/* Layer i counts from the base; the directories are topmost first. */
static const char *directory_of(const struct strlist *layers, size_t i)
{
    return layers && i < layers->count ? layers->items[layers->count - 1 - i] : NULL;
}

static void put_layers(struct json_writer *w, const struct image *image,
                       const struct strlist *directories)
{
    size_t count = image->config.diff_id_count;
    CLEANUP(mem_free) struct digest *chain = xcalloc(count + 1, sizeof(*chain));
    chain_ids_of(image->config.diff_ids, count, chain);
    if (count > 0)
        json_string(w, "chainId", chain[count - 1].text);
    if (directories && directories->count > 0)
        json_string(w, "topLayer", directories->items[0]);
    JSON_ARRAY(w, "layers") {
        for (size_t i = 0; i < count; i++) {
            const struct descriptor *layer = &image->manifest.layers.items[i];
            JSON_OBJECT(w, NULL) {
                json_string(w, "diffId", image->config.diff_ids[i].text);
                json_string(w, "chainId", chain[i].text);
                json_string(w, "digest", layer->digest.text);
                json_string(w, "mediaType", layer->media_type);
                json_uint(w, "size", layer->size);
                json_opt_string(w, "path", directory_of(directories, i));
            }
        }
    }
}

static uint64_t sum_layers(const struct manifest *manifest)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < manifest->layers.count; i++)
        sum += manifest->layers.items[i].size;
    return sum;
}

static void put_image(struct json_writer *w, const struct image *image,
                      const struct strlist *directories)
{
    json_string(w, "digest", image->digest.text);
    JSON_OBJECT(w, "platform") {
        json_opt_string(w, "os", image->config.os);
        json_opt_string(w, "architecture", image->config.architecture);
        json_opt_string(w, "osVersion", image->config.os_version);
    }
    json_opt_string(w, "created", image->config.created);
    json_uint(w, "size", sum_layers(&image->manifest));
    put_layers(w, image, directories);
    put_process(w, &image->config.config);
}

/* ---- documents ---- */

static void put_reference(struct json_writer *w, const struct reference *reference)
{
    CLEANUP(str_free) char *text = reference_format(reference);
    json_string(w, "ref", text);
}

bool image_json_compose(const struct image *image, const struct pull_outcome *outcome, char **ret,
                        struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        put_reference(&w, &image->reference);
        put_image(&w, image, outcome->layers);
        json_uint(&w, "bytesFetched", outcome->fetched_bytes);
    }
    return json_writer_finish(&w, ret, err);
}

bool image_json_describe(const struct reference *reference, const struct description *description,
                         const struct platform_host *host, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        put_reference(&w, reference);
        json_opt_string(&w, "indexDigest", description->index_digest.text);
        json_opt_string(&w, "fetched", description->fetched);
        if (description->has_image)
            put_image(&w, &description->image, NULL);
        candidates_put(&w, &description->index, host);
    }
    return json_writer_finish(&w, ret, err);
}

static void put_host(struct json_writer *w, const struct platform_host *host)
{
    CLEANUP(str_free) char *version = os_version_format(&host->version);
    JSON_OBJECT(w, "host") {
        json_string(w, "os", "windows");
        json_string(w, "architecture", host->architecture);
        json_opt_string(w, "osVersion", host->version.build ? version : NULL);
        json_string(w, "isolation", host->isolation == ISOLATION_HYPERV ? "hyperv" : "process");
    }
}

bool image_json_match(const struct reference *reference, const struct description *description,
                      const struct platform_host *host, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        put_reference(&w, reference);
        json_opt_string(&w, "indexDigest", description->index_digest.text);
        put_host(&w, host);
        candidates_put(&w, &description->index, host);
    }
    return json_writer_finish(&w, ret, err);
}
