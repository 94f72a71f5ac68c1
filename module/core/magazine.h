/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A magazine: an array of pointers to parked objects, and what moves between
 * CPUs
 *
 * It does not know how many it holds. Loaded, the owner's cursor knows; as
 * spare, in a ring or in the depot it is full, or known to be empty. So no other
 * CPU ever has to follow a pointer to count what is parked.
 */
#ifndef _OBJCACHE_MAGAZINE_H
#define _OBJCACHE_MAGAZINE_H

#include <linux/types.h>

/*
 * One word of header: with the batches that are chosen by default (1, 3, 7,
 * 15, 31, 63) a magazine fills a kmalloc size class exactly.
 */
struct objcache_magazine {
	void *floor;	/* NULL: what a get from an empty stack reads; a link in the depot */
	void *objs[];
};

#endif /* _OBJCACHE_MAGAZINE_H */
