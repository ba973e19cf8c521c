/* SPDX-License-Identifier: MIT */
#include "runner/copy_spec.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "layers/layer_path.h"
#include "layers/named_layer.h"

#define ROOT "Files"

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

static bool has_drive(const char *text)
{
    return char_is_alpha(text[0]) && text[1] == ':';
}

/* Cuts "\", "\." and more of them off the end. */
static bool cut_end(char *path)
{
    size_t length = strlen(path);
    bool cut = false;
    for (;;) {
        bool dot = length > 1 && path[length - 1] == '.' && is_separator(path[length - 2]);
        size_t end = dot ? length - 1 : length;
        if (end == 0 || !is_separator(path[end - 1]))
            break;
        length = end - 1;
        cut = true;
    }
    path[length] = 0;
    return cut;
}

/* The path below C:\. */
static bool parse_inside(const char *text, struct copy_spec *spec, struct error *err)
{
    const char *rest = text;
    if (has_drive(rest)) {
        if (char_to_lower(rest[0]) != 'c') {
            error_set(err, ERR_USAGE, "a layer has no drive '%c:'", rest[0]);
            return error_hint(err, "what is on other drives of a container is a mount");
        }
        rest += 2;
    }
    if (!is_separator(*rest))
        return error_set(err, ERR_USAGE, "'%s' does not begin with C:\\", text);
    CLEANUP(str_free) char *path = xstrdup(rest);
    CLEANUP(layer_path_clear) struct layer_path checked = {0};
    spec->is_inside = cut_end(path);
    CLEANUP(str_free) char *whole = str_format(ROOT "%s", path);
    if (!layer_path_parse(whole, &checked, err)) {
        err->kind = ERR_USAGE;
        return error_wrap(err, "'%s'", text);
    }
    const char *below = checked.text + strlen(ROOT);
    spec->path = xstrdup(*below ? below + 1 : below);
    return true;
}

/* One letter is a drive, unless a drive follows: "b:C:\x" can only be in a layer. */
static bool is_in_layer(const char *text, size_t name_length)
{
    return text[name_length] == ':'
        && (name_length > 1 || (name_length == 1 && has_drive(text + 2)));
}

bool copy_spec_parse(const char *text, struct copy_spec *ret, struct error *err)
{
    CLEANUP(copy_spec_clear) struct copy_spec spec = {0};
    size_t name_length = strcspn(text, ":\\/");
    if (!*text)
        return error_set(err, ERR_USAGE, "a path is empty");
    if (str_equal(text, "-"))
        return error_set(err, ERR_USAGE, "'-' is not understood: name a file or directory");
    if (is_in_layer(text, name_length)) {
        spec.layer = xstrndup(text, name_length);
        if (!named_layer_check_name(spec.layer, err)
            || !parse_inside(text + name_length + 1, &spec, err))
            return false;
    } else {
        CLEANUP(str_free) char *path = xstrdup(text);
        spec.is_inside = cut_end(path);
        spec.path = xstrdup(text);
    }
    *ret = TAKE(spec);
    return true;
}

void copy_spec_clear(struct copy_spec *spec)
{
    str_free(&spec->layer);
    str_free(&spec->path);
    *spec = (struct copy_spec){0};
}
