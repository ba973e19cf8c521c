/* SPDX-License-Identifier: MIT */
/* simrun SPEC STATUS        starts one process of a container and reports what becomes of it
 * simrun --console SPEC STATUS  the same for a program of the host, on the console of the caller
 * simrun --hold STATUS      keeps the container's Wine server alive; writes "R\n" once it is up
 *
 * A Unix exit status keeps 8 bits of a Windows exit code, a Unix argument vector cannot carry a
 * Windows command line unchanged, and a failing start must be told apart from a failing program; so
 * the daemon does not start the program itself but this one.
 *
 * SPEC (UTF-16LE, path of the host): command line NUL working directory NUL environment block NUL
 * NUL. STATUS (FIFO, path of the host): "S pid\n" started, "E error\n" not started (Win32 code), "X
 * code\n". */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "unix_path.h"

#define SPEC_MAX_BYTES (1u << 20)
#define ERROR_STATUS 250

struct spec {
    wchar_t *command_line;
    wchar_t *directory;
    wchar_t *environment;
};

static void report(HANDLE status, char letter, DWORD value)
{
    char line[32];
    DWORD done = 0;
    int length = snprintf(line, sizeof(line), "%c %lu\n", letter, (unsigned long)value);
    WriteFile(status, line, (DWORD)length, &done, NULL);
}

static wchar_t *read_spec(const wchar_t *path)
{
    HANDLE file = unix_path_open(path, GENERIC_READ);
    char *text = calloc(1, SPEC_MAX_BYTES + 4 * sizeof(wchar_t));
    DWORD length = 0;
    BOOL ok = file && text && ReadFile(file, text, SPEC_MAX_BYTES, &length, NULL);
    if (file)
        CloseHandle(file);
    return ok && length > 0 ? (wchar_t *)(void *)text : NULL;
}

static struct spec split_spec(wchar_t *text)
{
    struct spec spec = {.command_line = text};
    spec.directory = spec.command_line + wcslen(spec.command_line) + 1;
    spec.environment = spec.directory + wcslen(spec.directory) + 1;
    return spec;
}

/* Wine knows one error for a program that is not there, Windows tells when its folder is not. */
static DWORD refine(DWORD error, const wchar_t *command_line)
{
    wchar_t path[MAX_PATH] = {0};
    bool quoted = *command_line == L'"';
    const wchar_t *first = command_line + quoted;
    size_t length = wcscspn(first, quoted ? L"\"" : L" \t");
    if (error != ERROR_FILE_NOT_FOUND || length >= MAX_PATH)
        return error;
    wmemcpy(path, first, length);
    wchar_t *last = wcsrchr(path, L'\\');
    if (!last)
        return error;
    *last = 0;
    return GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES ? ERROR_PATH_NOT_FOUND : error;
}

static void inherit(HANDLE handle)
{
    if (handle)
        SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
}

/* CREATE_NO_WINDOW gives the program a hidden console of its own, so that control events reach it.
 */
static DWORD start(struct spec *spec, DWORD console, STARTUPINFOW *startup,
                   PROCESS_INFORMATION *process)
{
    inherit(startup->hStdInput);
    inherit(startup->hStdOutput);
    inherit(startup->hStdError);
    BOOL ok = CreateProcessW(NULL, spec->command_line, NULL, NULL, TRUE,
                             CREATE_UNICODE_ENVIRONMENT | console,
                             *spec->environment ? spec->environment : NULL,
                             *spec->directory ? spec->directory : NULL, startup, process);
    return ok ? 0 : refine(GetLastError(), spec->command_line);
}

/* From now on only the program holds the streams: the reader sees the end when it ends. */
static void drop_streams(const STARTUPINFOW *startup)
{
    CloseHandle(startup->hStdInput);
    CloseHandle(startup->hStdOutput);
    if (startup->hStdError != startup->hStdOutput)
        CloseHandle(startup->hStdError);
}

static int run(const wchar_t *spec_path, DWORD console, HANDLE status)
{
    wchar_t *text = read_spec(spec_path);
    if (!text) {
        report(status, 'E', GetLastError());
        return ERROR_STATUS;
    }
    struct spec spec = split_spec(text);
    STARTUPINFOW startup = {.cb = sizeof(startup),
                            .dwFlags = STARTF_USESTDHANDLES,
                            .hStdInput = GetStdHandle(STD_INPUT_HANDLE),
                            .hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE),
                            .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
    PROCESS_INFORMATION process = {0};
    DWORD error = start(&spec, console, &startup, &process);
    if (error != 0) {
        report(status, 'E', error);
        return ERROR_STATUS;
    }
    report(status, 'S', process.dwProcessId);
    drop_streams(&startup);

    DWORD code = 0;
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    report(status, 'X', code);
    return 0;
}

static int hold(const wchar_t *status_path)
{
    HANDLE status = unix_path_open(status_path, GENERIC_WRITE);
    DWORD done = 0;
    if (!status || !WriteFile(status, "R\n", 2, &done, NULL))
        return ERROR_STATUS;
    CloseHandle(status);
    Sleep(INFINITE);
    return 0;
}

/* Ctrl-C is the program's affair; it is not inherited, unlike ignoring it altogether would be. */
static BOOL WINAPI leave_to_program(DWORD event)
{
    (void)event;
    return TRUE;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    if (argc == 4 && wcscmp(argv[1], L"--console") == 0) {
        HANDLE report_to = unix_path_open(argv[3], GENERIC_WRITE);
        SetConsoleCtrlHandler(leave_to_program, TRUE);
        return report_to ? run(argv[2], 0, report_to) : ERROR_STATUS;
    }
    if (argc != 3)
        return ERROR_STATUS;
    if (wcscmp(argv[1], L"--hold") == 0)
        return hold(argv[2]);
    HANDLE status = unix_path_open(argv[2], GENERIC_WRITE);
    return status ? run(argv[1], CREATE_NO_WINDOW, status) : ERROR_STATUS;
}
