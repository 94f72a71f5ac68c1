// SPDX-License-Identifier: GPL-2.0
/*
 * S14: figures read while they change
 *
 * Objects go from a CPU that only gets to one that only puts, in magazines of one: so
 * no get is a hit, and few objects are in use. A figure that is a difference then has
 * next to nothing to be read from, and what is read in the wrong order is less than
 * that: 2^64-1. The test reads, and is not done before enough was read and moved.
 */

#include <linux/ctype.h>

#include "helpers.h"
#include "tables.h"

#define BATCH		1
#define CAPACITY	64
#define HANDS		4		/* objects in the hand-over at most */
#define READS		T_ROUNDS(20000)
#define MOVES		T_ROUNDS(20000)
#define LATE		(2 * BATCH)	/* a magazine may be seen twice on its way */

/**
 * struct flow - from one CPU to another
 * @tc: the cache
 * @hand: objects on their way; NULL: a free place
 * @moved: how many came out at the other end
 */
struct flow {
	struct tcache *tc;
	struct tobj *hand[HANDS];
	unsigned long moved;
};

/* The put of an object, and what counts it, come after its get: see S3. */
static void getter(struct flow *flow, struct t_thread *thread)
{
	unsigned int i;

	for (i = 0; !t_crew_stopping(thread->crew); i = (i + 1) % HANDS) {
		struct tobj *obj = objcache_get(flow->tc->cache, GFP_KERNEL);

		/* Pairs with the release in putter(). */
		while (smp_load_acquire(&flow->hand[i]) &&
		       !t_crew_stopping(thread->crew))
			cond_resched();
		if (!obj)
			continue;
		if (t_crew_stopping(thread->crew))
			objcache_put(flow->tc->cache, obj);
		else
			/* Pairs with the acquire in putter(). */
			smp_store_release(&flow->hand[i], obj);
	}
}

static void putter(struct flow *flow, struct t_thread *thread)
{
	unsigned int i;

	for (i = 0; !t_crew_stopping(thread->crew); i = (i + 1) % HANDS) {
		struct tobj *obj;

		/* Pairs with the release in getter(). */
		while (!(obj = smp_load_acquire(&flow->hand[i])) &&
		       !t_crew_stopping(thread->crew))
			cond_resched();
		if (!obj)
			continue;
		objcache_put(flow->tc->cache, obj);
		/* Pairs with the acquire in getter(). */
		smp_store_release(&flow->hand[i], NULL);
		WRITE_ONCE(flow->moved, flow->moved + 1);
	}
}

/* CPU 0 is the reader's. */
static void flow_thread(struct t_thread *thread)
{
	struct flow *flow = thread->crew->data;

	if (thread->index == 1)
		getter(flow, thread);
	else if (thread->index == 2)
		putter(flow, thread);
}

static struct t_crew *flow_start(struct kunit *test, struct flow *flow)
{
	struct objcache_params params = { .batch = BATCH, .capacity = CAPACITY };
	struct t_crew *crew;

	t_need_cpus(test, 3);
	flow->tc = t_create(test, &params);
	t_on_cpu(test, 0);
	crew = t_crew_create(test, 3, flow_thread, flow);
	t_crew_start(crew);
	return crew;
}

static void flow_end(struct flow *flow, struct t_crew *crew)
{
	unsigned int i;

	t_crew_stop(crew);
	for (i = 0; i < HANDS; i++)
		objcache_put(flow->tc->cache, flow->hand[i]);
	t_finish(flow->tc);
}

static bool flow_is_done(struct flow *flow, unsigned long reads)
{
	cond_resched();
	return reads >= READS && READ_ONCE(flow->moved) >= MOVES;
}

#define FIGURE(name)	offsetof(struct objcache_stats, name)

/* Those that only grow. */
static const size_t growing[] = {
	FIGURE(created), FIGURE(destroyed), FIGURE(gets), FIGURE(puts),
	FIGURE(own_ring), FIGURE(steals), FIGURE(stolen), FIGURE(aged_hits),
	FIGURE(fresh), FIGURE(taken_back), FIGURE(overflow), FIGURE(nested),
};

static u64 figure(const struct objcache_stats *st, size_t offset)
{
	return *(const u64 *)((const void *)st + offset);
}

static bool has_shrunk(const struct objcache_stats *st,
		       const struct objcache_stats *before)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(growing); i++)
		if (figure(st, growing[i]) < figure(before, growing[i]))
			return true;
	return false;
}

/*
 * What has to hold in each read, and against the one before it. In use are those of
 * the hand-over and one with each of the two, and what was got during the read.
 */
static bool is_sane(const struct objcache_stats *st,
		    const struct objcache_stats *before)
{
	return st->in_use <= HANDS + 2 + st->gets - before->gets &&
	       st->hits <= st->gets && st->destroyed <= st->created &&
	       st->parked <= num_possible_cpus() * (CAPACITY + LATE) &&
	       st->releasing <= st->created && !has_shrunk(st, before);
}

static void s14_no_figure_is_ever_less_than_nothing(struct kunit *test)
{
	struct flow flow = {};
	struct t_crew *crew = flow_start(test, &flow);
	static struct objcache_stats st, before; /* much, for a stack under KASAN */
	unsigned long reads, odd = 0;

	memset(&before, 0, sizeof(before));
	for (reads = 0; !flow_is_done(&flow, reads); reads++) {
		objcache_read_stats(flow.tc->cache, &st);
		if (!is_sane(&st, &before) && !odd++)
			kunit_info(test, "read %lu: in_use %lld, gets %lld, hits %lld, parked %lld, releasing %lld",
				   reads, (s64)st.in_use, (s64)st.gets,
				   (s64)st.hits, (s64)st.parked,
				   (s64)st.releasing);
		before = st;
	}
	KUNIT_EXPECT_EQ_MSG(test, odd, 0, "of %lu reads", reads);
	flow_end(&flow, crew);
}

/* ---- the tables ---- */

/* A number that is as good as less than nothing, or more than there can be. */
static bool has_odd_number(const char *text)
{
	unsigned int digits = 0;

	for (; *text; text++) {
		digits = isdigit(*text) ? digits + 1 : 0;
		if (digits > 12 || *text == '-')
			return true;
	}
	return false;
}

/* Of the last line of `caches`: hit %, steal % and fresh %. */
static bool has_odd_share(const char *text)
{
	const char *line = strstr(text, "\nkunit ");
	unsigned int hit, steal, fresh;

	if (!line || sscanf(line, " kunit %*u %*d %*u %u.%*u %u.%*u %u.%*u",
			    &hit, &steal, &fresh) != 3)
		return true;
	/* No get of theirs is a hit; their gets only steal. */
	return hit > 1 || steal > 100 || fresh > 100;
}

static void s14_no_table_ever_shows_less_than_nothing(struct kunit *test)
{
	struct flow flow = {};
	struct t_table *cpus, *caches;
	unsigned long reads, odd = 0, odd_shares = 0;
	struct t_crew *crew;

	t_need_files(test);
	crew = flow_start(test, &flow);
	cpus = t_table_open(test, "/sys/kernel/debug/objcache/kunit/cpus", SZ_16K);
	caches = t_table_open(test, "/sys/kernel/debug/objcache/caches", SZ_16K);
	for (reads = 0; !flow_is_done(&flow, reads); reads++) {
		if (has_odd_number(t_table_read(cpus)) && !odd++)
			kunit_info(test, "read %lu:\n%s", reads, cpus->text);
		/* Before, a hit or two is much. */
		if (READ_ONCE(flow.moved) > 1000 &&
		    has_odd_share(t_table_read(caches)) && !odd_shares++)
			kunit_info(test, "read %lu:\n%s", reads, caches->text);
	}
	KUNIT_EXPECT_EQ_MSG(test, odd, 0, "of %lu reads of cpus", reads);
	KUNIT_EXPECT_EQ_MSG(test, odd_shares, 0, "of %lu reads of caches", reads);
	t_table_close(cpus);
	t_table_close(caches);
	flow_end(&flow, crew);
}

static struct kunit_case stats_cases[] = {
	KUNIT_CASE_SLOW(s14_no_figure_is_ever_less_than_nothing),
	KUNIT_CASE_SLOW(s14_no_table_ever_shows_less_than_nothing),
	{}
};

static struct kunit_suite stats_suite = {
	.name = "objcache_stats",
	.test_cases = stats_cases,
};

kunit_test_suite(stats_suite);
