# songpipe - small Unix filters that cluster music
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make deps          install what building, testing and the demo need (Debian 12; as root or by sudo)
#   make               build bin/
#   make check         build and run the tests (NAME=x: only those whose name has x in it)
#   make check-asan    the same under the address and undefined-behaviour sanitizers
#   make check-tsan    what works on threads, under the thread sanitizer
#   make check-arm64   unit tests, compiled for arm64 and run by qemu
#   make lint          man pages, headers that stand alone, the order of the rooms (part of check)
#   make demo          cluster real music (MUSIC=~/Music: your own), write map.png
#   make bench         time it (PEERS=python: beside the Python peers)
#   make fuzz          throw damaged streams at the readers (FUZZ=seconds)
#   make install       binaries, man pages, bash completion (PREFIX=/usr/local DESTDIR= PROGPREFIX=)
#   make uninstall     take the same files away
#   make dist          songpipe-VERSION.tar.xz
#   make clean         take away what was built

VERSION := 0.1.0
PREFIX ?= /usr/local
PROGPREFIX ?=
JOBS ?= $(shell nproc)
# Given on the command line only: the environment does not say what is written and cleaned.
BUILD = build
BIN = bin

# The one list of Debian packages: README, CI and `make deps` use it.
DEPS := gcc make pkg-config libsox-dev libsox-fmt-base libsox-fmt-mp3 libsndfile1-dev libflac-dev libmpg123-dev libsoxr-dev libtagc0-dev \
	libfftw3-dev libopenblas-dev libarpack2-dev libmsgpack-dev libxxhash-dev libjansson-dev libunistring-dev libssl-dev libhdf5-dev \
	libcmocka-dev \
	gnuplot-nox fonts-dejavu-core parallel rsync mandoc perl xz-utils

CC ?= cc
# ARCH=-march=native: for this machine alone. Else the program runs on any, and what computes is
# compiled for several levels of x86-64, of which it takes its machine's when it starts.
ARCH ?=
LEVELS := $(if $(ARCH),,$(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),x86-64-v2 x86-64-v3 x86-64-v4))
# Products that are summed one after the other stay apart from the sum, which then waits for the addition only:
# what GCC does for most processors by itself from version 13 on, and 12 if it is tuned for a Zen.
CHAINS := $(shell $(CC) -Werror --param=avoid-fma-max-bits=256 -E -x c /dev/null >/dev/null 2>&1 && echo --param=avoid-fma-max-bits=256)
CFLAGS ?= -O3 -g
WERROR ?=
WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
# No -ffast-math: sums keep their order. Products are fused into sums where the machine can
# (so another type of machine may differ in the last bit), and errno and the
# floating-point exceptions, which nobody reads, are given up.
FLAGS := -std=c11 -D_POSIX_C_SOURCE=200809L -Icommon -pthread -fno-math-errno -fno-trapping-math -ffp-contract=fast
PKG_CONFIG ?= pkg-config
PKGS := sox sndfile flac libmpg123 taglib_c soxr fftw3f openblas msgpack libxxhash jansson libcrypto
HDF5 := $(shell $(PKG_CONFIG) --exists hdf5-serial && echo hdf5-serial || echo hdf5)
# MPI=1: what can fit on several machines does so under mpirun (base/world). It needs libopenmpi-dev and openmpi-bin, which are
# not in DEPS.
MPI ?=
PKGS += $(if $(MPI),ompi-c)
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
LDLIBS := -Wl,--as-needed $(shell $(PKG_CONFIG) --libs $(PKGS) $(HDF5) 2>/dev/null) -lunistring -larpack -lm -pthread
COMPILE = $(CC) $(FLAGS) $(WARN) $(WERROR) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) $(ARCH)
LINK = $(CC) $(CFLAGS) $(ARCH) $(LDFLAGS)

FILTERS := $(patsubst filters/%.c,$(BIN)/%,$(wildcard filters/*.c))
COMMON := $(patsubst common/%.c,$(BUILD)/common/%.o,$(wildcard common/*/*.c))
KERNELS := $(if $(LEVELS),$(foreach r,math dsp text nn cluster score layout,$(filter $(BUILD)/common/$r/%,$(COMMON))))
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
TESTS := $(UNITS) $(wildcard tests/*.t tests/filters/*.t tests/pipes/*.t)
ifeq ($(origin NAME),command line)
TESTS := $(foreach t,$(TESTS),$(if $(findstring $(NAME),$(notdir $t)),$t))
endif

all: $(FILTERS)

# What things were made with: a file that changes when the command does, and what was made by the
# old command is made again.
$(BUILD)/compiled-by: export BY = $(COMPILE) $(CHAINS) $(LEVELS)
$(BUILD)/version: export BY = $(VERSION)
$(BUILD)/names: export BY = $(NAMES)
$(BIN)/.linked-by: export BY = $(LINK) $(BUILD) $(LDLIBS)
$(BUILD)/compiled-by $(BUILD)/version $(BUILD)/names $(BIN)/.linked-by: FORCE | packages
	@mkdir -p $(@D)
	@printf '%s\n' "$$BY" | cmp -s - $@ || printf '%s\n' "$$BY" > $@

packages:
	@$(PKG_CONFIG) --print-errors --exists $(PKGS) $(HDF5) || \
	    { echo 'songpipe: a package that it needs is missing (above); on Debian, "make deps" installs them' >&2; exit 1; }

$(BIN)/%: $(BUILD)/filters/%.o $(BUILD)/libcommon.a $(BIN)/.linked-by
	@echo '  LD  $@'
	@$(LINK) -o $@ $(filter %.o %.a,$^) $(LDLIBS)

$(BUILD)/libcommon.a: $(COMMON)
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/common/base/version.o: $(BUILD)/version
$(BUILD)/common/base/version.o: DEFINES = -DSONGPIPE_VERSION='"$(VERSION)"'
$(BUILD)/common/base/world.o: DEFINES = $(if $(MPI),-DSONGPIPE_MPI)
$(BUILD)/common/stream/history.o: $(BUILD)/names
$(BUILD)/common/stream/history.o: DEFINES = -DSONGPIPE_FILTERS='"$(NAMES)"'
$(BUILD)/common/files/hdf5.o: DEFINES = $(shell $(PKG_CONFIG) --cflags $(HDF5))
$(BUILD)/%.o: %.c $(BUILD)/compiled-by
	@mkdir -p $(@D)
	@echo '  CC  $<'
	@$(COMPILE) $(DEFINES) -MMD -MP -c -o $@ $<

# A text as numbers, for C.
$(BUILD)/common/plot/page.o: $(BUILD)/page.html.inc $(BUILD)/page.js.inc $(BUILD)/page_map.js.inc $(BUILD)/page_marks.js.inc
$(BUILD)/common/plot/page.o: DEFINES = -I$(BUILD)
$(BUILD)/%.inc: common/plot/%
	@mkdir -p $(@D)
	@od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g' > $@

$(KERNELS): $(BUILD)/%.o: %.c $(BUILD)/compiled-by common/levels
	@mkdir -p $(@D)
	@echo '  CC  $<'
	@common/levels $@ $< $(LEVELS) -- $(COMPILE) $(CHAINS)

# Tests and the fuzz harness: one file of C each.
HARNESS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
$(UNITS): LDLIBS := -lcmocka $(LDLIBS)
$(UNITS) $(HARNESS): $(BUILD)/%: tests/%.c $(BUILD)/libcommon.a $(BUILD)/compiled-by $(BIN)/.linked-by
	@mkdir -p $(@D)
	@echo '  CC  $<'
	@$(COMPILE) -Itests/unit -MMD -MP $(LDFLAGS) -o $@ $< $(BUILD)/libcommon.a $(LDLIBS)

-include $(COMMON:.o=.d) $(FILTERS:$(BIN)/%=$(BUILD)/filters/%.d) $(UNITS:=.d) $(HARNESS:=.d)

# Preloaded by a test, to let system calls fail.
PRELOAD := $(BUILD)/preload/fail.so
$(PRELOAD): tests/preload/fail.c $(BUILD)/compiled-by
	@mkdir -p $(@D)
	@echo '  CC  $<'
	@$(CC) $(FLAGS) $(WARN) -O1 -fPIC -shared -o $@ $<

RUN = PATH="$(abspath $(BIN)):$(abspath $(BUILD)/fuzz):$$PATH" OPENBLAS_NUM_THREADS=1 \
	SONGPIPE_PRELOAD="$(abspath $(PRELOAD))"
SANITIZE = SONGPIPE_ASAN=1 $(MAKE)
# What libp11-kit, which libhdf5 brings along by libcurl, asks newlocale for where LOCPATH is set, glibc does not free.
ASAN = ASAN_OPTIONS=detect_stack_use_after_return=1:exitcode=99 \
	LSAN_OPTIONS=suppressions=$(CURDIR)/tests/leaks:print_suppressions=0 \
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99 \
	$(SANITIZE) LEVELS= BUILD=build-asan BIN=build-asan/bin CFLAGS="-O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined"
TSAN = TSAN_OPTIONS=exitcode=99 \
	$(SANITIZE) LEVELS= BUILD=build-tsan BIN=build-tsan/bin CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=thread"

check: lint all $(UNITS) $(HARNESS) $(PRELOAD)
	@$(RUN) LEFT_OUT=$(abspath $(BUILD)/left-out) tests/tap --all $(JOBS) $(TESTS)

check-asan:
	+$(ASAN) check

check-tsan:
	+$(TSAN) check-threads
# Every filter with -j, and the units that work on threads.
THREADED := $(foreach u,base encoder fit graph kmeans layout map math nn_layers nn_models pass score sparse spectral umap,$(filter %/$u,$(UNITS)))
check-threads: all $(THREADED) $(HARNESS)
	@$(RUN) CMOCKA_MESSAGE_OUTPUT=TAP prove --timer -j$(JOBS) --exec tests/tap $(THREADED) tests/threads.t

check-arm64:
	+@tests/arm64 $(JOBS) '$(DEPS)' $(UNITS:$(BUILD)/%=build-arm64/%)

FUZZ ?= 120
fuzz:
	+$(ASAN) fuzz-here
fuzz-here: all $(HARNESS)
	$(RUN) FUZZ_SECONDS=$(FUZZ) prove -v -Itests $(wildcard tests/fuzz*.t)

lint:
	@CC='$(CC) $(FLAGS) $(WARN) -Werror $(CPPFLAGS) $(PKG_CFLAGS)' tests/lint

demo: all
	@$(RUN) examples/demo.sh $(if $(MUSIC),"$(patsubst ~/%,$(HOME)/%,$(MUSIC))")

bench: all
	@$(RUN) PEERS='$(PEERS)' tests/bench/run $(NAME)

# Only what is missing is asked for, so that a machine without network passes too.
deps:
	@need=$$(for p in $(DEPS); do dpkg-query -W -f='$${db:Status-Status}\n' $$p 2>/dev/null | grep -qx installed \
	    || echo $$p; done); \
	get='apt-get install -y --no-install-recommends'; export DEBIAN_FRONTEND=noninteractive; \
	test -z "$$need" || $$get $$need || { apt-get update && $$get $$need; }

# Every file that install makes, as made:from; uninstall takes the same list.
AT = $(DESTDIR)$(PREFIX)
COMPLETIONS = $(AT)/share/bash-completion/completions
NAMES = $(notdir $(FILTERS))
PROGRAMS = $(foreach f,$(FILTERS),$(AT)/bin/$(PROGPREFIX)$(notdir $f):$f)
PAGES = $(foreach m,$(wildcard man/*.1),$(AT)/share/man/man1/$(PROGPREFIX)$(notdir $m):$m) \
	$(foreach m,$(wildcard man/*.5 man/*.7),$(AT)/share/man/man$(subst .,,$(suffix $m))/$(notdir $m):$m)

install: all
	@set -e; for f in $(PROGRAMS); do install -D -m 755 "$${f#*:}" "$${f%%:*}"; done
	@set -e; for f in $(PAGES); do install -D -m 644 "$${f#*:}" "$${f%%:*}"; done
	@install -d $(COMPLETIONS)
	@sed 's|@FILTERS@|$(addprefix $(PROGPREFIX),$(NAMES))|' completions/songpipe.bash > $(COMPLETIONS)/songpipe
	@set -e; for n in $(addprefix $(PROGPREFIX),$(NAMES)); do ln -sf songpipe $(COMPLETIONS)/$$n; done
	@echo "$(words $(NAMES)) filters in $(AT)/bin"

uninstall:
	@set -e; for f in $(PROGRAMS) $(PAGES); do rm -f "$${f%%:*}"; done
	@set -e; for n in songpipe $(addprefix $(PROGPREFIX),$(NAMES)); do rm -f $(COMPLETIONS)/$$n; done

# The tree as git has it; without git (in an unpacked one), as it is.
DIST = songpipe-$(VERSION)
dist:
	@if git rev-parse --verify -q HEAD >/dev/null 2>&1; then git archive --prefix=$(DIST)/ HEAD; \
	else tar -c --sort=name --owner=0 --group=0 --numeric-owner --transform='s|^[.]|$(DIST)|' --exclude='./build*' \
	    --exclude=./bin --exclude='./$(DIST).tar*' --exclude=./demo --exclude='*.sp' .; fi > $(DIST).tar
	@xz -f $(DIST).tar
	@echo $(DIST).tar.xz

# Only what was made here goes, file by file: whatever else lies in BUILD or BIN stays.
clean:
	@for b in $(BUILD) build-asan build-tsan build-arm64 build-mpi; do \
	    bin=$$b/bin; test $$b != $(BUILD) || bin=$(BIN); \
	    if test -e $$b/compiled-by; then \
	        test ! -e $$bin/.linked-by || for o in $$b/filters/*.o; do o=$${o##*/}; rm -f $$bin/$${o%.o}; done; \
	        for d in $$b/unit/*.d $$b/fuzz/*.d; do rm -f $${d%.d}; done; \
	        find $$b/common $$b/filters $$b/unit $$b/fuzz \( -name '*.o' -o -name '*.d' \) -type f -delete 2>/dev/null; \
	        rm -f $$b/libcommon.a $$b/left-out $$b/compiled-by $$b/version $$b/names $$b/page*.inc $$bin/.linked-by; \
	        find $$bin $$b -type d -empty -delete 2>/dev/null; \
	    fi; \
	done; true

.PHONY: FORCE all packages check check-asan check-tsan check-threads check-arm64 fuzz fuzz-here lint demo bench deps install uninstall dist clean
.DELETE_ON_ERROR:
.SECONDARY:
