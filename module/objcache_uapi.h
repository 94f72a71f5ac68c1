/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/objcache: object caches, driven from user space
 *
 * A file descriptor is a session. It makes or opens one cache, takes objects
 * from it by handle, marks and verifies what is in them, and runs workloads
 * inside the kernel. Closing the last copy of the descriptor gives back all
 * that the session holds. Threads may share a session.
 *
 * What it is for: tests, which must be able to prove from outside that no
 * object ever has two owners. It is not a way to use kernel memory: contents
 * are seen only as "are what was stamped" or "are not", and only once this
 * session has stamped the object since it got it. So nobody learns what other
 * sessions stamped, nor what was in the memory before.
 *
 * All structures have the same layout for 32-bit and 64-bit callers. Fields
 * named reserved must be zero, and so must flag bits not named here: -EINVAL.
 * An unknown command is -ENOTTY, an unreadable or unwritable buffer -EFAULT. A
 * value out of its range is -EINVAL and one line in the kernel log that names
 * the value and the range. Any command can be -ENOMEM.
 *
 * What all sessions together may take is limited: -ENOSPC and a line that names
 * the limit, which the module's parameter device_mb sets (a quarter of the memory
 * by default). A cache counts with the worst that it can come to on all CPUs that
 * there could be, and may be half of that: -EDQUOT.
 */
#ifndef _OBJCACHE_UAPI_H
#define _OBJCACHE_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif

#define OBJCACHE_DEV_PATH		"/dev/objcache"

/* Version of struct objcache_dev_stats. */
#define OBJCACHE_DEV_STATS_VERSION	3

/* Room for the longest cache name and its NUL. */
#define OBJCACHE_DEV_NAME_LEN		32

/* Handles in one call at most. */
#define OBJCACHE_DEV_BATCH		64

/* Objects and bytes of objects that a session may have out at once. */
#define OBJCACHE_DEV_OBJECTS		65536
#define OBJCACHE_DEV_BYTES		(64U << 20)

/* Caches that the device has at once. */
#define OBJCACHE_DEV_CACHES		64

/* Workloads that run at once. */
#define OBJCACHE_DEV_RUNS		16

/*
 * Bytes of an object at least, of which the first eight are the device's own; and
 * at most, so that any debugging of the slab has room (less on some machines).
 */
#define OBJCACHE_DEV_MIN_SIZE		16
#define OBJCACHE_DEV_MAX_SIZE		((4U << 20) - (12U << 10))

/* Limits of a workload: milliseconds, interrupts per second, objects. */
#define OBJCACHE_DEV_RUN_MS		(60U * 60 * 1000)
#define OBJCACHE_DEV_RUN_HZ		10000
#define OBJCACHE_DEV_RUN_BURST		4096

/**
 * DOC: struct objcache_dev_create.flags
 *
 * %OBJCACHE_DEV_CREATE_OPS: objects have a constructor, a destructor and a
 * reset. All three see to it that an object that is got is blank, which
 * %OBJCACHE_DEV_BLANK verifies.
 *
 * %OBJCACHE_DEV_CREATE_PLAIN: plain memory without any operation. Its contents
 * are undefined at get, so a second owner is noticed only at put, and only if
 * it came between get and put.
 *
 * Neither: objects have a constructor, for the device's own eight bytes. Both:
 * -EINVAL.
 */
#define OBJCACHE_DEV_CREATE_OPS		0x1
#define OBJCACHE_DEV_CREATE_PLAIN	0x2

/**
 * struct objcache_dev_create - make a cache and open it in this session
 * @name: 1 to 31 of ``[A-Za-z0-9._-]`` and a NUL, not "." or ".."
 * @size: bytes of an object, %OBJCACHE_DEV_MIN_SIZE to %OBJCACHE_DEV_MAX_SIZE
 * @align: bytes, a power of two up to a page; 0: natural
 * @batch: objects per magazine, 1 to 255 and 32 KiB of them at most, but for a
 *	single object; 0: chosen from @size
 * @capacity: objects parked per CPU at most: two magazines to
 *	%OBJCACHE_DEV_OBJECTS, and no more than %OBJCACHE_DEV_BYTES of them; 0:
 *	chosen from @size
 * @age_ms: milliseconds between aging steps, 10 to 3600000; 0: the module's
 *	default
 * @cache_flags: OBJCACHE_NO_STEAL 1, _NODE_LOCAL 2, _NO_AGING 4, _DEBUG 8,
 *	_CHECK 16, _STACKS 32, _DROP 64
 * @flags: OBJCACHE_DEV_CREATE_*
 * @reserved: zero
 *
 * Errors: -EINVAL a bad parameter; -EEXIST the name is in use; -EBUSY the
 * session has a cache; -ENFILE the device has %OBJCACHE_DEV_CACHES; -EDQUOT it
 * could come to take more than one session may, or -ENOSPC than the device has
 * left; -ENOMEM.
 */
struct objcache_dev_create {
	__u8 name[OBJCACHE_DEV_NAME_LEN];
	__u32 size;
	__u32 align;
	__u32 batch;
	__u32 capacity;
	__u32 age_ms;
	__u32 cache_flags;
	__u32 flags;
	__u32 reserved[5];
};

static_assert(sizeof(struct objcache_dev_create) == 80, "ABI");

/**
 * struct objcache_dev_open - open a cache that another session has made
 * @name: in: its name, NUL included
 * @flags: in: zero
 * @size: out: bytes of an object
 * @create_flags: out: OBJCACHE_DEV_CREATE_* it was made with
 * @reserved: zero
 *
 * The cache goes away when the last session that has it is closed. Caches that
 * were not made through the device cannot be opened.
 *
 * Errors: -ENOENT no such cache; -EINVAL; -EBUSY the session has a cache.
 */
struct objcache_dev_open {
	__u8 name[OBJCACHE_DEV_NAME_LEN];
	__u32 flags;
	__u32 size;
	__u32 create_flags;
	__u32 reserved[5];
};

static_assert(sizeof(struct objcache_dev_open) == 64, "ABI");

/**
 * DOC: struct objcache_dev_batch.flags
 *
 * %OBJCACHE_DEV_BULK, of GET and PUT: move the objects with one bulk call
 * instead of one by one.
 *
 * %OBJCACHE_DEV_BLANK, of GET and TRY_GET: count words that are not as the
 * constructor or reset leaves them, before any stamping. Needs a cache made
 * with %OBJCACHE_DEV_CREATE_OPS.
 *
 * %OBJCACHE_DEV_MARK, of GET and TRY_GET: stamp each object, as STAMP does.
 *
 * %OBJCACHE_DEV_VERIFY, of PUT and DISCARD: check each object first, as CHECK
 * does. What does not match is counted, and given back all the same. Of an object
 * that this session has not stamped since it got it, every word counts.
 *
 * %OBJCACHE_DEV_SPOIL, of PUT: make reset refuse the objects. Needs a cache
 * made with %OBJCACHE_DEV_CREATE_OPS.
 */
#define OBJCACHE_DEV_BULK		0x1
#define OBJCACHE_DEV_BLANK		0x2
#define OBJCACHE_DEV_MARK		0x4
#define OBJCACHE_DEV_VERIFY		0x8
#define OBJCACHE_DEV_SPOIL		0x10

/**
 * struct objcache_dev_batch - get, put, discard, stamp or check objects
 * @handles: address of @count handles, __u32 each: out for GET and TRY_GET,
 *	else in. A handle is never 0 and is not used again soon.
 * @value: what to stamp or check. An object's payload is filled from this and
 *	its handle, so equal values make no two objects equal.
 * @count: handles, 1 to %OBJCACHE_DEV_BATCH
 * @flags: OBJCACHE_DEV_*
 * @done: out: handles dealt with, from the first on; also when the call fails,
 *	which is then about handle number @done
 * @reserved: zero
 * @mismatches: out: 8-byte words that were not as they should be
 * @violations: out: objects found to have a second owner, or to be owned by
 *	another than this session. They are not given back: whose are they?
 *
 * GET makes objects if none is parked, TRY_GET does not. Both may give fewer
 * than @count: see @done. Handles that could not be copied out are not lost:
 * the objects are put again and the call is -EFAULT.
 *
 * Errors: -ENXIO the session has no cache; -EINVAL; -EFAULT; -EDQUOT more than
 * a session may hold; -ENOSPC more than the device has left; -ENOMEM no memory,
 * or GET got none; -EAGAIN TRY_GET got none; -EIO each object that was got had
 * another owner already; -ENOENT the session holds no such object (never did, or
 * does no more); -EBUSY another thread is stamping or checking it.
 */
struct objcache_dev_batch {
	__u64 handles;
	__u64 value;
	__u32 count;
	__u32 flags;
	__u32 done;
	__u32 reserved;
	__u64 mismatches;
	__u64 violations;
};

static_assert(sizeof(struct objcache_dev_batch) == 48, "ABI");

/*
 * What a cache counts: OBJCACHE_STATS(entry) is entry(name, meaning) for each. The
 * one list of them, from which come the counters, debugfs' keys in this order,
 * struct objcache_stats of the kernel and the structure below. Sums over all CPUs,
 * exact when the cache is quiet; created = destroyed + parked + releasing + in_use
 * then. own_ring, steals, aged_hits, taken_back and fresh count objects, and one
 * refill brings a magazine of them; so they and hits need not add up to gets.
 */
#define OBJCACHE_STATS(_)						\
	_(created, "objects constructed")				\
	_(destroyed, "objects whose memory went back to the slab")	\
	_(parked, "objects ready for a get, those displaced from their CPU included")	\
	_(releasing, "objects on their way out: leaving, or waiting to be destroyed")	\
	_(in_use, "objects with a caller: gets less puts less discards")	\
	_(gets, "objects handed out")					\
	_(puts, "objects given back by put, kept or not")		\
	_(hits, "gets that the CPU's private part served as it was")	\
	_(own_ring, "objects brought back from the CPU's own shared part")	\
	_(steals, "objects taken from other CPUs")			\
	_(stolen, "objects taken from a CPU by others; in total equal to steals")	\
	_(aged_hits, "objects brought back from an aged generation")	\
	_(fresh, "objects made because a get found none")		\
	_(taken_back, "objects brought back from the depot: displaced, or on their way out")	\
	_(prefilled, "objects made ahead of need, by prefill")		\
	_(ctor_failures, "constructors that failed")			\
	_(overflow, "objects put above the capacity, and so on their way out")	\
	_(displaced, "objects put that found no place on their CPU for another reason")	\
	_(refused, "objects put that were not fit to be kept: reset said so, or another node's")	\
	_(discarded, "objects given to discard")			\
	_(nested, "gets and puts that interrupted another one on the same CPU")	\
	_(ages, "aging steps")						\
	_(aged_out, "objects that aging has sent out")			\
	_(shrunk, "objects that memory pressure has sent out")		\
	_(waits, "gets that waited for the backlog to be smaller")	\
	_(forced, "objects made although the backlog was full, for __GFP_NOFAIL")	\
	_(limit_waits, "times that a get waited because of max_objects or min_objects")	\
	_(remade, "objects made in place of others, to keep min_objects")	\
	_(magazines_empty, "empty magazines in rings and depot now; a level, not a running count")	\
	_(put_twice, "debug mode: puts of an object that nobody has, racing ones included")	\
	_(put_foreign, "debug mode: puts of a pointer that is no object of a checked cache")	\
	_(put_elsewhere, "debug mode: puts into another cache than the object's")	\
	_(put_late, "debug mode: calls for a cache that is destroyed")	\
	_(discarded_parked, "debug mode: discards of an object that nobody has")	\
	_(written_after_put, "debug mode: objects that changed while nobody had them")	\
	_(overrun, "debug mode: objects behind whose end something was written")	\
	_(underrun, "debug mode: objects before whose start something was written")	\
	_(leaked, "debug mode: objects that were out when the cache was destroyed")	\
	_(op_misbehaved, "debug mode: ops that slept, or left interrupts or preemption changed")	\
	_(wrong_context, "debug mode: gets that may sleep where nobody may")	\
	_(withdrawn, "debug mode: objects kept out of circulation since; they count as destroyed")

/**
 * struct objcache_dev_stats - what the cache counts
 * @version: in: %OBJCACHE_DEV_STATS_VERSION
 * @reserved: zero
 * @constructed: constructor calls, counted by the device's constructor
 * @destructed: destructor calls, counted by the device's destructor
 * @violations: second owners found in this cache by any session or workload,
 *	and objects destroyed twice or while owned
 * @session_objects: objects this session holds, running workloads included
 *
 * Behind @reserved are the counts of OBJCACHE_STATS(), 64 bits each, by name.
 *
 * Errors: -ENXIO the session has no cache; -EINVAL an unknown version.
 */
struct objcache_dev_stats {
	__u32 version;
	__u32 reserved;
	/* private: a list of its own describes them */
#define OBJCACHE_STATS_FIELD(name, meaning)	__u64 name;
	OBJCACHE_STATS(OBJCACHE_STATS_FIELD)
#undef OBJCACHE_STATS_FIELD
	/* public: */
	__u64 constructed;
	__u64 destructed;
	__u64 violations;
	__u64 session_objects;
};

static_assert(sizeof(struct objcache_dev_stats) == 368, "ABI");

/**
 * DOC: workloads
 *
 * %OBJCACHE_DEV_PAIR: get an object, put it.
 *
 * %OBJCACHE_DEV_BURST: get up to @burst objects, then put them all.
 *
 * %OBJCACHE_DEV_FLOW: every other CPU gets objects and hands them to the next
 * one, which puts them. A single CPU hands them to itself.
 *
 * Each runs in any of three contexts on each CPU: a thread (PROCESS), a timer
 * in softirq and a timer in hardirq, so that get and put interrupt one another.
 * Each object is claimed for its getter with cmpxchg, and released before put.
 */
#define OBJCACHE_DEV_PAIR		0
#define OBJCACHE_DEV_BURST		1
#define OBJCACHE_DEV_FLOW		2

#define OBJCACHE_DEV_PROCESS		0x1
#define OBJCACHE_DEV_SOFTIRQ		0x2
#define OBJCACHE_DEV_HARDIRQ		0x4
#define OBJCACHE_DEV_CONTEXTS		3

/**
 * DOC: struct objcache_dev_run.flags
 *
 * %OBJCACHE_DEV_PLANT: each context on each CPU claims its first object twice,
 * which must show as one violation each. The cache is not involved. Not for a
 * cache made with %OBJCACHE_DEV_CREATE_PLAIN.
 */
#define OBJCACHE_DEV_PLANT		0x1

/* struct objcache_dev_progress.state */
#define OBJCACHE_DEV_IDLE		0
#define OBJCACHE_DEV_RUNNING		1
#define OBJCACHE_DEV_DONE		2

/**
 * struct objcache_dev_progress - what a workload has done so far
 * @state: %OBJCACHE_DEV_IDLE none was run yet in this session and all is zero,
 *	_RUNNING, or _DONE: this is the result of the last one
 * @cpus: CPUs it runs or ran on
 * @elapsed_ns: nanoseconds since it started, or that it took
 * @pairs: objects got and put again, by context: process, softirq, hardirq
 * @violations: objects found to have a second owner
 * @failures: gets that gave NULL
 * @reserved: zero
 *
 * Errors: -ENXIO the session has no cache.
 */
struct objcache_dev_progress {
	__u32 state;
	__u32 cpus;
	__u64 elapsed_ns;
	__u64 pairs[OBJCACHE_DEV_CONTEXTS];
	__u64 violations;
	__u64 failures;
	__u64 reserved;
};

static_assert(sizeof(struct objcache_dev_progress) == 64, "ABI");

/**
 * struct objcache_dev_run - run a workload
 * @pattern: %OBJCACHE_DEV_PAIR, _BURST or _FLOW
 * @contexts: %OBJCACHE_DEV_PROCESS, _SOFTIRQ and _HARDIRQ, at least one
 * @cpus: how many of the online CPUs, from the first on, 1 to all
 * @duration_ms: milliseconds, 1 to %OBJCACHE_DEV_RUN_MS
 * @irq_hz: timer interrupts per second, CPU and interrupt context, 1 to
 *	%OBJCACHE_DEV_RUN_HZ; fewer when the handlers would take too large a
 *	part of the CPU, and when other sessions run workloads as well. 0 if
 *	@contexts is _PROCESS alone.
 * @burst: objects that a context takes in one go at most, 1 to
 *	%OBJCACHE_DEV_RUN_BURST. An interrupt takes no more than 64 objects and
 *	64 KiB, or one object if that is larger.
 * @objects: objects that the workload has out at most, at least one per CPU
 *	and context. They count as held by the session while it runs.
 * @flags: %OBJCACHE_DEV_PLANT or 0
 * @seed: of the random burst lengths; any
 * @reserved: zero
 * @result: out
 *
 * Blocks the caller. A signal ends it early: -EINTR, with @result filled in. A
 * CPU that goes offline meanwhile has its part done by another one.
 *
 * Errors: -ENXIO the session has no cache; -EINVAL; -EBUSY one is running in
 * this session; -EDQUOT @objects is more than the session may still take; -ENOSPC
 * the device runs %OBJCACHE_DEV_RUNS, or it could take more than it has left;
 * -ENOMEM; -EINTR.
 */
struct objcache_dev_run {
	__u32 pattern;
	__u32 contexts;
	__u32 cpus;
	__u32 duration_ms;
	__u32 irq_hz;
	__u32 burst;
	__u32 objects;
	__u32 flags;
	__u64 seed;
	__u64 reserved[3];
	struct objcache_dev_progress result;
};

static_assert(sizeof(struct objcache_dev_run) == 128, "ABI");

/**
 * DOC: commands
 *
 * %OBJCACHE_IOC_AGE takes one aging step, now. Errors: -ENXIO the session has no
 * cache; -EINVAL the argument is not 0.
 *
 * %OBJCACHE_IOC_DRAIN releases all that is parked, waits for the destructors
 * and gives the number of objects. Errors: -ENXIO.
 *
 * Both wait for other CPUs, and no signal cuts that short.
 */
#define OBJCACHE_IOC_MAGIC	0xD0
#define OBJCACHE_IOC_CREATE	_IOW(OBJCACHE_IOC_MAGIC, 0, \
				     struct objcache_dev_create)
#define OBJCACHE_IOC_OPEN	_IOWR(OBJCACHE_IOC_MAGIC, 1, \
				      struct objcache_dev_open)
#define OBJCACHE_IOC_GET	_IOWR(OBJCACHE_IOC_MAGIC, 2, \
				      struct objcache_dev_batch)
#define OBJCACHE_IOC_TRY_GET	_IOWR(OBJCACHE_IOC_MAGIC, 3, \
				      struct objcache_dev_batch)
#define OBJCACHE_IOC_PUT	_IOWR(OBJCACHE_IOC_MAGIC, 4, \
				      struct objcache_dev_batch)
#define OBJCACHE_IOC_DISCARD	_IOWR(OBJCACHE_IOC_MAGIC, 5, \
				      struct objcache_dev_batch)
#define OBJCACHE_IOC_STAMP	_IOWR(OBJCACHE_IOC_MAGIC, 6, \
				      struct objcache_dev_batch)
#define OBJCACHE_IOC_CHECK	_IOWR(OBJCACHE_IOC_MAGIC, 7, \
				      struct objcache_dev_batch)
#define OBJCACHE_IOC_STATS	_IOWR(OBJCACHE_IOC_MAGIC, 8, \
				      struct objcache_dev_stats)
#define OBJCACHE_IOC_AGE	_IO(OBJCACHE_IOC_MAGIC, 9)
#define OBJCACHE_IOC_DRAIN	_IOR(OBJCACHE_IOC_MAGIC, 10, __u64)
#define OBJCACHE_IOC_RUN	_IOWR(OBJCACHE_IOC_MAGIC, 11, \
				      struct objcache_dev_run)
#define OBJCACHE_IOC_PROGRESS	_IOR(OBJCACHE_IOC_MAGIC, 12, \
				     struct objcache_dev_progress)

#endif /* _OBJCACHE_UAPI_H */
