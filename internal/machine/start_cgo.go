//go:build linux && cgo

package machine

// These checks must run before Go's runtime starts. Without enough address space, the
// runtime dies of a "fatal error" and a page of its own state; or, where part of its
// reservations fail unnoticed (Go 1.26, scavengeIndex.sysInit), it writes to memory that
// it must not touch. The C library calls a constructor before the runtime.
// start_nocgo.go is for a program built without a C compiler.

/*
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

// What Go's runtime reserves (1.1 GiB), the program, and what a small run takes.
static const unsigned long long infinibench_floor = 1536ull << 20;
static const unsigned long long infinibench_data_floor = 256ull << 20; // reservations left out

// What the smallest run needs on two cores: Go's own, and one for each call into a library.
enum { infinibench_threads = 16 };

static int infinibench_limited(int resource, rlim_t *limit) {
	struct rlimit r;
	if (getrlimit(resource, &r) != 0 || r.rlim_cur == RLIM_INFINITY) return 0;
	*limit = r.rlim_cur;
	return 1;
}

static void infinibench_refuse(const char *text, unsigned long long a, unsigned long long b) {
	char line[300];
	int n = snprintf(line, sizeof line, text, a, b);
	if (write(2, line, n) < 0) {}
	_exit(1);
}

static pthread_barrier_t infinibench_barrier;

static void *infinibench_wait(void *unused) {
	pthread_barrier_wait(&infinibench_barrier);
	return unused;
}

// Starts as many threads at once as are needed, or exits with an error.
static void infinibench_try_threads(void) {
	pthread_t threads[infinibench_threads];
	pthread_barrier_init(&infinibench_barrier, NULL, infinibench_threads + 1);
	for (int i = 0; i < infinibench_threads; i++) {
		if (pthread_create(&threads[i], NULL, infinibench_wait, NULL) != 0)
			infinibench_refuse("bench: only %llu of the %llu threads that are needed can be started: raise the limit on processes (ulimit -u, or pids.max of a container)\n",
				i, infinibench_threads);
	}
	infinibench_wait(NULL);
	for (int i = 0; i < infinibench_threads; i++) pthread_join(threads[i], NULL);
}

__attribute__((constructor)) static void infinibench_start(void) {
	rlim_t limit;
	if (infinibench_limited(RLIMIT_AS, &limit) || infinibench_limited(RLIMIT_DATA, &limit)) {
#ifdef __GLIBC__
		// A dozen threads would each reserve a stack of 8 MiB or more, and a malloc
		// arena of 64 MiB.
		pthread_attr_t small;
		pthread_attr_init(&small);
		pthread_attr_setstacksize(&small, 1 << 20);
		pthread_setattr_default_np(&small);
		pthread_attr_destroy(&small);
		mallopt(M_ARENA_MAX, 1);
#endif
	}
	if (infinibench_limited(RLIMIT_AS, &limit) && limit < infinibench_floor)
		infinibench_refuse("bench: the address space is limited to %llu MiB (ulimit -v, or h_vmem of a batch system); %llu MiB are needed: raise the limit\n",
			(unsigned long long)limit >> 20, infinibench_floor >> 20);
	if (infinibench_limited(RLIMIT_DATA, &limit) && limit < infinibench_data_floor)
		infinibench_refuse("bench: data is limited to %llu MiB (ulimit -d); %llu MiB are needed: raise the limit\n",
			(unsigned long long)limit >> 20, infinibench_data_floor >> 20);
	infinibench_try_threads();
}
*/
import "C"
