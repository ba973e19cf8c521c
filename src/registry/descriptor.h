/* SPDX-License-Identifier: MIT */
/* descriptor: a pointer to content by type, digest and size (OCI image-spec descriptor.md). */
#pragma once

#include "base/digest.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "registry/platform.h"

struct descriptor {
    char *media_type;
    struct digest digest;
    uint64_t size;       /* bytes, never 0 */
    struct strlist urls; /* where a foreign layer may be had besides the registry */
    bool has_platform;
    struct platform platform; /* of an index entry */
};

struct descriptor_list {
    struct descriptor *items;
    size_t count;
};

/* json_converters; a list longer than 1000 is refused. */
bool descriptor_from_json(const struct json_value *value, void *target, struct error *err) MUST_USE;
bool descriptor_list_from_json(const struct json_value *value, void *target, struct error *err)
    MUST_USE;

/* As a manifest has it; not the platform, which only an index has. */
void descriptor_put(struct json_writer *w, const char *key, const struct descriptor *descriptor);

/* The descriptor of a document with that content. */
struct descriptor descriptor_of_text(const char *media_type, const char *text);

void descriptor_clear(struct descriptor *descriptor);
void descriptor_list_clear(struct descriptor_list *list);
