/* SPDX-License-Identifier: MIT */
/* replay SCRIPT        calls vmcompute.dll and computenetwork.dll as a script says, and prints what
 * came back as one JSON object a line.
 *
 * It knows no function by its prototype: a script line is a name and typed arguments, and every
 * argument of these DLLs is one or two machine words. So any call can be made, wrong ones too.
 * README.md beside this file describes the language; a script also runs on a real Windows. */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>

#include "events.h"
#include "values.h"

#define WORDS_MAX 10
#define FIELDS_MAX 24
#define SCRIPT_MAX (1u << 20)
#define EXIT_BAD_SCRIPT 2

typedef HRESULT(WINAPI *function)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                                  uintptr_t, uintptr_t, uintptr_t, uintptr_t);

struct line {
    unsigned number;
    unsigned count;
    char *fields[FIELDS_MAX]; /* the name first; variables are already in their places */
};

static void __attribute__((noreturn)) bad_script(const struct line *line, const char *why)
{
    fprintf(stderr, "replay: line %u: %s: %s\n", line->number, line->fields[0], why);
    exit(EXIT_BAD_SCRIPT);
}

/* ---- calls ---- */

static function find_function(const char *name)
{
    static const wchar_t *const dlls[] = {L"vmcompute.dll", L"computenetwork.dll"};
    for (size_t i = 0; i < sizeof(dlls) / sizeof(dlls[0]); i++) {
        HMODULE dll = LoadLibraryExW(dlls[i], NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
        function found = dll ? (function)(uintptr_t)GetProcAddress(dll, name) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static void call(const struct line *line)
{
    struct value values[FIELDS_MAX] = {0};
    uintptr_t words[WORDS_MAX] = {0};
    struct words to = {.at = words, .left = WORDS_MAX};
    function called = find_function(line->fields[0]);
    if (!called)
        bad_script(line, "neither DLL exports it");
    for (unsigned i = 1; i < line->count; i++)
        if (!value_parse(&values[i], line->fields[i], &values[i - 1], &to))
            bad_script(line, line->fields[i]);

    HRESULT hr = called(words[0], words[1], words[2], words[3], words[4], words[5], words[6],
                        words[7], words[8], words[9]);
    json_begin(line->number, line->fields[0]);
    json_code("hr", (DWORD)hr);
    for (unsigned i = 1; i < line->count; i++)
        value_finish(&values[i]);
    json_end();
}

/* ---- statements ---- */

/* @wait CALLBACK TYPE SECONDS: the next notification of that type; "hr" is null when none came. */
static void wait_event(const struct line *line)
{
    struct event event = {0};
    DWORD type = strtoul(line->fields[2], NULL, 16);
    bool came = event_take(line->fields[1], type, strtoul(line->fields[3], NULL, 10), &event);
    json_begin(line->number, line->fields[0]);
    json_code("type", type);
    if (came)
        event_print(&event);
    else
        json_null("hr");
    json_end();
}

/* @pick TEXT KEY NAME: the string behind "KEY" in a JSON document becomes a variable. */
static void pick(const struct line *line)
{
    char key[64];
    snprintf(key, sizeof(key), "\"%s\"", line->fields[2]);
    const char *at = strstr(variable_get(line->fields[1]), key);
    const char *first = at ? strchr(at + strlen(key), '"') : NULL;
    const char *end = first ? strchr(first + 1, '"') : NULL;
    if (!end)
        bad_script(line, "no such key");
    variable_set(line->fields[3], first + 1, (size_t)(end - first - 1));
}

/* @cut TEXT FIRST LAST NAME: what stands between two characters becomes a variable. */
static void cut(const struct line *line)
{
    const char *first = strchr(variable_get(line->fields[1]), *line->fields[2]);
    const char *end = first ? strchr(first + 1, *line->fields[3]) : NULL;
    if (!end)
        bad_script(line, "nothing between those");
    variable_set(line->fields[4], first + 1, (size_t)(end - first - 1));
}

/* @set NAME TEXT */
static void set(const struct line *line)
{
    variable_set(line->fields[1], line->fields[2], strlen(line->fields[2]));
}

/* @sleep MILLISECONDS */
static void pause_script(const struct line *line)
{
    Sleep(strtoul(line->fields[1], NULL, 10));
}

/* One overlapped read or write that may take until the deadline; its Windows error code, 0 when it
 * worked. */
static DWORD finish_io(HANDLE stream, OVERLAPPED *io, BOOL ok, ULONGLONG deadline, DWORD *ret_done)
{
    if (!ok && GetLastError() != ERROR_IO_PENDING)
        return GetLastError();
    ULONGLONG now = GetTickCount64();
    bool late =
        now >= deadline || WaitForSingleObject(io->hEvent, (DWORD)(deadline - now)) == WAIT_TIMEOUT;
    if (late)
        CancelIoEx(stream, io);
    ok = GetOverlappedResult(stream, io, ret_done, TRUE);
    return late ? WAIT_TIMEOUT : ok ? 0 : GetLastError();
}

/* @read STREAM SECONDS: everything up to the end, and the error code that was the end. */
static void read_stream(const struct line *line)
{
    enum { TEXT_MAX = 65536 };
    static char text[TEXT_MAX + 1];
    HANDLE stream = (HANDLE)variable_handle(line->fields[1]);
    ULONGLONG deadline = GetTickCount64() + strtoul(line->fields[2], NULL, 10) * 1000ull;
    HANDLE ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    DWORD total = 0;
    DWORD error = 0;
    while (error == 0 && total < TEXT_MAX) {
        OVERLAPPED io = {.hEvent = ready};
        DWORD done = 0;
        BOOL ok = ReadFile(stream, text + total, TEXT_MAX - total, NULL, &io);
        error = finish_io(stream, &io, ok, deadline, &done);
        total += done;
    }
    CloseHandle(ready);
    text[total] = 0;
    json_begin(line->number, line->fields[0]);
    json_number("error", error);
    json_text("text", text);
    json_end();
}

/* @write STREAM TEXT: with a line feed after it. */
static void write_stream(const struct line *line)
{
    enum { WRITE_MS = 10000 };
    char text[1024];
    HANDLE stream = (HANDLE)variable_handle(line->fields[1]);
    OVERLAPPED io = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD done = 0;
    int length = snprintf(text, sizeof(text), "%s\n", line->fields[2]);
    BOOL ok = WriteFile(stream, text, (DWORD)length, NULL, &io);
    DWORD error = finish_io(stream, &io, ok, GetTickCount64() + WRITE_MS, &done);
    json_begin(line->number, line->fields[0]);
    json_number("error", error);
    json_number("bytes", done);
    json_end();
    CloseHandle(io.hEvent);
}

static void print_file_result(const struct line *line, BOOL ok)
{
    json_begin(line->number, line->fields[0]);
    json_number("error", ok ? 0 : GetLastError());
    json_end();
}

/* @close STREAM */
static void close_stream(const struct line *line)
{
    print_file_result(line, CloseHandle((HANDLE)variable_handle(line->fields[1])));
}

/* @copy FROM TO and @move FROM TO: what clients do to files between calls. */
static void copy_file(const struct line *line)
{
    wchar_t *from = wide_from_utf8(line->fields[1]);
    wchar_t *to = wide_from_utf8(line->fields[2]);
    print_file_result(line, CopyFileW(from, to, TRUE));
    free(from);
    free(to);
}

static void move_file(const struct line *line)
{
    wchar_t *from = wide_from_utf8(line->fields[1]);
    wchar_t *to = wide_from_utf8(line->fields[2]);
    print_file_result(line, MoveFileW(from, to));
    free(from);
    free(to);
}

static const struct {
    const char *name;
    void (*run)(const struct line *line);
    unsigned arguments;
} statements[] = {
    {"@wait", wait_event, 3},
    {"@pick", pick, 3},
    {"@cut", cut, 4},
    {"@set", set, 2},
    {"@sleep", pause_script, 1},
    {"@read", read_stream, 2},
    {"@write", write_stream, 2},
    {"@close", close_stream, 1},
    {"@copy", copy_file, 2},
    {"@move", move_file, 2},
};

static void run_line(const struct line *line)
{
    if (*line->fields[0] != '@') {
        call(line);
        return;
    }
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        if (strcmp(statements[i].name, line->fields[0]) != 0)
            continue;
        if (line->count != statements[i].arguments + 1)
            bad_script(line, "wrong number of arguments");
        statements[i].run(line);
        return;
    }
    bad_script(line, "no such statement");
}

/* ---- script ---- */

static char *read_script(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(SCRIPT_MAX + 1, 1);
    if (!file || fread(text, 1, SCRIPT_MAX, file) == SCRIPT_MAX) {
        fprintf(stderr, "replay: cannot read %s\n", path);
        exit(EXIT_BAD_SCRIPT);
    }
    fclose(file);
    return text;
}

/* Fields are separated by tabs. */
static void split_line(char *text, struct line *line)
{
    while (text && line->count < FIELDS_MAX) {
        char *tab = strchr(text, '\t');
        if (tab)
            *tab = 0;
        line->fields[line->count++] = variable_substitute(text);
        text = tab ? tab + 1 : NULL;
    }
    if (text)
        bad_script(line, "too many fields");
}

static void run_script(char *text)
{
    for (unsigned number = 1; *text; number++) {
        char *end = strchr(text, '\n');
        if (end)
            *end = 0;
        if (*text && *text != '#') {
            struct line line = {.number = number};
            split_line(text, &line);
            run_line(&line);
            for (unsigned i = 0; i < line.count; i++)
                free(line.fields[i]);
        }
        if (!end)
            return;
        text = end + 1;
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: replay SCRIPT\n", stderr);
        return EXIT_BAD_SCRIPT;
    }
    _setmode(1, _O_BINARY);
    char *text = read_script(argv[1]);
    run_script(text);
    events_print_rest();
    free(text);
    return 0;
}
