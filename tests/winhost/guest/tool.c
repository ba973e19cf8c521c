/* SPDX-License-Identifier: MIT */
/* tool: small Windows programs for the test image, one file under several names.
 *
 * Wine's own findstr, sort, more and timeout only pretend to work; these do what Windows' do as far
 * as tests and demos use them. As tool.exe the first argument names the program. */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <fcntl.h>
#include <io.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define CHUNK 65536
#define LINE_MAX_BYTES 65536
#define LINES_MAX 100000
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

typedef int (*program_main)(int argc, char **argv);

/* ---- streams ---- */

/* Copies standard input to standard output byte for byte. */
static int cat_main(int argc, char **argv)
{
    static char chunk[CHUNK];
    (void)argc;
    (void)argv;
    for (;;) {
        int length = _read(0, chunk, sizeof(chunk));
        if (length <= 0)
            return length < 0;
        for (int done = 0; done < length;) {
            int written = _write(1, chunk + done, (unsigned)(length - done));
            if (written <= 0)
                return 1;
            done += written;
        }
    }
}

/* spew BYTES: a pattern that a checker can make again: byte i is i * 7 + i / 251. */
static int spew_main(int argc, char **argv)
{
    static unsigned char chunk[CHUNK];
    uint64_t total = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    for (uint64_t at = 0; at < total;) {
        unsigned length = (unsigned)(total - at < CHUNK ? total - at : CHUNK);
        for (unsigned i = 0; i < length; i++)
            chunk[i] = (unsigned char)((at + i) * 7 + (at + i) / 251);
        if (_write(1, chunk, length) != (int)length)
            return 1;
        at += length;
    }
    return 0;
}

/* count: how many bytes came in, and their sum; nothing is kept. */
static int count_main(int argc, char **argv)
{
    static unsigned char chunk[CHUNK];
    uint64_t bytes = 0;
    uint64_t sum = 0;
    (void)argc;
    (void)argv;
    for (int length; (length = _read(0, chunk, sizeof(chunk))) > 0; bytes += (uint64_t)length)
        for (int i = 0; i < length; i++)
            sum += chunk[i];
    printf("%llu %llu\n", (unsigned long long)bytes, (unsigned long long)sum);
    return 0;
}

/* both OUT ERR: one text on standard output, the other on standard error. */
static int both_main(int argc, char **argv)
{
    fputs(argc > 1 ? argv[1] : "", stdout);
    fputs(argc > 2 ? argv[2] : "", stderr);
    return 0;
}

/* ---- filters ---- */

static char *read_line(FILE *in)
{
    static char line[LINE_MAX_BYTES];
    return fgets(line, sizeof(line), in);
}

static bool contains(const char *line, const char *text, bool ignore_case)
{
    size_t length = strlen(text);
    for (; *line; line++)
        if ((ignore_case ? _strnicmp(line, text, length) : strncmp(line, text, length)) == 0)
            return true;
    return length == 0;
}

/* findstr [/i] [/v] [/c:TEXT | TEXT] [FILE]: lines that hold the text; 1 when there is none. */
static int findstr_main(int argc, char **argv)
{
    bool ignore_case = false;
    bool invert = false;
    const char *text = NULL;
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (_stricmp(argv[i], "/i") == 0)
            ignore_case = true;
        else if (_stricmp(argv[i], "/v") == 0)
            invert = true;
        else if (_strnicmp(argv[i], "/c:", 3) == 0)
            text = argv[i] + 3;
        else if (!text)
            text = argv[i];
        else
            path = argv[i];
    }
    FILE *in = path ? fopen(path, "rb") : stdin;
    if (!text || !in)
        return 2;
    int status = 1;
    for (char *line; (line = read_line(in)) != NULL;) {
        if (contains(line, text, ignore_case) == invert)
            continue;
        fputs(line, stdout);
        status = 0;
    }
    return status;
}

static int compare_lines(const void *a, const void *b)
{
    return _stricmp(*(char *const *)a, *(char *const *)b);
}

static int sort_main(int argc, char **argv)
{
    static char *lines[LINES_MAX];
    size_t count = 0;
    (void)argc;
    (void)argv;
    for (char *line; count < LINES_MAX && (line = read_line(stdin)) != NULL;)
        lines[count++] = _strdup(line);
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    for (size_t i = 0; i < count; i++)
        fputs(lines[i], stdout);
    return 0;
}

/* ---- process ---- */

/* args ...: each argument in brackets, so that a test sees how the command line was split. */
static int args_main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("[%s]\n", argv[i]);
    return 0;
}

static int env_main(int argc, char **argv)
{
    for (char **e = _environ; *e; e++)
        if (argc < 2
            || (_strnicmp(*e, argv[1], strlen(argv[1])) == 0 && (*e)[strlen(argv[1])] == '='))
            puts(*e);
    return 0;
}

static int cwd_main(int argc, char **argv)
{
    static char path[MAX_PATH];
    (void)argc;
    (void)argv;
    puts(_getcwd(path, sizeof(path)));
    return 0;
}

/* exit CODE: all 32 bits, decimal or 0x; cmd's own exit stops at 0x7fffffff. */
static int exit_main(int argc, char **argv)
{
    ExitProcess(argc > 1 ? (UINT)strtoul(argv[1], NULL, 0) : 0);
}

/* sleep SECONDS, also "timeout /t SECONDS" */
static int sleep_main(int argc, char **argv)
{
    Sleep((DWORD)(strtod(argc > 1 ? argv[argc - 1] : "0", NULL) * 1000));
    return 0;
}

static volatile LONG control_events;

static BOOL WINAPI on_control(DWORD type)
{
    (void)type;
    InterlockedIncrement(&control_events);
    return TRUE;
}

/* ctrlwait: says "ready", waits for a control event, says so and exits with 3. */
static int ctrlwait_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    SetConsoleCtrlHandler(on_control, TRUE);
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < 600 && !control_events; i++)
        Sleep(100);
    puts(control_events ? "control event" : "nothing came");
    return control_events ? 3 : 4;
}

/* ---- files ---- */

static int report_win32(const char *what, const char *path)
{
    DWORD code = GetLastError();
    printf("%s %s: error %lu\n", what, path, (unsigned long)code);
    return (int)code;
}

/* write FILE TEXT */
static int write_main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    HANDLE file = CreateFileA(argv[1], GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD done = 0;
    if (file == INVALID_HANDLE_VALUE
        || !WriteFile(file, argv[2], (DWORD)strlen(argv[2]), &done, NULL))
        return report_win32("write", argv[1]);
    CloseHandle(file);
    return 0;
}

/* lock FILE: what a package manager does with its lock file: exclusive range lock, rename, delete.
 */
static int lock_main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    HANDLE file = CreateFileA(argv[1], GENERIC_READ | GENERIC_WRITE,
                              FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return report_win32("create", argv[1]);
    OVERLAPPED range = {0};
    if (!LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &range))
        return report_win32("lock", argv[1]);
    UnlockFileEx(file, 0, 1, 0, &range);
    CloseHandle(file);
    static char renamed[MAX_PATH];
    snprintf(renamed, sizeof(renamed), "%s.renamed", argv[1]);
    if (!MoveFileExA(argv[1], renamed, MOVEFILE_REPLACE_EXISTING))
        return report_win32("rename", argv[1]);
    if (!DeleteFileA(renamed))
        return report_win32("delete", renamed);
    puts("locked, renamed, deleted");
    return 0;
}

/* ---- network ---- */

/* tcpget HOST PORT: one HTTP request, the answer on standard output. */
static int tcpget_main(int argc, char **argv)
{
    WSADATA data;
    struct addrinfo *address = NULL;
    struct addrinfo wanted = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    if (argc < 3 || WSAStartup(MAKEWORD(2, 2), &data) != 0
        || getaddrinfo(argv[1], argv[2], &wanted, &address) != 0)
        return 2;
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, address->ai_addr, (int)address->ai_addrlen) != 0) {
        printf("connect: error %d\n", WSAGetLastError());
        return 1;
    }
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    send(s, request, (int)sizeof(request) - 1, 0);
    static char chunk[CHUNK];
    for (int length; (length = recv(s, chunk, sizeof(chunk), 0)) > 0;)
        fwrite(chunk, 1, (size_t)length, stdout);
    closesocket(s);
    return 0;
}

/* tcpserve PORT TEXT: says that it listens, then answers one connection with the text. */
static int tcpserve_main(int argc, char **argv)
{
    WSADATA data;
    if (argc < 3 || WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return 2;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((u_short)atoi(argv[1]))};
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0
        || listen(listener, 1) != 0) {
        printf("listen: error %d\n", WSAGetLastError());
        return 1;
    }
    puts("listening");
    fflush(stdout);
    SOCKET s = accept(listener, NULL, NULL);
    send(s, argv[2], (int)strlen(argv[2]), 0);
    shutdown(s, SD_SEND);
    static char rest[CHUNK];
    while (recv(s, rest, sizeof(rest), 0) > 0)
        continue;
    closesocket(s);
    return 0;
}

/* ---- a credential helper ---- */

static char *kept_path(void)
{
    static char path[MAX_PATH];
    GetModuleFileNameA(NULL, path, sizeof(path) - 8);
    return strcat(path, ".kept");
}

/* docker-credential-tool store|get|erase, with the protocol of such helpers: the one login it knows
 * is in a file beside it, as it came. */
static int credential_main(int argc, char **argv)
{
    static char input[CHUNK];
    static char kept[CHUNK];
    size_t length = fread(input, 1, sizeof(input) - 1, stdin);
    input[strcspn(input, "\r\n")] = '\0';
    const char *action = argc > 1 ? argv[1] : "";
    FILE *file = fopen(kept_path(), strcmp(action, "store") == 0 ? "wb" : "rb");
    if (file && strcmp(action, "store") == 0)
        return fwrite(input, 1, length, file) != length || fclose(file) != 0;
    if (!file || fread(kept, 1, sizeof(kept) - 1, file) == 0 || !strstr(kept, input)) {
        puts("credentials not found in native keychain");
        return 1;
    }
    fclose(file);
    if (strcmp(action, "erase") == 0)
        return remove(kept_path());
    fputs(kept, stdout);
    return 0;
}

/* ---- which one ---- */

static const struct {
    const char *name;
    program_main main;
} programs[] = {
    {"cat", cat_main},
    {"spew", spew_main},
    {"count", count_main},
    {"both", both_main},
    {"findstr", findstr_main},
    {"sort", sort_main},
    {"more", cat_main},
    {"args", args_main},
    {"env", env_main},
    {"cwd", cwd_main},
    {"exit", exit_main},
    {"sleep", sleep_main},
    {"timeout", sleep_main},
    {"ctrlwait", ctrlwait_main},
    {"write", write_main},
    {"lock", lock_main},
    {"tcpget", tcpget_main},
    {"tcpserve", tcpserve_main},
    {"docker-credential-tool", credential_main},
};

static program_main find_program(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
        if (strlen(programs[i].name) == length && _strnicmp(programs[i].name, name, length) == 0)
            return programs[i].main;
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *base = path;
    for (const char *c = path; *c; c++)
        if (*c == '\\' || *c == '/')
            base = c + 1;
    return base;
}

int main(int argc, char **argv)
{
    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    _setmode(2, _O_BINARY);
    const char *name = base_name(argv[0]);
    program_main own = find_program(name, strcspn(name, "."));
    if (own)
        return own(argc, argv);
    program_main chosen = argc > 1 ? find_program(argv[1], strlen(argv[1])) : NULL;
    if (chosen)
        return chosen(argc - 1, argv + 1);
    fputs("usage: tool PROGRAM [ARGUMENTS]\n", stderr);
    return 2;
}
