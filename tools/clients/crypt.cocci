// SPDX-License-Identifier: GPL-2.0
// dm-crypt's requests: from a mempool over kmalloc to an objcache that has a minimum. Who
// may sleep gets one, whatever memory there is, as from a mempool.
//
// gone: req_pool mempool_init_kmalloc_pool(&cc->req

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
-	mempool_t req_pool;
+	struct objcache *requests;
	...
};

// part: get
@@
expression gfp;
@@
-	mempool_alloc(&cc->req_pool, gfp)
+	objcache_get(cc->requests, gfp)

// part: put
@@
expression req;
@@
-	mempool_free(req, &cc->req_pool);
+	objcache_put(cc->requests, req);

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
+		.min_objects = MIN_IOS,
+	};
+	static atomic_t serial;
+	struct objcache *requests;
+
+	requests = objcache_createf(&params, "dm-crypt-%u", atomic_inc_return(&serial));
+	if (IS_ERR(requests))
+		return PTR_ERR(requests);
+	cc->requests = requests;
+	return 0;
+}
+
static int crypt_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	...
}

// part: destroy
@@
@@
-	mempool_exit(&cc->req_pool);
+	if (cc->requests)
+		objcache_destroy(cc->requests);
