/* SPDX-License-Identifier: MIT */
#include "runner/image_json.h"

#include "base/alloc.h"
#include "base/json_write.h"

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

/* Layer i counts from the base; the directories are topmost first. */
static void put_layer(struct json_writer *w, const struct image *image, size_t i,
                      const struct strlist *layers)
{
    JSON_OBJECT(w, NULL) {
        json_string(w, "diffId", image->config.diff_ids[i].text);
        json_string(w, "digest", image->manifest.layers.items[i].digest.text);
        json_uint(w, "size", image->manifest.layers.items[i].size);
        if (i < layers->count)
            json_string(w, "path", layers->items[layers->count - 1 - i]);
    }
}

bool image_json_compose(const struct image *image, const struct strlist *layers, char **ret,
                        struct error *err)
{
    CLEANUP(str_free) char *reference = reference_format(&image->reference);
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "ref", reference);
        json_string(&w, "digest", image->digest.text);
        JSON_OBJECT(&w, "platform") {
            json_opt_string(&w, "os", image->config.os);
            json_opt_string(&w, "architecture", image->config.architecture);
            json_opt_string(&w, "osVersion", image->config.os_version);
        }
        if (layers->count > 0)
            json_string(&w, "topLayer", layers->items[0]);
        JSON_ARRAY(&w, "layers") {
            for (size_t i = 0; i < image->config.diff_id_count; i++)
                put_layer(&w, image, i, layers);
        }
        put_process(&w, &image->config.config);
    }
    return json_writer_finish(&w, ret, err);
}
