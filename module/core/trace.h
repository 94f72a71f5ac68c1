/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events: what happens off the hit path
 *
 * None is on the hit path. All may come from any context, NMI included.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM objcache

#if !defined(_OBJCACHE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _OBJCACHE_TRACE_H

#include <linux/tracepoint.h>

#include "../objcache.h"

/* A number of objects of a cache: in hand, moved, wanted. */
DECLARE_EVENT_CLASS(objcache_objects,
	TP_PROTO(const char *name, unsigned long nr),
	TP_ARGS(name, nr),
	TP_STRUCT__entry(
		__array(char, name, OBJCACHE_NAME_LEN)
		__field(unsigned long, nr)
	),
	TP_fast_assign(
		memcpy(__entry->name, name, OBJCACHE_NAME_LEN);
		__entry->nr = nr;
	),
	TP_printk("cache=%s nr=%lu", __entry->name, __entry->nr)
);

/* A get found nothing parked; nr objects were made. */
DEFINE_EVENT(objcache_objects, objcache_miss,
	TP_PROTO(const char *name, unsigned long nr),
	TP_ARGS(name, nr)
);

/* A get took a magazine of nr objects back from its CPU's own shared part. */
DEFINE_EVENT(objcache_objects, objcache_refill,
	TP_PROTO(const char *name, unsigned long nr),
	TP_ARGS(name, nr)
);

/* nr objects left: to the slab at once, or to the worker's queue. */
DEFINE_EVENT(objcache_objects, objcache_release,
	TP_PROTO(const char *name, unsigned long nr),
	TP_ARGS(name, nr)
);

/* An age step claimed nr objects from all CPUs' aged rings. */
DEFINE_EVENT(objcache_objects, objcache_age,
	TP_PROTO(const char *name, unsigned long nr),
	TP_ARGS(name, nr)
);

TRACE_EVENT(objcache_steal,
	TP_PROTO(const char *name, int victim, bool aged, unsigned long nr),
	TP_ARGS(name, victim, aged, nr),
	TP_STRUCT__entry(
		__array(char, name, OBJCACHE_NAME_LEN)
		__field(int, victim)
		__field(bool, aged)
		__field(unsigned long, nr)
	),
	TP_fast_assign(
		memcpy(__entry->name, name, OBJCACHE_NAME_LEN);
		__entry->victim = victim;
		__entry->aged = aged;
		__entry->nr = nr;
	),
	TP_printk("cache=%s victim=%d aged=%d nr=%lu", __entry->name,
		  __entry->victim, __entry->aged, __entry->nr)
);

/* A put moved nr objects out of the private part: to the ring, or out. */
TRACE_EVENT(objcache_spill,
	TP_PROTO(const char *name, bool overflow, unsigned long nr),
	TP_ARGS(name, overflow, nr),
	TP_STRUCT__entry(
		__array(char, name, OBJCACHE_NAME_LEN)
		__field(bool, overflow)
		__field(unsigned long, nr)
	),
	TP_fast_assign(
		memcpy(__entry->name, name, OBJCACHE_NAME_LEN);
		__entry->overflow = overflow;
		__entry->nr = nr;
	),
	TP_printk("cache=%s to=%s nr=%lu", __entry->name,
		  __entry->overflow ? "release" : "ring", __entry->nr)
);

/* Debug mode has found something: a kind by its name in stats; 0: no object. */
TRACE_EVENT(objcache_finding,
	TP_PROTO(const char *name, const char *kind, unsigned int object),
	TP_ARGS(name, kind, object),
	TP_STRUCT__entry(
		__array(char, name, OBJCACHE_NAME_LEN)
		__array(char, kind, 24)
		__field(unsigned int, object)
	),
	TP_fast_assign(
		memcpy(__entry->name, name, OBJCACHE_NAME_LEN);
		strscpy(__entry->kind, kind, sizeof(__entry->kind));
		__entry->object = object;
	),
	TP_printk("cache=%s kind=%s object=%u", __entry->name, __entry->kind,
		  __entry->object)
);

TRACE_EVENT(objcache_shrink,
	TP_PROTO(const char *name, unsigned long wanted, unsigned long done),
	TP_ARGS(name, wanted, done),
	TP_STRUCT__entry(
		__array(char, name, OBJCACHE_NAME_LEN)
		__field(unsigned long, wanted)
		__field(unsigned long, done)
	),
	TP_fast_assign(
		memcpy(__entry->name, name, OBJCACHE_NAME_LEN);
		__entry->wanted = wanted;
		__entry->done = done;
	),
	TP_printk("cache=%s wanted=%lu done=%lu", __entry->name,
		  __entry->wanted, __entry->done)
);

#endif /* _OBJCACHE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
