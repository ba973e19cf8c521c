/* SPDX-License-Identifier: MIT */
/* The documents of image archives and the names of their members. What has been read can be written
 * and read again; no name leads anywhere but to a name that is known. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "base/alloc.h"
#include "base/text.h"
#include "registry/archive_name.h"
#include "registry/docker_archive.h"
#include "registry/oci_layout.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static struct buf copy_text(const char *text, size_t length)
{
    struct buf copy;
    buf_init(&copy, BUF_UNBOUNDED);
    buf_add(&copy, text, length);
    return copy;
}

/* Entries with names are written; the others have none to be written. */
static void write_layout(struct layout_index *index)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(layout_index_clear) struct layout_index again = {0};
    CLEANUP(str_free) char *text = NULL;
    for (size_t i = 0; i < index->count; i++)
        if (!index->items[i].reference.path)
            return;
    require(layout_index_compose(index, &text, &err));
    CLEANUP(buf_clear) struct buf written = copy_text(text, strlen(text));
    require(layout_index_parse(&written, &again, &err) && again.count == index->count);
    for (size_t i = 0; i < index->count; i++) {
        CLEANUP(str_free) char *before = reference_format(&index->items[i].reference);
        CLEANUP(str_free) char *after = reference_format(&again.items[i].reference);
        require(str_equal(before, after));
    }
}

static void read_documents(const struct buf *text)
{
    CLEANUP(error_clear) struct error layout_error = {0};
    CLEANUP(error_clear) struct error index_error = {0};
    CLEANUP(error_clear) struct error docker_error = {0};
    CLEANUP(layout_index_clear) struct layout_index index = {0};
    CLEANUP(docker_archive_clear) struct docker_archive archive = {0};
    bool is_layout = oci_layout_check(text, &layout_error);
    if (layout_index_parse(text, &index, &index_error))
        write_layout(&index);
    bool is_list = docker_archive_parse(text, &archive, &docker_error);
    require(!is_list || !is_layout);
    for (size_t i = 0; i < archive.count; i++)
        require(archive.items[i].config);
}

static void check_name(const struct archive_name *name)
{
    const struct archive_name again = archive_name_parse(name->text);
    require(again.kind == name->kind && strlen(name->text) < ARCHIVE_NAME_SIZE);
    require(!strstr(name->text, "..") && name->text[0] != '/');
    require((name->kind == ARCHIVE_NAME_CONTENT) == digest_is_set(&name->digest));
}

/* The first line as a name and the second as what a link of that name leads to. */
static void read_names(const char *text)
{
    const char *end = strchr(text, '\n');
    CLEANUP(str_free) char *first = end ? xstrndup(text, (size_t)(end - text)) : xstrdup(text);
    const struct archive_name name = archive_name_parse(first);
    check_name(&name);
    if (!end || name.kind == ARCHIVE_NAME_OTHER)
        return;
    const struct archive_name target = archive_name_of_link(&name, end + 1);
    check_name(&target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf_clear) struct buf text = copy_text((const char *)data, size);
    read_documents(&text);
    read_names(buf_str(&text));
    return 0;
}
