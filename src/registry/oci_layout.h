/* SPDX-License-Identifier: MIT */
/* oci_layout: the two documents at the top of an OCI image layout (image-spec image-layout.md). */
#pragma once

#include "base/buf.h"
#include "registry/descriptor.h"
#include "registry/reference.h"

#define OCI_LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

/* One entry of index.json. */
struct layout_entry {
    struct reference reference; /* path NULL: the entry has no full name */
    char *label;                /* what it has instead, usually a tag; or NULL */
    struct descriptor descriptor;
};

struct layout_index {
    struct layout_entry *items;
    size_t count;
};

/* The file "oci-layout". ERR_UNSUPPORTED when it is of another version. */
bool oci_layout_check(const struct buf *text, struct error *err) MUST_USE;

/* The file "index.json". Entries that are neither manifest nor index are left out, as the
 * specification demands. The name of an entry is containerd's io.containerd.image.name, or
 * org.opencontainers.image.ref.name when that is more than a tag. */
bool layout_index_parse(const struct buf *text, struct layout_index *ret, struct error *err)
    MUST_USE;
void layout_index_clear(struct layout_index *index);

/* The descriptor keeps its platform, which goes into the text. Owned by the caller. */
bool layout_index_compose(const struct layout_index *index, char **ret, struct error *err) MUST_USE;
