/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/json_read.h"
#include "base/scan.h"
#include "base/text.h"

/* Bytes of a stranger's text that are worth a place in a message. */
#define SHOWN_LENGTH 64

static const char *const type_names[] = {
    [JSON_NULL] = "null",       [JSON_BOOLEAN] = "a boolean", [JSON_NUMBER] = "a number",
    [JSON_STRING] = "a string", [JSON_LIST] = "a list",       [JSON_MAP] = "an object",
};

/* ---- members ---- */

static const struct json_value *find(const struct json_value *map, const char *key,
                                     bool (*equal)(const char *, const char *))
{
    if (!map || map->type != JSON_MAP)
        return NULL;
    for (const struct json_value *member = map->first; member; member = member->next)
        if (equal(member->key, key))
            return member;
    return NULL;
}

const struct json_value *json_member(const struct json_value *map, const char *key)
{
    return find(map, key, str_equal);
}

const struct json_value *json_member_nocase(const struct json_value *map, const char *key)
{
    return find(map, key, str_equal_nocase);
}

const char *json_member_string(const struct json_value *map, const char *key)
{
    const struct json_value *member = json_member(map, key);
    return member && member->type == JSON_STRING ? member->text : NULL;
}

/* ---- errors with their JSON path ---- */

static size_t position(const struct json_value *value)
{
    size_t index = 0;
    for (const struct json_value *at = value->owner->first; at != value; at = at->next)
        index++;
    return index;
}

/* The last step to a value: ".key" or "[3]". */
static char *step_to(const struct json_value *value)
{
    if (!value->key)
        return str_format("[%zu]", position(value));
    CLEANUP(str_free) char *key = str_printable(value->key, SHOWN_LENGTH);
    return str_format(".%s", key);
}

/* "manifests[3].digest"; "" for the top. */
static char *path_of(const struct json_value *value)
{
    CLEANUP(str_free) char *path = xstrdup("");
    for (; value->owner; value = value->owner) {
        CLEANUP(str_free) char *step = step_to(value);
        char *longer = str_format("%s%s", step, path);
        str_free(&path);
        path = longer;
    }
    return xstrdup(path[0] == '.' ? path + 1 : path);
}

/* Puts the path before a filled error's message. Returns false. */
static bool wrap_path(const struct json_value *value, struct error *err)
{
    CLEANUP(str_free) char *path = path_of(value);
    return *path ? error_wrap(err, "%s", path) : false;
}

bool json_error(const struct json_value *value, struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *text = str_vformat(format, args);
    va_end(args);
    error_set(err, ERR_INTEGRITY, "%s", text);
    return wrap_path(value, err);
}

static bool expect(const struct json_value *value, enum json_type type, struct error *err)
{
    if (value->type == type)
        return true;
    return json_error(value, err, "expected %s, found %s", type_names[type],
                      type_names[value->type]);
}

/* ---- tables of fields ---- */

static bool read_field(const struct json_value *map, const struct json_field *field, void *target,
                       struct error *err)
{
    const struct json_value *member = json_member(map, field->key);
    if (member && member->type != JSON_NULL)
        return field->convert(member, (char *)target + field->offset, err);
    if (field->presence == JSON_OPTIONAL)
        return true;
    return json_error(map, err, "'%s' is missing", field->key);
}

bool json_read_fields(const struct json_value *map, const struct json_field *fields, size_t count,
                      void *target, struct error *err)
{
    if (!map)
        return error_set(err, ERR_INTEGRITY, "expected an object, found nothing");
    if (!expect(map, JSON_MAP, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!read_field(map, &fields[i], target, err))
            return false;
    return true;
}

/* ---- converters ---- */

bool json_to_string(const struct json_value *value, void *target, struct error *err)
{
    if (!expect(value, JSON_STRING, err))
        return false;
    *(char **)target = xstrdup(value->text);
    return true;
}

static bool out_of_range(const struct json_value *value, struct error *err)
{
    CLEANUP(str_free) char *shown = str_printable(value->text, SHOWN_LENGTH);
    return json_error(value, err, "%s is not a whole number in range", shown);
}

bool json_to_uint64(const struct json_value *value, void *target, struct error *err)
{
    if (!expect(value, JSON_NUMBER, err))
        return false;
    return parse_uint64(value->text, target) || out_of_range(value, err);
}

bool json_to_int64(const struct json_value *value, void *target, struct error *err)
{
    if (!expect(value, JSON_NUMBER, err))
        return false;
    bool negative = value->text[0] == '-';
    uint64_t magnitude;
    if (!parse_uint64(value->text + negative, &magnitude)
        || magnitude > (uint64_t)INT64_MAX + negative)
        return out_of_range(value, err);
    /* INT64_MIN has no positive counterpart, hence the detour by one. */
    *(int64_t *)target = negative && magnitude ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    return true;
}

bool json_to_bool(const struct json_value *value, void *target, struct error *err)
{
    if (!expect(value, JSON_BOOLEAN, err))
        return false;
    *(bool *)target = value->boolean;
    return true;
}

bool json_to_digest(const struct json_value *value, void *target, struct error *err)
{
    if (!expect(value, JSON_STRING, err))
        return false;
    return digest_parse(value->text, target, err) || wrap_path(value, err);
}

bool json_to_strlist(const struct json_value *value, void *target, struct error *err)
{
    if (!expect(value, JSON_LIST, err))
        return false;
    CLEANUP(strlist_clear) struct strlist list = {0};
    for (const struct json_value *item = value->first; item; item = item->next) {
        if (!expect(item, JSON_STRING, err))
            return false;
        strlist_add(&list, item->text);
    }
    *(struct strlist *)target = TAKE(list);
    return true;
}
