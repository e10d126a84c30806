// Preloaded, it makes every fsync and fdatasync SLOWFSYNC_US microseconds slower: the flush of a cloud disk, on a machine
// whose own answers at once. Build: cc -O2 -shared -fPIC -o slowfsync.so slowfsync.c -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static int slowly(const char *name, int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int answer = real(file);
    const char *asked = getenv("SLOWFSYNC_US");
    long extra = asked ? atol(asked) : 0;
    struct timespec nap = {extra / 1000000, extra % 1000000 * 1000};
    if (extra > 0) nanosleep(&nap, NULL);
    return answer;
}

int fsync(int file) { return slowly("fsync", file); }

int fdatasync(int file) { return slowly("fdatasync", file); }
