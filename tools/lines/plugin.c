// SPDX-License-Identifier: GPL-2.0
/*
 * A QEMU (TCG) plugin that counts what a coherent machine would move: a store takes
 * a line away from all other CPUs, a load brings it to this one. Caches have no end
 * and no time passes. An access to a line that this CPU does not have and another
 * one has moves it.
 *
 *	-plugin FILE.so,out=FILE,entries=FILE
 *
 * The guest says by no-ops what is what (mark.h). Until its first one nothing but
 * that is looked for, so that it boots fast. For each region that it marks, OUT gets
 * a line "region N" and one line for all transfers that are alike:
 *
 *	LINE PC KIND CONTEXT FROM TO COUNT ADDRESS	in hex, but for COUNT
 *
 * ENTRIES has the address of each interrupt's and exception's entry, one a line.
 *
 * One host thread runs all vCPUs (-icount), so nothing here is locked.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mark.h"
#include "qemu_plugin.h"

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* ---- state ---- */

#define LINE_SHIFT	6
#define MEMORY		(8ULL << 30)		/* more than any guest here has */
#define CPUS		64
#define MODULES		0xffffffffc0000000ULL	/* x86: where modules begin */

/**
 * struct line - who has a line
 * @has: a bit for each CPU
 * @owner: who stored to it last, or had it first
 */
struct line {
	uint64_t has;
	uint32_t owner;
};

enum context { OUTSIDE, SECTION, INTERRUPT };

/*
 * MOVE: the CPU did not have the line. TAKE: it had it, and others too, until it
 * stored to it: no data moves, but the others have to be told.
 */
enum kind { NONE, MOVE, TAKE };

/* Transfers that are alike; @count is 0 where there is none. */
struct transfer {
	uint64_t line, pc, vaddr, count;
	uint8_t kind, context, from, to;
};

/* What a CPU is doing. */
struct cpu {
	bool section;		/* between MARK_ENTER and MARK_LEAVE */
	unsigned int depth;	/* interrupts that came in there */
};

static struct line *lines;
static struct cpu cpus[CPUS];
static struct transfer *table;
static size_t table_size, table_used;
static bool counting;
static unsigned int region;
static uint64_t *entries;
static size_t nr_entries;
static FILE *out;

static void give_up(const char *what)
{
	fprintf(stderr, "lines plugin: %s\n", what);
	exit(1);
}

/* ---- transfers, in a table with open addressing ---- */

static bool is_alike(const struct transfer *a, const struct transfer *b)
{
	return a->line == b->line && a->pc == b->pc && a->kind == b->kind &&
	       a->context == b->context && a->from == b->from && a->to == b->to;
}

static struct transfer *find(const struct transfer *key)
{
	uint64_t rest = ((key->from * CPUS + key->to) * 3 + key->kind) * 3 + key->context;
	uint64_t hash = (key->line * 0x9e3779b97f4a7c15ULL) ^
			(key->pc * 0xc2b2ae3d27d4eb4fULL) ^ (rest * 0x165667b19e3779f9ULL);
	size_t i = (hash ^ hash >> 29) & (table_size - 1);

	while (table[i].count && !is_alike(&table[i], key))
		i = (i + 1) & (table_size - 1);
	return &table[i];
}

static void grow(void)
{
	struct transfer *old = table;
	size_t i, old_size = table_size;

	table_size = old_size ? 2 * old_size : 1 << 16;
	table = calloc(table_size, sizeof(*table));
	if (!table)
		give_up("no memory for the transfers");
	for (i = 0; i < old_size; i++)
		if (old[i].count)
			*find(&old[i]) = old[i];
	free(old);
}

static void count_transfer(struct transfer *key)
{
	struct transfer *place;

	/* Of what the rest of the kernel does, where it does it is enough. */
	if (key->context != SECTION && key->pc < MODULES) {
		key->line = 0;
		key->from = 0;
		key->to = 0;
	}
	place = find(key);
	if (!place->count) {
		key->count = 1;
		*place = *key;
		if (++table_used > table_size / 2)
			grow();
		return;
	}
	place->count++;
}

static void forget(void)
{
	memset(table, 0, table_size * sizeof(*table));
	table_used = 0;
}

static void write_region(void)
{
	size_t i;

	fprintf(out, "region %u\n", region++);
	for (i = 0; i < table_size; i++) {
		struct transfer *t = &table[i];

		if (t->count)
			fprintf(out, "%lx %lx %x %x %x %x %lu %lx\n", t->line, t->pc, t->kind,
				t->context, t->from, t->to, t->count, t->vaddr);
	}
	if (fflush(out))
		give_up("the counts could not be written");
}

/* ---- accesses ---- */

static enum context context_of(const struct cpu *cpu)
{
	if (!cpu->section)
		return OUTSIDE;
	return cpu->depth ? INTERRUPT : SECTION;
}

static enum kind kind_of(const struct line *line, unsigned int cpu, bool store)
{
	uint64_t bit = 1ULL << cpu;

	if (!line->has)
		return NONE;
	if (!(line->has & bit))
		return MOVE;
	return store && line->has != bit ? TAKE : NONE;
}

static void change(struct line *line, unsigned int cpu, bool store)
{
	if (store || !line->has)
		line->owner = cpu;
	if (store)
		line->has = 0;
	line->has |= 1ULL << cpu;
}

/* One that crosses into the next line counts as one to the first. */
static void access_line(unsigned int cpu, uint32_t info, uint64_t vaddr, void *pc,
			bool store)
{
	struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, vaddr);
	struct transfer transfer;
	struct line *line;
	uint64_t physical;

	if (!where || qemu_plugin_hwaddr_is_io(where))
		return;
	physical = qemu_plugin_hwaddr_phys_addr(where);
	if (physical >= MEMORY)
		return;
	line = &lines[physical >> LINE_SHIFT];
	transfer = (struct transfer){
		.line = physical >> LINE_SHIFT, .pc = (uint64_t)pc, .vaddr = vaddr,
		.kind = kind_of(line, cpu, store), .context = context_of(&cpus[cpu]),
		.from = line->owner, .to = cpu,
	};
	if (counting && transfer.kind != NONE)
		count_transfer(&transfer);
	change(line, cpu, store);
}

static void access_memory(unsigned int cpu, uint32_t info, uint64_t vaddr, void *pc)
{
	access_line(cpu, info, vaddr, pc, qemu_plugin_mem_is_store(info));
}

/* The load of a locked instruction has the line to itself already. */
static void access_locked(unsigned int cpu, uint32_t info, uint64_t vaddr, void *pc)
{
	access_line(cpu, info, vaddr, pc, true);
}

static void enter_interrupt(unsigned int cpu, void *unused)
{
	cpus[cpu].depth++;
}

static void leave_interrupt(unsigned int cpu, void *unused)
{
	if (cpus[cpu].depth)
		cpus[cpu].depth--;
}

static void mark_enter(unsigned int cpu, void *unused)
{
	cpus[cpu] = (struct cpu){ .section = true };
}

static void mark_leave(unsigned int cpu, void *unused)
{
	cpus[cpu].section = false;
}

static void mark_begin(unsigned int cpu, void *unused)
{
	forget();
	counting = true;
}

static void mark_end(unsigned int cpu, void *unused)
{
	counting = false;
	write_region();
}

/* ---- translation ---- */

/* The mark that this instruction is, or 0. */
static unsigned int mark_of(struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	const size_t start = sizeof(MARK_BYTES) - 1;

	if (qemu_plugin_insn_size(insn) != start + 2 || memcmp(code, MARK_BYTES, start))
		return 0;
	return code[start];
}

static int compare(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;

	return one < two ? -1 : one > two;
}

static bool is_iretq(struct qemu_plugin_insn *insn)
{
	return qemu_plugin_insn_size(insn) == 2 &&
	       !memcmp(qemu_plugin_insn_data(insn), "\x48\xcf", 2);
}

/* A lock prefix, which comes first or after a segment's, or xchg with memory. */
static bool is_locked(struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);

	while (*code == 0x65 || *code == 0x66 || *code == 0x3e)
		code++;
	if (*code == 0xf0)
		return true;
	if ((*code & 0xf0) == 0x40)
		code++;
	return *code == 0x86 || *code == 0x87;
}

static void watch(struct qemu_plugin_insn *insn)
{
	static const insn_cb marks[] = {
		[MARK_BEGIN] = mark_begin, [MARK_END] = mark_end,
		[MARK_ENTER] = mark_enter, [MARK_LEAVE] = mark_leave,
	};
	mem_cb access = is_locked(insn) ? access_locked : access_memory;
	uint64_t pc = qemu_plugin_insn_vaddr(insn);
	unsigned int mark = mark_of(insn);

	if (mark < sizeof(marks) / sizeof(marks[0]) && marks[mark])
		qemu_plugin_register_vcpu_insn_exec_cb(insn, marks[mark], CB_NO_REGS, NULL);
	if (bsearch(&pc, entries, nr_entries, sizeof(pc), compare))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, enter_interrupt, CB_NO_REGS, NULL);
	if (is_iretq(insn))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, leave_interrupt, CB_NO_REGS, NULL);
	qemu_plugin_register_vcpu_mem_cb(insn, access, CB_NO_REGS, MEM_READ_WRITE, (void *)pc);
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t i;

	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		watch(qemu_plugin_tb_get_insn(tb, i));
}

/* All that was translated is gone. */
static void after_reset(plugin_id id)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
}

static void mark_start(unsigned int cpu, void *id)
{
	static bool started;

	if (!started)
		qemu_plugin_reset((plugin_id)id, after_reset);
	started = true;
}

/* Until MARK_START. */
static void translate_boot(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t i;

	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (mark_of(insn) == MARK_START)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_start, CB_NO_REGS,
							       (void *)id);
	}
}

/* ---- life ---- */

static void read_entries(const char *path)
{
	FILE *file = fopen(path, "r");
	uint64_t *bigger, entry;

	if (!file)
		give_up("the file of interrupt entries cannot be read");
	while (fscanf(file, "%lx", &entry) == 1) {
		bigger = realloc(entries, (nr_entries + 1) * sizeof(entry));
		if (!bigger)
			give_up("no memory for the interrupt entries");
		entries = bigger;
		entries[nr_entries++] = entry;
	}
	fclose(file);
	if (!nr_entries)
		give_up("the file of interrupt entries has none");
	qsort(entries, nr_entries, sizeof(entry), compare);
}

/* Only what is touched of it takes memory. */
static void make_lines(void)
{
	lines = mmap(NULL, (MEMORY >> LINE_SHIFT) * sizeof(*lines), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (lines == MAP_FAILED)
		give_up("no room for the lines");
}

__attribute__((visibility("default")))
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
		else if (!strncmp(argv[i], "entries=", 8))
			read_entries(argv[i] + 8);
		else
			give_up("it takes out=FILE and entries=FILE");
	}
	if (!out || !entries)
		give_up("out=FILE, which can be written, and entries=FILE are needed");
	make_lines();
	grow();
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate_boot);
	return 0;
}
