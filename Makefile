# songpipe - small Unix filters that cluster music
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make deps          install what building, testing and the demo need (Debian 12; as root or by sudo)
#   make               build bin/
#   make check         build and run the tests (NAME=x: only those whose name has x in it)
#   make check-asan    the same under the address and undefined-behaviour sanitizers
#   make lint          man pages, spelling of options, headers that stand alone
#   make demo          cluster real music (MUSIC=~/Music: your own), write map.png
#   make bench         time it (PEERS=python: beside the Python peers)
#   make install       PREFIX=/usr/local DESTDIR= PROGPREFIX=

VERSION := 0.1.0
PREFIX ?= /usr/local
PROGPREFIX ?=
BUILD ?= build
BIN ?= bin

# The one list of Debian packages: README, CI and `make deps` use it.
DEPS := gcc make pkg-config libsox-dev libsox-fmt-base libsox-fmt-mp3 libsndfile1-dev libmpg123-dev libsoxr-dev \
	libfftw3-dev libopenblas-dev libmsgpack-dev libxxhash-dev libjansson-dev libcsv-dev libcmocka-dev \
	gnuplot-nox fonts-dejavu-core mandoc perl xz-utils

CC ?= cc
ARCH ?= -march=native
CFLAGS ?= -O3 -g
WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
# No -ffast-math: results are the same with and without vectors. Only errno and the
# floating-point exceptions, which nobody reads, are given up.
FLAGS := -std=c11 -D_POSIX_C_SOURCE=200809L -DSONGPIPE_VERSION='"$(VERSION)"' -Icommon -pthread \
	-fno-math-errno -fno-trapping-math
PKGS := sox sndfile libmpg123 soxr fftw3f openblas msgpack libxxhash jansson
CPPFLAGS += $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDLIBS := -Wl,--as-needed $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lcsv -lm -pthread
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

check: all $(UNITS)
	PATH="$(abspath $(BIN)):$$PATH" CMOCKA_MESSAGE_OUTPUT=TAP OPENBLAS_NUM_THREADS=1 prove --timer -Itests $(TESTS)

check-asan:
	ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 SONGPIPE_ASAN=1 \
	$(MAKE) BUILD=build-asan BIN=build-asan/bin CFLAGS="-O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined" check

deps:
	apt-get install -y --no-install-recommends $(DEPS)

clean:
	rm -rf $(BUILD) $(BIN) build-asan

.PHONY: all check check-asan deps clean
.DELETE_ON_ERROR:
.SECONDARY:
