/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Debug mode: what is known of each object of a cache that checks
 *
 * It is kept beside the objects, never in them, so that no stray write of a user's
 * can change it, and no pointer is followed before it has been found there.
 */
#ifndef _OBJCACHE_DEBUG_H
#define _OBJCACHE_DEBUG_H

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/poison.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "core.h"

/* Enough to get out of a driver; what it costs is 256 bytes an object. */
#define OBJCACHE_FRAMES		16U

/* Of a constructed object so much is kept, to show what has changed. */
#define OBJCACHE_SHADOW		512U

/* On either side of an object; SLUB's red zone has the same contents. */
#define OBJCACHE_GUARD_BYTE	0xcc

/* Bytes that a report shows. */
#define OBJCACHE_SHOWN		16U

/* Where somebody did something. */
enum objcache_place {
	OBJCACHE_IN_TASK,
	OBJCACHE_IN_SOFTIRQ,
	OBJCACHE_IN_HARDIRQ,
	OBJCACHE_IN_NMI,
};

/* Who did something, where and when. */
struct objcache_who {
	char comm[TASK_COMM_LEN];
	char file[28];			/* of the call; empty: not known */
	unsigned int line;
	int pid;
	int cpu;
	enum objcache_place place;
	u64 ns;				/* 0: nobody */
	unsigned int nr;		/* frames */
	unsigned long frames[OBJCACHE_FRAMES];
};

/*
 * Whose an object is. Only who has made it HELD touches what is in it, or changes
 * the state to anything but WITHDRAWN.
 */
enum objcache_state {
	OBJCACHE_HELD,		/* ours: being made, put, taken or unmade */
	OBJCACHE_TAKEN,		/* a user's */
	OBJCACHE_PARKED,	/* in the depot */
	OBJCACHE_WITHDRAWN,	/* nobody's, for good */
};

/**
 * struct objcache_track - what is known of an object
 * @node: in the table of them all
 * @rcu: it is looked up without a lock
 * @core: its cache, which may be destroyed
 * @obj: the object
 * @serial: its number in the cache
 * @state: enum objcache_state
 * @reported: bit 0: there was a report
 * @taken: who took it last; written by who does
 * @put: who put it last; likewise
 * @sum: over its contents, while it is parked
 * @shadow: what it began with then, if it is constructed
 */
struct objcache_track {
	struct hlist_node node;
	struct rcu_head rcu;
	struct objcache_core *core;
	void *obj;
	unsigned int serial;
	atomic_t state;
	unsigned long reported;
	struct objcache_who taken;
	struct objcache_who put;
	u32 sum;
	u8 shadow[];
};

/* What was written where nothing should have been. */
struct objcache_damage {
	enum objcache_stat kind;
	int from, to;			/* offsets in the object, both included */
	unsigned int nr;		/* bytes that are shown, from @from on */
	bool known;			/* what they should be */
	u8 is[OBJCACHE_SHOWN];
	u8 should[OBJCACHE_SHOWN];
};

/**
 * struct objcache_finding - what is wrong, on its way to a report
 * @core: the cache that was called
 * @kind: which statistic
 * @track: the object; NULL: not known
 * @obj: what was passed
 * @near: asked for an object that @obj points into if this is shown, or NULL
 * @damage: NULL: none
 * @detail: a word more, or NULL
 * @site: of the call, or NULL
 */
struct objcache_finding {
	struct objcache_core *core;
	enum objcache_stat kind;
	struct objcache_track *track;
	const void *obj;
	struct objcache_track *(*near)(const void *ptr);
	const struct objcache_damage *damage;
	const char *detail;
	const struct objcache_site *site;
};

static inline bool objcache_is_plain(const struct objcache_core *core)
{
	return !core->ops.ctor && !core->ops.dtor && !core->ops.reset;
}

/* What has been made HELD, or is WITHDRAWN: false. */
static inline bool objcache_track_move(struct objcache_track *track,
				       enum objcache_state from,
				       enum objcache_state to)
{
	/* Full barriers: what @from's holder has done is seen by @to's. */
	return atomic_cmpxchg(&track->state, from, to) == from;
}

/* Who holds it, or gets it from where it is parked, counts it out. */
static inline void objcache_track_mark(struct objcache_track *track)
{
	int state = atomic_read(&track->state);

	/* From held to parked it goes while we look. */
	while ((state == OBJCACHE_HELD || state == OBJCACHE_PARKED) &&
	       !atomic_try_cmpxchg(&track->state, &state, OBJCACHE_WITHDRAWN))
		;
}

/* report.c: telling people */
void objcache_note(struct objcache_core *core, struct objcache_who *who,
		   const struct objcache_site *site);
void objcache_found(const struct objcache_finding *finding);
int objcache_print_who(char *to, size_t size, const struct objcache_who *who);
void objcache_print_frame(char *to, size_t size, unsigned long frame);
void objcache_print_due(void);
void objcache_reports_stop(void);

/* track.c: each object */
struct objcache_track *objcache_track_new(struct objcache_core *core, void *obj,
					  gfp_t gfp);
void objcache_track_add(struct objcache_track *track);
struct objcache_track *objcache_track_find(const void *obj);
struct objcache_track *objcache_track_near(const void *obj);
void objcache_track_parks(struct objcache_core *core, void **objs,
			  unsigned int nr);
bool objcache_track_opens(struct objcache_track *track);
bool objcache_guards_ok(struct objcache_track *track,
			const struct objcache_site *site);
void objcache_withdraw(struct objcache_track *track);
bool objcache_track_reclaim(struct objcache_core *core, void *obj);
bool objcache_track_ends(struct objcache_core *core, void *obj);
void objcache_each_track(struct objcache_core *core,
			 void (*fn)(struct objcache_track *track, void *data),
			 void *data);
void objcache_track_free_withdrawn(struct objcache_core *core);
int objcache_track_start(void);
void objcache_track_stop(void);

/* watch.c: the ops of a cache that checks, watched */
int objcache_watched_ctor(struct objcache_core *core, void *obj, gfp_t gfp);
void objcache_watched_dtor(struct objcache_core *core, void *obj);
bool objcache_watched_reset(struct objcache_core *core, void *obj);

/* check.c: what is put and got */
bool objcache_check_back(struct objcache_core *core, void *obj, bool discard,
			 const struct objcache_site *site);
bool objcache_check_drops(struct objcache_core *core);
bool objcache_check_full(struct objcache_core *core);
void objcache_check_park(struct objcache_core *core, void *obj, bool put);
bool objcache_check_get(struct objcache_core *core, gfp_t gfp,
			const struct objcache_site *site);
void *objcache_check_oldest(struct objcache_core *core, bool full);
bool objcache_check_handed(struct objcache_core *core, void *obj,
			   const struct objcache_site *site);
void objcache_check_late(struct objcache_core *core, void *obj,
			 const struct objcache_site *site);

/* outstanding.c: who has what */
struct seq_file;
void objcache_show_outstanding(struct seq_file *m, struct objcache_core *core);
void objcache_report_leaks(struct objcache_core *core, unsigned long out);
void objcache_report_late(void);

#endif /* _OBJCACHE_DEBUG_H */
