/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/alloc.h"
#include "hcn/endpoint.h"
#include "hcn/netns.h"
#include "hcn/network.h"
#include "hcs/process.h"
#include "hcs/system.h"
#include "layers/named_layer_work.h"
#include "runner/exit_code.h"
#include "runner/run_record.h"
#include "runner/undo.h"
#include "runner/windows_host.h"

#define THROW_AWAY_SHUTDOWN_MS 30000
/* A layer that is kept must be flushed by the container's own shutdown, which has been seen to take
 * two minutes after a big build. */
#define KEEP_SHUTDOWN_MS (10 * 60 * 1000)

/* One run in progress: what exists so far and how to take it back. */
struct session {
    const struct invocation *invocation;
    const struct run_plan *plan;
    const struct windows_apis *apis;
    struct named_layer_claim *layer; /* what it runs on; NULL = a scratch of its own */
    bool interactive;
    struct layer_hold hold;
    struct run_claim claim;
    struct scratch scratch;
    struct hcs_system system;
    struct undo_list undo;
};

static const struct cancel *cancel_of(const struct session *s)
{
    return s->invocation->context.cancel;
}

/* ---- taking back ---- */

static bool remove_scratch(void *user, struct error *err)
{
    struct session *s = user;
    if (s->plan->keep)
        return true;
    if (s->scratch.activated)
        return error_set(err, ERR_BUSY, "it is still mounted");
    return scratch_destroy(&s->scratch, &s->invocation->context, err);
}

static bool unmount_scratch(void *user, struct error *err)
{
    struct session *s = user;
    return s->layer ? named_layer_unmount(s->layer, &s->scratch, err)
                    : scratch_unmount(&s->scratch, err);
}

static bool delete_namespace(void *user, struct error *err)
{
    struct session *s = user;
    return hcn_namespace_delete(&s->apis->hcn, &s->plan->name_space, err);
}

static bool delete_endpoint(void *user, struct error *err)
{
    struct session *s = user;
    return hcn_endpoint_delete(&s->apis->hcn, &s->plan->endpoint, err);
}

static bool detach_endpoint(void *user, struct error *err)
{
    struct session *s = user;
    return hcn_endpoint_detach(&s->apis->hcn, &s->plan->name_space, &s->plan->endpoint, err);
}

static bool stays(const struct session *s)
{
    return s->plan->keep || s->layer;
}

static unsigned shutdown_ms(const struct session *s)
{
    return stays(s) ? KEEP_SHUTDOWN_MS : THROW_AWAY_SHUTDOWN_MS;
}

static bool shut_down(void *user, struct error *err)
{
    struct session *s = user;
    bool stopped = hcs_system_shutdown(&s->system, shutdown_ms(s), err);
    if (stopped && s->system.was_terminated && stays(s))
        context_warn(&s->invocation->context,
                     "the container did not shut down in time and was terminated; the kept layer "
                     "may lack its last writes");
    hcs_system_close(&s->system);
    return stopped;
}

/* ---- the steps, in the order of the plan ---- */

static bool record_run(struct session *s, struct error *err)
{
    return run_record_create(s->invocation->root, s->plan, &s->claim, err);
}

static bool expand_scratch(const struct session *s, struct error *err)
{
    return s->plan->storage_bytes == 0 || scratch_expand(&s->scratch, s->plan->storage_bytes, err);
}

static bool mount_layer(struct session *s, struct error *err)
{
    undo_push(&s->undo, "unmount the layer", unmount_scratch);
    return named_layer_mount(&s->invocation->host->layers, s->layer, &s->invocation->context,
                             &s->scratch, err)
        || error_wrap(err, "mount the layer '%s'", s->plan->layer);
}

static bool mount_scratch(struct session *s, struct error *err)
{
    if (s->layer)
        return mount_layer(s, err);
    if (!scratch_create(&s->apis->layers, s->plan->scratch_directory, &s->plan->layers, &s->scratch,
                        err))
        return error_wrap(err, "make the writable layer");
    undo_push(&s->undo, "remove the writable layer", remove_scratch);
    undo_push(&s->undo, "unmount the writable layer", unmount_scratch);
    return (expand_scratch(s, err)
            && scratch_mount(&s->scratch, &s->plan->layers, &s->invocation->context, err))
        || error_wrap(err, "mount the writable layer");
}

/* A call that failed may have made its thing all the same: its inverse, for which "not there" is
 * success, is pushed before it is tried. */
static bool make_endpoint(struct session *s, const struct guid *network, struct error *err)
{
    CLEANUP(hcn_endpoint_clear) struct hcn_endpoint endpoint = {0};
    struct hcn_endpoint_spec spec = {.name = s->plan->endpoint_name, .network = *network};
    undo_push(&s->undo, "delete the endpoint", delete_endpoint);
    if (!hcn_endpoint_create(&s->apis->hcn, &s->plan->endpoint, &spec, &endpoint, err))
        return false;
    context_step(&s->invocation->context, "endpoint %s has address %s", s->plan->endpoint_name,
                 endpoint.ip_address ? endpoint.ip_address : "none yet");
    undo_push(&s->undo, "detach the endpoint", detach_endpoint);
    return hcn_endpoint_attach(&s->apis->hcn, &s->plan->name_space, &s->plan->endpoint, err);
}

static bool connect_network(struct session *s, struct error *err)
{
    CLEANUP(str_free) char *name = NULL;
    struct guid network = {0};
    struct guid real_id = {0};
    if (!s->plan->use_network)
        return true;
    if (!hcn_network_find_or_create_nat(&s->apis->hcn, NULL, &network, &name, err))
        return error_wrap(err, "find a network");
    undo_push(&s->undo, "delete the network namespace", delete_namespace);
    if (!hcn_namespace_create(&s->apis->hcn, &s->plan->name_space, &real_id, err))
        return error_wrap(err, "make a network namespace");
    if (!guid_equal(&real_id, &s->plan->name_space))
        return error_set(err, ERR_UNSUPPORTED,
                         "the host network service chose a namespace id of its own");
    if (!make_endpoint(s, &network, err))
        return error_wrap(err, "connect to network '%s'", name);
    return true;
}

static bool start_container(struct session *s, struct error *err)
{
    CLEANUP(str_free) char *document = NULL;
    struct hcs_container_spec spec = s->plan->container;
    spec.scratch_volume = s->scratch.volume;
    if (!hcs_document_compose(&spec, &document, err)
        || !hcs_system_create(&s->apis->hcs, s->plan->container_id, document, cancel_of(s),
                              &s->system, err))
        return false;
    undo_push(&s->undo, "shut the container down", shut_down);
    return hcs_system_start(&s->system, cancel_of(s), err);
}

/* ---- the process ---- */

/* Bytes pass untouched in both directions, so that a program can pipe anything through a container.
 */
static struct hcs_stdio own_streams(const struct session *s)
{
    struct hcs_stdio streams = {
        .output = hcs_sink_to_handle(GetStdHandle(STD_OUTPUT_HANDLE)),
        .error = hcs_sink_to_handle(GetStdHandle(STD_ERROR_HANDLE)),
        .shutdown_ms = shutdown_ms(s),
    };
    if (s->interactive)
        streams.input = hcs_source_from_handle(GetStdHandle(STD_INPUT_HANDLE));
    return streams;
}

static bool run_process(struct session *s, struct run_outcome *ret, struct error *err)
{
    CLEANUP(str_free) char *document = NULL;
    CLEANUP(hcs_process_close) struct hcs_process process = {0};
    struct hcs_stdio streams = own_streams(s);
    if (!plan_process_document(s->plan, &document, err))
        return false;
    if (!hcs_process_create(&s->system, document, &process, err)) {
        static const int codes[] = {
            [HCS_START_FAILED] = EXIT_RUN_FAILED,
            [HCS_START_NOT_RUNNABLE] = EXIT_RUN_CANNOT_START,
            [HCS_START_NOT_FOUND] = EXIT_RUN_NOT_FOUND,
        };
        ret->failure_code = codes[hcs_error_start_failure(err)];
        return error_wrap(err, "start '%s'", s->plan->command_line);
    }
    if (!hcs_process_run(&process, &streams, cancel_of(s), &ret->exit_code, err))
        return false;
    ret->started = true;
    return true;
}

static bool hold_layers(struct session *s, struct error *err)
{
    return layer_store_hold(&s->invocation->host->layers, &s->plan->layers, cancel_of(s), &s->hold,
                            err);
}

static bool proceed(const struct session *s, const char *what, struct error *err)
{
    context_step(&s->invocation->context, "%s", what);
    return cancel_check(cancel_of(s), err);
}

/* The record outlives what could not be taken back: the next wrun then tries again. */
static void take_back(struct session *s, bool *ret_kept)
{
    CLEANUP(error_clear) struct error err = {0};
    const struct context *context = &s->invocation->context;
    bool complete = undo_all(&s->undo, s, context);
    if (!complete)
        context_warn(context, "the next wrun will try to clean up again");
    else if (s->claim.directory
             && !(s->plan->keep ? run_record_finish(&s->claim, &err)
                                : run_record_remove(s->invocation->root, &s->claim, &err)))
        context_warn(context, "cannot remove the record of the run: %s", err.message);
    else
        *ret_kept = s->claim.directory && s->plan->keep;
    run_record_close(&s->claim);
}

/* From here on its locks and its record keep what the run needs. */
static bool claim(struct session *s, struct store_lock *lock, struct error *err)
{
    if (!hold_layers(s, err) || !record_run(s, err))
        return false;
    store_lock_release(lock);
    return true;
}

bool host_run(const struct invocation *invocation, const struct host_run_request *request,
              struct run_outcome *ret, struct error *err)
{
    const struct run_plan *plan = request->plan;
    struct session s = {
        .invocation = invocation,
        .plan = plan,
        .apis = invocation->host->apis,
        .layer = request->layer,
        .interactive = request->interactive,
    };
    bool done = claim(&s, request->lock, err) && proceed(&s, "mounting the writable layer", err)
        && mount_scratch(&s, err) && proceed(&s, "connecting the network", err)
        && connect_network(&s, err) && proceed(&s, "starting the container", err)
        && start_container(&s, err) && proceed(&s, "running the process", err)
        && run_process(&s, ret, err);
    take_back(&s, &ret->kept);
    scratch_clear(&s.scratch);
    layer_hold_release(&s.hold);
    return done;
}
