// SPDX-License-Identifier: GPL-2.0
/*
 * Ctrl-C ends what is being done and not the program, so that results are shown;
 * a second one ends that too.
 */
#include <signal.h>
#include <time.h>

#include "cli.h"

#define SLICE_MS	100

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

/* No SA_RESTART: it has to end the call that is waited in. */
void interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_RESETHAND };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool interrupted(void)
{
	return caught;
}

int interrupt_code(void)
{
	return caught ? CODE_SIGNAL + caught : CODE_FINE;
}

/* In slices: a signal may come just before the kernel sleeps. */
bool pause_ms(unsigned int ms)
{
	struct timespec slice = {};
	unsigned int part;

	for (; ms && !caught; ms -= part) {
		part = ms < SLICE_MS ? ms : SLICE_MS;
		slice.tv_nsec = part * 1000000L;
		nanosleep(&slice, NULL);
	}
	return !caught;
}
