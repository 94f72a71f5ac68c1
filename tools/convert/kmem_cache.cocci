// SPDX-License-Identifier: GPL-2.0
// Plain kmem_cache users to objcache. What has a constructor, a node, bulk calls or a
// user-copy window is left as it is: tools/convert.sh then says so, and writes nothing.

@@
expression name, size, align, flags;
@@
-kmem_cache_create(name, size, align, flags, NULL)
+objcache_create_plain(name, size, align, flags)

@@
identifier tag;
expression flags;
@@
-KMEM_CACHE(tag, flags)
+OBJCACHE(tag, flags)

// It fails by ERR_PTR. (Also matches !cache.)
@@
expression cache;
statement S;
@@
(
 cache = OBJCACHE(...);
|
 cache = objcache_create_plain(...);
)
-if (cache == NULL)
+if (IS_ERR(cache))
 S

// What was put is not cleared. As much as the cache was created for, whatever it is used as.
@@
expression cache, gfp;
@@
-kmem_cache_zalloc(cache, gfp)
+objcache_get_zeroed(cache, gfp)

@@
expression cache, gfp;
@@
-kmem_cache_alloc(cache, gfp)
+objcache_get(cache, gfp)

@@
expression cache, obj;
@@
-kmem_cache_free(cache, obj)
+objcache_put(cache, obj)

@@
expression cache;
@@
-kmem_cache_destroy(cache)
+objcache_destroy(cache)

@@
expression cache;
@@
-kmem_cache_shrink(cache)
+objcache_drain(cache)

@@
@@
-struct kmem_cache
+struct objcache
