/* SPDX-License-Identifier: MIT */
#include "hcs/process_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "base/text.h"

struct variable {
    char *name; /* as given */
    char *key;  /* the name in lower case */
    const char *value;
    size_t position;
    bool is_replaced; /* a later entry has the same name */
};

static bool variable_split(const char *entry, size_t position, struct variable *ret)
{
    const char *equals = strchr(entry, '=');
    if (!equals || equals == entry)
        return false;
    char *name = xstrndup(entry, (size_t)(equals - entry));
    char *key = xstrdup(name);
    for (char *at = key; *at; at++)
        *at = char_to_lower(*at);
    *ret = (struct variable){.name = name, .key = key, .value = equals + 1, .position = position};
    return true;
}

static int compare_by_key(const void *left, const void *right)
{
    const struct variable *a = left;
    const struct variable *b = right;
    int order = strcmp(a->key, b->key);
    if (order != 0)
        return order;
    return a->position < b->position ? -1 : 1;
}

static int compare_by_position(const void *left, const void *right)
{
    const struct variable *a = left;
    const struct variable *b = right;
    return a->position < b->position ? -1 : 1;
}

/* Sorted rather than searched: an image may bring any number of entries. */
static void mark_replaced(struct variable *variables, size_t count)
{
    if (count < 2)
        return;
    qsort(variables, count, sizeof(*variables), compare_by_key);
    for (size_t i = 0; i + 1 < count; i++)
        variables[i].is_replaced = str_equal(variables[i].key, variables[i + 1].key);
    qsort(variables, count, sizeof(*variables), compare_by_position);
}

static void put_environment(struct json_writer *w, const struct strlist *environment)
{
    CLEANUP(mem_free)
    struct variable *variables = xcalloc(environment->count + 1, sizeof(*variables));
    size_t count = 0;
    for (size_t i = 0; i < environment->count; i++)
        if (variable_split(environment->items[i], i, &variables[count]))
            count++;
    mark_replaced(variables, count);

    if (count > 0)
        JSON_OBJECT(w, "Environment") {
            for (size_t i = 0; i < count; i++)
                if (!variables[i].is_replaced)
                    json_string(w, variables[i].name, variables[i].value);
        }
    for (size_t i = 0; i < count; i++) {
        str_free(&variables[i].name);
        str_free(&variables[i].key);
    }
}

bool hcs_process_document_compose(const struct hcs_process_spec *spec, char **ret,
                                  struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);

    JSON_OBJECT(&w, NULL) {
        json_string(&w, "CommandLine", spec->command_line);
        json_opt_string(&w, "User", spec->user);
        json_opt_string(&w, "WorkingDirectory", spec->working_directory);
        if (spec->environment)
            put_environment(&w, spec->environment);
        json_opt_bool(&w, "EmulateConsole", spec->emulate_console);
        json_opt_bool(&w, "CreateStdInPipe", spec->create_stdin);
        json_opt_bool(&w, "CreateStdOutPipe", spec->create_stdout);
        json_opt_bool(&w, "CreateStdErrPipe", spec->create_stderr);
        if (spec->console_height > 0 && spec->console_width > 0)
            JSON_ARRAY(&w, "ConsoleSize") {
                json_uint(&w, NULL, spec->console_height);
                json_uint(&w, NULL, spec->console_width);
            }
    }
    return json_writer_finish(&w, ret, err) || error_wrap(err, "compose the process document");
}

char *hcs_process_document_console_size(uint16_t height, uint16_t width)
{
    return str_format(
        "{\"Operation\":\"ConsoleSize\",\"ConsoleSize\":{\"Height\":%u,\"Width\":%u}}", height,
        width);
}
