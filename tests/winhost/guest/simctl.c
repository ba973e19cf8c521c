/* SPDX-License-Identifier: MIT */
/* simctl PID ctrlc|ctrlbreak|terminate [CODE]     acts on a process inside a container
 *
 * Control events go to the hidden console that simrun gave the program: this process leaves its own
 * console, joins that one and generates the event there. */
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

#define FAILED_STATUS 1

static int generate(DWORD pid, DWORD event)
{
    FreeConsole();
    if (!AttachConsole(pid))
        return FAILED_STATUS;
    SetConsoleCtrlHandler(NULL, TRUE); /* not for us */
    return GenerateConsoleCtrlEvent(event, 0) ? 0 : FAILED_STATUS;
}

static int terminate(DWORD pid, DWORD code)
{
    HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, pid);
    return process && TerminateProcess(process, code) ? 0 : FAILED_STATUS;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    if (argc < 3)
        return FAILED_STATUS;
    DWORD pid = (DWORD)wcstoul(argv[1], NULL, 10);
    if (wcscmp(argv[2], L"ctrlc") == 0)
        return generate(pid, CTRL_C_EVENT);
    if (wcscmp(argv[2], L"ctrlbreak") == 0)
        return generate(pid, CTRL_BREAK_EVENT);
    if (wcscmp(argv[2], L"terminate") == 0)
        return terminate(pid, argc > 3 ? (DWORD)wcstoul(argv[3], NULL, 0) : 1067);
    return FAILED_STATUS;
}
