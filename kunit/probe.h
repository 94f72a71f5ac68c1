/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the probe suite share: probe_test.c has the scenes,
 * probe_rig.c the cache that they are played on, and probe_points.c the calls
 * and where they are probed. For x86-64 only.
 */
#ifndef _OBJCACHE_KUNIT_PROBE_H
#define _OBJCACHE_KUNIT_PROBE_H

#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/notifier.h>

#include "helpers.h"

#define BATCH		2U
#define CAPACITY	(4 * BATCH)
#define STASH		(CAPACITY + BATCH + 2)	/* more than a CPU keeps */
#define HAND		64U
#define BOUNDARIES	2048U

/**
 * struct scene - a call, and the state of the cache that it meets
 * @call: itself
 * @puts: it takes an object
 * @park: objects put here before
 * @unpark: how many of them are taken again
 * @private: the newest of them is in the private part then
 * @loose: objects that were displaced: put by who interrupted the owner
 * @far: magazines in the ring of another CPU
 * @depot: what is left of them is leaving
 * @aged: what is in the ring here is aged
 * @bare: no empty magazine waits in the ring or the depot
 * @inside: the call itself interrupts the owner
 * @reset: each put has to look at the object
 */
struct scene {
	void *(*call)(struct objcache *cache, void *obj);
	bool puts;
	unsigned int park;
	unsigned int unpark;
	bool private;
	unsigned int loose;
	unsigned int far;
	bool depot;
	bool aged;
	bool bare;
	bool inside;
	bool reset;
};

/**
 * struct rig - a cache, a call of it that is probed, and who comes between
 * @test: whose it is
 * @tc: the cache
 * @scene: what is played
 * @keeper: what the cache's keeper does when there is no rig
 * @task: whose call it is
 * @open: the handler is to act
 * @acted: it has
 * @nested: it came within an owner section
 * @got: what it got first; NULL: nothing
 * @last: what it put last
 * @stash: what it has to put
 * @stashed: how many those are
 * @hand: objects of the task
 * @held: how many those are
 * @obj: what the call puts
 * @newest: the object parked here last; NULL: none
 * @recorder: sees the steps
 * @boundary: addresses of instructions, each once
 * @boundaries: how many those are
 * @probes: one for each that takes one
 * @armed: pointers to those
 * @probed: how many those are
 * @refused: boundaries at which kprobes allow none
 * @astray: hits outside NMI context
 * @unreached: probes that the call did not run into
 * @nested_hits: hits within an owner section
 * @full: hits whose puts went on until nothing more fitted
 * @symbol: room for a name
 */
struct rig {
	struct kunit *test;
	struct tcache *tc;
	const struct scene *scene;
	work_func_t keeper;
	struct task_struct *task;
	bool open;
	bool acted;
	bool nested;
	struct tobj *got;
	struct tobj *last;
	struct tobj *stash[STASH];
	unsigned int stashed;
	struct tobj *hand[HAND];
	unsigned int held;
	struct tobj *obj;
	struct tobj *newest;
	struct notifier_block recorder;
	unsigned long boundary[BOUNDARIES];
	unsigned int boundaries;
	struct kprobe *probes;
	struct kprobe *armed[BOUNDARIES];
	unsigned int probed;
	unsigned int refused;
	unsigned int astray;
	unsigned int unreached;
	unsigned int nested_hits;
	unsigned int full;
	char symbol[KSYM_SYMBOL_LEN];
};

/* The state that a call meets, and the call */
struct rig *probe_rig_create(struct kunit *test);
void probe_rig_open(struct rig *rig, const struct scene *scene);
void probe_rig_close(struct rig *rig);
void probe_rig_set(struct rig *rig);
void probe_rig_unstash(struct rig *rig);
struct tobj *probe_rig_call(struct rig *rig, bool stepped);

/* Who comes between, and what is judged then */
void probe_intrude(struct rig *rig);
void probe_judge(struct rig *rig, struct tobj *obj);

/* Where the probes are */
void probe_points_init(struct rig *rig);
void probe_points_find(struct rig *rig);
void probe_points_prepare(struct rig *rig);
void probe_points_disarm(void *rig);
void probe_points_forget(void);

/* The calls */
void *probed_get(struct objcache *cache, void *unused);
void *probed_try_get(struct objcache *cache, void *unused);
void *probed_put(struct objcache *cache, void *obj);
void *probed_called_get(struct objcache *cache, void *unused);
void *probed_called_try_get(struct objcache *cache, void *unused);
void *probed_called_put(struct objcache *cache, void *obj);

#endif /* _OBJCACHE_KUNIT_PROBE_H */
