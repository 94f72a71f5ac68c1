// SPDX-License-Identifier: GPL-2.0
/*
 * Objects by handle: get, put, discard, stamp, check
 *
 * A handle is an index of the session's xarray, allocated cyclically so that a
 * stale one is noticed. What threads that share a session may do at once:
 *
 * - Two puts of one handle: erasing the entry decides, the other finds none.
 * - A stamp or check holds the entry's mark HANDLE_BUSY; who finds it set gets
 *   -EBUSY. So an object is not put while somebody writes to it.
 * - A get reserves its handles, copies them out, and only then stores the
 *   objects. A get whose copy failed so takes back objects that no thread can
 *   have touched, having guessed the handle.
 *
 * What is in an object is compared only after the session has stamped all of it:
 * before, it is memory that somebody else has written, or nobody. The entry's
 * mark HANDLE_STAMPED says so; without it every word counts as a mismatch.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "request.h"
#include "session.h"

/* XA_MARK_0 is the xarray's own in an allocating one. */
#define HANDLE_BUSY	XA_MARK_1
#define HANDLE_STAMPED	XA_MARK_2

/* Above are the owner ids of workloads, see worker_owner(). */
#define HANDLE_LIMIT	XA_LIMIT(1, INT_MAX)

/**
 * struct object - what a handle stands for
 * @obj: the object
 * @stamped: by this session, since it has it
 */
struct object {
	void *obj;
	bool stamped;
};

/*
 * What a handle can cost at worst: who keeps one in 64, or in 4096, has nodes of the
 * xarray for each of them, which are many times as large as a small object.
 */
#define HANDLE_BYTES	(2 * (u64)sizeof(struct xa_node))

static void handles_uncharge(struct session *session, unsigned int nr)
{
	session_uncharge(session, nr);
	budget_return(nr * HANDLE_BYTES);
}

/* All of it, or nothing. */
static int handles_charge(struct session *session, unsigned int nr)
{
	int ret = session_charge(session, nr);

	if (ret)
		return ret;
	ret = budget_take("handles", nr * HANDLE_BYTES);
	if (ret)
		session_uncharge(session, nr);
	return ret;
}

static u64 handle_owner(struct session *session, u32 handle)
{
	return (u64)session->id << 32 | handle;
}

static int batch_validate(struct request *req, unsigned int flags)
{
	struct objcache_dev_batch *batch = &req->arg->batch;
	struct devcache *devcache = session_devcache(req->session);

	if (!devcache)
		return -ENXIO;
	if (batch->flags & ~flags || batch->reserved)
		return -EINVAL;
	if (batch->flags & (OBJCACHE_DEV_BLANK | OBJCACHE_DEV_SPOIL) &&
	    !(devcache->flags & OBJCACHE_DEV_CREATE_OPS))
		return -EINVAL;
	batch->done = 0;
	batch->mismatches = 0;
	batch->violations = 0;
	return device_check_range("count", batch->count, 1, OBJCACHE_DEV_BATCH);
}

static int batch_copy_in(struct request *req, unsigned int flags)
{
	struct objcache_dev_batch *batch = &req->arg->batch;
	int ret = batch_validate(req, flags);

	if (ret)
		return ret;
	if (copy_from_user(req->handles, u64_to_user_ptr(batch->handles),
			   batch->count * sizeof(*req->handles)))
		return -EFAULT;
	return 0;
}

/* Under the xarray's lock. */
static int handle_find(struct session *session, u32 handle,
		       struct object *object)
{
	struct xarray *handles = &session->handles;

	object->obj = xa_load(handles, handle);
	if (!object->obj)
		return -ENOENT;
	if (xa_get_mark(handles, handle, HANDLE_BUSY))
		return -EBUSY;
	object->stamped = xa_get_mark(handles, handle, HANDLE_STAMPED);
	return 0;
}

/* Removes the object from the session: it is the caller's alone. */
static int handle_take(struct session *session, u32 handle,
		       struct object *object)
{
	int ret;

	xa_lock(&session->handles);
	ret = handle_find(session, handle, object);
	if (!ret)
		__xa_erase(&session->handles, handle);
	xa_unlock(&session->handles);
	return ret;
}

/* Keeps the object in the session until handle_unpin(). */
static int handle_pin(struct session *session, u32 handle,
		      struct object *object)
{
	int ret;

	xa_lock(&session->handles);
	ret = handle_find(session, handle, object);
	if (!ret)
		__xa_set_mark(&session->handles, handle, HANDLE_BUSY);
	xa_unlock(&session->handles);
	return ret;
}

static void handle_unpin(struct session *session, u32 handle, bool stamped)
{
	xa_lock(&session->handles);
	if (stamped)
		__xa_set_mark(&session->handles, handle, HANDLE_STAMPED);
	__xa_clear_mark(&session->handles, handle, HANDLE_BUSY);
	xa_unlock(&session->handles);
}

/* The entry is reserved, so this allocates nothing. */
static void handle_store(struct session *session, u32 handle, void *obj,
			 bool stamped)
{
	xa_lock(&session->handles);
	__xa_store(&session->handles, handle, obj, 0);
	if (stamped)
		__xa_set_mark(&session->handles, handle, HANDLE_STAMPED);
	xa_unlock(&session->handles);
}

static u64 object_check(const struct devcache *devcache,
			const struct object *object, u64 value, u32 handle)
{
	if (!object->stamped)
		return devobj_words(devcache);
	return devobj_check(devcache, object->obj, value, handle);
}

/* Gives @obj a handle that is good for nothing before handles_settle(). */
static int handle_reserve(struct request *req, void *obj)
{
	struct session *session = req->session;
	struct objcache_dev_batch *batch = &req->arg->batch;
	struct devcache *devcache = session_devcache(session);
	u32 handle;
	int ret;

	ret = xa_alloc_cyclic(&session->handles, &handle, NULL, HANDLE_LIMIT,
			      &session->next_handle,
			      GFP_KERNEL | __GFP_NOWARN);
	if (ret < 0) {
		objcache_put(devcache->cache, obj);
		return ret;
	}
	if (!devobj_claim(devcache, obj, handle_owner(session, handle))) {
		xa_release(&session->handles, handle);
		batch->violations++;
		return -EIO;
	}
	if (batch->flags & OBJCACHE_DEV_BLANK)
		batch->mismatches += devobj_check_blank(devcache, obj);
	if (batch->flags & OBJCACHE_DEV_MARK)
		devobj_stamp(devcache, obj, batch->value, handle);
	req->handles[req->nr] = handle;
	req->objs[req->nr++] = obj;
	return 0;
}

/*
 * How many objects there are in @objs now. Each is reserved in place, so those
 * that get no handle leave no gap.
 */
static int objects_get(struct request *req, unsigned int nr, bool fresh)
{
	struct objcache *cache = session_devcache(req->session)->cache;
	unsigned int i;

	if (req->arg->batch.flags & OBJCACHE_DEV_BULK)
		return objcache_get_bulk(cache, SESSION_GFP, nr, req->objs);
	for (i = 0; i < nr; i++) {
		void *obj = fresh ? objcache_get(cache, SESSION_GFP) :
				    objcache_try_get(cache);

		if (!obj)
			break;
		req->objs[i] = obj;
	}
	return i;
}

/* -EFAULT makes the dispatcher settle the request as not delivered. */
static int handles_obtain(struct request *req, bool fresh)
{
	struct objcache_dev_batch *batch = &req->arg->batch;
	unsigned int i, got = objects_get(req, batch->count, fresh);
	int ret = fresh ? -ENOMEM : -EAGAIN;

	for (i = 0; i < got; i++) {
		int err = handle_reserve(req, req->objs[i]);

		ret = err ?: ret;
		cond_resched();
	}
	batch->done = req->nr;
	handles_uncharge(req->session, batch->count - req->nr);
	if (!req->nr)
		return ret;
	if (copy_to_user(u64_to_user_ptr(batch->handles), req->handles,
			 req->nr * sizeof(*req->handles))) {
		batch->done = 0;
		return -EFAULT;
	}
	return 0;
}

static int handles_get_any(struct request *req, unsigned int flags, bool fresh)
{
	int ret = batch_validate(req, flags);

	if (!ret)
		ret = handles_charge(req->session, req->arg->batch.count);
	return ret ?: handles_obtain(req, fresh);
}

int handles_get(struct request *req)
{
	return handles_get_any(req, OBJCACHE_DEV_BULK | OBJCACHE_DEV_BLANK |
			       OBJCACHE_DEV_MARK, true);
}

int handles_try_get(struct request *req)
{
	return handles_get_any(req, OBJCACHE_DEV_BLANK | OBJCACHE_DEV_MARK,
			       false);
}

static void handle_revoke(struct session *session, u32 handle, void *obj)
{
	struct devcache *devcache = session_devcache(session);

	xa_release(&session->handles, handle);
	handles_uncharge(session, 1);
	if (devobj_release(devcache, obj, handle_owner(session, handle)))
		objcache_put(devcache->cache, obj);
}

/**
 * handles_settle - end a get
 * @req: the get
 * @delivered: user space has been told the handles
 */
void handles_settle(struct request *req, bool delivered)
{
	bool stamped = req->arg->batch.flags & OBJCACHE_DEV_MARK;
	struct session *session = req->session;
	unsigned int i;

	for (i = 0; i < req->nr; i++) {
		u32 handle = req->handles[i];

		if (!delivered)
			handle_revoke(session, handle, req->objs[i]);
		else
			handle_store(session, handle, req->objs[i], stamped);
	}
}

/* Takes one object out of the session, to be given back. */
static int handle_give(struct request *req, u32 handle)
{
	struct session *session = req->session;
	struct objcache_dev_batch *batch = &req->arg->batch;
	struct devcache *devcache = session_devcache(session);
	struct object object;
	int ret;

	ret = handle_take(session, handle, &object);
	if (ret)
		return ret;
	handles_uncharge(session, 1);
	if (batch->flags & OBJCACHE_DEV_VERIFY)
		batch->mismatches += object_check(devcache, &object,
						  batch->value, handle);
	if (batch->flags & OBJCACHE_DEV_SPOIL)
		devobj_spoil(object.obj);
	if (devobj_release(devcache, object.obj, handle_owner(session, handle)))
		req->objs[req->nr++] = object.obj;
	else
		batch->violations++;
	return 0;
}

static int handles_give(struct request *req, unsigned int flags)
{
	struct objcache_dev_batch *batch = &req->arg->batch;
	int ret = batch_copy_in(req, flags);

	while (!ret && batch->done < batch->count) {
		ret = handle_give(req, req->handles[batch->done]);
		if (!ret)
			batch->done++;
		cond_resched();
	}
	return ret;
}

int handles_put(struct request *req)
{
	int ret = handles_give(req, OBJCACHE_DEV_BULK | OBJCACHE_DEV_VERIFY |
			       OBJCACHE_DEV_SPOIL);
	struct devcache *devcache = session_devcache(req->session);
	unsigned int i;

	if (req->nr && req->arg->batch.flags & OBJCACHE_DEV_BULK) {
		objcache_put_bulk(devcache->cache, req->nr, req->objs);
		return ret;
	}
	for (i = 0; i < req->nr; i++)
		objcache_put(devcache->cache, req->objs[i]);
	return ret;
}

int handles_discard(struct request *req)
{
	int ret = handles_give(req, OBJCACHE_DEV_VERIFY);
	struct devcache *devcache = session_devcache(req->session);
	unsigned int i;

	for (i = 0; i < req->nr; i++)
		objcache_discard(devcache->cache, req->objs[i]);
	return ret;
}

/* Stamps or checks one object. */
static int handle_touch(struct request *req, u32 handle, bool stamp)
{
	struct session *session = req->session;
	struct objcache_dev_batch *batch = &req->arg->batch;
	struct devcache *devcache = session_devcache(session);
	struct object object;
	int ret;

	ret = handle_pin(session, handle, &object);
	if (ret)
		return ret;
	if (stamp)
		devobj_stamp(devcache, object.obj, batch->value, handle);
	else
		batch->mismatches += object_check(devcache, &object,
						  batch->value, handle);
	handle_unpin(session, handle, stamp);
	return 0;
}

static int handles_touch(struct request *req, bool stamp)
{
	struct objcache_dev_batch *batch = &req->arg->batch;
	int ret = batch_copy_in(req, 0);

	while (!ret && batch->done < batch->count) {
		ret = handle_touch(req, req->handles[batch->done], stamp);
		if (!ret)
			batch->done++;
		cond_resched();
	}
	return ret;
}

int handles_stamp(struct request *req)
{
	return handles_touch(req, true);
}

int handles_check(struct request *req)
{
	return handles_touch(req, false);
}

/* From the last close: nothing is pinned or reserved, and no workload runs. */
void handles_put_all(struct session *session)
{
	struct devcache *devcache = session->devcache;
	unsigned long handle;
	void *obj;

	xa_for_each(&session->handles, handle, obj) {
		if (devobj_release(devcache, obj, handle_owner(session, handle)))
			objcache_put(devcache->cache, obj);
		cond_resched();
	}
	handles_uncharge(session, atomic_read(&session->held));
}
