/*
 * Functions with the names and parameters of kernel32's, on the system of the tests. Each writes down what it was given
 * and fills what it has to fill, to see that both get through.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static char seen[4096];
typedef unsigned char byte;
#define NOTE(...) snprintf(seen + strlen(seen), sizeof seen - strlen(seen), __VA_ARGS__)
#define H(x) (unsigned long long)(x)

const char *hotplex_seen(void) { return seen; }

static const char *text(const uint16_t *wide) {
    static char texts[8][256];
    static int next;
    char *narrow = texts[next++ % 8];
    int i = 0;
    for (; wide[i] && i < 255; i++) narrow[i] = wide[i] < 128 ? (char)wide[i] : '?';
    narrow[i] = 0;
    return narrow;
}

void *CreateJobObjectW(void *attributes, void *name) {
    NOTE("CreateJobObject %llx %llx;", H(attributes), H(name));
    return (void *)0x1122334455667788;
}

int SetInformationJobObject(void *job, int kind, byte *information, int length) {
    NOTE("SetInformation %llx %d %d %d;", H(job), kind, information[17], length);
    return 256; /* any value but 0 is true */
}

int QueryInformationJobObject(void *job, int kind, byte *information, int length, int *returned) {
    NOTE("QueryInformation %llx %d %d %llx;", H(job), kind, length, H(returned));
    information[40] = 7;
    return 1;
}

int AssignProcessToJobObject(void *job, void *process) { NOTE("Assign %llx %llx;", H(job), H(process)); return 1; }

int TerminateJobObject(void *job, unsigned code) { NOTE("TerminateJob %llx %u;", H(job), code); return 0; }

int CreatePipe(void **in, void **out, void *attributes, int bytes) {
    NOTE("CreatePipe %llx %d;", H(attributes), bytes);
    *in = (void *)0x1111111111;
    *out = (void *)0x2222222222;
    return 1;
}

int SetHandleInformation(void *handle, int mask, int flags) { NOTE("SetHandle %llx %d %d;", H(handle), mask, flags); return 1; }

int InitializeProcThreadAttributeList(void *list, int count, int flags, uint64_t *bytes) {
    NOTE("Initialize %llx %d %d %llu;", H(list), count, flags, H(*bytes));
    *bytes = 48;
    return 1;
}

int UpdateProcThreadAttribute(
        void *list, int flags, uint64_t attribute, uint64_t *value, uint64_t bytes, void *previous, void *returned) {
    NOTE("Update %d %d %llx %llx %llu %llx %llx;", list != 0, flags, H(attribute), H(*value), H(bytes), H(previous),
            H(returned));
    return 1;
}

void DeleteProcThreadAttributeList(void *list) { NOTE("Delete %d;", list != 0); }

int CreateProcessW(uint16_t *application, uint16_t *command, void *process, void *thread, int inherit, int flags,
        uint16_t *environment, uint16_t *dir, byte *startup, byte *information) {
    NOTE("CreateProcess %s|%s|%llx|%llx|%d|%x|%s|%s|%s|%d;", text(application), text(command), H(process), H(thread),
            inherit, flags, text(environment), text(environment + strlen(text(environment)) + 1), text(dir), startup[0]);
    information[16] = 9;
    return 1;
}

int ResumeThread(void *thread) { NOTE("Resume %llx;", H(thread)); return -1; }
int TerminateProcess(void *process, unsigned code) { NOTE("Terminate %llx %u;", H(process), code); return 1; }
int WaitForSingleObject(void *handle, unsigned millis) { NOTE("Wait %llx %x;", H(handle), millis); return 0; }
int GetExitCodeProcess(void *process, unsigned *code) { NOTE("ExitCode %llx;", H(process)); *code = 0xC0000005; return 1; }
int AttachConsole(int pid) { NOTE("Attach %d;", pid); return 1; }
int FreeConsole(void) { NOTE("Free;"); return 1; }
int GenerateConsoleCtrlEvent(int event, int group) { NOTE("Event %d %d;", event, group); return 1; }

int ReadFile(void *handle, byte *into, int length, int *count, void *overlapped) {
    NOTE("Read %llx %d %llx;", H(handle), length, H(overlapped));
    memcpy(into, "abc", 3);
    *count = 3;
    return 1;
}

int WriteFile(void *handle, byte *from, int length, int *count, void *overlapped) {
    NOTE("Write %llx %.*s %llx;", H(handle), length, from, H(overlapped));
    *count = length;
    return 1;
}

int CloseHandle(void *handle) { NOTE("Close %llx;", H(handle)); return 1; }
