/* SPDX-License-Identifier: MIT */
/* host: what the verbs need of the machine they run on.
 *
 * host_windows.c is the product; host_posix.c is the native build, which has the image commands
 * only and says so in one line where Windows is needed. Only what is said to open invocation->host,
 * or to need none, may be called before it is open. */
#pragma once

#include "base/byte_source.h"
#include "layers/layer_list.h"
#include "registry/image.h"
#include "registry/platform.h"
#include "registry/store_lock.h"
#include "runner/invocation.h"
#include "runner/plan.h"

/* Needs no open host. The platform that images must fit when --platform does not say otherwise. */
bool host_platform(struct platform_host *ret, struct error *err) MUST_USE;

/* Needs no open host. True where containers can run at all; else ERR_UNSUPPORTED. */
bool host_can_run(struct error *err) MUST_USE;

/* Opens invocation->host: elevated, privileges held, system DLLs bound, volume fit, and the store's
 * root there with the access that it must have. Once per process: what follows uses it. */
bool host_make_root(struct invocation *invocation, struct error *err) MUST_USE;

/* The same, and what killed runs left behind is cleaned up. */
bool host_prepare(struct invocation *invocation, struct error *err) MUST_USE;

/* Closes invocation->host, if there is one. */
void host_close(struct invocation *invocation);

/* One layer of an image, and the bytes of its blob. */
struct host_layer {
    const struct image *image;
    size_t index; /* 0 = the base layer */
    struct byte_source source;
    bool with_utility_vm; /* the files for Hyper-V isolation too */
    /* Waits until the layers below are unpacked. */
    bool (*await_lower)(void *user, struct error *err);
    void *await_user;
};

/* How many layers may be unpacked at the same time. */
unsigned host_layers_at_once(void);

/* Unpacks the layer unless that has been done, and gives its directory, for the caller to free. The
 * native build has no place for layers: it checks the content, writes nothing and gives NULL. From
 * any thread. */
bool host_unpack_layer(const struct invocation *invocation, const struct host_layer *layer,
                       char **ret_directory, struct error *err) MUST_USE;

/* The layer is unpacked: its blob is not needed. Never so in the native build. */
bool host_has_layer(const struct invocation *invocation, const struct image *image, size_t index);

/* The directories that the layers have or will have, topmost first, without touching anything. */
bool host_layer_paths(const struct invocation *invocation, const struct image *image,
                      struct strlist *ret, struct error *err) MUST_USE;

/* Needs no open host. The layers of the store; the native build has none. */
bool host_layers_list(const struct invocation *invocation, struct layer_list *ret,
                      struct error *err) MUST_USE;

/* True when a run or an import has the layer in use at this moment. */
bool host_layer_is_held(const struct invocation *invocation, const char *name);

/* Takes the layer out of the store; its bytes stay until host_layers_clean(). ERR_BUSY when it is
 * held. */
bool host_layer_retire(const struct invocation *invocation, const char *name, struct error *err)
    MUST_USE;

/* Removes the bytes of what was taken out, now or earlier; *ret_bytes gets how many went, also on
 * failure. ERR_BUSY when some are still on the disk. */
bool host_layers_clean(const struct invocation *invocation, uint64_t *ret_bytes, struct error *err)
    MUST_USE;

/* Needs no open host. The final path of a mount source, as HCS must be told it; refuses what cannot
 * be mounted. */
bool host_resolve_mount(const struct invocation *invocation, const char *source, char **ret,
                        struct error *err) MUST_USE;

struct run_outcome {
    bool started; /* the process ran: exit_code is its own */
    uint32_t exit_code;
    int failure_code; /* 125, 126 or 127 when host_run() fails */
    bool kept;        /* the writable layer stays, under the plan's name, also after a failure */
};

struct host_run_request {
    const struct run_plan *plan;
    bool interactive;                /* pass standard input on */
    struct named_layer_claim *layer; /* the plan's named layer; NULL = it has none */
    struct store_lock *lock;         /* released as soon as the run has what it needs for itself */
};

/* Executes the plan from the record to the removal of the last trace. */
bool host_run(const struct invocation *invocation, const struct host_run_request *request,
              struct run_outcome *ret, struct error *err) MUST_USE;

/* Removes a kept run by name or id. ERR_NOT_FOUND, or ERR_BUSY while it runs. */
bool host_remove_run(const struct invocation *invocation, const char *name, struct error *err)
    MUST_USE;
