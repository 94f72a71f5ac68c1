/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objcache-badinput: what its files share. Sections are named for them.
 */
#ifndef OBJCACHE_CLIENT_BADINPUT_H
#define OBJCACHE_CLIENT_BADINPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"

/* The size of most objects here. */
#define SIZE		64

/* A budget of the device that is in nobody's way: 1 TiB, by the worst case. */
#define ENOUGH_MB	1048576U

/* badinput.c: one row of the report */
void row(int got, int want, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void row_number(uint64_t got, uint64_t want, const char *what);
int session(void);			/* without a cache */
int session_with_cache(unsigned int size, unsigned int flags);
int session_sharing(void);		/* the cache that was made last */
uint64_t in_use(int fd);
uint64_t held(int fd);
int get(int fd, uint32_t *handles, unsigned int count);
int put(int fd, uint32_t *handles, unsigned int count);
void budget(unsigned int mb);
unsigned int possible_cpus(void);
/* As config shows it; NULL: of the cache that was made last. */
bool has_flag(const char *name, const char *flag);
unsigned int log_count(const char *text);

/* badtables.c: one call per row */
void table_commands(void);
void table_create(void);
void table_open(void);
void table_batch(void);
void table_run(void);
void table_buffers(void);

/* bad*.c, a file each: rows that take several calls, or several threads */
void cases_handles(void);
void cases_sessions(void);
void cases_limits(void);
void cases_sizes(void);	/* in badlimits.c; first, before the log's rate limit */
void cases_secrets(void);
void cases_budget(void);
void cases_charge(void);
void cases_races(void);
void cases_runs(void);
void cases_compat(void);

#endif /* OBJCACHE_CLIENT_BADINPUT_H */
