/*
 * Calls functions of kernel32 for a test that runs outside of Windows. Reads requests, one a line: a number, a name,
 * arguments; blocks of bytes are in hexadecimal digits. Answers in any order, since calls may block: the number, the
 * result, the error, and what was filled. Ends with its input.
 */
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static HANDLE in, out;
static CRITICAL_SECTION answers;

/* Zeroed behind its end, so that texts may lack it. */
static unsigned char *block(char *hex, int *length) {
    int n = hex && hex[0] != '-' ? (int)strlen(hex) / 2 : 0;
    unsigned char *bytes = calloc(1, n + 4);
    for (int i = 0; i < n; i++) {
        unsigned v;
        sscanf(hex + 2 * i, "%2x", &v);
        bytes[i] = (unsigned char)v;
    }
    if (length) *length = n;
    return bytes;
}

static char *digits(const unsigned char *bytes, int n) {
    char *hex = malloc(2 * n + 2);
    hex[0] = '-';
    hex[1] = 0;
    for (int i = 0; i < n; i++) sprintf(hex + 2 * i, "%02x", bytes[i]);
    return hex;
}

#define MAX_ARGUMENTS 10

static DWORD WINAPI serve(LPVOID given) {
    char *line = given, *v[MAX_ARGUMENTS] = {0}, *next = line, *name, *filled = NULL;
    int count = 0, length = 0;
    long long id, result = 0;
    DWORD error;
    while (count < MAX_ARGUMENTS && next) {
        v[count++] = next;
        next = strchr(next, ' ');
        if (next) *next++ = 0;
    }
    id = atoll(v[0]);
    name = v[1];
#define N(i) (v[(i) + 2] ? strtoull(v[(i) + 2], NULL, 10) : 0ULL)
#define H(i) ((HANDLE)(ULONG_PTR)N(i))
#define IS(n) else if (!strcmp(name, n))
    SetLastError(0);
    if (!strcmp(name, "allocate")) result = (LONG_PTR)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, N(0));
    IS("write") *(ULONGLONG *)(ULONG_PTR)N(0) = N(1);
    IS("free") result = HeapFree(GetProcessHeap(), 0, (void *)(ULONG_PTR)N(0));
    IS("createJob") result = (LONG_PTR)CreateJobObjectW(NULL, NULL);
    IS("setInformation") {
        unsigned char *b = block(v[4], &length);
        result = SetInformationJobObject(H(0), (JOBOBJECTINFOCLASS)N(1), b, length);
        free(b);
    }
    IS("queryInformation") {
        unsigned char *b = calloc(1, N(2) + 1);
        result = QueryInformationJobObject(H(0), (JOBOBJECTINFOCLASS)N(1), b, (DWORD)N(2), NULL);
        filled = digits(b, (int)N(2));
        free(b);
    }
    IS("assign") result = AssignProcessToJobObject(H(0), H(1));
    IS("terminateJob") result = TerminateJobObject(H(0), (UINT)N(1));
    IS("createPipe") {
        HANDLE r = 0, w = 0;
        result = CreatePipe(&r, &w, NULL, (DWORD)N(0));
        filled = malloc(64);
        sprintf(filled, "%llu %llu", (unsigned long long)(ULONG_PTR)r, (unsigned long long)(ULONG_PTR)w);
    }
    IS("setHandle") result = SetHandleInformation(H(0), (DWORD)N(1), (DWORD)N(2));
    IS("initializeList") {
        SIZE_T size = N(2);
        result = InitializeProcThreadAttributeList((void *)(ULONG_PTR)N(0), (DWORD)N(1), 0, &size);
        filled = malloc(32);
        sprintf(filled, "%llu", (unsigned long long)size);
    }
    IS("updateList")
        result = UpdateProcThreadAttribute(
                (void *)(ULONG_PTR)N(0), 0, N(1), (void *)(ULONG_PTR)N(2), N(3), NULL, NULL);
    IS("deleteList") DeleteProcThreadAttributeList((void *)(ULONG_PTR)N(0));
    IS("createProcess") {
        unsigned char *program = block(v[2], NULL), *command = block(v[3], NULL), *environment = block(v[6], NULL);
        unsigned char *dir = block(v[7], NULL), *startup = block(v[8], NULL), information[24] = {0};
        result = CreateProcessW((WCHAR *)program, (WCHAR *)command, NULL, NULL, (BOOL)N(2), (DWORD)N(3), environment,
                (WCHAR *)dir, (STARTUPINFOW *)startup, (PROCESS_INFORMATION *)information);
        error = GetLastError();
        filled = digits(information, sizeof information);
        free(program), free(command), free(environment), free(dir), free(startup);
        SetLastError(error);
    }
    IS("resume") result = ResumeThread(H(0)) != (DWORD)-1;
    IS("terminateProcess") result = TerminateProcess(H(0), (UINT)N(1));
    IS("wait") result = WaitForSingleObject(H(0), INFINITE) == WAIT_OBJECT_0;
    IS("exitCode") {
        DWORD code = 0;
        result = GetExitCodeProcess(H(0), &code);
        filled = malloc(32);
        sprintf(filled, "%d", (int)code);
    }
    IS("attachConsole") result = AttachConsole((DWORD)N(0));
    IS("freeConsole") result = FreeConsole();
    IS("consoleEvent") result = GenerateConsoleCtrlEvent((DWORD)N(0), (DWORD)N(1));
    IS("readFile") {
        unsigned char *b = malloc(N(1) + 1);
        DWORD n = 0;
        result = ReadFile(H(0), b, (DWORD)N(1), &n, NULL);
        error = GetLastError();
        filled = digits(b, (int)n);
        free(b);
        SetLastError(error);
    }
    IS("writeFile") {
        unsigned char *b = block(v[3], &length);
        DWORD n = 0;
        result = WriteFile(H(0), b, (DWORD)length, &n, NULL);
        error = GetLastError();
        filled = malloc(32);
        sprintf(filled, "%u", (unsigned)n);
        free(b);
        SetLastError(error);
    }
    IS("close") result = CloseHandle(H(0));
    IS("lives") { /* not of the launcher: whether a process runs */
        HANDLE p = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)N(0));
        result = p && WaitForSingleObject(p, 0) == WAIT_TIMEOUT;
        if (p) CloseHandle(p);
    }
    IS("handles") { /* not of the launcher: how many this process has */
        DWORD n = 0;
        GetProcessHandleCount(GetCurrentProcess(), &n);
        result = n;
    }
    else result = -1;
    error = GetLastError();
    char head[96];
    DWORD written;
    int n = sprintf(head, "%lld %lld %lu ", id, result, (unsigned long)error);
    EnterCriticalSection(&answers);
    WriteFile(out, head, n, &written, NULL);
    if (filled) WriteFile(out, filled, (DWORD)strlen(filled), &written, NULL);
    WriteFile(out, "\n", 1, &written, NULL);
    LeaveCriticalSection(&answers);
    free(filled);
    free(line);
    return 0;
}

int main(void) {
    size_t room = 1 << 20, used = 0;
    char *buffer = malloc(room);
    DWORD count;
    in = GetStdHandle(STD_INPUT_HANDLE);
    out = GetStdHandle(STD_OUTPUT_HANDLE);
    InitializeCriticalSection(&answers);
    while (ReadFile(in, buffer + used, (DWORD)(room - used), &count, NULL) && count > 0) {
        char *start = buffer, *end;
        used += count;
        while ((end = memchr(start, '\n', used - (start - buffer))) != NULL) {
            *end = 0;
            CloseHandle(CreateThread(NULL, 0, serve, strdup(start), 0, NULL));
            start = end + 1;
        }
        used -= start - buffer;
        memmove(buffer, start, used);
        if (used == room) buffer = realloc(buffer, room *= 2);
    }
    return 0;
}
