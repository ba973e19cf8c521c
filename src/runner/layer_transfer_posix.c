/* SPDX-License-Identifier: MIT */
#include "runner/layer_transfer.h"

#include "runner/host.h"

bool host_layer_read(const struct invocation *invocation, const struct layer_place *place,
                     struct layer_reading *ret, struct error *err)
{
    (void)invocation;
    (void)place;
    (void)ret;
    return host_can_run(err);
}

void layer_reading_close(struct layer_reading *reading)
{
    *reading = (struct layer_reading){0};
}

bool host_layer_record(const struct invocation *invocation, const char *name,
                       struct layer_record *ret, struct error *err)
{
    (void)invocation;
    (void)name;
    (void)ret;
    return host_can_run(err);
}

bool host_layer_note_blob(const struct invocation *invocation, const char *name,
                          const struct layer_record_blob *blob, struct error *err)
{
    (void)invocation;
    (void)name;
    (void)blob;
    return host_can_run(err);
}

bool host_layer_below(const struct invocation *invocation, const struct strlist *layers,
                      struct layer_below *ret, struct error *err)
{
    (void)invocation;
    (void)layers;
    (void)ret;
    return host_can_run(err);
}

bool layer_below_has(const struct layer_below *below, const char *path, bool *ret,
                     struct error *err)
{
    (void)below;
    (void)path;
    (void)ret;
    return host_can_run(err);
}

void layer_below_close(struct layer_below *below)
{
    *below = (struct layer_below){0};
}

bool host_workplace_open(const struct invocation *invocation, struct layer_workplace *ret,
                         struct error *err)
{
    (void)invocation;
    (void)ret;
    return host_can_run(err);
}

void layer_workplace_close(struct layer_workplace *workplace)
{
    *workplace = (struct layer_workplace){0};
}

bool host_layer_make(const struct invocation *invocation, const struct layer_making *making,
                     char **ret_path, struct error *err)
{
    (void)invocation;
    (void)making;
    (void)ret_path;
    return host_can_run(err);
}

bool host_scratch_copy(const struct invocation *invocation, const struct layer_place *place,
                       const struct layer_copying *copying, bool *ret_unmounted, struct error *err)
{
    (void)invocation;
    (void)place;
    (void)copying;
    (void)ret_unmounted;
    return host_can_run(err);
}

bool host_layer_copy(const struct invocation *invocation, struct named_layer_claim *claim,
                     const struct layer_copying *copying, struct error *err)
{
    (void)invocation;
    (void)claim;
    (void)copying;
    return host_can_run(err);
}

bool host_commit_begin(const struct invocation *invocation, struct named_layer_claim *claim,
                       const char *layer, const char *commit_as, struct error *err)
{
    (void)invocation;
    (void)claim;
    (void)layer;
    (void)commit_as;
    return host_can_run(err);
}

bool host_commit_cancel(const struct invocation *invocation, struct named_layer_claim *claim,
                        struct error *err)
{
    (void)invocation;
    (void)claim;
    return host_can_run(err);
}

bool host_commit_finish(const struct invocation *invocation, struct named_layer_claim *claim,
                        struct named_layer_claim *as, struct error *err)
{
    (void)invocation;
    (void)claim;
    (void)as;
    return host_can_run(err);
}
