/* SPDX-License-Identifier: MIT */
#include "runner/layer_commit.h"

#include "base/alloc.h"
#include "base/fs.h"
#include "layers/chain.h"
#include "runner/layer_host.h"

#define TAR_NAME "layer.tar"

struct commit {
    const struct invocation *invocation;
    struct layer_origin *origin;
    struct layer_workplace workplace;
    char *tar;
    struct layer_export_result packed;
};

static void commit_clear(struct commit *commit)
{
    layer_workplace_close(&commit->workplace);
    str_free(&commit->tar);
}

/* ---- the tar ---- */

static bool write_tar(struct commit *commit, const struct layer_reading *reading, struct error *err)
{
    CLEANUP(file_sink_close) struct file_sink file = {0};
    if (!file_sink_open(commit->tar, &file, err))
        return false;
    const struct byte_sink sink = file_sink_interface(&file);
    const struct layer_export_request request = {
        .folder = &reading->folder,
        .form = reading->form,
        .compression = COMPRESS_NONE,
        .sink = &sink,
        .subject = commit->origin->claim.layer.name,
    };
    return layer_export(&request, &commit->packed, &commit->invocation->context, err);
}

/* The folder that it is read from is gone again before the layer is made: not all has to lie on the
 * disk at the same time. */
static bool pack(struct commit *commit, struct error *err)
{
    CLEANUP(layer_reading_close) struct layer_reading reading = {0};
    if (!host_workplace_open(commit->invocation, &commit->workplace, err))
        return false;
    commit->tar = fs_join(commit->workplace.path, TAR_NAME);
    return layer_origin_read(commit->invocation, commit->origin, &reading, err)
        && write_tar(commit, &reading, err);
}

/* ---- the layer ---- */

bool layer_commit_chain(const struct invocation *invocation, const struct strlist *parents,
                        const struct digest *diff_id, struct digest *ret, struct error *err)
{
    CLEANUP(layer_record_clear) struct layer_record below = {0};
    if (!host_layer_record(invocation, fs_name_of(parents->items[0]), &below, err))
        return false;
    *ret = chain_id_next(&below.chain_id, diff_id);
    return true;
}

static bool make(struct commit *commit, const struct digest *chain_id, struct error *err)
{
    CLEANUP(str_free) char *path = NULL;
    const struct layer_making making = {
        .path = commit->tar,
        .diff_id = commit->packed.diff_id,
        .chain_id = *chain_id,
        .parents = &commit->origin->parents,
    };
    return host_layer_make(commit->invocation, &making, &path, err);
}

/* What cannot be written down now, the next wrun finds out by looking for the layer. */
static void take_back(struct commit *commit)
{
    CLEANUP(error_clear) struct error second = {0};
    if (!host_commit_cancel(commit->invocation, &commit->origin->claim, &second))
        context_step(&commit->invocation->context, "left for later: %s", second.message);
}

static bool replace(struct commit *commit, struct layer_commit_name *as, struct error *err)
{
    const struct invocation *invocation = commit->invocation;
    struct named_layer_claim *claim = &commit->origin->claim;
    struct digest chain_id = {0};
    char directory[LAYER_DIRECTORY_NAME_SIZE];
    if (!layer_commit_chain(invocation, &commit->origin->parents, &commit->packed.diff_id,
                            &chain_id, err))
        return false;
    layer_directory_name(&chain_id, directory);
    if (!host_commit_begin(invocation, claim, directory, as ? as->text : NULL, err))
        return false;
    if (make(commit, &chain_id, err))
        return host_commit_finish(invocation, claim, as ? &as->claim : NULL, err);
    take_back(commit);
    return false;
}

bool layer_commit(const struct invocation *invocation, struct layer_origin *origin,
                  struct layer_commit_name *as, struct error *err)
{
    CLEANUP(commit_clear) struct commit commit = {.invocation = invocation, .origin = origin};
    CLEANUP(str_free) char *name = xstrdup(origin->claim.layer.name);
    if (!origin->is_scratch) {
        error_set(err, ERR_BUSY, "the layer '%s' is committed already", name);
        return error_hint(err, "make a writable one of it: wrun layer prepare NAME --from %s",
                          name);
    }
    return (pack(&commit, err) && replace(&commit, as, err))
        || error_wrap(err, "commit the layer '%s'", name);
}

bool layer_claim_new_name(const struct invocation *invocation, const char *name,
                          struct named_layer_claim *ret, struct error *err)
{
    if (!host_layer_claim(invocation, name, ret, err))
        return false;
    if (ret->layer.state == NAMED_LAYER_NONE)
        return true;
    error_set(err, ERR_BUSY, "there is a layer named '%s' already", name);
    return error_hint(err, "choose another name, or remove it: wrun layer rm %s", name);
}
