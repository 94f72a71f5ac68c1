// SPDX-License-Identifier: GPL-2.0
// squashfs' decompressor streams: from a list, a mutex, a wait queue and a count to an
// objcache of at most as many, and of one at least, so that reading never fails for want
// of one.
//
// gone: list_head mutex wait_queue_head_t avail_decomp wake_up wait_event

// part: header
@@
@@
 #include "squashfs.h"
+#include "objcache.h"

// part: no mutex
@@
@@
-#include <linux/mutex.h>

// part: no sched
@@
@@
-#include <linux/sched.h>

// part: no wait
@@
@@
-#include <linux/wait.h>

// part: the pool
@@
@@
struct squashfs_stream {
	void *comp_opts;
-	struct list_head strm_list;
-	struct mutex mutex;
-	int avail_decomp;
-	wait_queue_head_t wait;
+	struct squashfs_sb_info *msblk;
+	struct objcache *streams;
};

// part: a stream
@@
@@
struct decomp_stream {
	void *stream;
-	struct list_head list;
};

// part: put
@@
@@
-static void put_decomp_stream(struct decomp_stream *decomp_strm,
-				struct squashfs_stream *stream)
-{
-	...
-}

// part: destroy
@@
@@
-static void squashfs_decompressor_destroy(struct squashfs_sb_info *msblk)
-{
-	...
-}

// part: get
@@
@@
-static struct decomp_stream *get_decomp_stream(struct squashfs_sb_info *msblk,
-					struct squashfs_stream *stream)
-{
-	...
-}

// part: create
@@
@@
-static void *squashfs_decompressor_create(struct squashfs_sb_info *msblk,
-				void *comp_opts)
-{
-	...
-}

// part: what takes their place
@@
@@
+static int decomp_stream_init(void *obj, void *ctx, gfp_t gfp)
+{
+	struct squashfs_stream *stream = ctx;
+	struct decomp_stream *decomp_strm = obj;
+
+	decomp_strm->stream = stream->msblk->decompressor->init(stream->msblk,
+								stream->comp_opts);
+	return PTR_ERR_OR_ZERO(decomp_strm->stream);
+}
+
+static void decomp_stream_free(void *obj, void *ctx)
+{
+	struct squashfs_stream *stream = ctx;
+	struct decomp_stream *decomp_strm = obj;
+
+	stream->msblk->decompressor->free(decomp_strm->stream);
+}
+
+static const struct objcache_ops decomp_stream_ops = {
+	.ctor = decomp_stream_init,
+	.dtor = decomp_stream_free,
+};
+
+static void *squashfs_decompressor_create(struct squashfs_sb_info *msblk, void *comp_opts)
+{
+	struct squashfs_stream *stream = kzalloc(sizeof(*stream), GFP_KERNEL);
+	struct objcache_params params = {
+		.size = sizeof(struct decomp_stream),
+		.weight = msblk->block_size,
+		.max_objects = msblk->max_thread_num,
+		.min_objects = 1,
+		.ops = &decomp_stream_ops,
+		.ctx = stream,
+	};
+	static atomic_t serial;
+	struct objcache *streams;
+
+	if (!stream)
+		return ERR_PTR(-ENOMEM);
+	stream->comp_opts = comp_opts;
+	stream->msblk = msblk;
+	streams = objcache_createf(&params, "squashfs-%u", atomic_inc_return(&serial));
+	if (IS_ERR(streams)) {
+		kfree(stream);
+		return streams;
+	}
+	stream->streams = streams;
+	return stream;
+}
+
+static void squashfs_decompressor_destroy(struct squashfs_sb_info *msblk)
+{
+	struct squashfs_stream *stream = msblk->stream;
+
+	if (stream) {
+		objcache_destroy(stream->streams);
+		kfree(stream->comp_opts);
+		kfree(stream);
+	}
+}
+
static int squashfs_decompress(struct squashfs_sb_info *msblk, struct bio *bio,
			int offset, int length,
			struct squashfs_page_actor *output)
{
	...
}

// part: at work
@@
expression msblk, stream;
@@
-	get_decomp_stream(msblk, stream)
+	objcache_get(stream->streams, GFP_KERNEL)

// part: and after it
@@
expression strm, stream;
@@
-	put_decomp_stream(strm, stream);
+	objcache_put(stream->streams, strm);
