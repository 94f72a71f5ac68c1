// SPDX-License-Identifier: GPL-2.0
/*
 * Ctrl-C ends what is being done and not the program, so that results are shown;
 * a second one ends that too.
 */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "cli.h"

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

bool pause_ms(unsigned int ms)
{
	struct timespec pause = { .tv_sec = ms / 1000,
				  .tv_nsec = ms % 1000 * 1000000L };

	while (!caught && nanosleep(&pause, &pause) && errno == EINTR)
		;
	return !caught;
}
