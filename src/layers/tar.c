/* SPDX-License-Identifier: MIT */
#include "layers/tar.h"

#include <string.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"
#include "layers/printable.h"
#include "layers/tar_header.h"

enum state { AT_HEADER, IN_EXTENSION, IN_DATA, IN_PADDING, AFTER_ZERO_BLOCK, AT_END };

/* The headers that speak about the next one. */
enum extension_slot { SLOT_PAX, SLOT_GLOBAL, SLOT_LONG_NAME, SLOT_LONG_LINK, SLOT_COUNT };

static const char extension_types[SLOT_COUNT] = {
    [SLOT_PAX] = 'x',
    [SLOT_GLOBAL] = 'g',
    [SLOT_LONG_NAME] = 'L',
    [SLOT_LONG_LINK] = 'K',
};

struct extension {
    struct buf content; /* kept until the next one of its type: the entry points into it */
    bool pending;       /* its entry has not come yet */
};

struct tar_reader {
    struct tar_handler handler;
    enum state state;
    unsigned char block[TAR_BLOCK_SIZE]; /* a header that came in pieces */
    size_t block_filled;
    uint64_t left;            /* of the extension or the data */
    size_t padding;           /* that follows */
    enum extension_slot slot; /* being collected */
    struct extension extensions[SLOT_COUNT];
    struct tar_record *records;
    size_t record_count;
    size_t record_capacity;
    struct tar_header header;
};

struct tar_reader *tar_reader_open(const struct tar_handler *handler)
{
    struct tar_reader *reader = xcalloc(1, sizeof(*reader));
    reader->handler = *handler;
    for (size_t i = 0; i < SLOT_COUNT; i++)
        buf_init(&reader->extensions[i].content, TAR_MAXIMUM_HEADER);
    return reader;
}

void tar_reader_close(struct tar_reader **reader)
{
    if (*reader) {
        for (size_t i = 0; i < SLOT_COUNT; i++)
            buf_clear(&(*reader)->extensions[i].content);
        mem_free(&(*reader)->records);
    }
    mem_free(reader);
}

const struct tar_record *tar_entry_record(const struct tar_entry *entry, const char *key)
{
    for (size_t i = entry->record_count; i > 0; i--) {
        if (str_equal(entry->records[i - 1].key, key))
            return &entry->records[i - 1];
    }
    return NULL;
}

static size_t padding_of(uint64_t size)
{
    return (size_t)(-size % TAR_BLOCK_SIZE);
}

/* ---- extensions ---- */

static void add_record(struct tar_reader *reader, const struct tar_record *record)
{
    if (reader->record_count == reader->record_capacity) {
        reader->record_capacity = reader->record_capacity ? reader->record_capacity * 2 : 16;
        reader->records =
            xrealloc_array(reader->records, reader->record_capacity, sizeof(*reader->records));
    }
    reader->records[reader->record_count++] = *record;
}

static bool parse_records(struct tar_reader *reader, struct buf *content, struct error *err)
{
    size_t at = 0;
    reader->record_count = 0;
    while (at < content->length) {
        struct tar_record record;
        if (!tar_record_parse((char *)content->data, content->length, &at, &record, err))
            return false;
        add_record(reader, &record);
    }
    return true;
}

/* GNU tar ends these with a NUL; a name with more after it would be read differently by others. */
static bool check_long_name(const struct buf *content, struct error *err)
{
    size_t name = strlen(buf_str(content));
    if (name == 0 || name + 1 < content->length)
        return error_set(err, ERR_INTEGRITY, "the archive has a malformed GNU long name");
    return true;
}

static bool extension_end(struct tar_reader *reader, struct error *err)
{
    struct extension *extension = &reader->extensions[reader->slot];
    extension->pending = reader->slot != SLOT_GLOBAL;
    reader->state = reader->padding ? IN_PADDING : AT_HEADER;
    if (reader->slot == SLOT_LONG_NAME || reader->slot == SLOT_LONG_LINK)
        return check_long_name(&extension->content, err);

    /* A global header would overwrite the records of an 'x' header that was read before it. */
    if (reader->slot == SLOT_GLOBAL && reader->extensions[SLOT_PAX].pending)
        return error_set(err, ERR_INTEGRITY,
                         "the archive has a global header between an extended header and its "
                         "entry");
    return parse_records(reader, &extension->content, err);
}

static bool extension_begin(struct tar_reader *reader, enum extension_slot slot, struct error *err)
{
    struct extension *extension = &reader->extensions[slot];
    if (extension->pending)
        return error_set(err, ERR_INTEGRITY,
                         "the archive has two extended headers of type '%c' for one entry",
                         extension_types[slot]);
    if (reader->header.size > TAR_MAXIMUM_HEADER)
        return error_set(err, ERR_INTEGRITY,
                         "an extended header of the archive is larger than %zu "
                         "bytes",
                         TAR_MAXIMUM_HEADER);
    buf_reset(&extension->content);
    reader->slot = slot;
    reader->left = reader->header.size;
    reader->padding = padding_of(reader->left);
    reader->state = IN_EXTENSION;
    return reader->left > 0 || extension_end(reader, err);
}

/* ---- entries ---- */

/* The value of a standard PAX record as a string, or NULL. As in Go, an empty value means that the
 * plain header is right. */
static bool string_record(const struct tar_entry *entry, const char *key, const char **ret,
                          struct error *err)
{
    const struct tar_record *record = tar_entry_record(entry, key);
    *ret = NULL;
    if (!record || record->value_length == 0)
        return true;
    if (strlen(record->value) != record->value_length)
        return error_set(err, ERR_INTEGRITY, "a PAX '%s' of the archive has a NUL in it", key);
    *ret = record->value;
    return true;
}

/* Name or target: of the PAX record, else of the GNU header, else of the plain one. */
static bool choose_text(struct tar_reader *reader, const struct tar_entry *entry, const char *key,
                        enum extension_slot slot, const char **ret, struct error *err)
{
    const char *pax = NULL;
    if (!string_record(entry, key, &pax, err))
        return false;
    bool gnu = reader->extensions[slot].pending;
    if (pax && gnu)
        return error_set(err, ERR_INTEGRITY,
                         "an entry of the archive has a GNU and a PAX header for its %s", key);
    if (pax)
        *ret = pax;
    else if (gnu)
        *ret = buf_str(&reader->extensions[slot].content);
    return true;
}

static bool choose_size(struct tar_entry *entry, uint64_t plain, struct error *err)
{
    const char *text = NULL;
    if (!string_record(entry, "size", &text, err))
        return false;
    entry->size = plain;
    /* So that the padding cannot overflow. */
    bool good = (!text || parse_uint64(text, &entry->size)) && entry->size <= INT64_MAX;
    if (!good)
        return error_set(err, ERR_INTEGRITY, "an entry of the archive has an impossible size");
    if (entry->type != TAR_FILE)
        entry->size = 0;
    return true;
}

static bool refuse_sparse(const struct tar_entry *entry, struct error *err)
{
    for (size_t i = 0; i < entry->record_count; i++) {
        if (str_starts_with(entry->records[i].key, "GNU.sparse."))
            return error_set(err, ERR_INTEGRITY,
                             "the archive has a GNU sparse file, which no "
                             "Windows layer may have");
    }
    return true;
}

static bool complete_entry(struct tar_reader *reader, struct tar_entry *entry, struct error *err)
{
    if (!refuse_sparse(entry, err) || !choose_size(entry, reader->header.size, err)
        || !choose_text(reader, entry, "path", SLOT_LONG_NAME, &entry->name, err)
        || !choose_text(reader, entry, "linkpath", SLOT_LONG_LINK, &entry->target, err))
        return false;

    if (entry->name[0] == '\0')
        return error_set(err, ERR_INTEGRITY, "an entry of the archive has no name");
    if (entry->type != TAR_FILE || !str_ends_with(entry->name, "/"))
        return true;
    /* The way of the oldest tars to say directory; later ones have a type for it. */
    if (!reader->header.oldest_type)
        return error_set(err, ERR_INTEGRITY,
                         "'%s' in the archive is a file with the name of a "
                         "directory",
                         printable_name(entry->name).text);
    entry->type = TAR_DIRECTORY;
    entry->size = 0;
    return true;
}

static bool entry_begin(struct tar_reader *reader, struct error *err)
{
    struct extension *pax = &reader->extensions[SLOT_PAX];
    struct tar_entry entry = {
        .name = reader->header.name,
        .target = reader->header.target,
        .type = reader->header.type,
        .mtime = reader->header.mtime,
        .records = reader->records,
        .record_count = pax->pending ? reader->record_count : 0,
    };
    if (!complete_entry(reader, &entry, err))
        return false;
    if (entry.type != TAR_HARD_LINK && entry.type != TAR_SYMLINK)
        entry.target = "";
    for (size_t i = 0; i < SLOT_COUNT; i++)
        reader->extensions[i].pending = false;

    reader->left = entry.size;
    reader->padding = padding_of(entry.size);
    reader->state = entry.size > 0 ? IN_DATA : AT_HEADER;
    return reader->handler.on_entry(reader->handler.user, &entry, err);
}

/* ---- blocks ---- */

static bool zero_block(struct tar_reader *reader, struct error *err)
{
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        if (reader->extensions[i].pending)
            return error_set(err, ERR_INTEGRITY,
                             "the archive ends with an extended header that has no entry");
    }
    reader->state = reader->state == AFTER_ZERO_BLOCK ? AT_END : AFTER_ZERO_BLOCK;
    return true;
}

static bool header_block(struct tar_reader *reader, const unsigned char *block, struct error *err)
{
    if (tar_block_is_zero(block))
        return zero_block(reader, err);
    if (reader->state == AFTER_ZERO_BLOCK)
        return error_set(err, ERR_INTEGRITY, "the archive goes on after a block of zeros");
    if (!tar_header_parse(block, &reader->header, err))
        return false;
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        if (reader->header.raw_type == extension_types[i])
            return extension_begin(reader, (enum extension_slot)i, err);
    }
    if (!reader->header.type)
        return error_set(err, ERR_INTEGRITY,
                         "'%s' in the archive is of a type that no Windows "
                         "layer may have (0x%02x)",
                         printable_name(reader->header.name).text,
                         (unsigned char)reader->header.raw_type);
    return entry_begin(reader, err);
}

/* Each takes the start of the slice and says how much of it; at least one byte. */

static bool take_header(struct tar_reader *reader, const unsigned char *data, size_t *length,
                        struct error *err)
{
    if (reader->block_filled == 0 && *length >= TAR_BLOCK_SIZE) {
        *length = TAR_BLOCK_SIZE;
        return header_block(reader, data, err);
    }
    size_t missing = TAR_BLOCK_SIZE - reader->block_filled;
    if (*length > missing)
        *length = missing;
    memcpy(reader->block + reader->block_filled, data, *length);
    reader->block_filled += *length;
    if (reader->block_filled < TAR_BLOCK_SIZE)
        return true;
    reader->block_filled = 0;
    return header_block(reader, reader->block, err);
}

static bool take_extension(struct tar_reader *reader, const unsigned char *data, size_t *length,
                           struct error *err)
{
    if (*length > reader->left)
        *length = (size_t)reader->left;
    reader->left -= *length;
    return buf_append(&reader->extensions[reader->slot].content, data, *length, err)
        && (reader->left > 0 || extension_end(reader, err));
}

static bool take_data(struct tar_reader *reader, const unsigned char *data, size_t *length,
                      struct error *err)
{
    if (*length > reader->left)
        *length = (size_t)reader->left;
    reader->left -= *length;
    if (reader->left == 0)
        reader->state = reader->padding ? IN_PADDING : AT_HEADER;
    return reader->handler.on_data(reader->handler.user, data, *length, err);
}

static bool take_padding(struct tar_reader *reader, const unsigned char *data, size_t *length,
                         struct error *err)
{
    (void)data;
    (void)err;
    if (*length > reader->padding)
        *length = reader->padding;
    reader->padding -= *length;
    if (reader->padding == 0)
        reader->state = AT_HEADER;
    return true;
}

static bool take_rest(struct tar_reader *reader, const unsigned char *data, size_t *length,
                      struct error *err)
{
    (void)reader;
    (void)data;
    (void)length;
    (void)err;
    return true;
}

static bool (*const takers[])(struct tar_reader *, const unsigned char *, size_t *,
                              struct error *) = {
    [AT_HEADER] = take_header,   [IN_EXTENSION] = take_extension,  [IN_DATA] = take_data,
    [IN_PADDING] = take_padding, [AFTER_ZERO_BLOCK] = take_header, [AT_END] = take_rest,
};

bool tar_reader_feed(struct tar_reader *reader, const unsigned char *data, size_t length,
                     struct error *err)
{
    while (length > 0) {
        size_t taken = length;
        if (!takers[reader->state](reader, data, &taken, err))
            return false;
        data += taken;
        length -= taken;
    }
    return true;
}

bool tar_reader_finish(struct tar_reader *reader, struct error *err)
{
    bool at_end = reader->state == AT_END || reader->state == AFTER_ZERO_BLOCK;
    if (!at_end || reader->block_filled > 0)
        return error_set(err, ERR_INTEGRITY, "the archive is cut short");
    return true;
}
