// SPDX-License-Identifier: GPL-2.0
/*
 * A mempool over an objcache: its reserve, with objects that are constructed
 *
 * The two functions are the README's, letter by letter; make check compares.
 */

#include <linux/mempool.h>

#include "helpers.h"

#define RESERVE		4U
#define ROUNDS		200U

/* README: from here */
static void *request_alloc(gfp_t gfp, void *pool_data)
{
	return objcache_get(pool_data, gfp);
}

static void request_free(void *request, void *pool_data)
{
	objcache_put(pool_data, request);
}

/* README: to here */

static void pool_destroy(void *pool)
{
	mempool_destroy(pool);
}

static mempool_t *pool_create(struct kunit *test, struct tcache *tc)
{
	mempool_t *pool = mempool_create(RESERVE, request_alloc, request_free,
					 tc->cache);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pool_destroy, pool));
	return pool;
}

static struct tobj *pool_get(struct tcache *tc, mempool_t *pool, gfp_t gfp, u32 who)
{
	struct tobj *obj = mempool_alloc(pool, gfp);

	if (obj)
		t_claim(tc, obj, who);
	return obj;
}

static void pool_put(struct tcache *tc, mempool_t *pool, struct tobj *obj, u32 who)
{
	t_release(tc, obj, who);
	mempool_free(obj, pool);
}

static void its_reserve_lasts_when_none_can_be_made(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	mempool_t *pool = pool_create(test, tc);
	struct tobj *objs[RESERVE];
	unsigned int i;

	/* The reserve is out of the cache: its own, and constructed. */
	t_expect_balanced(tc, RESERVE);
	objcache_drain(tc->cache);
	atomic_set(&tc->fail_ctors, -1);
	for (i = 0; i < RESERVE; i++) {
		objs[i] = pool_get(tc, pool, GFP_NOWAIT, 1);
		KUNIT_EXPECT_NOT_NULL(test, objs[i]);
	}
	KUNIT_EXPECT_NULL(test, pool_get(tc, pool, GFP_NOWAIT, 1));
	for (i = 0; i < RESERVE; i++)
		if (objs[i])
			pool_put(tc, pool, objs[i], 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), RESERVE);
	t_expect_balanced(tc, RESERVE);
	kunit_release_action(test, pool_destroy, pool);
	t_finish(tc);
}

struct requests {
	struct tcache *tc;
	mempool_t *pool;
	atomic_t served;
};

/* More at once than the reserve: they wait for one another, and all get on. */
static void serve_requests(struct t_thread *thread)
{
	struct requests *r = thread->crew->data;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		struct tobj *obj = pool_get(r->tc, r->pool, GFP_NOIO, thread->who);

		cond_resched();
		pool_put(r->tc, r->pool, obj, thread->who);
		atomic_inc(&r->served);
	}
}

static void all_get_on_with_nothing_but_the_reserve(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct requests r = { .tc = tc, .pool = pool_create(test, tc) };
	unsigned int nr = 2 * RESERVE;
	struct t_crew *crew = t_crew_create(test, nr, serve_requests, &r);

	objcache_drain(tc->cache);
	atomic_set(&tc->fail_ctors, -1);
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_EQ(test, atomic_read(&r.served), nr * ROUNDS);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), RESERVE);
	atomic_set(&tc->fail_ctors, 0);
	kunit_release_action(test, pool_destroy, r.pool);
	t_finish(tc);
}

static struct kunit_case mempool_cases[] = {
	KUNIT_CASE(its_reserve_lasts_when_none_can_be_made),
	KUNIT_CASE_SLOW(all_get_on_with_nothing_but_the_reserve),
	{}
};

static struct kunit_suite mempool_suite = {
	.name = "objcache_mempool",
	.test_cases = mempool_cases,
};

kunit_test_suite(mempool_suite);
