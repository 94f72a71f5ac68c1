// SPDX-License-Identifier: GPL-2.0
/* Gets that may wait; see getter.h. */

#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "getter.h"

#define WHO	7

static void t_getter_get(struct t_getter *getter)
{
	struct tcache *tc = getter->tc;
	void *obj;

	if (getter->bulk) {
		getter->got = t_get_bulk(tc, getter->gfp, getter->bulk, getter->objs, WHO);
		return;
	}
	obj = objcache_get_err(tc->cache, getter->gfp);
	if (IS_ERR(obj)) {
		getter->err = PTR_ERR(obj);
		return;
	}
	t_claim(tc, obj, WHO);
	getter->objs[getter->got++] = obj;
}

static int t_getter_main(void *p)
{
	struct t_getter *getter = p;
	unsigned int was = current->flags & getter->scope;

	allow_signal(SIGKILL);
	WRITE_ONCE(getter->entered, true);
	current->flags |= getter->scope;
	t_getter_get(getter);
	current->flags &= ~(getter->scope & ~was);
	flush_signals(current);
	complete_all(&getter->over);
	return 0;
}

/* Who waits for ever has to be found by then. */
static void t_getter_end(void *p)
{
	struct t_getter *getter = p;
	unsigned int i;

	t_getter_kill(getter);
	kthread_stop(getter->task);
	put_task_struct(getter->task);
	for (i = 0; getter->tc->cache && i < getter->got; i++)
		objcache_put(getter->tc->cache, getter->objs[i]);
}

struct t_getter *t_getter_start_as(struct kunit *test, const struct t_getter *like,
				   unsigned int nth)
{
	struct t_getter *getter = kunit_kzalloc(test, sizeof(*getter), GFP_KERNEL);
	struct task_struct *task;

	KUNIT_ASSERT_NOT_NULL(test, getter);
	*getter = *like;
	init_completion(&getter->over);
	task = kthread_create(t_getter_main, getter, "objcache_get%u", nth);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	getter->task = get_task_struct(task);
	kthread_bind(task, t_nth_cpu(nth));
	wake_up_process(task);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, t_getter_end, getter));
	return getter;
}

struct t_getter *t_getter_start(struct kunit *test, struct tcache *tc, gfp_t gfp,
				unsigned int nth)
{
	struct t_getter like = { .tc = tc, .gfp = gfp };

	return t_getter_start_as(test, &like, nth);
}

bool t_getter_is_back(struct t_getter *getter)
{
	return completion_done(&getter->over);
}

bool t_getter_waits(struct t_getter *getter)
{
	return t_wait_until(t_getter_is_back(getter) ||
			    (READ_ONCE(getter->entered) &&
			     READ_ONCE(getter->task->__state) & TASK_UNINTERRUPTIBLE)) &&
	       !t_getter_is_back(getter);
}

bool t_getter_comes(struct t_getter *getter)
{
	return wait_for_completion_timeout(&getter->over,
					   msecs_to_jiffies(T_PATIENCE_MS));
}

int t_getter_says(struct kunit *test, struct tcache *tc, gfp_t gfp)
{
	struct t_getter *getter = t_getter_start(test, tc, gfp, 1);

	return t_getter_comes(getter) ? getter->err : -ETIMEDOUT;
}

void t_getter_kill(struct t_getter *getter)
{
	send_sig(SIGKILL, getter->task, 1);
}

void t_getter_puts(struct t_getter *getter)
{
	while (getter->got)
		t_put(getter->tc, getter->objs[--getter->got], WHO);
}
