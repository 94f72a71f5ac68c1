// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: an open file, its cache and its limits
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "request.h"
#include "session.h"

static atomic_t session_ids = ATOMIC_INIT(0);

struct session *session_new(void)
{
	struct session *session = kzalloc(sizeof(*session), SESSION_GFP);

	if (!session)
		return NULL;
	session->id = atomic_inc_return(&session_ids);
	mutex_init(&session->setup);
	mutex_init(&session->running);
	xa_init_flags(&session->handles, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	return session;
}

/* From the last close: no call of this session is under way, and it holds nothing. */
void session_free(struct session *session)
{
	if (session->devcache)
		devcache_close(session->devcache);
	xa_destroy(&session->handles);
	mutex_destroy(&session->running);
	mutex_destroy(&session->setup);
	kfree(session);
}

struct devcache *session_devcache(struct session *session)
{
	/* Pairs with the release in session_adopt(): the limit is set before. */
	return smp_load_acquire(&session->devcache);
}

/* Promises room for so many objects more, or none at all. */
int session_charge(struct session *session, unsigned int nr)
{
	struct devcache *devcache = session->devcache;
	int ret;

	if (atomic_add_return(nr, &session->held) <= session->limit) {
		ret = budget_take(devcache->name, nr * devcache->cost.object);
		if (!ret)
			return 0;
	} else {
		pr_notice_ratelimited("device: %u objects of %s are more than a session may have out, %u at once\n",
				      nr, devcache->name, session->limit);
		ret = -EDQUOT;
	}
	atomic_sub(nr, &session->held);
	return ret;
}

void session_uncharge(struct session *session, unsigned int nr)
{
	atomic_sub(nr, &session->held);
	budget_return(nr * session->devcache->cost.object);
}

static void session_adopt(struct session *session, struct devcache *devcache)
{
	session->limit = min_t(unsigned int, OBJCACHE_DEV_OBJECTS,
			       OBJCACHE_DEV_BYTES / devcache->size);
	/* Pairs with the acquire in session_devcache() */
	smp_store_release(&session->devcache, devcache);
}

int session_create(struct request *req)
{
	struct session *session = req->session;
	struct devcache *devcache;
	int ret = -EBUSY;

	mutex_lock(&session->setup);
	if (session->devcache)
		goto unlock;
	ret = devcache_create(&req->arg->create, &devcache);
	if (!ret)
		session_adopt(session, devcache);
unlock:
	mutex_unlock(&session->setup);
	return ret;
}

static int session_find(struct session *session, struct objcache_dev_open *open)
{
	struct devcache *devcache = devcache_open((const char *)open->name);

	if (!devcache)
		return -ENOENT;
	session_adopt(session, devcache);
	open->size = devcache->size;
	open->create_flags = devcache->flags;
	return 0;
}

int session_open(struct request *req)
{
	struct session *session = req->session;
	struct objcache_dev_open *open = &req->arg->open;
	int ret = -EBUSY;

	if (open->flags ||
	    memchr_inv(open->reserved, 0, sizeof(open->reserved)) ||
	    !memchr(open->name, 0, sizeof(open->name)))
		return -EINVAL;
	mutex_lock(&session->setup);
	if (!session->devcache)
		ret = session_find(session, open);
	mutex_unlock(&session->setup);
	return ret;
}

static void stats_fill(struct objcache_dev_stats *to,
		       const struct objcache_stats *from)
{
#define STATS_FILL(name, meaning)	to->name = from->name;
	OBJCACHE_STATS(STATS_FILL)
#undef STATS_FILL
}

int session_stats(struct request *req)
{
	struct devcache *devcache = session_devcache(req->session);
	struct objcache_dev_stats *stats = &req->arg->stats;
	struct objcache_stats sums = {};
	int ret;

	if (!devcache)
		return -ENXIO;
	if (stats->reserved)
		return -EINVAL;
	ret = device_check_range("version", stats->version,
				 OBJCACHE_DEV_STATS_VERSION,
				 OBJCACHE_DEV_STATS_VERSION);
	if (ret)
		return ret;
	objcache_read_stats(devcache->cache, &sums);
	stats_fill(stats, &sums);
	stats->constructed = atomic64_read(&devcache->constructed);
	stats->destructed = atomic64_read(&devcache->destructed);
	stats->violations = atomic64_read(&devcache->violations);
	stats->session_objects = atomic_read(&req->session->held);
	return 0;
}

int session_age(struct request *req)
{
	struct devcache *devcache = session_devcache(req->session);

	if (req->value)
		return device_check_range("argument", req->value, 0, 0);
	if (!devcache)
		return -ENXIO;
	objcache_age(devcache->cache);
	return 0;
}

int session_drain(struct request *req)
{
	struct devcache *devcache = session_devcache(req->session);

	if (!devcache)
		return -ENXIO;
	req->arg->released = objcache_drain(devcache->cache);
	return 0;
}
