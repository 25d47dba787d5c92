# songpipe - small Unix filters that cluster music
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make deps          install what building, testing and the demo need (Debian 12; as root or by sudo)
#   make               build bin/
#   make check         build and run the tests (NAME=x: only those whose name has x in it)
#   make check-asan    the same under the address and undefined-behaviour sanitizers
#   make lint          man pages, headers that stand alone, the order of the rooms
#   make demo          cluster real music (MUSIC=~/Music: your own), write map.png
#   make bench         time it (PEERS=python: beside the Python peers)
#   make fuzz          throw damaged streams at the readers (FUZZ=seconds)
#   make install       binaries, man pages, bash completion (PREFIX=/usr/local DESTDIR= PROGPREFIX=)
#   make uninstall     take the same files away

VERSION := 0.1.0
PREFIX ?= /usr/local
PROGPREFIX ?=
BUILD ?= build
BIN ?= bin
JOBS ?= $(shell nproc)

# The one list of Debian packages: README, CI and `make deps` use it.
DEPS := gcc make pkg-config libsox-dev libsox-fmt-base libsox-fmt-mp3 libsndfile1-dev libmpg123-dev libsoxr-dev libtagc0-dev \
	libfftw3-dev libopenblas-dev libarpack2-dev libmsgpack-dev libxxhash-dev libjansson-dev libunistring-dev libssl-dev \
	libcmocka-dev \
	gnuplot-nox fonts-dejavu-core mandoc perl xz-utils

CC ?= cc
ARCH ?= -march=native
CFLAGS ?= -O3 -g
WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
# No -ffast-math: sums keep their order. Products are fused into sums where the machine can
# (so another type of machine may differ in the last bit), and errno and the
# floating-point exceptions, which nobody reads, are given up.
FLAGS := -std=c11 -D_POSIX_C_SOURCE=200809L -DSONGPIPE_VERSION='"$(VERSION)"' -Icommon -pthread \
	-fno-math-errno -fno-trapping-math -ffp-contract=fast
PKGS := sox sndfile libmpg123 taglib_c soxr fftw3f openblas msgpack libxxhash jansson libcrypto
CPPFLAGS += $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS := -Wl,--as-needed $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lunistring -larpack -lm -pthread
COMPILE = $(CC) $(FLAGS) $(WARN) $(CPPFLAGS) $(CFLAGS) $(ARCH) -MMD -MP

FILTERS := $(patsubst filters/%.c,$(BIN)/%,$(wildcard filters/*.c))
COMMON := $(patsubst common/%.c,$(BUILD)/common/%.o,$(wildcard common/*/*.c))
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
TESTS := $(UNITS) $(wildcard tests/*.t tests/filters/*.t tests/pipes/*.t)
ifdef NAME
TESTS := $(foreach t,$(TESTS),$(if $(findstring $(NAME),$(notdir $t)),$t))
endif

all: $(FILTERS)

$(BIN)/%: $(BUILD)/filters/%.o $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@echo '  LD  $@'
	@$(CC) $(CFLAGS) $(ARCH) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libcommon.a: $(COMMON)
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC  $<'
	@$(COMPILE) -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@echo '  CC  $<'
	@$(COMPILE) -Itests/unit -o $@ $< $(BUILD)/libcommon.a -lcmocka $(LDLIBS)

-include $(COMMON:.o=.d) $(FILTERS:$(BIN)/%=$(BUILD)/filters/%.d) $(UNITS:=.d)

HARNESS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@echo '  CC  $<'
	@$(COMPILE) -o $@ $< $(BUILD)/libcommon.a $(LDLIBS)
-include $(HARNESS:=.d)

RUN = PATH="$(abspath $(BIN)):$(abspath $(BUILD)/fuzz):$$PATH" OPENBLAS_NUM_THREADS=1
SANITIZE = ASAN_OPTIONS=detect_stack_use_after_return=1:exitcode=99 \
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99 \
	SONGPIPE_ASAN=1 $(MAKE) BUILD=build-asan BIN=build-asan/bin CFLAGS="-O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined"

check: all $(UNITS) $(HARNESS)
	$(RUN) CMOCKA_MESSAGE_OUTPUT=TAP prove --timer -j$(JOBS) --exec tests/tap $(TESTS)

check-asan:
	+$(SANITIZE) check

FUZZ ?= 120
fuzz:
	+$(SANITIZE) fuzz-here
fuzz-here: all $(HARNESS)
	$(RUN) FUZZ_SECONDS=$(FUZZ) prove -v -Itests $(wildcard tests/fuzz*.t)

lint:
	@CC='$(CC) $(FLAGS) $(WARN) $(CPPFLAGS)' tests/lint

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

clean:
	rm -rf $(BUILD) $(BIN) build-asan

.PHONY: all check check-asan fuzz fuzz-here lint demo bench deps install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:
