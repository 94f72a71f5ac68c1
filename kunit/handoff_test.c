// SPDX-License-Identifier: GPL-2.0
/*
 * S16: objects that outlive the call that got them
 *
 * Two recipes. With several holders, each has a reference, and the release of
 * the kref is objcache_put(): whoever is last gives the object back. With RCU
 * readers, the put comes from call_rcu(): nobody gets the object before all who
 * could see it have left; rcu_barrier() comes before the destroy.
 */

#include <linux/kref.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "../module/compat.h"
#include "contexts.h"
#include "inside.h"

#define HOLDERS		4
#define FIRST_USE	0x1000U
#define MIN_USES	300	/* even where the time is up: some find a used object */

struct shared;

/* Somebody with a reference, who works on the object somewhere. */
struct holder {
	struct work_struct work;
	struct shared *shared;
};

/**
 * struct shared - an object with several holders, or with readers
 * @obj: what every test object has; first, and all that the constructor makes
 * @ref: how many hold it
 * @rcu: for the put from call_rcu()
 * @tc: the cache
 * @use: who it was claimed for; another one at each get
 * @out_of_turn: holders that found it in other hands
 * @holders: those that are handed a reference
 */
struct shared {
	struct tobj obj;
	struct kref ref;
	struct rcu_head rcu;
	struct tcache *tc;
	u32 use;
	atomic_t *out_of_turn;
	struct holder holders[HOLDERS];
};

static struct tcache *shared_cache(struct kunit *test)
{
	struct objcache_params params = {
		.size = sizeof(struct shared), .batch = 2, .capacity = 16,
	};

	return t_create(test, &params);
}

static bool is_held(struct shared *shared, u32 use)
{
	return READ_ONCE(shared->use) == use &&
	       atomic_read(&shared->obj.owner) == use &&
	       READ_ONCE(shared->obj.magic) == TOBJ_LIVE;
}

static struct shared *shared_get(struct tcache *tc, u32 use, atomic_t *out_of_turn)
{
	struct tobj *obj = t_get(tc, GFP_KERNEL, use);
	struct shared *shared = container_of(obj, struct shared, obj);

	if (!obj)
		return NULL;
	kref_init(&shared->ref);
	shared->tc = tc;
	WRITE_ONCE(shared->use, use);
	shared->out_of_turn = out_of_turn;
	return shared;
}

/* ---- the last of several holders ---- */

static void shared_release(struct kref *ref)
{
	struct shared *shared = container_of(ref, struct shared, ref);

	t_put(shared->tc, &shared->obj, shared->use);
}

static void hold_for_a_while(struct work_struct *work)
{
	struct holder *holder = container_of(work, struct holder, work);
	struct shared *shared = holder->shared;
	u32 use = READ_ONCE(shared->use);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		if (!is_held(shared, use))
			atomic_inc(shared->out_of_turn);
		cond_resched();
	}
	kref_put(&shared->ref, shared_release);
}

/* One use: a reference for each of the holders, on CPUs all around. */
static void hand_round(struct shared *shared, struct workqueue_struct *wq,
		       unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < HOLDERS; i++) {
		struct holder *holder = &shared->holders[i];

		holder->shared = shared;
		INIT_WORK(&holder->work, hold_for_a_while);
		kref_get(&shared->ref);
		queue_work_on(t_nth_cpu(cpu + i), wq, &holder->work);
	}
}

static void destroy_wq(void *wq)
{
	destroy_workqueue(wq);
}

static struct workqueue_struct *holders_wq(struct kunit *test)
{
	struct workqueue_struct *wq;

	wq = alloc_workqueue("objcache_kunit", T_WQ_PERCPU | WQ_CPU_INTENSIVE, 0);
	KUNIT_ASSERT_NOT_NULL(test, wq);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy_wq, wq));
	return wq;
}

static void s16_the_last_of_several_holders_puts_the_object_back(struct kunit *test)
{
	struct tcache *tc = shared_cache(test);
	struct workqueue_struct *wq = holders_wq(test);
	unsigned long end = jiffies + msecs_to_jiffies(1500);
	atomic_t out_of_turn = ATOMIC_INIT(0);
	struct shared *shared;
	u32 use;

	t_need_parking(test);
	for (use = FIRST_USE; time_before(jiffies, end) || use < FIRST_USE + MIN_USES; use++) {
		shared = shared_get(tc, use, &out_of_turn);
		KUNIT_ASSERT_NOT_NULL(test, shared);
		hand_round(shared, wq, use);
		if (!is_held(shared, use))
			atomic_inc(&out_of_turn);
		kref_put(&shared->ref, shared_release);
		if (use % 16 == 0)
			usleep_range(100, 200);
	}
	flush_workqueue(wq);
	KUNIT_EXPECT_EQ(test, atomic_read(&out_of_turn), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, puts), use - FIRST_USE);
	KUNIT_EXPECT_LT(test, t_stat(tc, fresh), t_stat(tc, gets));
	t_finish(tc);
}

/* One reference is dropped in each context; the last wherever that is. */
static void drop_one(void *data)
{
	struct shared *shared = data;

	kref_put(&shared->ref, shared_release);
}

static void s16_the_last_holder_may_be_in_any_context(struct kunit *test)
{
	struct tcache *tc = shared_cache(test);
	atomic_t out_of_turn = ATOMIC_INIT(0);
	struct shared *shared;
	unsigned int context;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	for (context = T_TASK; context < T_NMI; context++) {
		shared = shared_get(tc, FIRST_USE + context, &out_of_turn);
		KUNIT_ASSERT_NOT_NULL(test, shared);
		kref_get(&shared->ref);
		drop_one(shared);
		KUNIT_EXPECT_EQ(test, t_stat(tc, in_use), 1);
		KUNIT_EXPECT_TRUE(test, is_held(shared, FIRST_USE + context));
		KUNIT_EXPECT_TRUE(test, t_run_in(context, drop_one, shared));
		KUNIT_EXPECT_EQ_MSG(test, t_stat(tc, in_use), 0, "in %s",
				    t_context_name(context));
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 1);
	t_finish(tc);
}

/* ---- RCU readers ---- */

/**
 * struct board - where an object is published
 * @tc: the cache
 * @current_one: the object that readers find
 * @out_of_turn: readers that saw it in other hands while they looked
 * @reads: how often they looked
 * @waiting: objects between call_rcu() and its callback
 */
struct board {
	struct tcache *tc;
	struct shared __rcu *current_one;
	atomic_t out_of_turn;
	atomic_t reads;
	atomic_t waiting;
};

static void look(struct board *board)
{
	struct shared *shared;
	unsigned int i;
	u32 use, round;

	rcu_read_lock();
	shared = rcu_dereference(board->current_one);
	if (shared) {
		use = READ_ONCE(shared->use);
		round = READ_ONCE(shared->obj.round);
		for (i = 0; i < 50; i++) {
			if (!is_held(shared, use) ||
			    READ_ONCE(shared->obj.round) != round)
				break;
			cpu_relax();
		}
		if (i < 50)
			atomic_inc(&board->out_of_turn);
		atomic_inc(&board->reads);
	}
	rcu_read_unlock();
}

static void reader(struct t_thread *thread)
{
	while (!t_crew_stopping(thread->crew)) {
		look(thread->crew->data);
		cond_resched();
	}
}

static struct board *the_board;

static void put_after_readers(struct rcu_head *rcu)
{
	struct shared *shared = container_of(rcu, struct shared, rcu);

	t_put(shared->tc, &shared->obj, shared->use);
	atomic_dec(&the_board->waiting);
}

/* The new one in the place of the old, which goes back after its readers. */
static void publish(struct board *board, struct shared *shared)
{
	struct shared *old;

	old = rcu_replace_pointer(board->current_one, shared, true);
	if (!old)
		return;
	atomic_inc(&board->waiting);
	call_rcu(&old->rcu, put_after_readers);
}

/* Whatever happens, no callback is left when the module goes. */
static void board_clear(void *p)
{
	publish(p, NULL);
	rcu_barrier();
}

static struct board *board_create(struct kunit *test)
{
	struct board *board = kunit_kzalloc(test, sizeof(*board), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, board);
	board->tc = shared_cache(test);
	the_board = board;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, board_clear, board));
	return board;
}

static void s16_rcu_readers_never_see_an_object_reused(struct kunit *test)
{
	struct board *board = board_create(test);
	unsigned long end = jiffies + msecs_to_jiffies(1500);
	struct shared *shared;
	struct t_crew *crew;
	u32 use;

	t_need_parking(test);
	crew = t_crew_create(test, num_online_cpus(), reader, board);
	t_crew_start(crew);
	for (use = FIRST_USE; time_before(jiffies, end) || use < FIRST_USE + MIN_USES ||
	     atomic_read(&board->reads) <= 100; use++) {
		shared = shared_get(board->tc, use, NULL);
		KUNIT_ASSERT_NOT_NULL(test, shared);
		publish(board, shared);
		KUNIT_ASSERT_TRUE(test, t_wait_until(atomic_read(&board->waiting) < 100));
		cond_resched();
	}
	t_crew_stop(crew);
	kunit_release_action(test, board_clear, board);
	KUNIT_EXPECT_EQ(test, atomic_read(&board->out_of_turn), 0);
	KUNIT_EXPECT_EQ(test, t_stat(board->tc, puts), use - FIRST_USE);
	/* They were used again, or this test would show nothing. */
	KUNIT_EXPECT_LT(test, t_stat(board->tc, fresh), use - FIRST_USE);
	t_finish(board->tc);
}

/* ---- S11: where there is nothing to park with ---- */

#define MANY	100

struct pile {
	struct tcache *tc;
	struct tobj *objs[MANY];
};

static DEFINE_RAW_SPINLOCK(pile_lock);

static void put_the_pile(void *data)
{
	struct pile *pile = data;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&pile_lock, flags);
	for (i = 0; i < MANY; i++)
		t_put(pile->tc, pile->objs[i], 1);
	raw_spin_unlock_irqrestore(&pile_lock, flags);
}

/*
 * Far from its capacity; but interrupts are off, so no magazine can be had. None is
 * destroyed for that: they wait by their own links.
 */
static void s11_puts_without_a_magazine_to_be_had_are_not_lost(struct kunit *test)
{
	struct objcache_params params = { .batch = 4, .capacity = 4 * MANY };
	struct pile *pile = kunit_kzalloc(test, sizeof(*pile), GFP_KERNEL);
	struct objcache_stats st;
	struct tcache *tc;

	t_need_magazines(test);
	KUNIT_ASSERT_NOT_NULL(test, pile);
	tc = t_create(test, &params);
	pile->tc = tc;
	t_on_cpu(test, 0);
	t_get_all(tc, pile->objs, MANY);
	KUNIT_EXPECT_TRUE(test, t_run_in(T_HARDIRQ, put_the_pile, pile));
	t_expect_balanced(tc, 0);
	st = t_stats(tc);
	KUNIT_EXPECT_EQ(test, st.puts, MANY);
	KUNIT_EXPECT_EQ(test, st.overflow, 0);
	KUNIT_EXPECT_GT(test, st.displaced, 0);
	KUNIT_EXPECT_EQ(test, st.parked, MANY);
	KUNIT_EXPECT_EQ(test, st.destroyed, 0);
	t_get_all(tc, pile->objs, MANY);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY);
	t_put_all(tc, pile->objs, MANY);
	t_finish(tc);
}

static struct kunit_case handoff_cases[] = {
	KUNIT_CASE(s11_puts_without_a_magazine_to_be_had_are_not_lost),
	KUNIT_CASE_SLOW(s16_the_last_of_several_holders_puts_the_object_back),
	KUNIT_CASE(s16_the_last_holder_may_be_in_any_context),
	KUNIT_CASE_SLOW(s16_rcu_readers_never_see_an_object_reused),
	{}
};

static struct kunit_suite handoff_suite = {
	.name = "objcache_handoff",
	.test_cases = handoff_cases,
};

kunit_test_suite(handoff_suite);
