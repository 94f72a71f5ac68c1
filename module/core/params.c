// SPDX-License-Identifier: GPL-2.0
/*
 * What objcache_create() was given: checked, and completed with defaults
 */
#include <linux/align.h>
#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/ctype.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "core.h"

/* Sane ends: with a batch of 1 the two rings have 64 Ki slots each, 1 MiB per CPU. */
#define OBJCACHE_MAX_CAPACITY	65536U
#define OBJCACHE_MAX_BATCH	255U

/* Private to a CPU at most, in two magazines; one object each in any case. */
#define OBJCACHE_PRIVATE_BYTES	(64U << 10)

/*
 * Chosen by default: magazines of up to 16 KiB and 63 objects (512 bytes of
 * pointers; one locked operation on either side for 63 objects that move), and
 * up to 1024 objects and 1 MiB parked per CPU.
 */
#define OBJCACHE_BATCH_BYTES	(16U << 10)
#define OBJCACHE_BATCH		63U
#define OBJCACHE_CAPACITY_BYTES	(1024U << 10)
#define OBJCACHE_CAPACITY	1024U

/* A step costs O(CPUs): at most a hundred a second, at least one an hour. */
#define OBJCACHE_MIN_AGE_MS	10U
#define OBJCACHE_MAX_AGE_MS	3600000U

/* create makes them all. */
#define OBJCACHE_MAX_MIN	65536U

/* Beside an object: no more can be one allocation, and sums stay in range. */
#define OBJCACHE_MAX_WEIGHT	((unsigned int)SZ_1G)

#define OBJCACHE_SLAB_FLAGS	(SLAB_HWCACHE_ALIGN | SLAB_RECLAIM_ACCOUNT)

#define objcache_bad(fmt, ...) \
	(pr_err_ratelimited(fmt "\n", ##__VA_ARGS__), -EINVAL)

static int objcache_check_name(const char *name)
{
	size_t i, len;

	if (!name)
		return objcache_bad("name is NULL, must be 1 to %d characters",
				    OBJCACHE_NAME_LEN - 1);
	len = strnlen(name, OBJCACHE_NAME_LEN);
	if (!len || len == OBJCACHE_NAME_LEN)
		return objcache_bad("name '%.*s' has %s characters, must have 1 to %d",
				    OBJCACHE_NAME_LEN, name,
				    len ? "too many" : "no", OBJCACHE_NAME_LEN - 1);
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return objcache_bad("name '%s' would be a folder's", name);
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr("._-", name[i])))
			return objcache_bad("name '%*pE' has a character outside [A-Za-z0-9._-] at %zu",
					    (int)len, name, i);
	return 0;
}

static int objcache_check_slab_flags(const char *name, slab_flags_t flags)
{
	if (flags & SLAB_PANIC)
		return objcache_bad("%s: slab_flags has SLAB_PANIC: a module must not panic the machine",
				    name);
	if (flags & SLAB_TYPESAFE_BY_RCU)
		return objcache_bad("%s: slab_flags has SLAB_TYPESAFE_BY_RCU: objects are reused without a grace period",
				    name);
	if (flags & SLAB_ACCOUNT)
		return objcache_bad("%s: slab_flags has SLAB_ACCOUNT: a parked object would stay charged to whoever made it",
				    name);
	if (flags & ~OBJCACHE_SLAB_FLAGS)
		return objcache_bad("%s: slab_flags 0x%x, may only have 0x%x (SLAB_HWCACHE_ALIGN, SLAB_RECLAIM_ACCOUNT)",
				    name, (__force unsigned int)flags,
				    (__force unsigned int)OBJCACHE_SLAB_FLAGS);
	return 0;
}

/* The slab warns of what is not, which would taint the kernel. */
static int objcache_check_usercopy(const char *name,
				   const struct objcache_params *p)
{
	if (p->useroffset && !p->usersize)
		return objcache_bad("%s: useroffset %u, must be 0 with a usersize of 0",
				    name, p->useroffset);
	if (p->useroffset > p->size)
		return objcache_bad("%s: useroffset %u out of range 0 to %u with a size of %u",
				    name, p->useroffset, p->size - 1, p->size);
	if (p->usersize > p->size - p->useroffset)
		return objcache_bad("%s: usersize %u out of range 0 to %u with a size of %u and a useroffset of %u",
				    name, p->usersize, p->size - p->useroffset,
				    p->size, p->useroffset);
	return 0;
}

static int objcache_check_object(const char *name,
				 const struct objcache_params *p)
{
	unsigned int max = KMALLOC_MAX_SIZE - sizeof(struct llist_node);

	if (!p->size || p->size > max)
		return objcache_bad("%s: size %u out of range 1 to %u", name,
				    p->size, max);
	if (p->align && (!is_power_of_2(p->align) || p->align > PAGE_SIZE))
		return objcache_bad("%s: align %u is not 0 or a power of two up to %lu",
				    name, p->align, PAGE_SIZE);
	if (p->ops && p->ops->dtor && !p->ops->ctor)
		return objcache_bad("%s: ops has a dtor and no ctor: what nobody has constructed must not reach a destructor",
				    name);
	if (p->flags & ~OBJCACHE_FLAGS)
		return objcache_bad("%s: flags 0x%x, may only have 0x%x", name,
				    p->flags, OBJCACHE_FLAGS);
	if (p->weight > OBJCACHE_MAX_WEIGHT)
		return objcache_bad("%s: weight %u out of range 0 to %u", name,
				    p->weight, OBJCACHE_MAX_WEIGHT);
	return objcache_check_usercopy(name, p) ?:
	       objcache_check_slab_flags(name, p->slab_flags);
}

static unsigned int objcache_max_batch(const struct objcache_params *p)
{
	return clamp(OBJCACHE_PRIVATE_BYTES / 2 / objcache_object_bytes(p), 1U,
		     OBJCACHE_MAX_BATCH);
}

/* The largest 2^n - 1 within the budgets: it fills a kmalloc size class. */
static unsigned int objcache_choose_batch(const struct objcache_params *p)
{
	unsigned int most = OBJCACHE_BATCH_BYTES / objcache_held_bytes(p);
	unsigned int batch = OBJCACHE_BATCH;

	if (p->capacity)
		most = min(most, p->capacity / 2);
	/* So that no CPU keeps from others in private what they are short of. */
	if (p->max_objects)
		most = min(most, p->max_objects / (4 * num_possible_cpus()));
	while (batch > 1 && batch > most)
		batch /= 2;
	return batch;
}

/* Whole magazines: what makes none is parked one by one. */
static unsigned int objcache_choose_capacity(const struct objcache_params *p)
{
	unsigned int most = min(OBJCACHE_CAPACITY,
				OBJCACHE_CAPACITY_BYTES /
				objcache_held_bytes(p));

	if (p->max_objects)
		most = min(most, p->max_objects);
	return max(2 * p->batch, rounddown(most, p->batch));
}

static int objcache_check_parking(const char *name,
				  struct objcache_params *p)
{
	unsigned int max = objcache_max_batch(p);

	if (p->capacity > OBJCACHE_MAX_CAPACITY || p->capacity == 1)
		return objcache_bad("%s: capacity %u out of range 2 to %u (0: chosen)",
				    name, p->capacity, OBJCACHE_MAX_CAPACITY);
	if (p->batch > max)
		return objcache_bad("%s: batch %u out of range 1 to %u for objects that take %u bytes (0: chosen)",
				    name, p->batch, max,
				    objcache_object_bytes(p));
	if (!p->batch)
		p->batch = objcache_choose_batch(p);
	if (!p->capacity)
		p->capacity = objcache_choose_capacity(p);
	if (p->capacity < 2 * p->batch)
		return objcache_bad("%s: capacity %u out of range %u to %u with a batch of %u",
				    name, p->capacity, 2 * p->batch,
				    OBJCACHE_MAX_CAPACITY, p->batch);
	/* What is parked on a CPU is in whole magazines. */
	p->capacity = rounddown(p->capacity, p->batch);
	return 0;
}

static int objcache_check_age(const char *name, unsigned int ms)
{
	if (ms >= OBJCACHE_MIN_AGE_MS && ms <= OBJCACHE_MAX_AGE_MS)
		return 0;
	return objcache_bad("%s: age_ms %u out of range %u to %u (0: the module's default)",
			    name, ms, OBJCACHE_MIN_AGE_MS, OBJCACHE_MAX_AGE_MS);
}

/* Two steps to the end: a minute of idleness. Memory pressure does not wait for it. */
static unsigned int objcache_age_ms = 30000;

static int objcache_set_age_ms(const char *val, const struct kernel_param *kp)
{
	unsigned int ms;

	if (kstrtouint(val, 0, &ms) ||
	    ms < OBJCACHE_MIN_AGE_MS || ms > OBJCACHE_MAX_AGE_MS)
		return objcache_bad("module parameter age_ms: '%*pE' is not a number from %u to %u",
				    (int)strcspn(val, "\n"), val,
				    OBJCACHE_MIN_AGE_MS, OBJCACHE_MAX_AGE_MS);
	WRITE_ONCE(objcache_age_ms, ms);
	return 0;
}

static const struct kernel_param_ops objcache_age_ms_ops = {
	.set = objcache_set_age_ms,
	.get = param_get_uint,
};

module_param_cb(age_ms, &objcache_age_ms_ops, &objcache_age_ms, 0644);
MODULE_PARM_DESC(age_ms, "milliseconds between aging steps of caches that do not say (10 to 3600000)");

/*
 * What a wait is for has to be within reach of who waits: all that is parked, and what
 * is put anywhere.
 */
static int objcache_check_bounds(const char *name,
				 const struct objcache_params *p)
{
	const char *flag = p->flags & OBJCACHE_NO_STEAL ? "NO_STEAL" :
			   p->flags & OBJCACHE_NODE_LOCAL ? "NODE_LOCAL" : NULL;
	unsigned int most = min(p->max_objects ?: OBJCACHE_MAX_MIN,
				OBJCACHE_MAX_MIN);

	if (p->max_objects > INT_MAX)
		return objcache_bad("%s: max_objects %u out of range 1 to %d (0: no limit)",
				    name, p->max_objects, INT_MAX);
	if (p->min_objects > most)
		return objcache_bad("%s: min_objects %u out of range 0 to %u with a max_objects of %u",
				    name, p->min_objects, most, p->max_objects);
	if (flag && (p->max_objects || p->min_objects))
		return objcache_bad("%s: %s %u, must be 0 with OBJCACHE_%s",
				    name, p->max_objects ? "max_objects" :
							   "min_objects",
				    p->max_objects ?: p->min_objects, flag);
	return 0;
}

/* Of a cache that checks: so much less may an object be. */
static unsigned int objcache_most_checked(const struct objcache_params *p)
{
	return KMALLOC_MAX_SIZE - objcache_lead(p) - OBJCACHE_GUARD -
	       2 * sizeof(struct llist_node);
}

/*
 * Debug mode as the params want it, and the module's parameter: batch and capacity
 * are chosen before, so that they are what they are without.
 */
static int objcache_check_debug(const char *name, struct objcache_params *p,
				unsigned int wanted)
{
	unsigned int flags = wanted | objcache_debug_flags(name);

	if (flags & OBJCACHE_CHECKS)
		flags |= OBJCACHE_CHECK;
	p->flags |= flags;
	if (!(flags & OBJCACHE_CHECK) || p->size <= objcache_most_checked(p))
		return 0;
	if (wanted & OBJCACHE_CHECKS)
		return objcache_bad("%s: size %u out of range 1 to %u with OBJCACHE_CHECK, _STACKS or _DROP",
				    name, p->size, objcache_most_checked(p));
	pr_info_ratelimited("%s: size %u is too large to be checked, as debug= wants: up to %u\n",
			    name, p->size, objcache_most_checked(p));
	p->flags &= ~OBJCACHE_CHECKS;
	return 0;
}

/**
 * objcache_check_params - are they in order, and what do the zeroes mean
 * @name: of the cache to be
 * @given: what the caller wants
 * @chosen: where to: @given with the defaults filled in
 *
 * Return: 0, or -EINVAL after a line that names parameter, value and range.
 */
int objcache_check_params(const char *name, const struct objcache_params *given,
			  struct objcache_params *chosen)
{
	unsigned int debug;
	int err;

	err = objcache_check_name(name);
	if (err)
		return err;
	if (!given)
		return objcache_bad("%s: params is NULL", name);
	*chosen = *given;
	if (!chosen->age_ms)
		chosen->age_ms = READ_ONCE(objcache_age_ms);
	err = objcache_check_age(name, chosen->age_ms);
	if (!err)
		err = objcache_check_object(name, chosen);
	if (!err)
		err = objcache_check_bounds(name, chosen);
	if (err)
		return err;
	debug = chosen->flags & (OBJCACHE_DEBUG | OBJCACHE_CHECKS);
	chosen->flags &= ~OBJCACHE_CHECKS;
	return objcache_check_parking(name, chosen) ?:
	       objcache_check_debug(name, chosen, debug);
}

/* What a burst leaves above the capacity waits half a second: in capacities, bytes. */
#define OBJCACHE_DEPOT_MIN	4U
#define OBJCACHE_DEPOT_MAX	16U
#define OBJCACHE_DEPOT_BYTES	(4U << 20)

/**
 * objcache_depot_objects - leaving objects that the keeper is in no hurry with
 * @params: of the cache
 *
 * Return: how many, for each node.
 */
unsigned int objcache_depot_objects(const struct objcache_params *params)
{
	unsigned int most = OBJCACHE_DEPOT_BYTES / objcache_held_bytes(params);

	return clamp(most, OBJCACHE_DEPOT_MIN * params->capacity,
		     OBJCACHE_DEPOT_MAX * params->capacity);
}

/**
 * objcache_lead - bytes of guard before an object
 * @params: of the cache
 *
 * Return: 0, or in debug mode as many as keep it aligned.
 */
unsigned int objcache_lead(const struct objcache_params *params)
{
	unsigned int lead = max(OBJCACHE_GUARD, params->align);

	if (!(params->flags & OBJCACHE_CHECK))
		return 0;
	if (params->slab_flags & SLAB_HWCACHE_ALIGN)
		lead = max_t(unsigned int, lead, cache_line_size());
	return max_t(unsigned int, lead, arch_slab_minalign());
}

/**
 * objcache_link_offset - where in a slab object the link of a parked one is
 * @params: of the cache
 *
 * Return: 0, inside, for plain memory; behind an object that has any op, whose
 * contents must last; in debug mode behind the guard that is behind it.
 */
unsigned int objcache_link_offset(const struct objcache_params *params)
{
	const struct objcache_ops *ops = params->ops;

	if (params->flags & OBJCACHE_CHECK)
		return ALIGN(params->size, sizeof(struct llist_node)) +
		       OBJCACHE_GUARD;
	if (!ops || (!ops->ctor && !ops->dtor && !ops->reset))
		return 0;
	return ALIGN(params->size, sizeof(struct llist_node));
}

/**
 * objcache_slab_size - bytes to ask of the slab for an object and its link
 * @params: of the cache
 *
 * Return: that.
 */
unsigned int objcache_slab_size(const struct objcache_params *params)
{
	unsigned int link = objcache_link_offset(params);

	return objcache_lead(params) +
	       max_t(unsigned int, params->size,
		     link + sizeof(struct llist_node));
}

/**
 * objcache_object_bytes - what an object really takes in the slab
 * @params: of the cache
 *
 * A slab lays its objects out end to end, each at a multiple of the alignment, so
 * one byte more than that costs as much again. Computed as the slab does it, since
 * no module is told; what KASAN and slab_debug= add to each object is not in it.
 *
 * Return: bytes.
 */
unsigned int objcache_object_bytes(const struct objcache_params *params)
{
	unsigned int size = objcache_slab_size(params);
	unsigned int align = max_t(unsigned int, params->align,
				   arch_slab_minalign());
	unsigned int line = cache_line_size();

	if (params->slab_flags & SLAB_HWCACHE_ALIGN) {
		/* As many as fit into a line share it. */
		while (size <= line / 2)
			line /= 2;
		align = max(align, line);
	}
	return ALIGN(size, max_t(unsigned int, align, sizeof(void *)));
}

/**
 * objcache_held_bytes - what an object takes and holds
 * @params: of the cache
 *
 * Return: bytes: those in the slab, and its weight.
 */
unsigned int objcache_held_bytes(const struct objcache_params *params)
{
	return objcache_object_bytes(params) + params->weight;
}
