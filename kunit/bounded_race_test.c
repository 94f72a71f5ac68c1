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

/* Nothing is dealt until it is let: who finds the bit set believes it is under way. */
static void hold_dealer(struct tcache *tc)
{
	struct irq_work *deal = &to_core(tc->cache)->deal;

	do {
		irq_work_sync(deal);
	} while (atomic_fetch_or(IRQ_WORK_PENDING, &deal->node.a_flags) & IRQ_WORK_PENDING);
}

static void let_dealer(struct tcache *tc)
{
	struct irq_work *deal = &to_core(tc->cache)->deal;

	atomic_andnot(IRQ_WORK_PENDING, &deal->node.a_flags);
	irq_work_queue(deal);
}

static bool so_many_wait(struct tcache *tc, unsigned int nr)
{
	return t_wait_until(READ_ONCE(to_core(tc->cache)->waiting) == nr);
}

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
	hold_dealer(tc);
	t_put(tc, objs[0], 1);
	later = t_getter_start_as(test, &like, 0);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(later));
	KUNIT_EXPECT_TRUE(test, t_getter_waits(first));
	let_dealer(tc);
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
	let_dealer(giver.tc);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(second));
	t_getter_puts(first);
	t_getter_puts(second);
	t_finish(giver.tc);
}

/* More than are dealt to in one go. */
#define MANY	(OBJCACHE_HANDFUL + 8)

static void s18_all_are_dealt_to_however_many(struct kunit *test)
{
	struct tcache *tc = create(test, MANY, 4);
	struct tobj **objs = t_objs(test, MANY);
	struct t_getter *getter[MANY];
	unsigned int i;

	t_get_all(tc, objs, MANY);
	for (i = 0; i < MANY; i++)
		getter[i] = t_getter_start(test, tc, GFP_KERNEL, i);
	KUNIT_EXPECT_TRUE(test, so_many_wait(tc, MANY));
	hold_dealer(tc);
	t_put_all(tc, objs, MANY);
	KUNIT_EXPECT_EQ(test, to_core(tc->cache)->waiting, MANY);
	let_dealer(tc);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_TRUE_MSG(test, t_getter_comes(getter[i]), "%u", i);
	for (i = 0; i < MANY; i++)
		t_getter_puts(getter[i]);
	t_finish(tc);
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

static struct tcache *create_reserved(struct kunit *test)
{
	struct objcache_params params = { .batch = 2, .capacity = 16, .min_objects = 1 };

	t_on_cpu(test, 0);
	return t_create(test, &params);
}

/* Both have tried once more, after their time, and wait again. */
static void s18_who_could_not_make_one_keeps_its_place(struct kunit *test)
{
	struct tcache *tc = create_reserved(test);
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
	KUNIT_EXPECT_EQ(test, waits, 2);
	/* Not by being told to, over and over: two failures each, and one each time. */
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, limit_waits) >= waits + 2 &&
					     so_many_wait(tc, 2)));
	KUNIT_EXPECT_LE(test, atomic_read(&tc->ctor_failures),
			(int)t_stat(tc, limit_waits) + 2 + 2);
	t_put(tc, obj, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(first));
	KUNIT_EXPECT_FALSE(test, t_getter_is_back(second));
	t_getter_puts(first);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(second));
	t_getter_puts(second);
	atomic_set(&tc->fail_ctors, 0);
	t_expect_balanced(tc, 0);
	t_destroy(tc);
}

/* Nothing is made ahead of those who wait. */
static void s18_a_prefill_is_not_before_who_waits(struct kunit *test)
{
	struct tcache *tc = create_reserved(test);
	struct t_getter *getter;
	struct tobj *obj;
	int err;

	t_get_all(tc, &obj, 1);
	atomic_set(&tc->fail_ctors, -1);
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

static struct kunit_case bounded_race_cases[] = {
	KUNIT_CASE(s18_what_comes_before_the_wait_ends_it),
	KUNIT_CASE(s18_who_interrupts_an_owner_comes_again),
	KUNIT_CASE(s18_who_comes_later_gets_in_line),
	KUNIT_CASE(s18_a_bulk_get_leaves_the_second_to_who_waits),
	KUNIT_CASE(s18_all_are_dealt_to_however_many),
	KUNIT_CASE(s18_a_backlog_that_shrinks_ends_a_wait),
	KUNIT_CASE_SLOW(s18_who_could_not_make_one_keeps_its_place),
	KUNIT_CASE(s18_a_prefill_is_not_before_who_waits),
	{}
};

static struct kunit_suite bounded_race_suite = {
	.name = "objcache_bounded_race",
	.init = t_need_magazines,
	.test_cases = bounded_race_cases,
};

kunit_test_suite(bounded_race_suite);
