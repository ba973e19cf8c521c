/* SPDX-License-Identifier: MIT */
/* unpack_rules: what a layer may contain. Takes the entries of a tar, refuses what unpack.h says is
 * refused, and passes the rest to a writer in an order and form that the writer can trust. */
#pragma once

#include "layers/layer_writer.h"
#include "layers/name_set.h"
#include "layers/path_list.h"
#include "layers/tar.h"
#include "layers/unpack.h"

/* The entry that data and streams belong to. */
struct unpack_current {
    struct layer_path path;
    bool is_open;       /* begun with the writer */
    bool is_left_out;   /* UtilityVM: its streams and data go nowhere */
    bool takes_streams; /* files and directories */
};

struct unpack_rules {
    const struct layer_unpack_request *request;
    struct layer_writer writer;
    struct name_set names;
    struct unpack_current current;
    struct path_list implied;            /* directories that had to be made up */
    struct path_list utility_vm_deleted; /* whiteouts in UtilityVM, when that is kept */
    struct path_list opaque;             /* directories whose content in the parents is deleted */
    uint64_t remembered;                 /* bytes of all paths that are kept */
    struct layer_unpack_result result;
};

void unpack_rules_open(struct unpack_rules *rules, const struct layer_unpack_request *request);
/* The layer becomes the import format: hard links and deletions are left to layer_unpack_apply().
 */
bool unpack_rules_is_staged(const struct layer_unpack_request *request);
/* Handlers for the tar reader; 'user' is the struct unpack_rules. */
bool unpack_rules_entry(void *user, const struct tar_entry *entry, struct error *err) MUST_USE;
bool unpack_rules_data(void *user, const unsigned char *data, size_t length, struct error *err)
    MUST_USE;
/* False when work that the writer left to others has failed. */
bool unpack_rules_check(struct unpack_rules *rules, struct error *err) MUST_USE;
/* The tar is complete. */
bool unpack_rules_end(struct unpack_rules *rules, struct error *err) MUST_USE;
/* After that, what the layer takes from its parents: links, metadata of directories that it does
 * not mention, what its opaque directories hide. */
bool unpack_rules_settle(struct unpack_rules *rules, struct error *err) MUST_USE;
void unpack_rules_close(struct unpack_rules *rules);
/* Notes a directory of the layer, whose times are set when all is done. */
bool unpack_rules_keep_directory(struct unpack_rules *rules, const struct layer_path *path,
                                 const struct win_basic_info *basic, struct error *err) MUST_USE;
