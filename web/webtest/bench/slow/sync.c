/* Makes each sync of a program take a while longer, as on a slower disk. It is
   preloaded, and reaches what goes through libc, as SQLite does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static void wait_a_while(void) {
	const char *said = getenv("BENCH_SYNC_MICROSECONDS");
	long us = said ? atol(said) : 0;
	struct timespec t = {us / 1000000, us % 1000000 * 1000};
	if (us <= 0) return;
	prctl(PR_SET_TIMERSLACK, 1); /* or a sleep takes some 50 us more */
	nanosleep(&t, NULL);
}

int fsync(int fd) {
	int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	wait_a_while();
	return sync(fd);
}

int fdatasync(int fd) {
	int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	wait_a_while();
	return sync(fd);
}
