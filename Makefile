# SPDX-License-Identifier: GPL-2.0
#
# Builds into build/<kernel release>/, a tree of links to the sources, so that
# several kernels can be built for side by side. `make -C KDIR M=$PWD` works
# too, as for any external module, and then builds in place.

KDIR  ?= /lib/modules/$(shell uname -r)/build

# To make, kbuild and their shell a path ends at a blank, a colon and the like; what
# they then write to or remove is somebody else's.
odd := : , ; ' " ` $$ \# % & < > | * ? [ ] ( ) \ !
plain = $(if $(filter-out 1,$(words x$(2)x))$(strip $(foreach character,$(odd),$(findstring $(character),$(2)))),$(error \
	objcache: $(1)=$(2): no path that kbuild can have: white space in it, or one of $(odd)))
ifneq ($(filter all modules modules_install linked tools install clean convert,$(or $(MAKECMDGOALS),all)),)
$(call plain,CURDIR,$(CURDIR))
$(foreach name,KDIR M DESTDIR INSTALL_MOD_PATH,$(call plain,$(name),$($(name))))
# Without a folder kbuild would build, or clean, the kernel itself.
ifeq ($(origin M)$(M),command line)
$(error objcache: M=: no folder of a module was given)
endif
ifeq ($(origin O),command line)
$(error objcache: O=$(O): not taken: outputs go to build/; KDIR is the kernel's own output folder)
endif
endif

# Not kernel.release, which in Debian's 6.1 is another version's.
utsrelease = $(KDIR)/include/generated/utsrelease.h
release = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' '$(utsrelease)' 2>/dev/null)
out    = $(CURDIR)/build/$(release)
# Of another machine than this one, named as for the kernel by ARCH and CROSS_COMPILE.
clients = $(CURDIR)/build/tools$(if $(CROSS_COMPILE),-$(ARCH))
linked = Kbuild module kunit tools/example tools/fault tools/torture tools/bench tools/lines tools/scale tools/unload tools/scenes tools/knobs

# BTF needs pahole, which the headers of Debian's 6.1 do not bring along.
btf = $(if $(shell command -v pahole),,CONFIG_DEBUG_INFO_BTF_MODULES=)

# M=DIR on the command line: another module, built against this one.
ifeq ($(origin M),command line)
kbuild = $(MAKE) -C '$(KDIR)' M='$(abspath $(M))' $(btf) \
	 KBUILD_EXTRA_SYMBOLS='$(out)/Module.symvers'
else
kbuild = $(MAKE) -C '$(KDIR)' M='$(out)' $(btf)
endif

# The compiler that built the kernel, unless one is given.
ifeq ($(LLVM)$(filter command,$(origin CC)),)
compile = compiler=$$(tools/compiler.sh '$(KDIR)') && $(kbuild) $$compiler
else
compile = $(kbuild)
endif

ifeq ($(origin M),command line)
all: modules
else
all: modules tools
endif

help:
	@echo 'Build:'
	@echo '  all              modules and tools (default)'
	@echo '  modules          objcache.ko, its example and, where the kernel has KUnit, its tests'
	@echo '  tools            the command objcache, and the clients of tests, in build/tools/'
	@echo '  modules_install  below INSTALL_MOD_PATH'
	@echo '  install          modules_install, and commands, manual pages and headers in /usr/local; all below DESTDIR'
	@echo '  dkms-install     have dkms build the module, for this kernel and for those to come'
	@echo '  deb              Debian packages, in build/deb/'
	@echo '  in-tree          write it into a kernel tree: LINUX=DIR'
	@echo '  clean            remove build/'
	@echo '  convert          M=DIR: moves the module there from plain kmem_caches to objcache'
	@echo 'Test (each brings what it needs; ends in a verdict):'
	@echo '  run              stock Debian kernel in a VM: stress through /dev/objcache'
	@echo '  test             test kernel in a VM: all KUnit suites'
	@echo '  matrix           both, on every supported kernel, and one table; LEGS="NAME..." for some'
	@echo '  torture          test kernel in a VM: everything at once, with CPUs going off and on'
	@echo '  check            static checks: checkpatch, W=1, sparse, kernel-doc, shellcheck, hot path'
	@echo '  litmus           the ordering claims, with herd7 and the kernel memory model'
	@echo '  bench            objcache beside its alternatives: instructions, and native speed'
	@echo '  lines            cache lines that move between CPUs, beside the alternatives; which, and who moves them'
	@echo '  scale            what a miss costs with 2 to 64 CPUs, in exact instructions'
	@echo '  scenes           memory that is taken from the caches, and a CPU that a real-time task has for itself'
	@echo '  clients          pools of the kernel, moved to objcache, beside the originals; CLIENTS="NAME..."'
	@echo '  guest            a script, modules and programs of your own in a VM: SCRIPT=FILE'
	@echo '  deb-test         the packages in a clean Debian root, and that in a VM'
	@echo '  in-tree-test     the kernel tree: KUnit by kunit.py, and as modules in a VM; KERNEL=6.12|7.3, PART='
	@echo '  inspect-test     the scripts in tools/inspect/, in a VM and on the dump of one; PART=live|core|all'
	@echo '  selftest         the harness must notice each planted fault'
	@echo 'Variables:'
	@echo '  KDIR=DIR         kernel build folder or headers (all, modules; now $(KDIR))'
	@echo '  M=DIR            build the module in DIR against objcache instead'
	@echo '  ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-  build for another machine (all, modules, tools)'
	@echo '  W=1 C=1 V=1      as in the kernel: more warnings, sparse, commands'
	@echo '  KERNEL=NAME      6.1|6.12|6.12-rt (run, guest), 6.1|6.12|7.3 (test, torture), 6.12-arm64 (test),'
	@echo '                   6.12|7.3 (bench), 6.1|6.12 (scale, scenes), 6.12 (lines); 6.12, bench: both'
	@echo '  FLAVOR=debug|plain|kcsan|rt|bench  which test kernel (test, torture; debug; guest: none)'
	@echo '  CPUS=N           virtual CPUs (run, test, bench, guest; 4; torture: 8; lines: 2, 8 and 32)'
	@echo '  DURATION=S       seconds of stress (run; 10; test: 3; torture: 60)'
	@echo "  SUITE='NAME*'    only these KUnit suites and nothing else (test, while working on them; all)"
	@echo '  LEGS="NAME..."   which legs (matrix; all)'
	@echo '  CLIENTS="NAME..."  which clients: objpool zram crypt squashfs (clients; all)'
	@echo '  SCRIPT=FILE  FILES="FILE..."  MODULES="NAME..."  NODES=N  MEMORY=MB  DISK=FILE  APPEND="ARGUMENT..."'
	@echo '  ICOUNT=y  LIMIT=S  (guest; tools/guest.sh --help)'
	@echo '  SCENE=pressure|spinner  only that one (scenes; both)'
	@echo "  DEBUG='NAME:LEVEL' caches in debug mode, as the module's debug= (run, test, torture; none)"
	@echo '  PLANT=claim|lose a fault, which must be found (torture; nothing)'
	@echo '  MODE=instructions|time|native  PATTERN=NAME,...  ROUNDS=N  STRICT=y  COMPARE="A.json B.json"  (bench)'
	@echo '  PATTERN=NAME,... CONTENDER=NAME  (lines)'

modules: linked
ifeq ($(origin M),command line)
	@test -f '$(out)/Module.symvers' || { \
		echo "objcache: M=$(M): objcache itself comes first: run make with the same KDIR" >&2; \
		exit 2; }
endif
	+@$(compile) modules

modules_install: linked
	+@$(compile) TESTS=n modules
	+@$(compile) INSTALL_MOD_PATH='$(abspath $(INSTALL_MOD_PATH))' modules_install

# modpost can name a missing header folder; this names what to do about it.
linked:
	@test -n '$(release)' || { \
		echo "objcache: no kernel headers in KDIR=$(KDIR):" \
		     "install linux-headers-$$(uname -r) or give KDIR=DIR" >&2; \
		exit 2; }
	@tools/link.sh '$(out)' $(linked)

tools:
	+@$(MAKE) -C tools/cli O='$(clients)'
	+@$(MAKE) -C tools/client O='$(clients)'

install: modules_install tools
	tools/package/install.sh '$(clients)' '$(abspath $(DESTDIR))' /usr/local
	install -D -m 644 -t '$(abspath $(DESTDIR))/usr/local/include/objcache' module/objcache.h module/objcache_uapi.h

dkms-install:
	@tools/dkms_install.sh

deb:
	@tools/deb.sh

deb-test:
	@tools/package_test.sh

in-tree:
	@tools/in_tree.sh

in-tree-test:
	@tools/in_tree_test.sh

inspect-test:
	@tools/inspect_test.sh

run:
	@tools/run.sh

test:
	@tools/test.sh

torture:
	@tools/torture.sh

matrix:
	@tools/matrix.sh

check:
	@tools/check.sh

litmus:
	@tools/litmus.sh

bench:
	@tools/bench.sh

lines:
	@tools/lines.sh

scale:
	@tools/scale.sh

scenes:
	@tools/scenes.sh

guest:
	@tools/guest.sh

clients:
	@tools/clients.sh

convert:
	@tools/convert.sh $(if $(filter command,$(origin M)),'$(abspath $(M))')

selftest:
	@tools/selftest.sh

clean:
ifeq ($(origin M),command line)
	+@$(kbuild) clean
else
	rm -rf build
endif

# Where modules_install puts them; the kernel's own variable counts.
export INSTALL_MOD_PATH ?= $(DESTDIR)
.PHONY: all help modules modules_install linked tools install run test torture matrix check \
	litmus bench lines scale scenes guest clients convert selftest clean dkms-install deb deb-test in-tree in-tree-test
