/* SPDX-License-Identifier: MIT */
/* unpack: one compressed layer blob to a tree of files, checked on the way.
 *
 * A base layer becomes the real files, ready for ProcessBaseImage. A diff layer becomes the import
 * ("transport") format in a staging tree, ready for ImportLayer, plus what has to be done to the
 * imported layer afterwards (layer_unpack_apply). One pass decompresses, hashes, parses and writes,
 * behind the download if the source is one.
 *
 * The blob is hostile until its diff id has been compared, and may be hostile after: nothing is
 * written outside the tree (layer_path), nothing below or through a link, no name twice (compared
 * without regard to case), hard links lead only to plain files of this layer or of its parents.
 * Entries whose parent directory is not in the tar (tars made by other tools than Windows' own
 * often leave them out) get one made: in a diff layer with the metadata that it has in the parents,
 * else with none. "Hives" is refused in base layers, whiteouts too. All violations are
 * ERR_INTEGRITY. */
#pragma once

#include <stdint.h>

#include "base/byte_source.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/event.h"
#include "layers/layer_path.h"
#include "layers/layer_tree.h"
#include "layers/unpack_times.h"
#include "layers/win_meta.h"

enum layer_kind { LAYER_BASE = 1, LAYER_DIFF };

enum layer_format {
    LAYER_FOR_WINDOWS, /* what ProcessBaseImage and ImportLayer take */
    /* The files themselves, also of a diff layer: 'tree', which is the only parent too, has what
     * lower layers have and lets it be replaced (merge_tree.h). Nothing is left to apply. */
    LAYER_PLAIN,
};

struct layer_unpack_request {
    const struct byte_source *source; /* the blob; read on a thread of unpacking's own */
    const char *media_type;           /* NULL = not known */
    struct digest diff_id;            /* what the image configuration promises */
    enum layer_kind kind;
    enum layer_format format;
    /* Empty: the layer itself (base), or the staging folder (diff). NULL: the layer is only
     * checked. Then the parents are not known: what is not in the layer may be in them. */
    const struct layer_tree *tree;
    const struct layer_tree *parents; /* diff: trees of the parent layers, topmost first */
    size_t parent_count;
    /* When a diff layer is unpacked for Windows: called once before the parents are looked at for
     * the first time, when the tar has been read and its diff id is right. It may wait for them.
     * NULL = they are there. */
    bool (*await_parents)(void *user, struct error *err);
    void *await_user;
    /* False: UtilityVM entries are checked, then left out. */
    bool with_utility_vm;
    /* With with_utility_vm, when a diff layer is unpacked for Windows: the layer's own directory,
     * which gets UtilityVM at once; what the tar does not mention of it comes from the parents. */
    const struct layer_tree *utility_vm;
    /* Appends the binary form of a descriptor in text form, which only Windows can make; NULL: such
     * descriptors are checked, then left out. */
    bool (*security_from_sddl)(const char *sddl, struct buf *ret, struct error *err);
    uint64_t maximum_bytes;   /* uncompressed; 0 = LAYER_UNPACK_MAXIMUM_BYTES */
    uint64_t maximum_entries; /* 0 = LAYER_UNPACK_MAXIMUM_ENTRIES */
};

#define LAYER_UNPACK_MAXIMUM_BYTES ((uint64_t)64 << 30)
#define LAYER_UNPACK_MAXIMUM_ENTRIES ((uint64_t)4 * 1000 * 1000)

#define LAYER_LINK_IN_LAYER (-1)

struct layer_link {
    struct layer_path path;
    struct layer_path target;
    int parent; /* index of the parent layer that has the target, or LAYER_LINK_IN_LAYER */
};

struct layer_directory {
    struct layer_path path;
    struct win_basic_info basic;
};

struct layer_unpack_result {
    struct unpack_times times;
    struct digest diff_id;
    uint64_t entries;
    uint64_t uncompressed_bytes;
    bool has_utility_vm; /* the layer has UtilityVM\Files, whether or not it was unpacked */
    /* Set instead of failing when with_utility_vm was false but a file of the base layer is a hard
     * link into UtilityVM: clear the tree and unpack again with it. Nothing else is set then. */
    bool needs_utility_vm;
    /* In the order of the tar: what layer_unpack_apply() does with diff layers. In base layers it
     * has been done. */
    struct layer_path *tombstones;
    size_t tombstone_count;
    struct layer_link *links;
    size_t link_count;
    struct layer_directory *directories;
    size_t directory_count;
};

/* Emits EVENT_LAYER_PROGRESS, or EVENT_CHECK_PROGRESS (subject: the diff id; bytes of the blob).
 * When it succeeds, the diff id has been verified: only then may the tree be given to
 * ProcessBaseImage or ImportLayer. When it fails, the tree is garbage to be deleted, and all its
 * handles are closed. */
bool layer_unpack(const struct layer_unpack_request *request, struct layer_unpack_result *ret,
                  const struct context *context, struct error *err) MUST_USE;

/* The steps after ImportLayer, on the tree of the imported layer, in the order hcsshim does them:
 * deletes the tombstones, makes the hard links, sets the times of the directories (children first).
 * 'parents' as in the request. */
bool layer_unpack_apply(const struct layer_unpack_result *result, const struct layer_tree *layer,
                        const struct layer_tree *parents, const struct context *context,
                        struct error *err) MUST_USE;

void layer_unpack_result_clear(struct layer_unpack_result *result);
