// SPDX-License-Identifier: GPL-2.0
// zram's compression streams: from one a CPU, with a lock that turns preemption off and
// hotplug callbacks, to an objcache with a minimum, so that a get that may sleep never
// fails. Who writes may sleep with a stream in hand,
// so that nothing is compressed twice; who reads takes one before the slot's lock.
//
// gone: local_lock zcomp_cpu_up_prepare zcomp_cpu_dead cpuhp_state_add_instance
// gone: cpuhp_setup_state_multi alloc_percpu this_cpu_ptr per_cpu_ptr compress_again
// Each part has to change something; see tools/clients.sh.

// part: the stream knows its owner
@@
@@
struct zcomp_strm {
-	local_lock_t lock;
+	struct zcomp *comp;
	...
};

// part: the cache of them
@@
@@
struct zcomp {
-	struct zcomp_strm *stream;
+	struct objcache *streams;
	...
-	struct hlist_node node;
};

// part: header
@@
@@
-#include <linux/local_lock.h>
+#include "objcache.h"

// part: destructor
@@
@@
-static void zcomp_strm_free(struct zcomp *comp, struct zcomp_strm *zstrm)
+static void zcomp_strm_free(void *obj, void *ctx)
{
+	struct zcomp_strm *zstrm = obj;
+	struct zcomp *comp = ctx;
+
	comp->ops->destroy_ctx(&zstrm->ctx);
	vfree(zstrm->buffer);
-	zstrm->buffer = NULL;
}

// part: constructor
@@
@@
-static int zcomp_strm_init(struct zcomp *comp, struct zcomp_strm *zstrm)
+static int zcomp_strm_init(void *obj, void *ctx, gfp_t gfp)
{
+	/* It may be made to swap something out. */
+	unsigned int noio = memalloc_noio_save();
+	struct zcomp_strm *zstrm = obj;
+	struct zcomp *comp = ctx;
	int ret;

+	*zstrm = (struct zcomp_strm) { .comp = comp };
	ret = comp->ops->create_ctx(comp->params, &zstrm->ctx);
	if (ret)
-		return ret;
+		goto out;
	zstrm->buffer = vzalloc(2 * PAGE_SIZE);
	if (!zstrm->buffer) {
-		zcomp_strm_free(comp, zstrm);
-		return -ENOMEM;
+		zcomp_strm_free(zstrm, comp);
+		ret = -ENOMEM;
	}
-	return 0;
+out:
+	memalloc_noio_restore(noio);
+	return ret;
}

// part: get
@@
@@
-struct zcomp_strm *zcomp_stream_get(struct zcomp *comp)
-{
-	...
-}

// part: put
@@
@@
-void zcomp_stream_put(struct zcomp *comp)
-{
-	...
-}

// part: which are inline from now on (their declarations went with them)
@@
@@
-void zcomp_destroy(struct zcomp *comp);
+void zcomp_destroy(struct zcomp *comp);
+
+static inline struct zcomp_strm *zcomp_stream_get(struct zcomp *comp)
+{
+	return objcache_get(comp->streams, GFP_NOIO);
+}
+
+static inline void zcomp_stream_put(struct zcomp_strm *zstrm)
+{
+	objcache_put(zstrm->comp->streams, zstrm);
+}

// part: a CPU comes
@@
@@
-int zcomp_cpu_up_prepare(unsigned int cpu, struct hlist_node *node)
-{
-	...
-}

// part: a CPU goes
@@
@@
-int zcomp_cpu_dead(unsigned int cpu, struct hlist_node *node)
-{
-	...
-}

// part: no memory of each CPU
@@
@@
-	comp->stream = alloc_percpu(...);
-	if (!comp->stream)
-		return -ENOMEM;
	comp->params = params;

// part: create
@@
@@
-	ret = cpuhp_state_add_instance(CPUHP_ZCOMP_PREPARE, &comp->node);
-	if (ret < 0)
-		goto cleanup;
+	comp->streams = objcache_createf(&streams, "zcomp-%u", atomic_inc_return(&serial));
+	ret = PTR_ERR_OR_ZERO(comp->streams);
+	if (ret)
+		goto cleanup;

// part: nothing of it to free
@@
@@
	comp->ops->release_params(comp->params);
-	free_percpu(comp->stream);

// part: what the cache is like
@@
@@
+static const struct objcache_ops zcomp_strm_ops = {
+	.ctor = zcomp_strm_init,
+	.dtor = zcomp_strm_free,
+};
+
static int zcomp_init(struct zcomp *comp, struct zcomp_params *params)
{
+	const struct objcache_params streams = {
+		.size = sizeof(struct zcomp_strm),
+		.batch = 1,
+		.capacity = 2,
+		.weight = 4 * PAGE_SIZE,
+		.min_objects = 1,
+		.ops = &zcomp_strm_ops,
+		.ctx = comp,
+	};
+	static atomic_t serial;
	int ret;
	...
}

// part: destroy
@@
@@
-	cpuhp_state_remove_instance(CPUHP_ZCOMP_PREPARE, &comp->node);
+	objcache_destroy(comp->streams);
	comp->ops->release_params(comp->params);

// part: no hotplug state
@@
@@
-	ret = cpuhp_setup_state_multi(CPUHP_ZCOMP_PREPARE, "block/zram:prepare",
-				      zcomp_cpu_up_prepare, zcomp_cpu_dead);
-	if (ret < 0)
-		return ret;

// part: nor its end
@@
@@
-	cpuhp_remove_multi_state(CPUHP_ZCOMP_PREPARE);

// part: put what was got
@@
expression COMP;
@@
-	zcomp_stream_put(COMP);
+	zcomp_stream_put(zstrm);

// part: a stream and the slot's lock
@@
@@
+/*
+ * With a stream of the algorithm that the slot's page is compressed by. It may have to
+ * be made, and the slot's lock is one that nobody sleeps under: so it is got before, and
+ * under the lock it is looked whether that is still the algorithm.
+ */
+static inline struct zcomp_strm *zram_slot_lock_stream(struct zram *zram, u32 index)
+{
+	struct zcomp_strm *zstrm;
+	u32 prio;
+
+	for (;;) {
+		prio = zram_get_priority(zram, index);
+		zstrm = zcomp_stream_get(zram->comps[prio]);
+		zram_slot_lock(zram, index);
+		if (likely(prio == zram_get_priority(zram, index)))
+			return zstrm;
+		zram_slot_unlock(zram, index);
+		zcomp_stream_put(zstrm);
+	}
+}
+
static void zram_accessed(struct zram *zram, u32 index)
{
	...
}

// part: a page is read with a stream in hand
@@
@@
static int zram_read_from_zspool(struct zram *zram, struct page *page,
-				 u32 index)
+				 u32 index, struct zcomp_strm *zstrm)
{
-	struct zcomp_strm *zstrm;
	...
}

// part: which is not got there
@@
@@
-	if (size != PAGE_SIZE) {
+	if (size != PAGE_SIZE)
		prio = zram_get_priority(zram, index);
-		zstrm = zcomp_stream_get(zram->comps[prio]);
-	}

// part: nor put
@@
@@
	ret = zcomp_decompress(zram->comps[prio], zstrm, src, size, dst);
	kunmap_local(dst);
-	zcomp_stream_put(zstrm);

// part: read
@@
@@
static int zram_read_page(struct zram *zram, struct page *page, u32 index,
			  struct bio *parent)
{
+	struct zcomp_strm *zstrm;
	int ret;
-	zram_slot_lock(zram, index);
+	zstrm = zram_slot_lock_stream(zram, index);
	if (!zram_test_flag(zram, index, ZRAM_WB)) {
-		ret = zram_read_from_zspool(zram, page, index);
+		ret = zram_read_from_zspool(zram, page, index, zstrm);
		zram_slot_unlock(zram, index);
+		zcomp_stream_put(zstrm);
	} else {
		zram_slot_unlock(zram, index);
+		zcomp_stream_put(zstrm);
		...
	}
	...
}

// part: write back, under the first lock
@@
@@
-		zram_slot_lock(zram, index);
+		zstrm = zram_slot_lock_stream(zram, index);
		if (!zram_allocated(zram, index))
			goto next;
		if (zram_test_flag(zram, index, ZRAM_WB) ||
				zram_test_flag(zram, index, ZRAM_SAME) ||
				zram_test_flag(zram, index, ZRAM_UNDER_WB))
			goto next;

// part: write back
@@
@@
-		if (zram_read_from_zspool(zram, page, index)) {
+		if (zram_read_from_zspool(zram, page, index, zstrm)) {
			zram_clear_flag(zram, index, ZRAM_UNDER_WB);
			zram_clear_flag(zram, index, ZRAM_IDLE);
			goto next;
		}
		zram_slot_unlock(zram, index);
+		zcomp_stream_put(zstrm);
+		zstrm = NULL;

// part: a page less to write back
@@
@@
writeback_store(...) {
<...
next:
	zram_slot_unlock(zram, index);
+	if (zstrm)
+		zcomp_stream_put(zstrm);
...>
}

// part: writeback_store has one in hand
@@
@@
writeback_store(...)
{
	struct zram *zram = dev_to_zram(dev);
+	struct zcomp_strm *zstrm;
	...
}

// part: recompression is under the slot's lock all the time: it is given one of each
@@
@@
static int zram_recompress(struct zram *zram, u32 index, struct page *page,
			   u64 *num_recomp_pages, u32 threshold, u32 prio,
-			   u32 prio_max)
+			   u32 prio_max, struct zcomp_strm **streams)
{
	...
}

// part: reads with one
@@
@@
-	ret = zram_read_from_zspool(zram, page, index);
+	ret = zram_read_from_zspool(zram, page, index,
+				    streams[zram_get_priority(zram, index)]);
	if (ret)
		return ret;

// part: compresses with another
@@
@@
	num_recomps++;
-	zstrm = zcomp_stream_get(zram->comps[prio]);
+	zstrm = streams[prio];

// part: puts none
@@
@@
-if (ret) {
-	zcomp_stream_put(zstrm);
-	return ret;
-}
+if (ret)
+	return ret;

// part: nor when there is no memory
@@
@@
-if (IS_ERR_VALUE(handle_new)) {
-	zcomp_stream_put(zstrm);
-	return PTR_ERR((void *)handle_new);
-}
+if (IS_ERR_VALUE(handle_new))
+	return PTR_ERR((void *)handle_new);

// part: nor in vain, nor in the end
@@
@@
zram_recompress(...) {
<...
-	zcomp_stream_put(zstrm);
...>
}

// part: they are got before the first lock, and held to the end
@@
@@
+/* Of each algorithm one, in this order; nothing that takes long is done with them. */
+static void zram_streams_get(struct zram *zram, struct zcomp_strm **streams)
+{
+	u32 prio;
+
+	for (prio = 0; prio < ZRAM_MAX_COMPS; prio++)
+		streams[prio] = zram->comps[prio] ? zcomp_stream_get(zram->comps[prio]) : NULL;
+}
+
+static void zram_streams_put(struct zcomp_strm **streams)
+{
+	u32 prio;
+
+	for (prio = 0; prio < ZRAM_MAX_COMPS; prio++)
+		if (streams[prio])
+			zcomp_stream_put(streams[prio]);
+}
+
recompress_store(...)
{
+	struct zcomp_strm *streams[ZRAM_MAX_COMPS];
	...
}

// part: by who goes through the slots
@@
identifier out;
@@
recompress_store(...)
{
	...
	page = alloc_page(GFP_KERNEL);
	if (!page) {
		...
		goto out;
	}
+	zram_streams_get(zram, streams);
	...
}

// part: and puts them
@@
@@
recompress_store(...)
{
	<...
+	zram_streams_put(streams);
	__free_page(page);
	...>
}

// part: and hands them on
@@
@@
	err = zram_recompress(zram, index, page, &num_recomp_pages, threshold, prio,
-			      prio_max);
+			      prio_max, streams);

// part: the memory for what was compressed
@@
@@
-	if (IS_ERR_VALUE(handle))
-		handle = zs_malloc(zram->mem_pool, comp_len,
-				__GFP_KSWAPD_RECLAIM | __GFP_NOWARN | __GFP_HIGHMEM | __GFP_MOVABLE);
+	handle = zs_malloc(zram->mem_pool, comp_len,
+			   GFP_NOIO | __GFP_HIGHMEM | __GFP_MOVABLE);

// part: no memory
@@
@@
-	if (IS_ERR_VALUE(handle)) {
-		zcomp_stream_put(zstrm);
-		atomic64_inc(&zram->stats.writestall);
-		handle = zs_malloc(zram->mem_pool, comp_len,
-				GFP_NOIO | __GFP_HIGHMEM | __GFP_MOVABLE);
-		if (IS_ERR_VALUE(handle))
-			return PTR_ERR((void *)handle);
-		if (comp_len != PAGE_SIZE)
-			goto compress_again;
-		zstrm = zcomp_stream_get(zram->comps[ZRAM_PRIMARY_COMP]);
-	}
+	if (IS_ERR_VALUE(handle)) {
+		zcomp_stream_put(zstrm);
+		return PTR_ERR((void *)handle);
+	}

// part: nothing to free
@@
@@
	pr_err("Compression failed! err=%d\n", ret);
-	zs_free(zram->mem_pool, handle);

// part: once
@@
@@
-compress_again:
	zstrm = zcomp_stream_get(zram->comps[ZRAM_PRIMARY_COMP]);
