/* SPDX-License-Identifier: MIT */
/* layer_record: what the store knows about a layer, the file wrun.json in the layer's directory.
 *
 * It is written when everything else is done, so that it is there exactly when the layer is
 * complete. */
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "base/strlist.h"

#define LAYER_RECORD_NAME "wrun.json"
#define LAYER_RECORD_MAXIMUM_BYTES ((size_t)64 * 1024)

/* The content that a layer was unpacked from, or packed into, in a store of blobs. */
struct layer_record_blob {
    char *media_type;     /* NULL = none is known */
    struct digest digest; /* of the content as it is stored, perhaps compressed */
    uint64_t size;        /* bytes */
};

/* What became of the files for Hyper-V isolation that the layer brings. */
enum layer_utility_vm {
    LAYER_UTILITY_VM_NONE, /* it brings none */
    LAYER_UTILITY_VM_LEFT_OUT,
    LAYER_UTILITY_VM_KEPT,
};

struct layer_record {
    struct digest diff_id;
    struct digest chain_id;
    struct strlist parents; /* directory names, topmost first; empty for a base layer */
    char *created;          /* RFC 3339 */
    struct layer_record_blob blob;
    enum layer_utility_vm utility_vm;
};

bool layer_record_compose(const struct layer_record *record, char **ret, struct error *err)
    MUST_USE;
/* Kind ERR_INTEGRITY. On success *ret is owned by the caller. */
bool layer_record_parse(const char *text, size_t length, struct layer_record *ret,
                        struct error *err) MUST_USE;
struct layer_record_blob layer_record_blob_copy(const struct layer_record_blob *blob);
void layer_record_blob_clear(struct layer_record_blob *blob);
void layer_record_clear(struct layer_record *record);
