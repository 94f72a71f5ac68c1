// SPDX-License-Identifier: GPL-2.0
/*
 * The contenders' calls, marked
 *
 * What a contender has inline is in the functions named own_*: the report takes
 * what those do for the contender's own.
 */
#include "contenders.h"
#include "lines.h"
#include "spsc.h"

/* A counter that all CPUs write to, if asked for: the report must name it. */
bool lines_plant;
static unsigned long lines_planted[SMP_CACHE_BYTES / sizeof(unsigned long)]
	____cacheline_aligned_in_smp; /* a line of its own */

static noinline void own_planted(void)
{
	if (lines_plant)
		WRITE_ONCE(*lines_planted, *lines_planted + 1);
}

/* ---- the floor: a ring for one producer and one consumer ---- */

static __always_inline void *ring_get(void *pool, gfp_t gfp)
{
	return bench_spsc_get(pool);
}

static __always_inline void ring_put(void *pool, void *obj)
{
	bench_spsc_put(pool, obj);
}

static const struct bench_ops ring_ops = { .get = ring_get, .put = ring_put };

#define ring_pool	((void *)lines_ring(worker))

/*
 * PAUSE: the emulator goes on with the next CPU. That and the array of objects are
 * not the contender's.
 */
#define LINES_DEFINE(contender)						\
static noinline void *own_get_##contender(void *pool)			\
{									\
	return contender##_ops.get(pool, GFP_KERNEL);			\
}									\
									\
static noinline void own_put_##contender(void *pool, void *obj)		\
{									\
	contender##_ops.put(pool, obj);					\
}									\
									\
static void gets_##contender(unsigned int worker, void **objs,		\
			     unsigned int nr)				\
{									\
	void *pool = contender##_pool;					\
									\
	while (nr--) {							\
		lines_mark(MARK_ENTER);					\
		own_planted();						\
		*objs = own_get_##contender(pool);			\
		lines_mark(MARK_LEAVE);					\
		objs++;							\
		cpu_relax();						\
	}								\
}									\
									\
static void puts_##contender(unsigned int worker, void **objs,		\
			     unsigned int nr)				\
{									\
	void *pool = contender##_pool;					\
									\
	for (; nr--; objs++) {						\
		if (!*objs)						\
			continue;					\
		lines_mark(MARK_ENTER);					\
		own_planted();						\
		own_put_##contender(pool, *objs);			\
		lines_mark(MARK_LEAVE);					\
		cpu_relax();						\
	}								\
}

LINES_DEFINE(ring)
LINES_DEFINE(objcache)
LINES_DEFINE(kmem_cache)
LINES_DEFINE(objpool)

#define LINES_CONTENDER(contender, is_there)				\
	{								\
		.name = #contender,					\
		.gets = gets_##contender,				\
		.puts = puts_##contender,				\
		.there = is_there,					\
	}

const struct lines_contender lines_contenders[] = {
	LINES_CONTENDER(objcache, true),
	LINES_CONTENDER(kmem_cache, true),
	LINES_CONTENDER(objpool, BENCH_HAS_OBJPOOL),
	LINES_CONTENDER(ring, true),
};

const unsigned int lines_contenders_nr = ARRAY_SIZE(lines_contenders);
