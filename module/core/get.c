// SPDX-License-Identifier: GPL-2.0
/*
 * Getting, off the hit path
 */
#include <linux/export.h>

#include "find.h"

/**
 * objcache_gfp_ok - refuse what a parked object could not honour
 * @core: the cache
 * @gfp: of a get
 *
 * Return: whether it is in order; if not, the log says why.
 */
bool objcache_gfp_ok(struct objcache_core *core, gfp_t gfp)
{
	if (!(gfp & __GFP_ZERO))
		return true;
	pr_err_ratelimited("%s: __GFP_ZERO refused: a parked object is not zeroed\n",
			   core->name);
	return false;
}

static noinline void *objcache_refuse(struct objcache *cache, gfp_t gfp)
{
	if (objcache_cache_ok(cache, "get"))
		objcache_gfp_ok(to_core(cache), gfp);
	return ERR_PTR(-EINVAL);
}

/**
 * __objcache_try_get_at - objcache_try_get() past the hit path, from a known place
 * @cache: where from
 * @site: where the call is, or NULL
 *
 * Context: Any.
 * Return: an object, or NULL.
 */
void *__objcache_try_get_at(struct objcache *cache,
			    const struct objcache_site *site)
{
	struct objcache_core *core = to_core(cache);

	if (!objcache_cache_ok(cache, "try_get"))
		return NULL;
	if (unlikely(core->checks))
		return objcache_try_get_checked(core, site);
	if (unlikely(core->bounded))
		return objcache_try_get_bounded(core);
	return objcache_parked(core, false);
}
EXPORT_SYMBOL_GPL(__objcache_try_get_at);

/**
 * __objcache_try_get_slow - objcache_try_get() past the hit path
 * @cache: where from
 *
 * Context: Any.
 * Return: an object, or NULL.
 */
noinline void *__objcache_try_get_slow(struct objcache *cache)
{
	return __objcache_try_get_at(cache, NULL);
}
EXPORT_SYMBOL_GPL(__objcache_try_get_slow);

/* A backlog is in the way; or lockdep is to be told that one might be. */
static noinline void *objcache_get_later(struct objcache_core *core, gfp_t gfp)
{
	int err = objcache_may_make(core, gfp);
	void *obj;

	if (err)
		return ERR_PTR(err);
	/* What has come meanwhile need not be made. */
	obj = objcache_parked(core, true);
	return obj ?: objcache_fresh(core, gfp);
}

/* An object, or why not. */
static __always_inline void *objcache_get_any(struct objcache *cache, gfp_t gfp)
{
	struct objcache_core *core = to_core(cache);
	void *obj;

	if (unlikely(!objcache_is_object(cache) || gfp & __GFP_ZERO))
		return objcache_refuse(cache, gfp);
	if (unlikely(core->checks || core->bounded))
		return core->checks ? objcache_get_checked(core, gfp, NULL) :
				      objcache_get_bounded(core, gfp);
	obj = objcache_parked(core, true);
	if (obj)
		return obj;
	if (IS_ENABLED(CONFIG_LOCKDEP) || unlikely(objcache_backlogged(core)))
		return objcache_get_later(core, gfp);
	return objcache_fresh(core, gfp);
}

/**
 * __objcache_get_slow - objcache_get() past the hit path
 * @cache: where from
 * @gfp: as for objcache_get()
 *
 * Context: as for objcache_get().
 * Return: an object, or NULL.
 */
void *__objcache_get_slow(struct objcache *cache, gfp_t gfp)
{
	void *obj = objcache_get_any(cache, gfp);

	return IS_ERR(obj) ? NULL : obj;
}
EXPORT_SYMBOL_GPL(__objcache_get_slow);

/**
 * __objcache_get_at - objcache_get() past the hit path, from a known place
 * @cache: where from
 * @gfp: as for objcache_get()
 * @site: where the call is, or NULL
 *
 * Context: as for objcache_get().
 * Return: an object, or NULL.
 */
void *__objcache_get_at(struct objcache *cache, gfp_t gfp,
			const struct objcache_site *site)
{
	void *obj;

	if (!objcache_is_object(cache) || gfp & __GFP_ZERO ||
	    !to_core(cache)->checks)
		return __objcache_get_slow(cache, gfp);
	obj = objcache_get_checked(to_core(cache), gfp, site);
	return IS_ERR(obj) ? NULL : obj;
}
EXPORT_SYMBOL_GPL(__objcache_get_at);

/**
 * __objcache_get_err - objcache_get_err() past the hit path
 * @cache: where from
 * @gfp: as for objcache_get()
 *
 * Context: as for objcache_get().
 * Return: an object, or ERR_PTR as from objcache_get_err().
 */
void *__objcache_get_err(struct objcache *cache, gfp_t gfp)
{
	return objcache_get_any(cache, gfp);
}
EXPORT_SYMBOL_GPL(__objcache_get_err);

/* ---- out of line ---- */

/* Have a result loaded where it is returned; gcc would move it there at the end. */
#ifdef CONFIG_X86
#define objcache_in_place(result)	asm("" : "+a" (result))
#else
#define objcache_in_place(result)	((void)(result))
#endif

/**
 * __objcache_get - what objcache_get_noinline() calls
 * @cache: where from
 * @gfp: as for objcache_get(), without __GFP_ZERO: the caller has looked
 *
 * Return: as there.
 */
notrace void *__objcache_get(struct objcache *cache, gfp_t gfp)
{
	void *obj;

	if (unlikely(!objcache_is_object(cache)))
		return __objcache_get_slow(cache, gfp);
	obj = objcache_hit_get(cache);
	if (likely(obj)) {
		objcache_in_place(obj);
		return obj;
	}
	return __objcache_get_slow(cache, gfp);
}
EXPORT_SYMBOL_GPL(__objcache_get);

/**
 * __objcache_try_get - what objcache_try_get_noinline() calls
 * @cache: where from
 *
 * Return: as there.
 */
notrace void *__objcache_try_get(struct objcache *cache)
{
	if (unlikely(!objcache_is_object(cache)))
		return __objcache_try_get_slow(cache);
	return objcache_try_get(cache);
}
EXPORT_SYMBOL_GPL(__objcache_try_get);
