/* SPDX-License-Identifier: MIT */
#include "runner/layer_json.h"

#include <string.h>

#include "base/alloc.h"
#include "runner/terminal.h"

static void put_labels(struct json_writer *w, const struct strlist *labels)
{
    JSON_OBJECT(w, "labels") {
        for (size_t i = 0; i < labels->count; i++) {
            size_t length = strcspn(labels->items[i], "=");
            CLEANUP(str_free) char *key = xstrndup(labels->items[i], length);
            json_string(w, key, labels->items[i] + length + 1);
        }
    }
}

void layer_json_put(struct json_writer *w, const char *root, const struct named_layer *layer)
{
    CLEANUP(str_free) char *path = named_layer_path(root, layer);
    CLEANUP(strlist_clear) struct strlist parents = {0};
    named_layer_parent_paths(root, layer, &parents);
    json_string(w, "name", layer->name);
    json_string(w, "state", named_layer_state_name(layer->state));
    json_string(w, "path", path);
    JSON_ARRAY(w, "parents") {
        for (size_t i = 0; i < parents.count; i++)
            json_string(w, NULL, parents.items[i]);
    }
    json_opt_string(w, "from", layer->from);
    put_labels(w, &layer->labels);
    json_opt_string(w, "created", layer->created);
    json_opt_string(w, "lastUsed", layer->last_used);
    json_opt_uint(w, "storageBytes", layer->storage_bytes);
}

static bool compose_made(const struct invocation *invocation, const struct named_layer *layer,
                         char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        layer_json_put(&w, invocation->root, layer);
    }
    return json_writer_finish_line(&w, ret, err);
}

bool layer_made_print(const struct invocation *invocation, const struct named_layer *layer,
                      struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    if (invocation->global.json)
        return compose_made(invocation, layer, &text, err) && terminal_result(text, err);
    CLEANUP(str_free) char *path = named_layer_path(invocation->root, layer);
    text = str_format("%s\n", path);
    return terminal_result(text, err);
}
