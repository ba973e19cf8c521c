/* SPDX-License-Identifier: MIT */
#include "runner/mount_spec.h"

#include <string.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"

#define DRIVE_PREFIX_LENGTH 2 /* "C:" */

static bool has_drive(const char *path)
{
    return char_is_alpha(path[0]) && path[1] == ':';
}

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

/* '/' to '\', repeated separators to one (a leading "\\" of a UNC or device path stays), no
 * separator at the end unless it is the root of a drive. */
static char *clean_path(const char *path)
{
    char *clean = xmalloc(strlen(path) + 1);
    size_t length = 0;
    for (const char *c = path; *c; c++) {
        char next = *c;
        if (is_separator(next))
            next = '\\';
        bool repeated = next == '\\' && length > 1 && clean[length - 1] == '\\';
        if (!repeated)
            clean[length++] = next;
    }
    bool is_root = length == DRIVE_PREFIX_LENGTH + 1 && has_drive(path);
    if (length > 1 && clean[length - 1] == '\\' && !is_root)
        length--;
    clean[length] = 0;
    return clean;
}

/* Shells of MSYS2 and Cygwin rewrite arguments that look like paths; the result names no Windows
 * path. */
static bool refuse_mangled(const char *path, struct error *err)
{
    bool cygwin = str_starts_with(path, "/cygdrive/");
    bool msys = path[0] == '/' && char_is_alpha(path[1]) && (path[2] == '/' || !path[2]);
    if (!cygwin && !msys)
        return true;
    error_set(err, ERR_USAGE, "'%s' is a path of a Unix shell, not of Windows", path);
    return error_hint(err,
                      "write d:\\dir; in MSYS2 set MSYS2_ARG_CONV_EXCL=* so that the shell "
                      "leaves arguments alone");
}

static bool check_source(const char *source, struct error *err)
{
    if (!*source)
        return error_set(err, ERR_USAGE, "the source is missing");
    if (str_starts_with(source, "\\\\.\\pipe\\"))
        return error_set(err, ERR_UNSUPPORTED, "named pipes cannot be mounted yet");
    return refuse_mangled(source, err);
}

static bool has_dot_component(const char *path)
{
    struct scan rest = scan_text(path);
    while (!scan_at_end(&rest)) {
        struct scan part = scan_until(&rest, '\\');
        scan_char(&rest, '\\');
        if (scan_equals(&part, ".") || scan_equals(&part, ".."))
            return true;
    }
    return false;
}

static bool check_destination(const char *destination, struct error *err)
{
    if (!refuse_mangled(destination, err))
        return false;
    if (!has_drive(destination)) {
        error_set(err, ERR_USAGE, "destination '%s' is not an absolute Windows path", destination);
        return error_hint(err, "write it with its drive: dst=C:\\%s",
                          is_separator(destination[0]) ? destination + 1 : destination);
    }
    const char *rest = destination + DRIVE_PREFIX_LENGTH;
    bool on_c = char_to_lower(destination[0]) == 'c';
    if (on_c && (!*rest || str_equal(rest, "\\")))
        return error_set(err, ERR_USAGE, "the container's C: itself cannot be a mount point");
    if (*rest && *rest != '\\')
        return error_set(err, ERR_USAGE, "destination '%s' is relative to a drive", destination);
    if (strpbrk(rest, "<>\"|?*:"))
        return error_set(err, ERR_USAGE, "destination '%s' holds a character that no path may hold",
                         destination);
    if (has_dot_component(rest))
        return error_set(err, ERR_USAGE, "destination '%s' holds '.' or '..'", destination);
    if (!on_c && *rest && !str_equal(rest, "\\")) {
        error_set(
            err, ERR_USAGE,
            "destination '%s': inside a Windows container a mount point must be on C: or be a "
            "whole drive",
            destination);
        return error_hint(err, "use dst=%c: (a free drive letter) or dst=C:%s",
                          char_to_upper(destination[0]), rest);
    }
    return true;
}

/* A whole drive is spelt without its root: that is the form Windows takes. */
static void drop_drive_root(char *destination)
{
    if (str_equal(destination + DRIVE_PREFIX_LENGTH, "\\"))
        destination[DRIVE_PREFIX_LENGTH] = 0;
}

static bool finish(struct mount_spec *mount, struct mount_spec *ret, struct error *err)
{
    if (!check_source(mount->source ? mount->source : "", err))
        return false;
    if (!mount->destination || !*mount->destination)
        return error_set(err, ERR_USAGE, "the destination is missing");
    if (!check_destination(mount->destination, err))
        return false;
    drop_drive_root(mount->destination);
    *ret = TAKE(*mount);
    return true;
}

/* ---- --mount ---- */

static bool set_path(char **path, const char *value, struct error *err)
{
    if (*path)
        return error_set(err, ERR_USAGE, "is given twice");
    if (!refuse_mangled(value, err))
        return false;
    *path = clean_path(value);
    return true;
}

static bool set_type(struct mount_spec *mount, const char *value, struct error *err)
{
    (void)mount;
    if (str_equal(value, "bind"))
        return true;
    return error_set(err, ERR_UNSUPPORTED, "'%s' is not a mount type that wrun has; it has: bind",
                     value);
}

static bool set_source(struct mount_spec *mount, const char *value, struct error *err)
{
    return set_path(&mount->source, value, err);
}

static bool set_destination(struct mount_spec *mount, const char *value, struct error *err)
{
    return set_path(&mount->destination, value, err);
}

static bool set_read_only(struct mount_spec *mount, const char *value, struct error *err)
{
    bool on = !*value || str_equal(value, "true") || str_equal(value, "1");
    bool off = str_equal(value, "false") || str_equal(value, "0");
    if (!on && !off)
        return error_set(err, ERR_USAGE, "takes true or false, not '%s'", value);
    mount->read_only = on;
    return true;
}

static bool set_read_write(struct mount_spec *mount, const char *value, struct error *err)
{
    if (*value)
        return error_set(err, ERR_USAGE, "takes no value");
    mount->read_only = false;
    return true;
}

/* ctr's options=rbind:ro. The bind kinds say nothing on Windows, where every bind is recursive. */
static bool set_options(struct mount_spec *mount, const char *value, struct error *err)
{
    struct scan rest = scan_text(value);
    while (!scan_at_end(&rest)) {
        struct scan option = scan_until(&rest, ':');
        scan_char(&rest, ':');
        if (scan_equals(&option, "ro"))
            mount->read_only = true;
        else if (scan_equals(&option, "rw"))
            mount->read_only = false;
        else if (!scan_equals(&option, "bind") && !scan_equals(&option, "rbind"))
            return error_set(err, ERR_UNSUPPORTED, "'%.*s' is not an option that wrun has",
                             (int)scan_length(&option), option.at);
    }
    return true;
}

static const struct mount_key {
    const char *name;
    bool (*set)(struct mount_spec *mount, const char *value, struct error *err);
} mount_keys[] = {
    {"type", set_type},
    {"src", set_source},
    {"source", set_source},
    {"dst", set_destination},
    {"destination", set_destination},
    {"target", set_destination},
    {"ro", set_read_only},
    {"readonly", set_read_only},
    {"rw", set_read_write},
    {"options", set_options},
};

static bool apply_pair(struct mount_spec *mount, struct scan pair, struct error *err)
{
    struct scan key = scan_until(&pair, '=');
    bool has_value = scan_char(&pair, '=');
    CLEANUP(str_free) char *value = scan_rest(&pair);
    for (size_t i = 0; i < ARRAY_SIZE(mount_keys); i++) {
        if (!scan_equals(&key, mount_keys[i].name))
            continue;
        if (!mount_keys[i].set(mount, has_value ? value : "", err))
            return error_wrap(err, "%s", mount_keys[i].name);
        return true;
    }
    error_set(err, ERR_USAGE, "'%.*s' is not a key of --mount", (int)scan_length(&key), key.at);
    return error_hint(err, "write type=bind,src=d:\\dir,dst=C:\\dir[,ro]");
}

bool mount_spec_parse_mount(const char *text, struct mount_spec *ret, struct error *err)
{
    CLEANUP(mount_spec_clear) struct mount_spec mount = {0};
    struct scan rest = scan_text(text);
    do {
        struct scan pair = scan_until(&rest, ',');
        if (!apply_pair(&mount, pair, err))
            return false;
    } while (scan_char(&rest, ','));
    return finish(&mount, ret, err);
}

/* ---- -v ---- */

/* One field of SRC:DST[:MODE]; the colon of a drive letter belongs to the field. */
static struct scan take_field(struct scan *rest)
{
    struct scan field = *rest;
    bool drive = scan_length(rest) >= DRIVE_PREFIX_LENGTH && char_is_alpha(rest->at[0])
        && rest->at[1] == ':';
    if (drive)
        rest->at += DRIVE_PREFIX_LENGTH;
    scan_until(rest, ':');
    field.end = rest->at;
    return field;
}

static bool parse_mode(const struct scan *mode, bool *ret_read_only, struct error *err)
{
    bool read_only = scan_equals(mode, "ro");
    if (!read_only && !scan_equals(mode, "rw"))
        return error_set(err, ERR_USAGE, "'%.*s' is not a mode; use ro or rw",
                         (int)scan_length(mode), mode->at);
    *ret_read_only = read_only;
    return true;
}

bool mount_spec_parse_volume(const char *text, struct mount_spec *ret, struct error *err)
{
    CLEANUP(mount_spec_clear) struct mount_spec mount = {0};
    if (!refuse_mangled(text, err))
        return false;
    struct scan rest = scan_text(text);
    struct scan source = take_field(&rest);
    if (!scan_char(&rest, ':')) {
        error_set(err, ERR_USAGE, "'%s' has no destination", text);
        return error_hint(err,
                          "write -v SOURCE:DESTINATION[:ro], for example -v d:\\cache:C:\\cache");
    }
    struct scan destination = take_field(&rest);
    if (scan_char(&rest, ':') && !parse_mode(&rest, &mount.read_only, err))
        return false;
    CLEANUP(str_free) char *source_text = scan_rest(&source);
    CLEANUP(str_free) char *destination_text = scan_rest(&destination);
    mount.source = clean_path(source_text);
    mount.destination = clean_path(destination_text);
    return finish(&mount, ret, err);
}

void mount_spec_clear(struct mount_spec *mount)
{
    str_free(&mount->source);
    str_free(&mount->destination);
    *mount = (struct mount_spec){0};
}

/* ---- the list ---- */

bool mount_list_add(struct mount_list *list, struct mount_spec *mount, struct error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        if (str_equal_nocase(list->items[i].destination, mount->destination)) {
            error_set(err, ERR_USAGE, "two mounts on '%s'", mount->destination);
            mount_spec_clear(mount);
            return false;
        }
    }
    list->items = xrealloc_array(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = TAKE(*mount);
    return true;
}

void mount_list_clear(struct mount_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mount_spec_clear(&list->items[i]);
    mem_free(&list->items);
    *list = (struct mount_list){0};
}
