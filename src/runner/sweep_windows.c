/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/text.h"
#include "hcn/endpoint.h"
#include "hcn/netns.h"
#include "hcs/system.h"
#include "layers/scratch.h"
#include "runner/run_record.h"
#include "runner/windows_host.h"

#define TERMINATE_MS 30000

/* HCS ends a container with the process that created it, but the end takes a moment. */
static bool end_container(const struct windows_apis *apis, const struct run_record *record,
                          struct error *err)
{
    return hcs_terminate_by_id(&apis->hcs, record->container_id, TERMINATE_MS, err);
}

static bool remove_network(const struct windows_apis *apis, const struct run_record *record,
                           struct error *err)
{
    struct guid name_space = {0};
    struct guid endpoint = {0};
    if (!record->name_space || !record->endpoint)
        return true;
    return guid_parse(record->name_space, &name_space, err)
        && guid_parse(record->endpoint, &endpoint, err)
        && hcn_endpoint_detach(&apis->hcn, &name_space, &endpoint, err)
        && hcn_endpoint_delete(&apis->hcn, &endpoint, err)
        && hcn_namespace_delete(&apis->hcn, &name_space, err);
}

static bool unmount_scratch(const struct windows_apis *apis, const struct run_record *record,
                            struct error *err)
{
    CLEANUP(scratch_clear)
    struct scratch scratch = {
        .path = xstrdup(record->scratch_directory),
        .activated = true,
        .prepared = true,
        .api = &apis->layers,
    };
    return scratch_unmount(&scratch, err);
}

static bool remove_scratch(const struct invocation *invocation, const struct windows_apis *apis,
                           const struct run_record *record, bool keep, struct error *err)
{
    /* The record of the layer says whether it is mounted (named_layers_sweep()). */
    if (record->layer)
        return true;
    return keep
        ? unmount_scratch(apis, record, err)
        : scratch_reclaim(&apis->layers, record->scratch_directory, &invocation->context, err);
}

static bool clean_up(const struct invocation *invocation, const struct run_record *record,
                     struct run_claim *claim, bool keep, struct error *err)
{
    const struct windows_apis *apis = invocation->host->apis;
    if (record->run_id
        && (!end_container(apis, record, err) || !remove_network(apis, record, err)
            || !remove_scratch(invocation, apis, record, keep, err)))
        return error_wrap(err, "clean up after run '%s'", record->name);
    return keep ? run_record_finish(claim, err) : run_record_remove(invocation->root, claim, err);
}

bool sweep_run(const struct invocation *invocation, const char *run_id, bool forget,
               struct error *err)
{
    CLEANUP(run_record_close) struct run_claim claim = {0};
    CLEANUP(run_record_clear) struct run_record record = {0};
    if (!run_record_adopt(invocation->root, run_id, &claim, &record, err))
        return false;
    if (record.done && !forget)
        return true;
    if (record.run_id && !record.done)
        context_step(&invocation->context, "cleaning up after run '%s', which was killed",
                     record.name);
    return clean_up(invocation, &record, &claim, record.keep && !forget, err);
}

bool sweep_runs(const struct invocation *invocation, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist ids = {0};
    if (!run_record_list(invocation->root, &ids, err))
        return false;
    for (size_t i = 0; i < ids.count; i++) {
        CLEANUP(error_clear) struct error failure = {0};
        if (!sweep_run(invocation, ids.items[i], /* forget= */ false, &failure)
            && failure.kind != ERR_BUSY)
            context_warn(&invocation->context, "%s", failure.message);
    }
    CLEANUP(str_free) char *scratches = fs_join(invocation->root, "scratch");
    return scratch_sweep(&invocation->host->apis->layers, scratches, &invocation->context, err);
}
