/* SPDX-License-Identifier: MIT */
/* unpack_support: unpacking archives of tests into trees in memory. */
#pragma once

#include "check.h"
#include "layers/unpack.h"
#include "memory_tree.h"
#include "tar_build.h"
#include "write_plainly.h"

struct unpacked {
    struct memory_tree tree;
    struct layer_tree layer_tree;
    struct layer_unpack_result result;
};

static inline void unpacked_clear(struct unpacked *unpacked)
{
    memory_tree_close(&unpacked->tree);
    layer_unpack_result_clear(&unpacked->result);
}

/* Unpacks 'archive' as the request says; blob, digest and tree are filled in here. */
static inline bool unpack_archive(const struct buf *archive, const char *folder,
                                  const struct layer_unpack_request *request, struct unpacked *ret,
                                  const struct context *context, struct error *err)
{
    struct layer_unpack_request complete = *request;
    size_t fail_at = ret->tree.fail_at;
    const char *full = ret->tree.full;
    CLEANUP(str_free) char *path = fs_join(folder, "blob");
    CLEANUP(file_source_close) struct file_source file = {0};
    write_plainly(path, archive->data, archive->length);
    assert_true(file_source_open(path, &file, err));
    const struct byte_source source = file_source_interface(&file);
    ret->layer_tree = memory_tree_open(&ret->tree);
    ret->tree.fail_at = fail_at;
    ret->tree.full = full;
    complete.source = &source;
    complete.tree = &ret->layer_tree;
    if (!digest_is_set(&complete.diff_id))
        complete.diff_id = digest_of(archive->data, archive->length);
    bool done = layer_unpack(&complete, &ret->result, context, err);
    assert_int_equal(ret->tree.open_handles, 0);
    return done;
}

static inline const struct memory_node *node_of(const struct unpacked *unpacked, const char *path)
{
    const struct memory_node *node = memory_find(&unpacked->tree, path);
    if (!node) {
        fail_msg("'%s' was not made", path);
        abort(); /* not reached, but not known to be */
    }
    return node;
}
