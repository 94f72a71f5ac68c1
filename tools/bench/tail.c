// SPDX-License-Identifier: GPL-2.0
/*
 * What single calls cost: many gets, then as many puts, each of them measured
 *
 * A loop's mean hides that one call in 63 does the work of all. Here the calls are
 * sorted. What two readings of the clock cost by themselves is taken off; a call
 * into which an interrupt falls that it has not asked for is left out and counted.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/sort.h>

#include "contenders.h"
#include "core/core.h"

/* Enough for a 99.9th percentile of 100 samples. */
#define ROUNDS_MAX	10
#define RESULTS_MAX	128
#define SCALE		1000

/* Gets between two pages that are freed: fewer than a refill of pages lasts for. */
#define PAGE_EVERY	64

enum tail_op { TAIL_GET, TAIL_PUT, TAIL_OPS };
enum tail_kind { TAIL_PLAIN, TAIL_CONSTRUCTED, TAIL_KINDS };

/**
 * struct tail_samples - what the calls of one op cost
 * @cost: each of them
 * @n: how many
 * @left_out: how many were disturbed
 */
struct tail_samples {
	u32 *cost;
	unsigned int n;
	unsigned int left_out;
};

/**
 * struct tail_round - gets and puts of one contender
 * @pool: of the contender
 * @nr: how many gets, and then puts
 * @irqs_off: whether they are made with interrupts off
 * @objs: room for @nr
 * @page: the next to be freed
 * @samples: of gets and of puts
 */
struct tail_round {
	void *pool;
	unsigned int nr;
	bool irqs_off;
	void **objs;
	struct page *page;
	struct tail_samples samples[TAIL_OPS];
};

/**
 * struct tail_contender - who is measured
 * @name: in the results
 * @run: a round
 * @pool: handed to it
 * @round: its samples
 */
struct tail_contender {
	const char *name;
	int (*run)(struct tail_round *round);
	void *pool;
	struct tail_round round;
};

/**
 * struct tail_case - a pattern in one of its variants
 * @name: of the pattern
 * @nr: objects at a time
 * @cold: drained and shrunk before each round
 * @kind: of objects
 * @irqs_off: see struct tail_round
 * @rounds: measured ones
 * @empty: what a measurement costs
 */
struct tail_case {
	const char *name;
	unsigned int nr;
	bool cold;
	enum tail_kind kind;
	bool irqs_off;
	unsigned int rounds;
	u32 empty;
};

struct tail_result {
	struct tail_case c;
	enum tail_op op;
	const char *contender;
	unsigned int n;
	unsigned int left_out;
	u64 mean;
	u32 p50;
	u32 p99;
	u32 p999;
	u32 max;
};

static struct tail_result results[RESULTS_MAX];
static unsigned int nr_results;

/*
 * By kind. objcache's carry a link behind them if they are constructed: with it they
 * have the size of all others here, and not a slab of two pages for it.
 */
static struct objcache *caches[TAIL_KINDS];
static struct kmem_cache *slabs[TAIL_KINDS];

/* ---- contenders ---- */

static noinline int nothing_ctor(void *obj, void *ctx, gfp_t gfp)
{
	barrier(); /* or no call would be left */
	return 0;
}

static noinline void nothing_dtor(void *obj, void *ctx)
{
	barrier();
}

static __always_inline void *construct_get(void *pool, gfp_t gfp)
{
	void *obj = kmem_cache_alloc(pool, gfp);

	if (obj && nothing_ctor(obj, NULL, gfp)) {
		kmem_cache_free(pool, obj);
		obj = NULL;
	}
	return obj;
}

static __always_inline void construct_put(void *pool, void *obj)
{
	nothing_dtor(obj, NULL);
	kmem_cache_free(pool, obj);
}

static const struct bench_ops kmem_cache_construct_ops = {
	.get = construct_get,
	.put = construct_put,
};

static __always_inline void *empty_get(void *pool, gfp_t gfp)
{
	return pool;
}

static __always_inline void empty_put(void *pool, void *obj)
{
}

static const struct bench_ops empty_ops = {
	.get = empty_get,
	.put = empty_put,
};

/* ---- a round ---- */

static __always_inline void note(struct tail_samples *s, u64 cost, bool disturbed)
{
	if (unlikely(disturbed))
		s->left_out++;
	else
		s->cost[s->n++] = min_t(u64, cost, U32_MAX);
}

/* The barriers keep the readings of the clock alike, whatever @call is. */
#define measure(round, op, call)					\
do {									\
	unsigned int __before;						\
	u64 __start, __cost;						\
									\
	if ((round)->irqs_off)						\
		local_irq_disable();					\
	__before = bench_disturbed();					\
	barrier();							\
	__start = bench_clock();					\
	barrier();							\
	call;								\
	barrier();							\
	__cost = bench_clock() - __start;				\
	barrier();							\
	note(&(round)->samples[op], __cost,				\
	     bench_disturbed() != __before);				\
	if ((round)->irqs_off)						\
		local_irq_enable();					\
} while (0)

/*
 * Since 6.7 the page allocator refills its per-CPU list with twice as many pages
 * each time while nobody frees one, up to 2,016 in one call that takes 480,000
 * instructions, at whichever contender has the bad luck. On a machine that does
 * anything else a page is freed now and then.
 */
static void free_a_page(struct tail_round *r)
{
	if (r->page)
		__free_page(r->page);
	r->page = alloc_page(GFP_KERNEL);
}

static __always_inline int tail_round(const struct bench_ops *ops,
				      struct tail_round *r)
{
	gfp_t gfp = r->irqs_off ? GFP_ATOMIC : GFP_KERNEL;
	void **objs = r->objs;
	unsigned int i;
	int err;

	for (i = 0; i < r->nr; i++) {
		if (i % PAGE_EVERY == 0)
			free_a_page(r);
		measure(r, TAIL_GET, objs[i] = ops->get(r->pool, gfp));
	}
	err = bench_put_if_short(ops, r->pool, objs, r->nr);
	for (i = 0; !err && i < r->nr; i++)
		measure(r, TAIL_PUT, ops->put(r->pool, objs[i]));
	return err;
}

#define TAIL_DEFINE(contender)						\
static noinline int tail_##contender(struct tail_round *r)		\
{									\
	return tail_round(&contender##_ops, r);				\
}

TAIL_DEFINE(empty)
TAIL_DEFINE(objcache)
TAIL_DEFINE(kmem_cache)
TAIL_DEFINE(kmem_cache_construct)

/* ---- the state that a round finds ---- */

/* What the puts have left to others gets done; the depot's look is not waited for. */
static void settle(const struct tail_case *c)
{
	struct objcache_stats stats;
	u64 before;

	stats.releasing = U64_MAX;
	do {
		before = stats.releasing;
		schedule_timeout_uninterruptible(1);
		objcache_read_stats(caches[c->kind], &stats);
	} while (stats.releasing != before);
}

static void cool(void)
{
	unsigned int i;

	for (i = 0; i < TAIL_KINDS; i++) {
		objcache_drain(caches[i]);
		kmem_cache_shrink(to_core(caches[i])->slab);
		kmem_cache_shrink(slabs[i]);
	}
}

static int one_round(const struct tail_case *c, struct tail_contender *t)
{
	int err;

	settle(c);
	if (c->cold)
		cool();
	err = t->run(&t->round);
	if (err)
		pr_err("%s, %s: error %d\n", c->name, t->name, err);
	return err ?: signal_pending(current) ? -EINTR : 0;
}

/* ---- numbers ---- */

static int compare_costs(const void *a, const void *b)
{
	u32 x = *(u32 *)a, y = *(u32 *)b;

	return x < y ? -1 : x > y;
}

/* The cheapest that @permille of the calls do not exceed. */
static u32 percentile(const struct tail_samples *s, unsigned int permille)
{
	return s->cost[DIV_ROUND_UP(s->n * permille, 1000) - 1];
}

static void subtract_empty(const struct tail_case *c, struct tail_samples *s,
			   u64 *sum)
{
	unsigned int i;

	*sum = 0;
	for (i = 0; i < s->n; i++) {
		s->cost[i] -= min(s->cost[i], c->empty);
		*sum += s->cost[i];
	}
}

static int add_result(const struct tail_case *c, struct tail_contender *t,
		      enum tail_op op)
{
	struct tail_samples *s = &t->round.samples[op];
	u64 sum;

	if (nr_results == RESULTS_MAX || !s->n)
		return -ENOSPC;
	subtract_empty(c, s, &sum);
	sort(s->cost, s->n, sizeof(*s->cost), compare_costs, NULL);
	results[nr_results++] = (struct tail_result){
		.c = *c,
		.op = op,
		.contender = t->name,
		.n = s->n,
		.left_out = s->left_out,
		.mean = div_u64(SCALE * sum, s->n),
		.p50 = percentile(s, 500),
		.p99 = percentile(s, 990),
		.p999 = percentile(s, 999),
		.max = s->cost[s->n - 1],
	};
	return 0;
}

/* ---- a variant ---- */

static void forget_samples(struct tail_contender *t)
{
	enum tail_op op;

	for (op = 0; op < TAIL_OPS; op++) {
		t->round.samples[op].n = 0;
		t->round.samples[op].left_out = 0;
	}
}

static void free_samples(struct tail_contender *t)
{
	enum tail_op op;

	if (t->round.page)
		__free_page(t->round.page);
	kvfree(t->round.objs);
	for (op = 0; op < TAIL_OPS; op++)
		kvfree(t->round.samples[op].cost);
}

static int prepare(const struct tail_case *c, struct tail_contender *t)
{
	bool all = true;
	enum tail_op op;

	t->round.pool = t->pool;
	t->round.nr = c->nr;
	t->round.irqs_off = c->irqs_off;
	t->round.objs = kvcalloc(c->nr, sizeof(void *), GFP_KERNEL);
	for (op = 0; op < TAIL_OPS; op++) {
		t->round.samples[op].cost = kvcalloc(c->rounds * c->nr, sizeof(u32),
						     GFP_KERNEL);
		all &= !!t->round.samples[op].cost;
	}
	return all && t->round.objs ? 0 : -ENOMEM;
}

/*
 * One contender after another, so that each finds the page allocator as it left it
 * itself. The first round, which finds it as somebody else did, does not count.
 */
static int all_rounds(const struct tail_case *c, struct tail_contender *t)
{
	unsigned int i;
	int err;

	cool();
	err = one_round(c, t);
	forget_samples(t);
	for (i = 0; i < c->rounds && !err; i++)
		err = one_round(c, t);
	return err;
}

static int run_contender(const struct tail_case *c, struct tail_contender *t)
{
	int err = prepare(c, t);

	err = err ?: all_rounds(c, t);
	err = err ?: add_result(c, t, TAIL_GET);
	err = err ?: add_result(c, t, TAIL_PUT);
	free_samples(t);
	return err;
}

/* The least that a measurement of nothing ever is. */
static int measure_empty(struct tail_case *c)
{
	struct tail_contender t = { .name = "empty", .pool = c };
	struct tail_samples *s = t.round.samples;
	unsigned int i;
	int err;

	c->empty = U32_MAX;
	err = prepare(c, &t);
	if (!err)
		err = tail_empty(&t.round);
	for (i = 0; !err && i < s[TAIL_GET].n; i++)
		c->empty = min(c->empty, s[TAIL_GET].cost[i]);
	free_samples(&t);
	return err;
}

/* The last one only where there is something to construct. */
static int run_case(struct tail_case *c)
{
	struct tail_contender contenders[] = {
		{ .name = "objcache", .run = tail_objcache,
		  .pool = caches[c->kind] },
		{ .name = "kmem_cache", .run = tail_kmem_cache,
		  .pool = slabs[c->kind] },
		{ .name = "kmem_cache-construct", .run = tail_kmem_cache_construct,
		  .pool = slabs[c->kind] },
	};
	unsigned int nr = ARRAY_SIZE(contenders) - (c->kind == TAIL_PLAIN);
	unsigned int k;
	int err;

	err = measure_empty(c);
	for (k = 0; k < nr && !err; k++)
		err = run_contender(c, &contenders[k]);
	cool();
	return err ?: bench_check_books(caches[c->kind]);
}

/* All variants: the lowest bits of a number say which. */
static int run_cases(const char *name, unsigned int nr, unsigned int rounds)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < 8 && !err; i++) {
		struct tail_case c = {
			.name = name,
			.nr = nr,
			.rounds = min(rounds, ROUNDS_MAX) * (BENCH_OBJECTS / nr),
			.cold = i & 4,
			.kind = i & 2 ? TAIL_CONSTRUCTED : TAIL_PLAIN,
			.irqs_off = i & 1,
		};

		err = run_case(&c);
	}
	return err;
}

static int run_tail(const struct bench_pattern *pattern, unsigned int rounds)
{
	int end, err = bench_alone_begin();

	if (err)
		return err;
	err = run_cases(pattern->name, pattern->iterations, rounds);
	end = bench_alone_end();
	return err ?: end;
}

const struct bench_pattern bench_tail_500 = {
	.name = "tail_500",
	.run = run_tail,
	.iterations = 500,
};

const struct bench_pattern bench_tail_10k = {
	.name = "tail_10k",
	.run = run_tail,
	.iterations = BENCH_OBJECTS,
};

/* ---- results ---- */

void bench_tails_forget(void)
{
	nr_results = 0;
}

static void show(struct seq_file *m, const struct tail_result *r)
{
	u32 rest;
	u64 mean = div_u64_rem(r->mean, SCALE, &rest);

	seq_printf(m, "tail %s %s %s %s %s %s %u %u %llu.%03u %u %u %u %u\n",
		   r->c.name, r->c.cold ? "cold" : "warm",
		   r->c.kind == TAIL_PLAIN ? "plain" : "constructed",
		   r->c.irqs_off ? "off" : "on", r->op == TAIL_GET ? "get" : "put",
		   r->contender, r->n, r->left_out, mean, rest, r->p50, r->p99,
		   r->p999, r->max);
}

void bench_tails_show(struct seq_file *m)
{
	unsigned int i;

	if (nr_results)
		seq_puts(m, "# tail start kind irqs op contender n left_out mean p50 p99 p999 max\n");
	for (i = 0; i < nr_results; i++)
		show(m, &results[i]);
}

/* ---- life ---- */

static int create_kind(enum tail_kind kind, const char *cache, const char *slab,
		       const struct objcache_ops *ops)
{
	/* No step of aging in the middle. */
	const struct objcache_params params = {
		.size = BENCH_OBJECT_SIZE - (ops ? sizeof(void *) : 0),
		.age_ms = 3600000,
		.ops = ops,
	};

	slabs[kind] = bench_slab_create(slab, BENCH_OBJECT_SIZE);
	if (!slabs[kind])
		return -ENOMEM;
	caches[kind] = objcache_create(cache, &params);
	if (!IS_ERR(caches[kind]))
		return 0;
	kmem_cache_destroy(slabs[kind]);
	return PTR_ERR(caches[kind]);
}

static void destroy_kind(enum tail_kind kind)
{
	objcache_destroy(caches[kind]);
	kmem_cache_destroy(slabs[kind]);
}

int bench_tails_create(void)
{
	static const struct objcache_ops ops = {
		.ctor = nothing_ctor,
		.dtor = nothing_dtor,
	};
	int err;

	err = create_kind(TAIL_PLAIN, "bench-tail", "objcache_bench_tail", NULL);
	if (err)
		return err;
	err = create_kind(TAIL_CONSTRUCTED, "bench-tail-constructed",
			  "objcache_bench_tail_constructed", &ops);
	if (err)
		destroy_kind(TAIL_PLAIN);
	return err;
}

void bench_tails_destroy(void)
{
	destroy_kind(TAIL_CONSTRUCTED);
	destroy_kind(TAIL_PLAIN);
}
