/* SPDX-License-Identifier: MIT */
#include "registry/archive_walk.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "base/text.h"

#define INPUT_SIZE ((size_t)256 * 1024)
#define MEMBERS_MAXIMUM 100000
#define SHOWN_MAXIMUM 200

struct walk {
    const struct archive_source *source;
    const struct archive_visitor *visitor;
    const struct cancel *cancel;
    struct archive *archive;
    unsigned char *input; /* INPUT_SIZE bytes */
    bool has_input;
    struct error error; /* of the source */
};

static void walk_close(struct walk *walk)
{
    archive_read_free(walk->archive);
    mem_free(&walk->input);
    error_clear(&walk->error);
}

static bool read_source(struct walk *walk, size_t *ret_length, struct error *err)
{
    if (!cancel_check(walk->cancel, err)
        || !walk->source->read(walk->source->user, walk->input, INPUT_SIZE, ret_length, err))
        return false;
    walk->has_input = walk->has_input || *ret_length > 0;
    return true;
}

static la_ssize_t on_read(struct archive *archive, void *user, const void **ret_data)
{
    struct walk *walk = user;
    size_t length = 0;
    *ret_data = walk->input;
    /* What libarchive does after a failed read is of no interest any more. */
    if (error_is_set(&walk->error) || !read_source(walk, &length, &walk->error)) {
        archive_set_error(archive, EIO, "read failed");
        return -1;
    }
    return (la_ssize_t)length;
}

static bool damaged(struct walk *walk, struct error *err)
{
    if (error_is_set(&walk->error)) {
        *err = TAKE(walk->error);
        return false;
    }
    if (!walk->has_input)
        return error_set(err, ERR_INTEGRITY, "the archive is empty");
    const char *text = archive_error_string(walk->archive);
    CLEANUP(str_free) char *shown = str_printable(text ? text : "it is damaged", SHOWN_MAXIMUM);
    return error_set(err, ERR_INTEGRITY, "the archive cannot be read: %s", shown);
}

static bool open_archive(struct walk *walk, struct error *err)
{
    walk->input = xmalloc(INPUT_SIZE);
    walk->archive = archive_read_new();
    if (!walk->archive)
        out_of_memory();
    if (archive_read_support_filter_gzip(walk->archive) != ARCHIVE_OK
        || archive_read_support_filter_zstd(walk->archive) != ARCHIVE_OK
        || archive_read_support_format_tar(walk->archive) != ARCHIVE_OK)
        error_bug("libarchive was built without tar, gzip or zstd");
    return archive_read_open(walk->archive, walk, NULL, on_read, NULL) == ARCHIVE_OK
        || damaged(walk, err);
}

static bool read_content(struct walk *walk, const struct archive_member *member, struct error *err)
{
    uint64_t done = 0;
    for (;;) {
        const void *data = NULL;
        size_t length = 0;
        la_int64_t offset = 0;
        int code = archive_read_data_block(walk->archive, &data, &length, &offset);
        if (code == ARCHIVE_EOF)
            break;
        if (code != ARCHIVE_OK)
            return damaged(walk, err);
        if (offset < 0 || (uint64_t)offset != done || length > member->size - done)
            return error_set(err, ERR_INTEGRITY, "the archive is damaged: a file has holes");
        if (length > 0 && !walk->visitor->data(walk->visitor->user, data, length, err))
            return false;
        done += length;
    }
    if (done != member->size)
        return error_set(err, ERR_INTEGRITY,
                         "the archive is damaged: a file has %" PRIu64 " bytes of %" PRIu64, done,
                         member->size);
    return walk->visitor->end(walk->visitor->user, err);
}

static struct archive_member describe(struct archive_entry *entry)
{
    struct archive_member member = {.type = ARCHIVE_MEMBER_OTHER};
    const char *name = archive_entry_pathname(entry);
    const char *target = archive_entry_hardlink(entry);
    if (target) {
        member.type = ARCHIVE_MEMBER_HARD_LINK;
    } else if (archive_entry_filetype(entry) == AE_IFLNK) {
        member.type = ARCHIVE_MEMBER_SYMLINK;
        target = archive_entry_symlink(entry);
    } else if (archive_entry_filetype(entry) == AE_IFREG) {
        member.type = ARCHIVE_MEMBER_FILE;
        member.size = (uint64_t)archive_entry_size(entry);
    }
    /* A name that is not in the locale's character set has none; it cannot be one that matters. */
    member.name = name ? name : "";
    member.target = target ? target : "";
    return member;
}

static bool visit(struct walk *walk, struct archive_entry *entry, struct error *err)
{
    struct archive_member member = describe(entry);
    bool wanted = false;
    if (!walk->visitor->begin(walk->visitor->user, &member, &wanted, err))
        return false;
    if (!wanted || member.type != ARCHIVE_MEMBER_FILE)
        return true;
    if (archive_entry_size(entry) < 0 || archive_entry_sparse_count(entry) > 0)
        return error_set(err, ERR_INTEGRITY, "the archive is damaged: a file has holes");
    return read_content(walk, &member, err);
}

static bool visit_all(struct walk *walk, struct error *err)
{
    for (unsigned count = 0; count <= MEMBERS_MAXIMUM; count++) {
        struct archive_entry *entry = NULL;
        int code = archive_read_next_header(walk->archive, &entry);
        if (code == ARCHIVE_EOF)
            return true;
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
            return damaged(walk, err);
        if (!visit(walk, entry, err))
            return false;
    }
    return error_set(err, ERR_INTEGRITY, "the archive has more than %d members", MEMBERS_MAXIMUM);
}

static bool drain(struct walk *walk, struct error *err)
{
    size_t length = 0;
    do {
        if (!read_source(walk, &length, err))
            return false;
    } while (length > 0);
    return true;
}

bool archive_walk(const struct archive_source *source, const struct archive_visitor *visitor,
                  const struct cancel *cancel, struct error *err)
{
    CLEANUP(walk_close)
    struct walk walk = {.source = source, .visitor = visitor, .cancel = cancel};
    return open_archive(&walk, err) && visit_all(&walk, err) && drain(&walk, err);
}
