// SPDX-License-Identifier: GPL-2.0
/*
 * S18, where waits and puts meet: what comes just before a wait, or while the owner of a
 * private part is interrupted, who is served while nobody deals, and who is first after a
 * making that failed
 */

#include "contexts.h"
#include "entry.h"
#include "getter.h"
#include "inside.h"

static struct tcache *create(struct kunit *test, unsigned int max, unsigned int batch)
{
	struct objcache_params params = {
		.batch = batch, .capacity = 64, .max_objects = max,
	};

	t_on_cpu(test, 0);
	return t_create(test, &params);
}

static bool so_many_wait(struct tcache *tc, unsigned int nr)
{
	return t_wait_until(READ_ONCE(to_core(tc->cache)->waiting) == nr);
}

#define in_time(cond)							\
({									\
	u64 _end = ktime_get_mono_fast_ns() + 20ULL * NSEC_PER_SEC;	\
									\
	while (!(cond) && ktime_get_mono_fast_ns() < _end)		\
		cpu_relax();						\
})

/* ---- what comes before the wait ---- */

struct giver {
	struct tcache *tc;
	struct tobj *obj;
	struct completion owns;
};

static void put_beside_owner(struct pt_regs *regs, void *data)
{
	struct giver *giver = data;

	t_put_nested(giver->tc, &giver->obj, 1);
}

/* It has looked and found nothing, and does not yet wait; nor has anything private. */
static void s18_what_comes_before_the_wait_ends_it(struct kunit *test)
{
	struct giver giver = { .tc = create(test, 1, 2) };
	struct t_getter *getter;

	t_need_entries(test);
	t_get_all(giver.tc, &giver.obj, 1);
	t_at_entry(test, "objcache_wait", put_beside_owner, &giver);
	getter = t_getter_start(test, giver.tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	KUNIT_EXPECT_EQ(test, getter->got, 1);
	t_getter_puts(getter);
	t_finish(giver.tc);
}

/* ---- a CPU that dies, or comes ---- */

static void put_there(struct pt_regs *regs, void *data)
{
	struct giver *giver = data;

	t_put(giver->tc, giver->obj, 1);
}

/* After its last irq_work has run: what it queues from here on stays there. */
static void s18_what_a_dying_cpu_puts_ends_a_wait(struct kunit *test)
{
	struct giver giver = { .tc = create(test, 1, 2) };
	struct t_getter *getter;
	unsigned int cpu = t_victim();

	t_need_entries(test);
	t_need_hotplug(test);
	t_get_all(giver.tc, &giver.obj, 1);
	getter = t_getter_start(test, giver.tc, GFP_KERNEL, 0);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	t_at_entry(test, "rcutree_dying_cpu", put_there, &giver);
	t_cpu_off(test, cpu);
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	t_getter_puts(getter);
	t_cpu_on(test, cpu);
	t_finish(giver.tc);
}

/* Before it is online, and with interrupts still off: it runs what it queues later. */
static void s18_what_a_coming_cpu_puts_ends_a_wait(struct kunit *test)
{
	struct giver giver = { .tc = create(test, 1, 2) };
	struct t_getter *getter;
	unsigned int cpu = t_victim();

	t_need_entries(test);
	t_need_hotplug(test);
	t_get_all(giver.tc, &giver.obj, 1);
	t_cpu_off(test, cpu);
	getter = t_getter_start(test, giver.tc, GFP_KERNEL, 0);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	t_at_entry(test, "notify_cpu_starting", put_there, &giver);
	t_cpu_on(test, cpu);
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	t_getter_puts(getter);
	t_finish(giver.tc);
}

/* The CPU comes no further until somebody waits, or has found what was put. */
static void put_there_and_stay(struct pt_regs *regs, void *data)
{
	struct t_crew *crew = data;
	struct giver *giver = crew->data;

	t_put(giver->tc, giver->obj, 1);
	t_crew_come(crew);
	in_time(READ_ONCE(to_core(giver->tc->cache)->waiting) ||
		READ_ONCE(crew->threads[0].done.done));
}

static void get_given(struct t_thread *thread)
{
	struct giver *giver = thread->crew->data;

	t_put(giver->tc, t_get(giver->tc, GFP_KERNEL, thread->who), thread->who);
}

/* Nobody interrupts it for what it has: so it keeps nothing. */
static void s18_what_a_coming_cpu_has_put_is_found(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 2, .capacity = 64, .max_objects = 1, .flags = OBJCACHE_NO_AGING,
	};
	struct giver giver = { .tc = t_create(test, &params) };
	unsigned int cpu = t_victim();
	struct t_crew *crew;

	t_need_cpus(test, 3);
	t_need_entries(test);
	t_need_hotplug(test);
	crew = t_crew_create(test, 1, get_given, &giver);
	t_crew_poll(crew);
	t_on_cpu(test, 1);
	t_get_all(giver.tc, &giver.obj, 1);
	t_cpu_off(test, cpu);
	t_at_entry(test, "notify_cpu_starting", put_there_and_stay, crew);
	t_cpu_on(test, cpu);
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	t_finish(giver.tc);
}

/* ---- an owner that is interrupted ---- */

/* As on the hit path, past the look at the limit: interrupted there, it goes on. */
static void put_as_owner(struct t_thread *thread)
{
	struct giver *giver = thread->crew->data;
	struct objcache_cpu *c;

	t_hold_token(giver->tc);
	c = raw_cpu_ptr(to_core(giver->tc->cache)->cpu);
	complete(&giver->owns);
	while (!READ_ONCE(c->missed) && !t_crew_stopping(thread->crew))
		cpu_relax();
	*c->own.top = giver->obj;
	WRITE_ONCE(c->own.top, c->own.top + 1);
	c->own.puts++;
	t_drop_token(giver->tc);
}

static void s18_who_interrupts_an_owner_comes_again(struct kunit *test)
{
	struct giver giver = { .tc = create(test, 2, 2) };
	struct t_getter *getter;
	struct t_crew *crew;
	struct tobj *objs[2];

	t_need_cpus(test, 2);
	/* A magazine is loaded where that owner will be: where the first of a crew is. */
	init_completion(&giver.owns);
	t_get_all(giver.tc, objs, 2);
	t_put(giver.tc, objs[0], 1);
	t_get_all(giver.tc, objs, 1);
	giver.obj = objs[0];
	t_release(giver.tc, giver.obj, 1);
	crew = t_crew_create(test, 1, put_as_owner, &giver);
	t_on_cpu(test, 1);
	t_crew_start(crew);
	wait_for_completion(&giver.owns);
	getter = t_getter_start(test, giver.tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	KUNIT_EXPECT_EQ(test, getter->got, 1);
	t_crew_stop(crew);
	t_getter_puts(getter);
	t_put(giver.tc, objs[1], 1);
	t_finish(giver.tc);
}

/* ---- in order, while nobody deals ---- */

/* One is there again, for who waits; who comes later gets in line. */
static void expect_in_line(struct kunit *test, unsigned int bulk)
{
	struct tcache *tc = create(test, 2, 2);
	struct t_getter like = { .tc = tc, .gfp = GFP_KERNEL, .bulk = bulk };
	struct t_getter *first, *later;
	struct tobj *objs[2];

	t_get_all(tc, objs, 2);
	first = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(first));
	t_hold_dealer(tc->cache);
	t_put(tc, objs[0], 1);
	later = t_getter_start_as(test, &like, 0);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(later));
	KUNIT_EXPECT_TRUE(test, t_getter_waits(first));
	t_let_dealer(tc->cache);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(first));
	KUNIT_EXPECT_EQ(test, first->got, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(later));
	t_getter_puts(first);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(later));
	KUNIT_EXPECT_EQ(test, later->got, 1);
	t_getter_puts(later);
	t_put(tc, objs[1], 1);
	t_finish(tc);
}

static void s18_who_comes_later_gets_in_line(struct kunit *test)
{
	t_need_cpus(test, 2);
	expect_in_line(test, 0);
	expect_in_line(test, 2);
}

/* What it puts it gets again, so often; then it gets none, and *@obj is NULL. */
static unsigned int overtakes(struct tcache *tc, struct tobj **obj, bool try)
{
	unsigned int i = 0;

	for (; *obj && i < 10 * OBJCACHE_HANDFUL; i++) {
		t_put(tc, *obj, 1);
		*obj = try ? t_try_get(tc, 1) : t_get(tc, GFP_ATOMIC, 1);
	}
	return i;
}

/* With interrupts off nobody deals here. */
static void expect_bounded_overtaking(struct kunit *test, bool try)
{
	struct tcache *tc = create(test, 1, 2);
	struct t_getter *getter;
	unsigned long flags;
	struct tobj *obj;
	unsigned int nr;

	t_get_all(tc, &obj, 1);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	local_irq_save(flags);
	nr = overtakes(tc, &obj, try);
	local_irq_restore(flags);
	KUNIT_EXPECT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, nr, OBJCACHE_HANDFUL + 1);
	if (obj)
		t_put(tc, obj, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	t_getter_puts(getter);
	/* As ever, once nobody waits. */
	t_get_all(tc, &obj, 1);
	t_put(tc, obj, 1);
	t_finish(tc);
}

static void s18_who_may_not_wait_overtakes_so_often(struct kunit *test)
{
	t_need_cpus(test, 2);
	expect_bounded_overtaking(test, false);
	expect_bounded_overtaking(test, true);
}

/* Also if who waited before has given up, and was never served. */
static void s18_each_line_is_overtaken_so_often(struct kunit *test)
{
	struct tcache *tc = create(test, 1, 2);
	struct t_getter *getter;
	struct tobj *obj;
	unsigned int i;

	t_need_cpus(test, 2);
	for (i = 0; i < 2; i++) {
		t_get_all(tc, &obj, 1);
		getter = t_getter_start(test, tc, GFP_KERNEL, 1);
		KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
		t_hold_dealer(tc->cache);
		KUNIT_EXPECT_EQ(test, overtakes(tc, &obj, false), OBJCACHE_HANDFUL + 1);
		t_getter_kill(getter);
		KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
		KUNIT_EXPECT_EQ(test, getter->err, -EINTR);
		t_let_dealer(tc->cache);
	}
	t_finish(tc);
}

static void hold_and_put(struct pt_regs *regs, void *data)
{
	struct giver *giver = data;

	/* It is no longer queued: it has just dealt. */
	atomic_or(IRQ_WORK_PENDING, &to_core(giver->tc->cache)->deal.node.a_flags);
	t_put(giver->tc, giver->obj, 1);
}

/* Of two, of which one is for who waits behind it. */
static void s18_a_bulk_get_leaves_the_second_to_who_waits(struct kunit *test)
{
	struct giver giver = { .tc = create(test, 2, 2) };
	struct t_getter like = { .tc = giver.tc, .gfp = GFP_KERNEL, .bulk = 2 };
	struct t_getter *first, *second;
	struct tobj *objs[2];

	t_need_cpus(test, 2);
	t_need_entries(test);
	t_get_all(giver.tc, objs, 2);
	giver.obj = objs[1];
	first = t_getter_start_as(test, &like, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(first));
	second = t_getter_start(test, giver.tc, GFP_KERNEL, 0);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(second));
	t_at_entry(test, "objcache_get_more", hold_and_put, &giver);
	t_put(giver.tc, objs[0], 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(first));
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	KUNIT_EXPECT_EQ(test, first->got, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(second));
	t_let_dealer(giver.tc->cache);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(second));
	t_getter_puts(first);
	t_getter_puts(second);
	t_finish(giver.tc);
}

/* More than are dealt to in one go, with nothing that comes and would tell. */
#define MANY	(OBJCACHE_HANDFUL + 8)

static void s18_all_are_dealt_to_however_many(struct kunit *test)
{
	struct tcache *tc = create(test, 1000, 4);
	struct t_getter *getter[MANY];
	unsigned int i;

	t_doom(tc, 64);
	for (i = 0; i < MANY; i++)
		getter[i] = t_getter_start(test, tc, GFP_KERNEL, i);
	KUNIT_EXPECT_TRUE(test, so_many_wait(tc, MANY));
	t_hold_dealer(tc->cache);
	t_open_gate(tc);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, releasing)));
	KUNIT_EXPECT_TRUE(test, t_keeper_rests(tc->cache));
	KUNIT_EXPECT_EQ(test, to_core(tc->cache)->waiting, MANY);
	t_let_dealer(tc->cache);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_TRUE_MSG(test, t_getter_comes(getter[i]), "%u", i);
	for (i = 0; i < MANY; i++)
		t_getter_puts(getter[i]);
	t_finish(tc);
}

/* ---- on its way from one place to another ---- */

static void get_and_put(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;

	t_put(tc, t_get(tc, GFP_KERNEL, thread->who), thread->who);
}

/*
 * It is in nobody's structure for a moment: somebody comes, finds nothing, and waits. Who
 * deals to it looks as soon as this CPU takes interrupts again.
 */
static void have_one_wait(struct pt_regs *regs, void *data)
{
	struct t_crew *crew = data;
	struct tcache *tc = crew->data;

	t_crew_come(crew);
	in_time(READ_ONCE(to_core(tc->cache)->waiting) &&
		READ_ONCE(crew->threads[0].task->__state) & TASK_UNINTERRUPTIBLE);
	t_let_dealer(tc->cache);
}

static void s18_what_is_taken_out_of_a_ring_ends_a_wait(struct kunit *test)
{
	struct tcache *tc = create(test, 6, 2);
	struct t_crew *crew;
	struct tobj *objs[6];

	t_need_cpus(test, 2);
	t_need_entries(test);
	t_get_all(tc, objs, 6);
	t_put_all(tc, objs, 6);
	t_get_all(tc, objs, 4);
	/* A magazine, in the ring. */
	KUNIT_ASSERT_EQ(test, t_parked_on(tc, t_nth_cpu(0)), 2);
	crew = t_crew_create(test, 1, get_and_put, tc);
	t_crew_poll(crew);
	t_on_cpu(test, 1);
	t_hold_keeper(tc->cache);
	objcache_age(tc->cache);
	t_hold_dealer(tc->cache);
	t_at_entry(test, "objcache_depot_give", have_one_wait, crew);
	objcache_age(tc->cache);
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	KUNIT_EXPECT_TRUE(test, t_wait_until(completion_done(&crew->threads[0].done)));
	KUNIT_EXPECT_EQ(test, t_stat(tc, limit_waits), 1);
	t_put_all(tc, objs, 4);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 6);
	objcache_drain(tc->cache);
	t_finish(tc);
}

/* From the depot, with more than it takes, to a CPU that has no limit since a wait. */
static void s18_what_a_bulk_get_brings_along_ends_a_wait(struct kunit *test)
{
	struct tcache *tc = create(test, 3, 4);
	struct tobj *objs[3];
	struct t_crew *crew;

	t_need_cpus(test, 2);
	t_need_entries(test);
	crew = t_crew_create(test, 1, get_and_put, tc);
	t_crew_poll(crew);
	t_on_cpu(test, 1);
	t_get_all(tc, objs, 3);
	t_put_nested(tc, objs, 3);
	WRITE_ONCE(raw_cpu_ptr(tc->cache->owner)->limit, NULL);
	t_hold_dealer(tc->cache);
	t_at_entry(test, "objcache_load", have_one_wait, crew);
	KUNIT_EXPECT_EQ(test, t_get_bulk(tc, GFP_KERNEL, 2, objs, 1), 2);
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	KUNIT_EXPECT_TRUE(test, t_wait_until(completion_done(&crew->threads[0].done)));
	KUNIT_EXPECT_GE(test, t_stat(tc, limit_waits), 1);
	t_put_all(tc, objs, 2);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	t_finish(tc);
}

/* Of two, by who does not wait, while nobody deals. */
static void s18_what_another_get_leaves_ends_a_wait(struct kunit *test)
{
	struct tcache *tc = create(test, 2, 4);
	struct t_getter *getter;
	struct tobj *objs[2];

	t_need_cpus(test, 2);
	t_get_all(tc, objs, 2);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	t_hold_dealer(tc->cache);
	t_put_all(tc, objs, 2);
	objs[0] = t_get(tc, GFP_NOWAIT, 1);
	KUNIT_EXPECT_NOT_NULL(test, objs[0]);
	t_on_cpu(test, 1);
	t_let_dealer(tc->cache);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	t_put(tc, objs[0], 1);
	t_getter_puts(getter);
	t_finish(tc);
}

static void put_here(struct t_thread *thread)
{
	struct giver *giver = thread->crew->data;

	t_put(giver->tc, giver->obj, 1);
}

static void have_it_put(struct pt_regs *regs, void *data)
{
	struct t_crew *crew = data;

	t_crew_come(crew);
	/* completion_done() takes a lock. */
	in_time(READ_ONCE(crew->threads[0].done.done));
}

/*
 * A put there gives up its limit by itself, as it sees that somebody waits, just before
 * that one looks who has one; and it has more than was put. Who deals is not on its CPU.
 */
static void s18_who_gives_up_its_limit_is_visited(struct kunit *test)
{
	struct giver giver = { .tc = create(test, 3, 2) };
	struct t_crew *crew = t_crew_create(test, 1, put_here, &giver);
	struct t_getter *getter[3];
	struct tobj *objs[3];
	unsigned int i;

	t_need_cpus(test, 2);
	t_need_entries(test);
	t_get_all(giver.tc, objs, 3);
	t_put_all(giver.tc, objs, 2);
	KUNIT_ASSERT_EQ(test, t_parked_on(giver.tc, t_nth_cpu(0)), 2);
	giver.obj = objs[2];
	t_crew_poll(crew);
	t_on_cpu(test, 1);
	t_hold_dealer(giver.tc->cache);
	t_at_entry(test, "objcache_bring_out", have_it_put, crew);
	for (i = 0; i < 3; i++) {
		getter[i] = t_getter_start(test, giver.tc, GFP_KERNEL, 1);
		if (!i) {
			KUNIT_EXPECT_TRUE(test, t_getter_waits(getter[i]));
			t_let_dealer(giver.tc->cache);
		}
		KUNIT_EXPECT_TRUE_MSG(test, t_getter_comes(getter[i]), "%u", i);
	}
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	for (i = 0; i < 3; i++)
		t_getter_puts(getter[i]);
	t_finish(giver.tc);
}

/* ---- a backlog ---- */

/* One may be made when one of as many as the bound is gone, and not before. */
static void s18_a_backlog_that_shrinks_ends_a_wait(struct kunit *test)
{
	struct tcache *tc = create(test, 1000, 2);
	struct t_getter *getter;
	struct tobj *forced;

	t_doom(tc, 64);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 64);
	/* Who may neither wait nor fail has one all the same. */
	KUNIT_EXPECT_EQ(test, PTR_ERR(objcache_get_err(tc->cache, GFP_ATOMIC)), -EAGAIN);
	forced = t_get(tc, GFP_ATOMIC | __GFP_NOFAIL, 1);
	KUNIT_EXPECT_NOT_NULL(test, forced);
	KUNIT_EXPECT_EQ(test, t_stat(tc, forced), 1);
	complete(&tc->gate);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	KUNIT_EXPECT_EQ(test, getter->got, 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 63);
	t_open_gate(tc);
	t_getter_puts(getter);
	t_put(tc, forced, 1);
	t_finish(tc);
}

/* ---- a making that failed ---- */

static struct tcache *create_reserved(struct kunit *test, unsigned int max, unsigned int flags)
{
	struct objcache_params params = {
		.batch = 2, .capacity = 16, .max_objects = max, .min_objects = 1,
		.flags = flags,
	};

	t_on_cpu(test, 0);
	return t_create(test, &params);
}

static void expect_order(struct tcache *tc, struct t_getter *first, struct t_getter *second)
{
	struct kunit *test = tc->test;

	KUNIT_EXPECT_TRUE(test, t_getter_comes(first));
	KUNIT_EXPECT_FALSE(test, t_getter_is_back(second));
	t_getter_puts(first);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(second));
	t_getter_puts(second);
	atomic_set(&tc->fail_ctors, 0);
}

/* The first has tried once more, after its time, and waits again. */
static void s18_who_could_not_make_one_keeps_its_place(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, 0, 0);
	unsigned long began = jiffies;
	struct t_getter *first, *second;
	unsigned int waits;
	struct tobj *obj;

	t_get_all(tc, &obj, 1);
	atomic_set(&tc->fail_ctors, -1);
	first = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(first));
	/* Its time is over first, by more than timers are apart. */
	msleep(1000);
	second = t_getter_start(test, tc, GFP_KERNEL, 2);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(second));
	waits = t_stat(tc, limit_waits);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, limit_waits) > waits &&
					     so_many_wait(tc, 2)));
	/* Not by being told to, over and over: two failures each, and one in five seconds. */
	KUNIT_EXPECT_LE(test, atomic_read(&tc->ctor_failures),
			2 * (int)(3 + (jiffies - began) / (5 * HZ)));
	t_put(tc, obj, 1);
	expect_order(tc, first, second);
	t_expect_balanced(tc, 0);
	t_destroy(tc);
}

/* The first could not make one, and then there was a second one, so nobody else may. */
static void s18_who_could_not_make_one_is_served_first(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, 2, 0);
	struct t_getter *first, *second;
	struct tobj *objs[2];

	t_get_all(tc, objs, 1);
	WRITE_ONCE(tc->free_pass, current);
	atomic_set(&tc->fail_ctors, -1);
	first = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(first));
	/* Not at the moment at which it tries again, by itself. */
	KUNIT_EXPECT_TRUE(test, t_wait_until((objs[1] = t_get(tc, GFP_NOWAIT, 1))));
	second = t_getter_start(test, tc, GFP_KERNEL, 2);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(second));
	t_put(tc, objs[0], 1);
	expect_order(tc, first, second);
	t_put(tc, objs[1], 1);
	t_expect_balanced(tc, 0);
	t_destroy(tc);
}

/* Two are out, and the first to wait is there; then one ends, while nobody deals. */
static struct t_getter *have_one_end(struct tcache *tc, struct tobj **objs, int fail_ctors)
{
	struct kunit *test = tc->test;
	struct t_getter *first;

	t_get_all(tc, objs, 2);
	first = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(first));
	atomic_set(&tc->fail_ctors, fail_ctors);
	t_hold_dealer(tc->cache);
	t_discard(tc, objs[1], 1);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, releasing)));
	return first;
}

/* The other way round: the second could try, as one had gone, while nobody deals. */
static void s18_who_could_not_make_one_is_served_last(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, 2, 0);
	struct t_getter *first, *second;
	struct tobj *objs[2];

	first = have_one_end(tc, objs, -1);
	second = t_getter_start(test, tc, GFP_KERNEL, 2);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(second));
	t_put(tc, objs[0], 1);
	t_let_dealer(tc->cache);
	expect_order(tc, first, second);
	t_expect_balanced(tc, 0);
	t_destroy(tc);
}

/* One more may be made, while nobody deals; and the later one gets in line for it. */
static void s18_who_comes_later_makes_none_before(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, 2, 0);
	struct t_getter *first, *later;
	struct tobj *objs[2];

	first = have_one_end(tc, objs, 0);
	later = t_getter_start(test, tc, GFP_KERNEL, 2);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(later));
	t_let_dealer(tc->cache);
	expect_order(tc, first, later);
	t_put(tc, objs[0], 1);
	t_expect_balanced(tc, 0);
	t_destroy(tc);
}

/* Where there may be any number one more is nobody's else. */
static void s19_who_may_not_wait_makes_any_number(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, 0, 0);
	struct tobj **objs = t_objs(test, 3 * OBJCACHE_HANDFUL);
	struct t_getter *getter;
	unsigned int nr;

	t_get_all(tc, objs, 1);
	WRITE_ONCE(tc->free_pass, current);
	atomic_set(&tc->fail_ctors, -1);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	for (nr = 1; nr < 3 * OBJCACHE_HANDFUL; nr++) {
		objs[nr] = t_get(tc, GFP_NOWAIT, 1);
		if (!objs[nr])
			break;
	}
	KUNIT_EXPECT_EQ(test, nr, 3 * OBJCACHE_HANDFUL);
	t_put_all(tc, objs, nr);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	t_getter_puts(getter);
	atomic_set(&tc->fail_ctors, 0);
	t_expect_balanced(tc, 0);
	t_destroy(tc);
}

/* Nothing is made ahead of those who wait. */
static void expect_prefill_after(struct kunit *test, unsigned int flags)
{
	struct tcache *tc = create_reserved(test, 0, flags);
	struct t_getter *getter;
	struct tobj *obj;
	int err;

	atomic_set(&tc->fail_ctors, -1);
	t_get_all(tc, &obj, 1);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	/* It tries by itself for a moment, now and then. */
	KUNIT_EXPECT_TRUE(test, t_wait_until((objcache_prefill_err(tc->cache, 1, GFP_KERNEL,
								   &err),
					      err == -EAGAIN)));
	t_put(tc, obj, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	t_getter_puts(getter);
	atomic_set(&tc->fail_ctors, 0);
	t_expect_balanced(tc, 0);
	t_destroy(tc);
}

static void s18_a_prefill_is_not_before_who_waits(struct kunit *test)
{
	expect_prefill_after(test, 0);
	expect_prefill_after(test, OBJCACHE_CHECK);
}

static struct kunit_case bounded_race_cases[] = {
	KUNIT_CASE(s18_what_comes_before_the_wait_ends_it),
	KUNIT_CASE(s18_what_a_dying_cpu_puts_ends_a_wait),
	KUNIT_CASE(s18_what_a_coming_cpu_puts_ends_a_wait),
	KUNIT_CASE(s18_what_a_coming_cpu_has_put_is_found),
	KUNIT_CASE(s18_who_interrupts_an_owner_comes_again),
	KUNIT_CASE(s18_who_comes_later_gets_in_line),
	KUNIT_CASE(s18_who_may_not_wait_overtakes_so_often),
	KUNIT_CASE(s18_each_line_is_overtaken_so_often),
	KUNIT_CASE(s18_a_bulk_get_leaves_the_second_to_who_waits),
	KUNIT_CASE(s18_all_are_dealt_to_however_many),
	KUNIT_CASE(s18_what_is_taken_out_of_a_ring_ends_a_wait),
	KUNIT_CASE(s18_what_a_bulk_get_brings_along_ends_a_wait),
	KUNIT_CASE(s18_what_another_get_leaves_ends_a_wait),
	KUNIT_CASE(s18_who_gives_up_its_limit_is_visited),
	KUNIT_CASE(s18_a_backlog_that_shrinks_ends_a_wait),
	KUNIT_CASE_SLOW(s18_who_could_not_make_one_keeps_its_place),
	KUNIT_CASE(s18_who_could_not_make_one_is_served_first),
	KUNIT_CASE(s18_who_could_not_make_one_is_served_last),
	KUNIT_CASE(s18_who_comes_later_makes_none_before),
	KUNIT_CASE(s19_who_may_not_wait_makes_any_number),
	KUNIT_CASE(s18_a_prefill_is_not_before_who_waits),
	{}
};

static struct kunit_suite bounded_race_suite = {
	.name = "objcache_bounded_race",
	.init = t_need_magazines,
	.test_cases = bounded_race_cases,
};

kunit_test_suite(bounded_race_suite);
