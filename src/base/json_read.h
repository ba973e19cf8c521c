/* SPDX-License-Identifier: MIT */
/* json_read: reading JSON that strangers wrote.
 *
 * json_parse() builds a small read-only tree from yajl's callbacks under limits on size, depth and
 * number of values; duplicate keys, embedded NULs, malformed UTF-8 and trailing text are refused.
 * Structs are then filled by tables of fields:
 *
 *     static const struct json_field descriptor_fields[] = {
 *         {"mediaType", json_to_string, offsetof(struct descriptor, media_type), JSON_REQUIRED},
 *         {"digest",    json_to_digest, offsetof(struct descriptor, digest),     JSON_REQUIRED},
 *     };
 *
 * Unknown members are ignored; null counts as absent. Errors carry the JSON path
 * ("manifests[3].digest: ..."). */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/strlist.h"

enum json_type { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_LIST, JSON_MAP };

struct json_value {
    enum json_type type;
    const char *key;  /* of a member of a map; else NULL */
    const char *text; /* of a string, or the exact digits of a number */
    bool boolean;
    size_t count;                   /* of a list or map */
    struct json_value *first;       /* first element or member */
    struct json_value *next;        /* sibling */
    const struct json_value *owner; /* the list or map this is in; NULL at the top */
};

struct json_limits {
    size_t maximum_bytes;
    unsigned maximum_depth;
    size_t maximum_values;
};

/* 4 MiB, 64 levels, 200,000 values: what a manifest, config or HCS answer may be. */
extern const struct json_limits json_default_limits;

struct json_document {
    struct json_value *root; /* NULL = empty */
    void *arena;
};

/* Kind ERR_INTEGRITY on any violation. */
bool json_parse(const char *text, size_t length, const struct json_limits *limits,
                struct json_document *ret, struct error *err) MUST_USE;
void json_document_clear(struct json_document *document);

/* The member of a map, or NULL (also when 'map' is NULL or no map). Case-sensitive. */
const struct json_value *json_member(const struct json_value *map, const char *key);
/* As above, ASCII case ignored (HCN answers vary in case). */
const struct json_value *json_member_nocase(const struct json_value *map, const char *key);
/* The text of a string member, or NULL. Owned by the document. */
const char *json_member_string(const struct json_value *map, const char *key);

typedef bool (*json_converter)(const struct json_value *value, void *target, struct error *err);

enum json_presence { JSON_OPTIONAL, JSON_REQUIRED };

struct json_field {
    const char *key;
    json_converter convert;
    size_t offset;
    enum json_presence presence;
};

/* Fills 'target' from a map; the caller clears what was filled when this fails. */
bool json_read_fields(const struct json_value *map, const struct json_field *fields, size_t count,
                      void *target, struct error *err) MUST_USE;

/* Ready converters; the target types are char *, uint64_t, int64_t, bool, struct digest and
 * struct strlist. */
bool json_to_string(const struct json_value *value, void *target, struct error *err) MUST_USE;
bool json_to_uint64(const struct json_value *value, void *target, struct error *err) MUST_USE;
bool json_to_int64(const struct json_value *value, void *target, struct error *err) MUST_USE;
bool json_to_bool(const struct json_value *value, void *target, struct error *err) MUST_USE;
bool json_to_digest(const struct json_value *value, void *target, struct error *err) MUST_USE;
bool json_to_strlist(const struct json_value *value, void *target, struct error *err) MUST_USE;

/* Reports a wrong value with its JSON path: "config.digest: <text>". Kind ERR_INTEGRITY. */
bool json_error(const struct json_value *value, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);
