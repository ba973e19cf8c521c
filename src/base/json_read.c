/* SPDX-License-Identifier: MIT */
#include "base/json_read.h"

#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/utf.h"

#define CHUNK_SIZE ((size_t)16 * 1024)
#define HIGH_SURROGATE 0xD800u
#define LOW_SURROGATE 0xDC00u
#define SURROGATE_MASK 0xFC00u

const struct json_limits json_default_limits = {
    .maximum_bytes = (size_t)4 * 1024 * 1024,
    .maximum_depth = 64,
    .maximum_values = 200000,
};

/* ---- arena ---- */

struct chunk {
    struct chunk *previous;
    size_t used;
    size_t size;
    _Alignas(max_align_t) unsigned char bytes[];
};

static void *arena_take(struct chunk **arena, size_t size, size_t alignment)
{
    struct chunk *chunk = *arena;
    size_t at = chunk ? (chunk->used + alignment - 1) & ~(alignment - 1) : 0;
    if (!chunk || chunk->size < at || chunk->size - at < size) {
        size_t capacity = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = xmalloc(sizeof *chunk + capacity);
        *chunk = (struct chunk){.previous = *arena, .size = capacity};
        *arena = chunk;
        at = 0;
    }
    chunk->used = at + size;
    return chunk->bytes + at;
}

static void arena_free(struct chunk *arena)
{
    while (arena) {
        struct chunk *previous = arena->previous;
        /* Credential files and token replies are read here as well. */
        secret_wipe(arena->bytes, arena->used);
        free(arena);
        arena = previous;
    }
}

void json_document_clear(struct json_document *document)
{
    arena_free(document->arena);
    *document = (struct json_document){0};
}

/* ---- building the tree ---- */

/* A list or map that is still open. */
struct frame {
    struct json_value *container;
    struct json_value *last;
};

struct builder {
    const struct json_limits *limits;
    struct error *err;
    struct chunk *arena;
    struct json_value *root;
    struct frame *frames; /* maximum_depth of them */
    unsigned depth;
    size_t values;
    const char *key; /* of the member whose value comes next */
};

static void builder_clear(struct builder *b)
{
    arena_free(b->arena);
    free(b->frames);
    *b = (struct builder){0};
}

static const char *copy_text(struct builder *b, const void *text, size_t length)
{
    char *copy = arena_take(&b->arena, length + 1, 1);
    if (length)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

/* Hangs a new value under the innermost open container; NULL when there are too many. */
static struct json_value *add_value(struct builder *b, enum json_type type)
{
    if (b->values == b->limits->maximum_values) {
        error_set(b->err, ERR_INTEGRITY, "JSON has more than %zu values",
                  b->limits->maximum_values);
        return NULL;
    }
    b->values++;

    struct json_value *value = arena_take(&b->arena, sizeof *value, _Alignof(struct json_value));
    *value = (struct json_value){.type = type, .key = b->key};
    b->key = NULL;
    if (!b->depth) {
        b->root = value;
        return value;
    }

    struct frame *frame = &b->frames[b->depth - 1];
    value->owner = frame->container;
    if (frame->last)
        frame->last->next = value;
    else
        frame->container->first = value;
    frame->last = value;
    frame->container->count++;
    return value;
}

static int on_null(void *context)
{
    return add_value(context, JSON_NULL) != NULL;
}

static int on_boolean(void *context, int boolean)
{
    struct json_value *value = add_value(context, JSON_BOOLEAN);
    if (value)
        value->boolean = boolean != 0;
    return value != NULL;
}

static int add_text(struct builder *b, enum json_type type, const void *text, size_t length)
{
    struct json_value *value = add_value(b, type);
    if (value)
        value->text = copy_text(b, text, length);
    return value != NULL;
}

static int on_number(void *context, const char *digits, size_t length)
{
    return add_text(context, JSON_NUMBER, digits, length);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
    return add_text(context, JSON_STRING, text, length);
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
    struct builder *b = context;
    b->key = copy_text(b, text, length);
    return 1;
}

static int open_container(struct builder *b, enum json_type type)
{
    if (b->depth == b->limits->maximum_depth) {
        error_set(b->err, ERR_INTEGRITY, "JSON is nested deeper than %u levels",
                  b->limits->maximum_depth);
        return 0;
    }
    struct json_value *value = add_value(b, type);
    if (value)
        b->frames[b->depth++] = (struct frame){.container = value};
    return value != NULL;
}

static int on_map(void *context)
{
    return open_container(context, JSON_MAP);
}

static int on_list(void *context)
{
    return open_container(context, JSON_LIST);
}

static int on_list_end(void *context)
{
    struct builder *b = context;
    b->depth--;
    return 1;
}

/* ---- duplicate keys ---- */

static void sift_down(const struct json_value **heap, size_t at, size_t count)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            return;
        if (child + 1 < count && strcmp(heap[child]->key, heap[child + 1]->key) < 0)
            child++;
        if (strcmp(heap[at]->key, heap[child]->key) >= 0)
            return;
        const struct json_value *lower = heap[at];
        heap[at] = heap[child];
        heap[child] = lower;
        at = child;
    }
}

/* A heap sort, because a stranger can drive MSVCRT's qsort() to quadratic time. */
static void sort_by_key(const struct json_value **members, size_t count)
{
    for (size_t at = count / 2; at-- > 0;)
        sift_down(members, at, count);
    while (count > 1) {
        const struct json_value *highest = members[0];
        members[0] = members[--count];
        members[count] = highest;
        sift_down(members, 0, count);
    }
}

/* A member of the map whose key another member has as well, or NULL. */
static const struct json_value *find_duplicate(const struct json_value *map)
{
    if (map->count < 2)
        return NULL;
    CLEANUP(mem_free)
    const struct json_value **members =
        xrealloc_array(NULL, map->count, sizeof(struct json_value *));
    size_t count = 0;
    for (const struct json_value *member = map->first; member; member = member->next)
        members[count++] = member;

    sort_by_key(members, count);
    for (size_t i = 1; i < count; i++)
        if (!strcmp(members[i - 1]->key, members[i]->key))
            return members[i];
    return NULL;
}

static int on_map_end(void *context)
{
    struct builder *b = context;
    const struct json_value *map = b->frames[--b->depth].container;
    const struct json_value *duplicate = find_duplicate(map);
    if (duplicate)
        json_error(duplicate, b->err, "the key appears twice");
    return duplicate == NULL;
}

/* ---- parsing ---- */

/* The four digits of a \u escape. */
static bool scan_hex4(struct scan *s, uint32_t *ret)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = char_to_lower(scan_peek(s));
        if (!char_is_hex(c))
            return false;
        value = value << 4 | (uint32_t)(char_is_digit(c) ? c - '0' : c - 'a' + 10);
        s->at++;
    }
    *ret = value;
    return true;
}

/* yajl turns an unpaired surrogate into '?' or another character, and C strings cannot hold the
 * NUL, so escapes are judged before yajl sees them. A backslash outside a string is no JSON, so the
 * structure need not be known here; whatever else is wrong with an escape is left to yajl. */
static bool check_escapes(const char *text, size_t length, struct error *err)
{
    struct scan s = scan_bytes(text, length);
    for (;;) {
        scan_until(&s, '\\');
        if (!scan_char(&s, '\\'))
            return true;
        uint32_t unit;
        if (!scan_char(&s, 'u')) {
            if (!scan_at_end(&s))
                s.at++;
            continue;
        }
        if (!scan_hex4(&s, &unit))
            continue;
        uint32_t low = 0;
        if ((unit & SURROGATE_MASK) == HIGH_SURROGATE && scan_literal(&s, "\\u")
            && !scan_hex4(&s, &low))
            continue;
        bool paired = (low & SURROGATE_MASK) == LOW_SURROGATE;
        bool surrogate =
            (unit & SURROGATE_MASK) == HIGH_SURROGATE || (unit & SURROGATE_MASK) == LOW_SURROGATE;
        if (surrogate && !paired)
            return error_set(err, ERR_INTEGRITY, "JSON contains an unpaired surrogate");
        if (!unit)
            return error_set(err, ERR_INTEGRITY, "JSON contains an embedded NUL");
    }
}

static bool check_input(const char *text, size_t length, const struct json_limits *limits,
                        struct error *err)
{
    if (length > limits->maximum_bytes)
        return error_set(err, ERR_INTEGRITY, "JSON of %zu bytes is larger than the limit of %zu",
                         length, limits->maximum_bytes);
    /* yajl's own check lets overlong forms and surrogates pass. */
    if (!utf8_is_valid(text, length))
        return error_set(err, ERR_INTEGRITY, "JSON is not UTF-8");
    return check_escapes(text, length, err);
}

/* What yajl found, in its words but without its final full stop and line feed. */
static bool syntax_error(yajl_handle parser, size_t position, struct error *err)
{
    unsigned char *report = yajl_get_error(parser, /* verbose= */ 0, NULL, 0);
    if (!report)
        out_of_memory();
    struct scan rest = scan_text((const char *)report);
    struct scan line = scan_until(&rest, '\n');
    if (line.end != line.at && line.end[-1] == '.')
        line.end--;
    error_set(err, ERR_INTEGRITY, "not JSON: %.*s, near byte %zu", (int)scan_length(&line), line.at,
              position);
    yajl_free_error(parser, report);
    return false;
}

static bool run_parser(struct builder *b, const char *text, size_t length)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_map,
        .yajl_map_key = on_key,
        .yajl_end_map = on_map_end,
        .yajl_start_array = on_list,
        .yajl_end_array = on_list_end,
    };
    yajl_handle parser = yajl_alloc(&callbacks, NULL, b);
    if (!parser)
        out_of_memory();
    yajl_status status = yajl_parse(parser, (const unsigned char *)text, length);
    size_t position = yajl_get_bytes_consumed(parser);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(parser);
    /* A callback that stopped the parser has said why. */
    if (status == yajl_status_error)
        syntax_error(parser, position, b->err);
    yajl_free(parser);
    return status == yajl_status_ok;
}

bool json_parse(const char *text, size_t length, const struct json_limits *limits,
                struct json_document *ret, struct error *err)
{
    if (!check_input(text, length, limits, err))
        return false;
    CLEANUP(builder_clear)
    struct builder builder = {
        .limits = limits,
        .err = err,
        .frames = xrealloc_array(NULL, limits->maximum_depth, sizeof(struct frame)),
    };
    if (!run_parser(&builder, text, length))
        return false;
    *ret = (struct json_document){.root = builder.root, .arena = TAKE(builder.arena)};
    return true;
}
