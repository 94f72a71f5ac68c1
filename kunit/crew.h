/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CPUs, and a crew of threads bound to them.
 */
#ifndef _OBJCACHE_KUNIT_CREW_H
#define _OBJCACHE_KUNIT_CREW_H

#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/sched.h>

#include "compat.h"

unsigned int t_nth_cpu(unsigned int nth);
void t_on_cpu(struct kunit *test, unsigned int nth);
void t_need_cpus(struct kunit *test, unsigned int nr);

unsigned int t_victim(void);
void t_need_hotplug(struct kunit *test);
void t_cpu_off(struct kunit *test, unsigned int cpu);
void t_cpu_on(struct kunit *test, unsigned int cpu);

struct t_crew;

struct t_thread {
	struct t_crew *crew;
	struct task_struct *task;
	unsigned int index;
	u32 who;
	struct completion done;
};

/**
 * struct t_crew - threads that start at once, one bound to each CPU in turn
 * @fn: what each of them does, until t_crew_stopping()
 * @data: for @fn
 * @stop: they are to come home
 * @go: the start
 * @polls: but then they look for @come
 * @come: for what starts them from an NMI, where completions are not to be had
 * @nr: how many they are
 * @threads: each of them
 */
struct t_crew {
	void (*fn)(struct t_thread *thread);
	void *data;
	bool stop;
	struct completion go;
	bool polls;
	bool come;
	unsigned int nr;
	struct t_thread threads[];
};

struct t_crew *t_crew_create(struct kunit *test, unsigned int nr,
			     void (*fn)(struct t_thread *thread), void *data);
void t_crew_start(struct t_crew *crew);
void t_crew_poll(struct t_crew *crew);
void t_crew_come(struct t_crew *crew);
void t_crew_stop(struct t_crew *crew);
bool t_crew_join(struct t_crew *crew);

/*
 * For a thread, which may be the only CPU's: without preemption, who is to stop it
 * would never come.
 */
static inline bool t_crew_stopping(struct t_crew *crew)
{
	if (num_online_cpus() == 1)
		cond_resched();
	return READ_ONCE(crew->stop);
}

#endif /* _OBJCACHE_KUNIT_CREW_H */
