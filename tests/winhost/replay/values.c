/* SPDX-License-Identifier: MIT */
#include "values.h"

#include <objbase.h>
#include <stdio.h>
#include <stdlib.h>

#include "events.h"

#define VARIABLES_MAX 128
#define EXIT_BAD_SCRIPT 2

/* ---- text ---- */

wchar_t *wide_from_utf8(const char *text)
{
    int size = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    wchar_t *wide = calloc((size_t)size + 1, sizeof(*wide));
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, size);
    return wide;
}

char *utf8_from_wide(const wchar_t *text)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *utf8 = calloc((size_t)size + 1, 1);
    WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, size, NULL, NULL);
    return utf8;
}

/* ---- variables ---- */

static SRWLOCK lock = SRWLOCK_INIT; /* callbacks ask for variables too */
static struct {
    char *name;
    char *text;
} variables[VARIABLES_MAX];

static const char *find(const char *name)
{
    const char *text = NULL;
    AcquireSRWLockShared(&lock);
    for (size_t i = 0; i < VARIABLES_MAX && variables[i].name; i++)
        if (strcmp(variables[i].name, name) == 0)
            text = variables[i].text;
    ReleaseSRWLockShared(&lock);
    return text;
}

/* An old text is not freed: somebody may hold it. */
void variable_set(const char *name, const char *text, size_t length)
{
    char *copy = calloc(length + 1, 1);
    memcpy(copy, text, length);
    AcquireSRWLockExclusive(&lock);
    size_t i = 0;
    while (i < VARIABLES_MAX - 1 && variables[i].name && strcmp(variables[i].name, name) != 0)
        i++;
    if (!variables[i].name)
        variables[i].name = _strdup(name);
    variables[i].text = copy;
    ReleaseSRWLockExclusive(&lock);
}

static void set_number(const char *name, uintptr_t number)
{
    char text[24];
    int length = snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    variable_set(name, text, (size_t)length);
}

bool variable_is_set(const char *name)
{
    return find(name) != NULL;
}

const char *variable_get(const char *name)
{
    const char *text = find(name);
    if (!text) {
        fprintf(stderr, "replay: no variable %s\n", name);
        exit(EXIT_BAD_SCRIPT);
    }
    return text;
}

uintptr_t variable_handle(const char *name)
{
    return strtoull(variable_get(name), NULL, 10);
}

char *variable_substitute(const char *text)
{
    size_t size = strlen(text) + 1;
    char *result = calloc(size, 1);
    size_t length = 0;
    while (*text) {
        const char *end = strncmp(text, "$(", 2) == 0 ? strchr(text, ')') : NULL;
        char name[64] = {0};
        const char *piece = text;
        size_t piece_length = 1;
        if (end && (size_t)(end - text) < sizeof(name)) {
            memcpy(name, text + 2, (size_t)(end - text) - 2);
            piece = variable_get(name);
            piece_length = strlen(piece);
            text = end;
        }
        size += piece_length;
        result = realloc(result, size);
        memcpy(result + length, piece, piece_length);
        length += piece_length;
        text++;
    }
    result[length] = 0;
    return result;
}

/* ---- arguments ---- */

static bool put(struct words *to, uintptr_t word)
{
    if (to->left == 0)
        return false;
    *to->at++ = word;
    to->left--;
    return true;
}

static bool put_pointer(struct words *to, const void *pointer)
{
    return put(to, (uintptr_t)pointer);
}

static bool parse_guid(const char *text, GUID *ret)
{
    wchar_t braced[40];
    _snwprintf(braced, 40, L"{%hs}", text);
    return SUCCEEDED(CLSIDFromString(braced, ret));
}

static bool in_null(struct value *value, char *text, struct words *to)
{
    (void)value;
    (void)text;
    return put(to, 0);
}

static bool in_text(struct value *value, char *text, struct words *to)
{
    value->text = wide_from_utf8(text);
    return put_pointer(to, value->text);
}

static bool in_number(struct value *value, char *text, struct words *to)
{
    (void)value;
    return put(to, strtoull(text, NULL, 0));
}

static bool in_handle(struct value *value, char *text, struct words *to)
{
    (void)value;
    return put(to, variable_handle(text));
}

static bool in_guid(struct value *value, char *text, struct words *to)
{
    return parse_guid(text, &value->guid) && put_pointer(to, &value->guid);
}

/* driver:FLAVOUR has no HomeDir, driver:FLAVOUR:HOMEDIR has one. */
static bool in_driver(struct value *value, char *text, struct words *to)
{
    char *colon = strchr(text, ':');
    value->text = colon ? wide_from_utf8(colon + 1) : NULL;
    value->driver =
        (struct driver_info){.flavour = (int)strtol(text, NULL, 10), .home_dir = value->text};
    return put_pointer(to, &value->driver);
}

/* callback:NAME, or callback:NAME:FUNCTION:VARIABLE for one that calls the function on that handle.
 */
static bool in_callback(struct value *value, char *text, struct words *to)
{
    (void)value;
    const char *name = strtok(text, ":");
    const char *called = strtok(NULL, ":");
    const char *variable = strtok(NULL, ":");
    return put_pointer(to, (const void *)(uintptr_t)event_notify)
        && put_pointer(to, event_context(name, called, variable));
}

/* layer:GUID:FLAGS:PATH; neighbours make one array, given as pointer and count. */
static bool in_layer(struct value *value, char *text, struct words *to)
{
    char *flags = strchr(text, ':');
    char *path = flags ? strchr(flags + 1, ':') : NULL;
    if (!path)
        return false;
    *flags++ = *path++ = 0;
    struct value *array = value->array ? value->array : value;
    if (!value->array) {
        if (!put_pointer(to, value->layers) || !put(to, 0))
            return false;
        value->array = value;
        value->layer_count = to->at - 1;
    }
    uintptr_t position = (*array->layer_count)++;
    if (position == LAYERS_MAX)
        return false;
    struct layer_descriptor *layer = &array->layers[position];
    value->text = wide_from_utf8(path);
    *layer = (struct layer_descriptor){.flags = strtoul(flags, NULL, 0), .path = value->text};
    return parse_guid(text, &layer->id);
}

/* ---- results ---- */

static bool out_word(struct value *value, struct words *to)
{
    return put_pointer(to, &value->word);
}

static void finish_number(struct value *value)
{
    json_number(value->name, value->word);
    set_number(value->name, value->word);
}

static void finish_handle(struct value *value)
{
    if (value->word) {
        set_number(value->name, value->word);
        json_text(value->name, "handle");
    } else {
        json_null(value->name);
    }
}

static void give_text(const char *name, const wchar_t *wide)
{
    char *text = utf8_from_wide(wide);
    json_text(name, text);
    variable_set(name, text, strlen(text));
    free(text);
}

static void finish_leaked_text(struct value *value)
{
    if (value->word)
        give_text(value->name, (const wchar_t *)value->word);
    else
        json_null(value->name);
}

static void finish_text(struct value *value)
{
    finish_leaked_text(value);
    CoTaskMemFree((void *)value->word);
}

static void finish_guid(struct value *value)
{
    wchar_t text[40] = {0};
    StringFromGUID2(&value->guid, text, 40);
    text[37] = 0; /* without the braces */
    give_text(value->name, _wcslwr(text + 1));
}

static void finish_buffer(struct value *value)
{
    char name[64];
    snprintf(name, sizeof(name), "%s.length", value->name);
    json_number(name, value->length);
    if (value->text)
        give_text(value->name, value->text);
}

static void finish_process(struct value *value)
{
    static const char *const parts[] = {"pid", "stdin", "stdout", "stderr"};
    const struct process_information *process = &value->process;
    uintptr_t words[] = {process->process_id, (uintptr_t)process->std_input,
                         (uintptr_t)process->std_output, (uintptr_t)process->std_error};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s.%s", value->name, parts[i]);
        if (words[i] == 0) {
            json_null(name);
            continue;
        }
        set_number(name, words[i]);
        json_text(name, i == 0 ? "number" : "handle");
    }
}

static bool out_number(struct value *value, char *text, struct words *to)
{
    value->name = text;
    value->finish = finish_number;
    return out_word(value, to);
}

static bool out_handle(struct value *value, char *text, struct words *to)
{
    value->name = text;
    value->finish = finish_handle;
    return out_word(value, to);
}

static bool out_text(struct value *value, char *text, struct words *to)
{
    value->name = text;
    value->finish = finish_text;
    return out_word(value, to);
}

/* Never freed: a mistake on purpose. */
static bool out_leaked_text(struct value *value, char *text, struct words *to)
{
    value->name = text;
    value->finish = finish_leaked_text;
    return out_word(value, to);
}

static bool out_guid(struct value *value, char *text, struct words *to)
{
    value->name = text;
    value->finish = finish_guid;
    return put_pointer(to, &value->guid);
}

/* out-buffer:NAME:LENGTH: a length in and out, and a buffer of that length; no buffer when it is 0.
 */
static bool out_buffer(struct value *value, char *text, struct words *to)
{
    char *colon = strchr(text, ':');
    if (!colon)
        return false;
    *colon = 0;
    value->name = text;
    value->finish = finish_buffer;
    value->length = strtoul(colon + 1, NULL, 10);
    value->text = value->length ? calloc(value->length + 1, sizeof(wchar_t)) : NULL;
    return put_pointer(to, &value->length) && put_pointer(to, value->text);
}

static bool out_process(struct value *value, char *text, struct words *to)
{
    value->name = text;
    value->finish = finish_process;
    return put_pointer(to, &value->process);
}

static const struct {
    const char *name;
    bool (*parse)(struct value *value, char *text, struct words *to);
} kinds[] = {
    {"null", in_null},          {"text", in_text},          {"number", in_number},
    {"handle", in_handle},      {"guid", in_guid},          {"driver", in_driver},
    {"layer", in_layer},        {"callback", in_callback},  {"out-number", out_number},
    {"out-handle", out_handle}, {"out-text", out_text},     {"leak-text", out_leaked_text},
    {"out-guid", out_guid},     {"out-buffer", out_buffer}, {"out-process", out_process},
};

bool value_parse(struct value *ret, char *field, struct value *before, struct words *to)
{
    size_t length = strcspn(field, ":");
    char *text = field[length] ? field + length + 1 : field + length;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strlen(kinds[i].name) != length || strncmp(kinds[i].name, field, length) != 0)
            continue;
        ret->array = kinds[i].parse == in_layer ? before->array : NULL;
        return kinds[i].parse(ret, text, to);
    }
    return false;
}

void value_finish(struct value *value)
{
    if (value->finish)
        value->finish(value);
    free(value->text);
    value->text = NULL;
}
