/* SPDX-License-Identifier: MIT */
#include "runner/posix_host.h"

#define ONLY_WINDOWS "containers run on Windows only; this is the native build for images"

bool host_platform(struct platform_host *ret, struct error *err)
{
    (void)err;
    /* Any Windows version: the newest image of a reference is taken. */
    *ret = (struct platform_host){.architecture = "amd64", .isolation = ISOLATION_PROCESS};
    return true;
}

bool host_can_run(struct error *err)
{
    return error_set(err, ERR_UNSUPPORTED, ONLY_WINDOWS);
}

bool host_make_root(struct invocation *invocation, struct error *err)
{
    (void)invocation;
    (void)err;
    return true;
}

bool host_prepare(struct invocation *invocation, struct error *err)
{
    (void)invocation;
    (void)err;
    return true;
}

void host_close(struct invocation *invocation)
{
    (void)invocation;
}

/* Checking is fast, and pulls on small machines keep to a few megabytes. */
unsigned host_layers_at_once(void)
{
    return 1;
}

struct layer_check_request posix_host_check_of(const struct host_layer *layer)
{
    const struct image *image = layer->image;
    return (struct layer_check_request){
        .source = &layer->source,
        .media_type = image->manifest.layers.items[layer->index].media_type,
        .diff_id = image->config.diff_ids[layer->index],
        .is_base = layer->index == 0,
    };
}

bool host_unpack_layer(const struct invocation *invocation, const struct host_layer *layer,
                       char **ret_directory, struct error *err)
{
    const struct layer_check_request request = posix_host_check_of(layer);
    *ret_directory = NULL;
    return layer_check(&request, &invocation->context, err);
}

bool host_has_layer(const struct invocation *invocation, const struct image *image, size_t index)
{
    (void)invocation;
    (void)image;
    (void)index;
    return false;
}

bool host_layer_paths(const struct invocation *invocation, const struct image *image,
                      struct strlist *ret, struct error *err)
{
    (void)invocation;
    (void)image;
    (void)ret;
    return host_can_run(err);
}

bool host_resolve_mount(const struct invocation *invocation, const char *source, char **ret,
                        struct error *err)
{
    (void)invocation;
    (void)source;
    (void)ret;
    return host_can_run(err);
}

bool host_run(const struct invocation *invocation, const struct host_run_request *request,
              struct run_outcome *ret, struct error *err)
{
    (void)invocation;
    (void)request;
    (void)ret;
    return host_can_run(err);
}

bool host_remove_run(const struct invocation *invocation, const char *name, struct error *err)
{
    (void)invocation;
    (void)name;
    return host_can_run(err);
}

bool host_layers_list(const struct invocation *invocation, struct layer_list *ret,
                      struct error *err)
{
    (void)invocation;
    (void)err;
    *ret = (struct layer_list){0};
    return true;
}

bool host_layer_is_held(const struct invocation *invocation, const char *name)
{
    (void)invocation;
    (void)name;
    return false;
}

bool host_layer_retire(const struct invocation *invocation, const char *name, struct error *err)
{
    (void)invocation;
    (void)name;
    return host_can_run(err);
}

bool host_layers_clean(const struct invocation *invocation, uint64_t *ret_bytes, struct error *err)
{
    (void)invocation;
    (void)err;
    *ret_bytes = 0;
    return true;
}
