/* SPDX-License-Identifier: MIT */
#include "base/os_process.h"

#include "win32/windows_lean.h"

#include <string.h>

#include "base/alloc.h"
#include "base/command_line.h"
#include "base/os.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/path.h"
#include "win32/utf16.h"

#define TICK_MS 20
#define PIECE_SIZE 4096
#define KILLED_CODE 1
#define INHERITED_MAXIMUM 3

bool os_process_is_program(const char *path)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!path_to_wide(path, &wide, &ignored))
        return false;
    DWORD attributes = GetFileAttributesW(wide);
    return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

struct child {
    HANDLE process;
    HANDLE job;    /* ends with wrun, and takes along what the program started */
    HANDLE output; /* the reading end */
    bool ended;
};

static void child_close(struct child *child)
{
    if (child->process && !child->ended) {
        TerminateProcess(child->process, KILLED_CODE);
        WaitForSingleObject(child->process, INFINITE);
    }
    handle_close(&child->job);
    handle_close(&child->process);
    handle_close(&child->output);
}

/* ---- what the program inherits ---- */

/* The program's own ends; each may be inherited, but is by this program only. */
struct ends {
    HANDLE input;
    HANDLE output;
    HANDLE error; /* NULL when wrun has none */
};

static void ends_close(struct ends *ends)
{
    handle_close(&ends->input);
    handle_close(&ends->output);
    handle_close(&ends->error);
}

static bool make_inheritable(HANDLE handle, struct error *err)
{
    return SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)
        || error_win32(err, GetLastError(), "SetHandleInformation");
}

/* The pipe has room for all of the input, so that writing it does not wait for the program. */
static bool open_input(const struct os_process_spec *spec, HANDLE *ret, struct error *err)
{
    CLEANUP(handle_close) HANDLE reading = NULL;
    CLEANUP(handle_close) HANDLE writing = NULL;
    DWORD length = (DWORD)spec->input_length;
    DWORD written = 0;
    if (!CreatePipe(&reading, &writing, NULL, length + PIECE_SIZE))
        return error_win32(err, GetLastError(), "CreatePipe");
    if (length && !WriteFile(writing, spec->input, length, &written, NULL))
        return error_win32(err, GetLastError(), "write to a pipe");
    if (!make_inheritable(reading, err))
        return false;
    *ret = TAKE(reading);
    return true;
}

static bool open_output(HANDLE *ret_reading, HANDLE *ret_writing, struct error *err)
{
    CLEANUP(handle_close) HANDLE reading = NULL;
    CLEANUP(handle_close) HANDLE writing = NULL;
    if (!CreatePipe(&reading, &writing, NULL, 0))
        return error_win32(err, GetLastError(), "CreatePipe");
    if (!make_inheritable(writing, err))
        return false;
    *ret_reading = TAKE(reading);
    *ret_writing = TAKE(writing);
    return true;
}

static HANDLE copy_error_stream(void)
{
    HANDLE own = handle_or_null(GetStdHandle(STD_ERROR_HANDLE));
    HANDLE copy = NULL;
    HANDLE self = GetCurrentProcess();
    if (!own || !DuplicateHandle(self, own, self, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS))
        return NULL;
    return copy;
}

/* ---- start ---- */

static void attributes_free(LPPROC_THREAD_ATTRIBUTE_LIST *list)
{
    if (*list)
        DeleteProcThreadAttributeList(*list);
    mem_free(list);
}

/* Without a list, every inheritable handle of this process would be inherited. 'handles' must
 * outlive the list. */
static bool make_attributes(HANDLE *handles, size_t count, LPPROC_THREAD_ATTRIBUTE_LIST *ret,
                            struct error *err)
{
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    CLEANUP(mem_free) void *memory = xmalloc(size);
    if (!InitializeProcThreadAttributeList(memory, 1, 0, &size))
        return error_win32(err, GetLastError(), "InitializeProcThreadAttributeList");
    CLEANUP(attributes_free) LPPROC_THREAD_ATTRIBUTE_LIST list = TAKE(memory);
    if (!UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles,
                                   count * sizeof(*handles), NULL, NULL))
        return error_win32(err, GetLastError(), "UpdateProcThreadAttribute");
    *ret = TAKE(list);
    return true;
}

static bool compose_line(const struct os_process_spec *spec, wchar_t **ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist words = {0};
    strlist_add(&words, spec->program);
    strlist_add_all(&words, spec->arguments);
    CLEANUP(str_free) char *line = command_line_join(&words);
    return utf16_from_utf8(line, ret, err);
}

/* Suspended, so that it cannot start anything before it is in the job. */
static bool create(const struct os_process_spec *spec, const struct ends *ends,
                   PROCESS_INFORMATION *ret, struct error *err)
{
    HANDLE handles[INHERITED_MAXIMUM] = {ends->input, ends->output, ends->error};
    CLEANUP(attributes_free) LPPROC_THREAD_ATTRIBUTE_LIST attributes = NULL;
    CLEANUP(utf16_free) wchar_t *program = NULL;
    CLEANUP(utf16_free) wchar_t *line = NULL;
    if (!make_attributes(handles, ends->error ? 3 : 2, &attributes, err)
        || !utf16_from_utf8(spec->program, &program, err) || !compose_line(spec, &line, err))
        return false;
    STARTUPINFOEXW startup = {
        .StartupInfo = {.cb = sizeof(startup),
                        .dwFlags = STARTF_USESTDHANDLES,
                        .hStdInput = ends->input,
                        .hStdOutput = ends->output,
                        .hStdError = ends->error},
        .lpAttributeList = attributes,
    };
    return CreateProcessW(program, line, NULL, NULL, /* bInheritHandles= */ TRUE,
                          EXTENDED_STARTUPINFO_PRESENT | CREATE_SUSPENDED, NULL, NULL,
                          &startup.StartupInfo, ret)
        || error_win32(err, GetLastError(), "start '%s'", spec->program);
}

static bool make_job(HANDLE process, HANDLE *ret, struct error *err)
{
    CLEANUP(handle_close) HANDLE job = CreateJobObjectW(NULL, NULL);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {
        .BasicLimitInformation = {.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE}};
    if (!job
        || !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits))
        || !AssignProcessToJobObject(job, process))
        return error_win32(err, GetLastError(), "put a program into a job");
    *ret = TAKE(job);
    return true;
}

static bool start(const struct os_process_spec *spec, struct child *child, struct error *err)
{
    CLEANUP(ends_close) struct ends ends = {.error = copy_error_stream()};
    PROCESS_INFORMATION created = {0};
    if (!open_input(spec, &ends.input, err) || !open_output(&child->output, &ends.output, err)
        || !create(spec, &ends, &created, err))
        return false;
    CLEANUP(handle_close) HANDLE thread = created.hThread;
    child->process = created.hProcess;
    if (!make_job(child->process, &child->job, err))
        return false;
    return ResumeThread(thread) != (DWORD)-1 || error_win32(err, GetLastError(), "ResumeThread");
}

/* ---- its output and its end ---- */

/* False when there is nothing now; an end of the pipe is no more than that, for the program's end
 * is what counts. */
static bool read_piece(const struct child *child, struct buf *output, bool *ret_any,
                       struct error *err)
{
    unsigned char piece[PIECE_SIZE];
    DWORD available = 0;
    DWORD got = 0;
    *ret_any = PeekNamedPipe(child->output, NULL, 0, NULL, &available, NULL) && available
        && ReadFile(child->output, piece, sizeof(piece), &got, NULL) && got;
    return !*ret_any || buf_append(output, piece, got, err);
}

static bool collect(const struct os_process_spec *spec, struct child *child, struct buf *output,
                    struct error *err)
{
    uint64_t deadline = os_monotonic_ms() + spec->timeout_ms;
    for (bool any = true; any || !child->ended;) {
        if (!cancel_check(spec->cancel, err))
            return false;
        if (os_monotonic_ms() >= deadline)
            return error_set(err, ERR_BUSY, "it does not end within %u seconds",
                             spec->timeout_ms / 1000);
        DWORD wait_ms = any ? 0 : TICK_MS;
        child->ended =
            child->ended || WaitForSingleObject(child->process, wait_ms) == WAIT_OBJECT_0;
        if (!read_piece(child, output, &any, err))
            return false;
    }
    return true;
}

bool os_process_run(const struct os_process_spec *spec, struct buf *ret_output, uint32_t *ret_code,
                    struct error *err)
{
    CLEANUP(child_close) struct child child = {0};
    CLEANUP(buf_clear) struct buf output;
    buf_init(&output, spec->output_maximum);
    if (!start(spec, &child, err))
        return false;
    if (!collect(spec, &child, &output, err))
        return error_wrap(err, "'%s'", spec->program);
    DWORD code = 0;
    if (!GetExitCodeProcess(child.process, &code))
        return error_win32(err, GetLastError(), "GetExitCodeProcess");
    *ret_code = code;
    *ret_output = TAKE(output);
    return true;
}
