// SPDX-License-Identifier: GPL-2.0
/*
 * Counts instructions by single steps: how many, how many that lock the bus, how
 * many that touch the interrupt flag, and the longest stretch without preemption
 *
 * The trap flag makes the CPU enter the kernel after each instruction; a notifier
 * looks at the one that comes next. Interrupts clear the flag, so what they do is
 * not counted. x86-64 only.
 */
#include <linux/kdebug.h>
#include <linux/minmax.h>
#include <linux/notifier.h>
#include <linux/sched.h>

#include "bench.h"

bool bench_stepping;

#if BENCH_CAN_STEP
#include <linux/ptrace.h>
#include <asm/debugreg.h>

static struct bench_cost taken;
static struct bench_cost overhead;
static unsigned long stretch;
static unsigned int own_count;	/* of preempt_count(): what the steps take themselves */

/* Past segment, size, repeat and REX prefixes; says if one of them was lock. */
static const u8 *skip_prefixes(const u8 *ip, bool *lock)
{
	*lock = false;
	for (;; ip++) {
		switch (*ip) {
		case 0xf0:
			*lock = true;
			break;
		case 0x26: case 0x2e: case 0x36: case 0x3e:
		case 0x40 ... 0x4f: case 0x64 ... 0x67: case 0xf2: case 0xf3:
			break;
		default:
			return ip;
		}
	}
}

/* What comes next: a section that begins is not in it yet, its end still is. */
static void step_stretch(const struct pt_regs *regs)
{
	unsigned int count = preempt_count() & (PREEMPT_MASK | SOFTIRQ_MASK);

	own_count = min(own_count, count);
	if (count == own_count && regs->flags & X86_EFLAGS_IF)
		stretch = 0;
	else
		taken.longest = max(taken.longest, ++stretch);
}

static void step_look(const u8 *ip)
{
	bool lock;

	ip = skip_prefixes(ip, &lock);
	taken.steps++;
	switch (*ip) {
	case 0x86: case 0x87: /* xchg: with memory, unless the operand is a register */
		lock |= (ip[1] & 0xc0) != 0xc0;
		break;
	case 0x9c: case 0x9d: case 0xfa: case 0xfb: /* pushf popf cli sti */
		taken.irqs++;
	}
	taken.locked += lock;
}

static int step_notify(struct notifier_block *notifier, unsigned long event,
		       void *data)
{
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (event != DIE_DEBUG || !bench_stepping || !(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	step_look((const u8 *)args->regs->ip);
	step_stretch(args->regs);
	return NOTIFY_STOP;
}

static struct notifier_block step_notifier = {
	.notifier_call = step_notify,
	.priority = INT_MAX,
};

/* A section has the instructions that end it in it, always the same ones. */
void bench_step_end(struct bench_cost *cost)
{
	cost->steps += taken.steps - overhead.steps;
	cost->locked += taken.locked - overhead.locked;
	cost->irqs += taken.irqs - overhead.irqs;
	cost->longest = max(cost->longest, taken.longest);
	cost->sections++;
	taken = (struct bench_cost){};
	stretch = 0;
}

int bench_step_start(void)
{
	int err = register_die_notifier(&step_notifier);

	if (err)
		return err;
	bench_stepping = true;
	own_count = UINT_MAX;
	taken = (struct bench_cost){};
	overhead = (struct bench_cost){};
	bench_step_on();
	asm volatile("nop"); /* the first instruction of a section is never seen */
	bench_step_off();
	overhead = taken;
	overhead.steps--;
	taken = (struct bench_cost){};
	return 0;
}

void bench_step_stop(void)
{
	bench_stepping = false;
	unregister_die_notifier(&step_notifier);
}
#else
void bench_step_end(struct bench_cost *cost)
{
}
#endif /* BENCH_CAN_STEP */

/* What the @sampled of @nr objects tell about all of them. */
void bench_add_sampled(struct bench_cost *cost, const struct bench_cost *sampled,
		       unsigned int nr)
{
	unsigned long sections = max(sampled->sections, 1UL);

	cost->steps += sampled->steps * nr / sections;
	cost->locked += sampled->locked * nr / sections;
	cost->irqs += sampled->irqs * nr / sections;
	cost->longest = max(cost->longest, sampled->longest);
	cost->sections++;
}
