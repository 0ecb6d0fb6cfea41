/* Does what an agent on Windows may do; the first argument says what. */
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

static WCHAR self[MAX_PATH];

static void print(const WCHAR *text) {
    char utf8[70000];
    WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, sizeof utf8, NULL, NULL);
    fputs(utf8, stdout);
}

static DWORD start(const WCHAR *what, DWORD flags) {
    WCHAR line[600];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION information;
    swprintf(line, 600, L"\"%ls\" %ls", self, what);
    if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &information)) return 0;
    CloseHandle(information.hThread);
    CloseHandle(information.hProcess);
    return information.dwProcessId;
}

int wmain(int count, WCHAR **arguments) {
    const WCHAR *what = count > 1 ? arguments[1] : L"";
    GetModuleFileNameW(NULL, self, MAX_PATH);
    setvbuf(stdout, NULL, _IONBF, 0);
    _wsetlocale(0, L"C");
    if (!wcscmp(what, L"arguments")) { /* by the C library's rules, then by those of the shell */
        int shell_count;
        WCHAR **shell = CommandLineToArgvW(GetCommandLineW(), &shell_count);
        for (int i = 2; i < count; i++) print(arguments[i]), puts("|");
        for (int i = 2; i < shell_count; i++) print(shell[i]), puts("|");
    } else if (!wcscmp(what, L"copy")) {
        char buffer[4096];
        DWORD n, written;
        while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), buffer, sizeof buffer, &n, NULL) && n > 0)
            WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), buffer, n, &written, NULL);
    } else if (!wcscmp(what, L"exit")) {
        fputs("last words\n", stderr);
        ExitProcess((UINT)wcstoul(arguments[2], NULL, 0));
    } else if (!wcscmp(what, L"surroundings")) {
        WCHAR dir[MAX_PATH], *block = GetEnvironmentStringsW();
        GetCurrentDirectoryW(MAX_PATH, dir);
        print(dir), puts("");
        for (; *block; block += wcslen(block) + 1) print(block), puts("");
    } else if (!wcscmp(what, L"sleep")) {
        Sleep(600000);
    } else if (!wcscmp(what, L"parent")) { /* of an orphan */
        start(L"sleep", DETACHED_PROCESS);
    } else if (!wcscmp(what, L"tree") || !wcscmp(what, L"leave")) {
        printf("%lu\n", start(L"sleep", 0));
        printf("%lu\n", start(L"sleep", DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP));
        printf("%lu\n", start(L"parent", DETACHED_PROCESS));
        puts(start(L"sleep", CREATE_BREAKAWAY_FROM_JOB) ? "broke away" : "stayed");
        if (!wcscmp(what, L"tree")) Sleep(600000);
        return 7;
    }
    return 0;
}
