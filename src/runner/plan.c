/* SPDX-License-Identifier: MIT */
#include "runner/plan.h"

#include "base/alloc.h"
#include "base/fs.h"
#include "base/guid.h"
#include "hcn/document.h"
#include "hcs/command_line.h"
#include "layers/layer_id.h"
#include "runner/env_list.h"

#define DEFAULT_DIRECTORY "C:\\"

static char *path_below(const char *root, const char *kind, const char *name)
{
    CLEANUP(str_free) char *directory = fs_join(root, kind);
    return fs_join(directory, name);
}

static void plan_identity(const struct plan_input *input, struct run_plan *plan)
{
    guid_format_hex(&input->run, plan->run_id);
    plan->container_id = str_format(RUN_CONTAINER_PREFIX "%s", plan->run_id);
    plan->name = xstrdup(input->options->name ? input->options->name : plan->container_id);
    plan->image =
        input->source ? xstrdup(input->source) : reference_format(&input->image->reference);
    plan->image_digest = input->image->digest;
    plan->run_directory = path_below(input->root, "runs", plan->run_id);
    plan->scratch_directory =
        path_below(input->root, "scratch", input->layer ? input->layer->scratch : plan->run_id);
    plan->layer = input->layer ? xstrdup(input->layer->name) : NULL;
    plan->storage_bytes = input->options->storage_bytes;
    plan->keep = input->options->keep;
    plan->use_network = input->options->network == RUN_NETWORK_NAT;
    plan->name_space = input->name_space;
    plan->endpoint = input->endpoint;
    plan->endpoint_name = str_format("%s%.*s", HCN_ENDPOINT_PREFIX, HOSTNAME_DIGITS, plan->run_id);
    guid_format(&input->name_space, plan->name_space_text);
}

static bool plan_layers(const struct plan_input *input, struct run_plan *plan, struct error *err)
{
    strlist_add_all(&plan->layers, input->layers);
    plan->layer_specs = xcalloc(plan->layers.count, sizeof(*plan->layer_specs));
    for (size_t i = 0; i < plan->layers.count; i++) {
        struct hcs_layer *layer = &plan->layer_specs[i];
        layer->path = plan->layers.items[i];
        if (!layer_id_from_name(fs_name_of(layer->path), &layer->id, err))
            return false;
    }
    plan->container.layers = plan->layer_specs;
    plan->container.layer_count = plan->layers.count;
    return true;
}

static void plan_mounts(const struct plan_input *input, struct run_plan *plan)
{
    const struct mount_list *mounts = &input->options->mounts;
    plan->mount_specs = xcalloc(mounts->count, sizeof(*plan->mount_specs));
    for (size_t i = 0; i < mounts->count; i++) {
        strlist_add(&plan->mount_texts, input->mount_sources->items[i]);
        strlist_add(&plan->mount_texts, mounts->items[i].destination);
    }
    for (size_t i = 0; i < mounts->count; i++)
        plan->mount_specs[i] = (struct hcs_mount){
            .host_path = plan->mount_texts.items[2 * i],
            .container_path = plan->mount_texts.items[2 * i + 1],
            .read_only = mounts->items[i].read_only,
        };
    plan->container.mounts = plan->mount_specs;
    plan->container.mount_count = mounts->count;
}

static bool plan_command(const struct plan_input *input, struct run_plan *plan, struct error *err)
{
    const struct run_options *options = input->options;
    const struct image_process *process = &input->image->config.config;
    CLEANUP(strlist_clear) struct strlist entrypoint = {0};
    if (options->entrypoint && *options->entrypoint)
        strlist_add(&entrypoint, options->entrypoint);
    struct command_line_spec spec = {
        .image_entrypoint = &process->entrypoint,
        .image_command = &process->cmd,
        .image_args_escaped = process->args_escaped,
        .entrypoint = options->entrypoint ? &entrypoint : NULL,
        .arguments = input->arguments,
        .raw = options->command_line,
    };
    return command_line_compose(&spec, &plan->command_line, err);
}

static const char *first_text(const char *a, const char *b)
{
    return a && *a ? a : b && *b ? b : NULL;
}

/* Windows APIs of the container want backslashes; C:/src is what build scripts write. */
static char *directory_text(const char *text)
{
    char *path = xstrdup(text);
    for (char *c = path; *c; c++)
        if (*c == '/')
            *c = '\\';
    return path;
}

static bool plan_process(const struct plan_input *input, struct run_plan *plan, struct error *err)
{
    const struct run_options *options = input->options;
    const struct image_process *process = &input->image->config.config;
    if (!plan_command(input, plan, err))
        return false;
    const char *user = first_text(options->user, process->user);
    const char *directory = first_text(options->working_dir, process->working_dir);
    plan->user = user ? xstrdup(user) : NULL;
    plan->working_directory = directory_text(directory ? directory : DEFAULT_DIRECTORY);
    env_list_set_all(&plan->environment, &process->env);
    env_list_set_all(&plan->environment, &options->env_file);
    env_list_set_all(&plan->environment, &options->env);
    /* Standard input always exists, as Docker does it (some programs misbehave without the handle);
     * without -i it is at its end from the start. */
    plan->process = (struct hcs_process_spec){
        .command_line = plan->command_line,
        .user = plan->user,
        .working_directory = plan->working_directory,
        .environment = &plan->environment,
        .create_stdin = true,
        .create_stdout = true,
        .create_stderr = true,
    };
    return true;
}

bool plan_compose(const struct plan_input *input, struct run_plan *ret, struct error *err)
{
    *ret = (struct run_plan){0};
    plan_identity(input, ret);
    const char *hostname = input->options->hostname;
    ret->hostname = hostname ? xstrdup(hostname) : xstrndup(ret->run_id, HOSTNAME_DIGITS);
    ret->container.hostname = ret->hostname;
    plan_mounts(input, ret);
    if (ret->use_network) {
        ret->container.network_namespace = ret->name_space_text;
        ret->container.allow_unqualified_dns = true;
    }
    if (plan_layers(input, ret, err) && plan_process(input, ret, err))
        return true;
    plan_clear(ret);
    return false;
}

void plan_clear(struct run_plan *plan)
{
    str_free(&plan->container_id);
    str_free(&plan->name);
    str_free(&plan->image);
    str_free(&plan->run_directory);
    str_free(&plan->scratch_directory);
    str_free(&plan->layer);
    strlist_clear(&plan->layers);
    str_free(&plan->endpoint_name);
    str_free(&plan->hostname);
    str_free(&plan->command_line);
    str_free(&plan->user);
    str_free(&plan->working_directory);
    strlist_clear(&plan->environment);
    strlist_clear(&plan->mount_texts);
    mem_free(&plan->layer_specs);
    mem_free(&plan->mount_specs);
    *plan = (struct run_plan){0};
}

bool plan_container_document(const struct run_plan *plan, char **ret, struct error *err)
{
    struct hcs_container_spec spec = plan->container;
    if (!spec.scratch_volume)
        spec.scratch_volume = PLAN_UNKNOWN_VOLUME;
    return hcs_document_compose(&spec, ret, err);
}

bool plan_process_document(const struct run_plan *plan, char **ret, struct error *err)
{
    return hcs_process_document_compose(&plan->process, ret, err);
}

bool plan_endpoint_document(const struct run_plan *plan, const struct guid *network, char **ret,
                            struct error *err)
{
    struct hcn_endpoint_spec spec = {.name = plan->endpoint_name};
    if (network)
        spec.network = *network;
    return hcn_document_endpoint(&spec, ret, err);
}
