/* SPDX-License-Identifier: MIT */
#include "layers/layer_path.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf.h"
#include "layers/printable.h"

#define SEPARATOR '\\'
#define METADATA_SUFFIX ".$wcidirs$"
#define MAXIMUM_BYTES 32000
#define MAXIMUM_COMPONENTS 512
#define MAXIMUM_UNITS 255

static const struct {
    const char *name;
    enum layer_root root;
} roots[] = {
    {"Files", LAYER_ROOT_FILES},
    {"Hives", LAYER_ROOT_HIVES},
    {"UtilityVM", LAYER_ROOT_UTILITY_VM},
};

static const char *const hives[] = {
    "DefaultUser_Delta", "Sam_Delta", "Security_Delta", "Software_Delta", "System_Delta",
};

/* A '#' stands for a digit or one of the superscript digits that Windows also takes for a port. */
static const char *const devices[] = {
    "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "COM#", "LPT#",
};

static const char *const superscripts[] = {"\xC2\xB9", "\xC2\xB2", "\xC2\xB3"};

static bool is_separator(char c)
{
    return c == '/' || c == SEPARATOR;
}

static bool is_refused_character(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F || strchr("<>:\"|?*", c);
}

static size_t count_utf16_units(const char *text, size_t length)
{
    size_t units = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xC0) != 0x80)
            units += byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

static bool is_port_number(const char *text, size_t length)
{
    if (length == 1)
        return char_is_digit(text[0]);
    for (size_t i = 0; i < ARRAY_SIZE(superscripts); i++) {
        if (length == strlen(superscripts[i]) && !memcmp(text, superscripts[i], length))
            return true;
    }
    return false;
}

static bool is_device_pattern(const char *pattern, const char *text, size_t length)
{
    size_t i = 0;
    while (pattern[i] && pattern[i] != '#') {
        if (i == length || char_to_upper(text[i]) != pattern[i])
            return false;
        i++;
    }
    return pattern[i] == '#' ? is_port_number(text + i, length - i) : i == length;
}

/* Windows takes the part before the first dot, less trailing spaces, for the device's name. */
static bool is_device_name(const char *text, size_t length)
{
    const char *dot = memchr(text, '.', length);
    if (dot)
        length = (size_t)(dot - text);
    while (length > 0 && text[length - 1] == ' ')
        length--;
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
        if (is_device_pattern(devices[i], text, length))
            return true;
    }
    return false;
}

static bool is_metadata_name(const char *text, size_t length)
{
    size_t suffix = strlen(METADATA_SUFFIX);
    if (length < suffix)
        return false;
    for (size_t i = 0; i < suffix; i++) {
        if (char_to_lower(text[length - suffix + i]) != METADATA_SUFFIX[i])
            return false;
    }
    return true;
}

/* What is wrong with one component; NULL when nothing is. */
static const char *component_fault(const char *text, size_t length)
{
    if (length == 0)
        return "has an empty component";
    if (length <= 2 && !memcmp(text, "..", length))
        return "has a '.' or '..' component";
    for (size_t i = 0; i < length; i++) {
        if (text[i] == ':')
            return "has a colon";
        if (is_refused_character(text[i]))
            return "has a character that Windows does not allow";
    }
    if (text[length - 1] == '.' || text[length - 1] == ' ')
        return "has a component that ends in a dot or space";
    if (count_utf16_units(text, length) > MAXIMUM_UNITS)
        return "has a component of more than 255 characters";
    if (is_device_name(text, length))
        return "has the name of a device";
    if (is_metadata_name(text, length))
        return "has a name that is reserved for directory metadata";
    return NULL;
}

/* Copies the path to 'out' with backslashes, checking every component. */
static const char *components_fault(const char *name, size_t length, char *out)
{
    size_t count = 0;
    size_t start = 0;
    for (size_t i = 0; i <= length; i++) {
        out[i] = name[i];
        if (i < length && !is_separator(name[i]))
            continue;
        out[i] = i < length ? SEPARATOR : '\0';
        const char *fault = component_fault(name + start, i - start);
        if (fault)
            return fault;
        if (++count > MAXIMUM_COMPONENTS)
            return "has too many components";
        start = i + 1;
    }
    return NULL;
}

/* Compares the first component with 'name' and, when equal but for case, gives it that spelling.
 * Returns its length, or 0. */
static size_t take_component(char *text, const char *name)
{
    size_t length = strcspn(text, "\\");
    if (length != strlen(name))
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (char_to_lower(text[i]) != char_to_lower(name[i]))
            return 0;
    }
    memcpy(text, name, length);
    return length;
}

static bool is_hive(char *text)
{
    for (size_t i = 0; i < ARRAY_SIZE(hives); i++) {
        size_t length = take_component(text, hives[i]);
        if (length > 0)
            return text[length] == '\0';
    }
    return false;
}

static const char *root_fault(char *text, enum layer_root *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
        size_t length = take_component(text, roots[i].name);
        if (length == 0)
            continue;
        *ret = roots[i].root;
        if (text[length] == '\0')
            return NULL;
        char *rest = text + length + 1;
        if (roots[i].root == LAYER_ROOT_HIVES && !is_hive(rest))
            return "is not one of the five registry hives of a layer";
        if (roots[i].root == LAYER_ROOT_UTILITY_VM && take_component(rest, "Files") == 0)
            return "is in UtilityVM, but not in UtilityVM/Files";
        return NULL;
    }
    return "is not in Files, Hives or UtilityVM";
}

static const char *path_fault(const char *name, char *out, enum layer_root *ret_root)
{
    if (str_starts_with(name, "./"))
        name += 2;
    size_t length = strlen(name);
    if (length == 0)
        return "is empty";
    if (length > MAXIMUM_BYTES)
        return "is too long";
    if (is_separator(name[0]))
        return "is absolute";
    if (!utf8_is_valid(name, length))
        return "is not UTF-8";
    if (is_separator(name[length - 1]))
        length--;
    /* components_fault() reads one past 'length': the separator just cut off, or the NUL. */
    const char *fault = components_fault(name, length, out);
    return fault ? fault : root_fault(out, ret_root);
}

bool layer_path_parse(const char *name, struct layer_path *ret, struct error *err)
{
    struct layer_path path = {.text = xmalloc(strlen(name) + 1)};
    const char *fault = path_fault(name, path.text, &path.root);
    if (fault) {
        layer_path_clear(&path);
        return error_set(err, ERR_INTEGRITY, "the path %s", fault);
    }
    *ret = path;
    return true;
}

bool layer_path_parent(const struct layer_path *path, struct layer_path *ret)
{
    const char *last = strrchr(path->text, SEPARATOR);
    if (!last)
        return false;
    *ret = (struct layer_path){
        .text = xstrndup(path->text, (size_t)(last - path->text)),
        .root = path->root,
    };
    return true;
}

bool layer_path_child(const struct layer_path *directory, const char *name, struct layer_path *ret,
                      struct error *err)
{
    CLEANUP(str_free) char *text = str_format("%s\\%s", directory->text, name);
    return layer_path_parse(text, ret, err);
}

struct layer_path layer_path_metadata_file(const struct layer_path *directory)
{
    return (struct layer_path){
        .text = str_format("%s" METADATA_SUFFIX, directory->text),
        .root = directory->root,
    };
}

struct layer_path layer_path_copy(const struct layer_path *path)
{
    return (struct layer_path){.text = xstrdup(path->text), .root = path->root};
}

const char *layer_path_name(const struct layer_path *path)
{
    const char *last = strrchr(path->text, SEPARATOR);
    return last ? last + 1 : path->text;
}

bool layer_path_is_root(const struct layer_path *path)
{
    return !strchr(path->text, SEPARATOR);
}

void layer_path_clear(struct layer_path *path)
{
    str_free(&path->text);
    *path = (struct layer_path){0};
}

bool layer_stream_name_check(const char *name, struct error *err)
{
    size_t length = strlen(name);
    bool good = length > 0 && length <= (size_t)MAXIMUM_UNITS * 4 && utf8_is_valid(name, length)
        && count_utf16_units(name, length) <= MAXIMUM_UNITS;
    for (size_t i = 0; good && i < length; i++)
        good = !is_separator(name[i]) && name[i] != ':' && (unsigned char)name[i] >= 0x20;
    if (!good)
        return error_set(err, ERR_INTEGRITY, "'%s' cannot be the name of a data stream",
                         printable_name(name).text);
    return true;
}
