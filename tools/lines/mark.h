/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the guest's module tells the plugin: no-ops that no compiler makes
 *
 * nopl with a displacement of our own; its third byte is the mark.
 */
#ifndef _OBJCACHE_LINES_MARK_H
#define _OBJCACHE_LINES_MARK_H

#define MARK_BYTES	"\x0f\x1f\x80LN"

#define MARK_START	1	/* count from now on: boot is over */
#define MARK_BEGIN	2	/* a region begins, */
#define MARK_END	3	/* and ends */
#define MARK_ENTER	4	/* this CPU calls a contender, */
#define MARK_LEAVE	5	/* and is back */

#ifdef __KERNEL__
static __always_inline void lines_mark(const unsigned int mark)
{
	/* MARK_BYTES, as the assembler wants them. */
	asm volatile(".byte 0x0f, 0x1f, 0x80, 0x4c, 0x4e, %c0, 0"
		     : : "i"(mark) : "memory");
}
#endif

#endif /* _OBJCACHE_LINES_MARK_H */
