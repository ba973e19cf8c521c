/* SPDX-License-Identifier: MIT */
/* trace: documents of ours beside golden files and beside what Microsoft's client was recorded to
 * send (tests/data/traces). */
#pragma once

#include "base/buf.h"
#include "base/json_read.h"
#include "base/text.h"
#include "check.h"

static inline char *read_data(const char *name)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = str_format("%s/%s", WRUN_TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    struct buf content;
    buf_init(&content, (size_t)1 << 20);
    char part[4096];
    size_t got;
    while ((got = fread(part, 1, sizeof(part), file)) > 0)
        assert_ok(buf_append(&content, part, got, &err));
    fclose(file);
    return buf_take_str(&content);
}

/* The document equals tests/data/golden/<name> (which ends in a newline) byte by byte. */
static inline void assert_golden(const char *document, const char *name)
{
    CLEANUP(str_free) char *file = str_format("golden/%s", name);
    CLEANUP(str_free) char *golden = read_data(file);
    CLEANUP(str_free) char *line = str_format("%s\n", document);
    assert_string_equal(line, golden);
}

/* The nth (from 0) call of a function in a recording, as the whole line. */
static inline struct json_document trace_call(const char *trace, const char *function, size_t nth)
{
    struct error err = {0};
    struct json_document found = {0};
    CLEANUP(str_free) char *file = str_format("traces/%s", trace);
    CLEANUP(str_free) char *lines = read_data(file);
    for (char *line = lines, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        assert_ok(json_parse(line, (size_t)(end - line), &json_default_limits, &found, &err));
        end += *end == '\n';
        if (str_equal(json_member_string(found.root, "fn"), function) && nth-- == 0)
            return found;
        json_document_clear(&found);
    }
    fail_msg("%s has no such call of %s", trace, function);
    return found;
}

static inline bool is_listed(const char *key, const char *const *keys)
{
    for (; keys && *keys; keys++)
        if (str_equal(key, *keys))
            return true;
    return false;
}

static inline void assert_json_same(const struct json_value *ours,
                                    const struct json_value *recorded,
                                    const char *const *differences);

/* Every member of 'from' is in 'in' too. */
static inline void assert_members(const struct json_value *from, const struct json_value *in,
                                  const char *const *differences)
{
    for (const struct json_value *member = from->first; member; member = member->next) {
        if (is_listed(member->key, differences))
            continue;
        const struct json_value *other = json_member(in, member->key);
        if (!other)
            fail_msg("only one of the documents has %s", member->key);
        assert_json_same(member, other, differences);
    }
}

/* Equal regardless of the order of members; members named in the NULL-terminated 'differences' are
 * left out of it wherever they are. */
static inline void assert_json_same(const struct json_value *ours,
                                    const struct json_value *recorded,
                                    const char *const *differences)
{
    const char *key = ours->key ? ours->key : "(element)";
    if (ours->type != recorded->type)
        fail_msg("%s has another type", key);
    if (ours->type == JSON_MAP) {
        assert_members(ours, recorded, differences);
        assert_members(recorded, ours, differences);
    } else if (ours->type == JSON_LIST) {
        assert_int_equal(ours->count, recorded->count);
        const struct json_value *other = recorded->first;
        for (const struct json_value *at = ours->first; at; at = at->next, other = other->next)
            assert_json_same(at, other, differences);
    } else if (ours->type == JSON_BOOLEAN) {
        assert_int_equal(ours->boolean, recorded->boolean);
    } else if (ours->type != JSON_NULL) {
        assert_string_equal(ours->text, recorded->text);
    }
}

/* Our document beside one member of a recorded call. */
static inline void assert_as_recorded(const char *document, const struct json_document *call,
                                      const char *member, const char *const *differences)
{
    struct error err = {0};
    CLEANUP(json_document_clear) struct json_document ours = {0};
    assert_ok(json_parse(document, strlen(document), &json_default_limits, &ours, &err));
    const struct json_value *recorded = json_member(call->root, member);
    if (!recorded)
        fail_msg("the recorded call has no %s", member);
    assert_json_same(ours.root, recorded, differences);
}
