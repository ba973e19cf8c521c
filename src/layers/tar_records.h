/* SPDX-License-Identifier: MIT */
/* tar_records: the records of one PAX header, on their way into a tar. */
#pragma once

#include "base/buf.h"
#include "layers/tar.h"

struct tar_records {
    struct tar_record *items; /* owned copies */
    size_t count;
};

/* Keys come once; both parts are copied. */
void tar_records_add(struct tar_records *records, const char *key, const void *value,
                     size_t length);
void tar_records_add_text(struct tar_records *records, const char *key, const char *value);
/* Appends "LENGTH KEY=VALUE\n" of each, ordered by key. Fails (ERR_INTEGRITY) when a key is empty,
 * has a '=' or comes twice, and when TAR_MAXIMUM_HEADER would be passed. */
bool tar_records_compose(struct tar_records *records, struct buf *ret, struct error *err) MUST_USE;
void tar_records_clear(struct tar_records *records);
