// SPDX-License-Identifier: GPL-2.0
// dm-crypt's requests: from a mempool over kmalloc to one over an objcache.
//
// gone: mempool_init_kmalloc_pool(&cc->req_pool

// part: header
@@
@@
 #include "dm-audit.h"
+#include "objcache.h"

// part: the cache of requests
@@
@@
struct crypt_config {
	...
	mempool_t req_pool;
+	struct objcache *requests;
	...
};

// part: create
@@
expression size;
@@
-	ret = mempool_init_kmalloc_pool(&cc->req_pool, MIN_IOS, size);
+	ret = crypt_create_requests(cc, size);

// part: how
@@
@@
+static int crypt_create_requests(struct crypt_config *cc, unsigned int size)
+{
+	const struct objcache_params params = {
+		.size = size,
+		.align = ARCH_KMALLOC_MINALIGN,
+	};
+	static atomic_t serial;
+
+	cc->requests = objcache_createf(&params, "dm-crypt-%u", atomic_inc_return(&serial));
+	if (IS_ERR(cc->requests))
+		return PTR_ERR(cc->requests);
+	return mempool_init(&cc->req_pool, MIN_IOS, objcache_mempool_alloc,
+			    objcache_mempool_free, cc->requests);
+}
+
static int crypt_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	...
}

// part: destroy
@@
@@
	mempool_exit(&cc->req_pool);
+	if (!IS_ERR_OR_NULL(cc->requests))
+		objcache_destroy(cc->requests);
