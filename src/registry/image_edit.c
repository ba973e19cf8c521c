/* SPDX-License-Identifier: MIT */
#include "registry/image_edit.h"

#include "base/alloc.h"
#include "base/json_copy.h"
#include "base/text.h"

/* How a member is written in JSON. */
enum shape { SHAPE_FLAG, SHAPE_TEXT, SHAPE_LIST, SHAPE_SET, SHAPE_MAP };

static const struct {
    const char *key;
    enum shape shape;
} members[MEMBER_COUNT] = {
    [MEMBER_ARGS_ESCAPED] = {"ArgsEscaped", SHAPE_FLAG},
    [MEMBER_CMD] = {"Cmd", SHAPE_LIST},
    [MEMBER_ENTRYPOINT] = {"Entrypoint", SHAPE_LIST},
    [MEMBER_ENV] = {"Env", SHAPE_LIST},
    [MEMBER_EXPOSED_PORTS] = {"ExposedPorts", SHAPE_SET},
    [MEMBER_LABELS] = {"Labels", SHAPE_MAP},
    [MEMBER_ON_BUILD] = {"OnBuild", SHAPE_LIST},
    [MEMBER_STOP_SIGNAL] = {"StopSignal", SHAPE_TEXT},
    [MEMBER_USER] = {"User", SHAPE_TEXT},
    [MEMBER_VOLUMES] = {"Volumes", SHAPE_SET},
    [MEMBER_WORKING_DIR] = {"WorkingDir", SHAPE_TEXT},
};

/* ---- reading what an image has ---- */

static bool read_keys(const struct json_value *value, bool with_values, struct strlist *ret,
                      struct error *err)
{
    if (value->type != JSON_MAP)
        return json_error(value, err, "not an object");
    for (const struct json_value *item = value->first; item; item = item->next) {
        if (with_values && item->type != JSON_STRING)
            return json_error(item, err, "not a string");
        strlist_add(ret, item->key);
        if (with_values)
            strlist_add(ret, item->text);
    }
    return true;
}

static bool read_member(const struct json_value *value, enum shape shape, struct strlist *ret,
                        struct error *err)
{
    bool flag = false;
    switch (shape) {
    case SHAPE_FLAG:
        if (!json_to_bool(value, &flag, err))
            return false;
        if (flag)
            strlist_add(ret, "true");
        return true;
    case SHAPE_TEXT:
        if (value->type != JSON_STRING)
            return json_error(value, err, "not a string");
        strlist_add(ret, value->text);
        return true;
    case SHAPE_LIST:
        return json_to_strlist(value, ret, err);
    case SHAPE_SET:
    case SHAPE_MAP:
        return read_keys(value, shape == SHAPE_MAP, ret, err);
    }
    error_bug("a member of a configuration has no shape");
}

bool image_edit_open(const struct json_value *process, struct image_edit *ret, struct error *err)
{
    CLEANUP(image_edit_clear) struct image_edit edit = {0};
    const struct json_value *shell = json_member(process, "Shell");
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct json_value *value = json_member(process, members[i].key);
        if (value && value->type != JSON_NULL
            && !read_member(value, members[i].shape, &edit.members[i].values, err))
            return false;
    }
    if (shell && shell->type != JSON_NULL && !json_to_strlist(shell, &edit.shell, err))
        return false;
    *ret = TAKE(edit);
    return true;
}

void image_edit_clear(struct image_edit *edit)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        strlist_clear(&edit->members[i].values);
    strlist_clear(&edit->shell);
    *edit = (struct image_edit){0};
}

/* ---- writing ---- */

static void put_value(struct json_writer *w, enum shape shape, const char *key,
                      const struct strlist *values)
{
    switch (shape) {
    case SHAPE_FLAG:
        json_bool(w, key, values->count > 0);
        break;
    case SHAPE_TEXT:
        json_string(w, key, values->count ? values->items[0] : "");
        break;
    case SHAPE_LIST:
        JSON_ARRAY(w, key) {
            for (size_t i = 0; i < values->count; i++)
                json_string(w, NULL, values->items[i]);
        }
        break;
    case SHAPE_SET:
        JSON_OBJECT(w, key) {
            for (size_t i = 0; i < values->count; i++)
                json_raw(w, values->items[i], "{}");
        }
        break;
    case SHAPE_MAP:
        JSON_OBJECT(w, key) {
            for (size_t i = 0; i + 1 < values->count; i += 2)
                json_string(w, values->items[i], values->items[i + 1]);
        }
        break;
    }
}

static size_t member_of(const char *key)
{
    size_t i = 0;
    while (i < MEMBER_COUNT && !str_equal(members[i].key, key))
        i++;
    return i;
}

void image_edit_put(const struct image_edit *edit, struct json_writer *w, const char *key,
                    const struct json_value *process)
{
    JSON_OBJECT(w, key) {
        for (const struct json_value *item = process ? process->first : NULL; item;
             item = item->next) {
            size_t i = member_of(item->key);
            if (i < MEMBER_COUNT && edit->members[i].is_changed)
                put_value(w, members[i].shape, item->key, &edit->members[i].values);
            else
                json_copy(w, item->key, item);
        }
        for (size_t i = 0; i < MEMBER_COUNT; i++)
            if (edit->members[i].is_changed && !json_member(process, members[i].key))
                put_value(w, members[i].shape, members[i].key, &edit->members[i].values);
    }
}
