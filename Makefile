# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Everything built goes under build/. V=1 shows the commands; see `make help`.
# make has a CC of its own, so ?= would not set it
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
BPFTOOL ?= $(firstword $(shell command -v bpftool /usr/sbin/bpftool 2>/dev/null) bpftool)
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/weir
UNITDIR ?= $(PREFIX)/lib/systemd/system
CFLAGS ?= -O2 -g
BUILD ?= build

VERSION := $(shell sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md | head -n 1)

ifneq ($(V),1)
Q := @
msg = @printf '  %-8s %s\n' '$(1)' '$(2)'
endif

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)
CPPFLAGS_ALL := -D_GNU_SOURCE -DWEIR_VERSION='"$(VERSION)"' -I. -Iinclude -Iuser -I$(BUILD) $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 $(WARN) $(CFLAGS)
# UAPI headers only; the multiarch path holds Debian's <asm/types.h>
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -std=gnu11 -Wall -Wextra -Werror -Iinclude -Ibpf \
	$(if $(MULTIARCH),-idirafter /usr/include/$(MULTIARCH))
BPF_LIBS := -lbpf -lelf -lz
LIBS := $(BPF_LIBS) -linih -ljansson -lcurl -lmosquitto -lmnl -lm

# Pure: no libbpf, no clock, no files but a FILE* handed in. scripts/check-layers holds them to it.
PURE := text text_reserve names config config_keys config_read config_sections config_check \
	policy rules rule_filter snapshot render promtext plan plan_devices plan_listeners plan_rules \
	plan_said stacking migrate json_value json_instance json_plan top render_sources queue \
	queue_fair queue_fair_check queue_keys queue_terms delay_max spread queue_report release waiting \
	syn_frame trials text_delay promtext_put promtext_queue queue_figures render_queue json_queue \
	law law_pace law_grow law_window law_target law_local law_rate law_signals law_goodput law_words law_turn config_signals \
	config_signals_check presets promparse signal_terms mqtt_url json_answers flows setup_slices \
	text_window plan_window window_limits window_figures render_window json_window \
	promtext_window
PURE_OBJ := $(PURE:%=$(BUILD)/user/%.o)
# The pinned state without the program that uses it; tests bring their own.
STATE_OBJ := $(patsubst %,$(BUILD)/user/%.o,instance instance_change instance_fault pins lock objects netdev log output absent tries top_read)
USER_OBJ := $(patsubst user/%.c,$(BUILD)/user/%.o,$(sort $(wildcard user/*.c)))

# The same of herd; these of weir's are pure and it uses them too.
HERD_PURE := backoff hist tally device mqtt_write mqtt_read timers schedule pattern sources knee plan_values plan_words plan_ini report_text json_report json_check json_join segment tcp tcp_stack hold amounts words json_plot plot
HERD_SHARED_OBJ := $(patsubst %,$(BUILD)/user/%.o,text names json_value)
HERD_PURE_OBJ := $(HERD_PURE:%=$(BUILD)/obj/herd/%.o) $(HERD_SHARED_OBJ)
HERD_OBJ := $(patsubst herd/%.c,$(BUILD)/obj/herd/%.o,$(sort $(wildcard herd/*.c))) $(HERD_SHARED_OBJ)
HERD_LIBS := -lssl -lcrypto -ljansson -linih -lmnl -lm

HERD_UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(sort $(wildcard tests/unit/test_herd_*.c)))
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
BPFTEST_BIN := $(patsubst tests/bpf/%.c,$(BUILD)/tests/bpf/%,$(sort $(wildcard tests/bpf/test_*.c)))
BENCH_BIN := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,\
	$(filter-out %.bpf.c,$(sort $(wildcard tests/bench/*.c))))
E2E_BIN := $(patsubst tests/e2e/%.c,$(BUILD)/tests/e2e/%,$(sort $(wildcard tests/e2e/*.c)))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all check test test-bpf test-e2e bench bench-storm bench-auto bench-delay lint format sanitize install clean help tools

all: $(BUILD)/weir $(BUILD)/herd ## build everything that is installed (default)

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

# -- packet path ---------------------------------------------------------------------------------
$(BUILD)/%.bpf.o: %.bpf.c Makefile
	@command -v $(CLANG) >/dev/null || { echo "$(CLANG) is missing: apt-get install clang llvm" >&2; exit 1; }
	@mkdir -p $(@D)
	$(call msg,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@
	$(Q)llvm-strip -g $@ 2>/dev/null || true

# the verifier lets a program read what it never wrote; tests find something else there than 0
$(BUILD)/tests/bpf/%.bpf.o: BPF_CFLAGS += -ftrivial-auto-var-init=pattern

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	@command -v $(BPFTOOL) >/dev/null || { echo "bpftool is missing: apt-get install bpftool" >&2; exit 1; }
	$(call msg,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(notdir $*)_bpf > $@

# -- user space ----------------------------------------------------------------------------------
$(BUILD)/user/datapath.o: $(BUILD)/bpf/weir.skel.h
$(BUILD)/user/egress.o: $(BUILD)/bpf/setup.skel.h

$(BUILD)/jansson.found:
	@echo '#include <jansson.h>' | $(CC) $(CPPFLAGS_ALL) -E - >/dev/null 2>&1 || \
		{ echo "jansson is missing: apt-get install libjansson-dev" >&2; exit 1; }
	@echo '#include <curl/curl.h>' | $(CC) $(CPPFLAGS_ALL) -E - >/dev/null 2>&1 || \
		{ echo "libcurl is missing: apt-get install libcurl4-openssl-dev" >&2; exit 1; }
	@echo '#include <mosquitto.h>' | $(CC) $(CPPFLAGS_ALL) -E - >/dev/null 2>&1 || \
		{ echo "libmosquitto is missing: apt-get install libmosquitto-dev" >&2; exit 1; }
	@mkdir -p $(@D)
	@touch $@

$(BUILD)/%.o: %.c Makefile | $(BUILD)/jansson.found
	@mkdir -p $(@D)
	$(call msg,CC,$@)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

# build/herd is the program
$(BUILD)/obj/%.o: %.c Makefile | $(BUILD)/jansson.found
	@mkdir -p $(@D)
	$(call msg,CC,$@)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

# They hold the version, whose place is the changelog.
$(patsubst %,$(BUILD)/%.o,user/attach user/main user/promtext tests/unit/test_promtext obj/herd/main obj/herd/json_report): CHANGELOG.md

$(BUILD)/weir: $(USER_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/herd: $(HERD_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(HERD_LIBS) -o $@

# -- tests ---------------------------------------------------------------------------------------
$(HERD_UNIT_BIN): %: %.o $(HERD_PURE_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ -lcmocka -linih -ljansson -lm -o $@

$(filter-out $(HERD_UNIT_BIN),$(UNIT_BIN)): %: %.o $(PURE_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ -lcmocka -linih -ljansson -lm -o $@

# Frames are built in one place.
$(BUILD)/tests/unit/test_syn_frame: $(BUILD)/tests/bpf/frame.o
$(BUILD)/tests/unit/test_notify: $(BUILD)/user/notify.o

RIG_OBJ := $(BUILD)/tests/bpf/rig.o $(BUILD)/tests/bpf/rig_policy.o
$(BPFTEST_BIN:%=%.o): $(BUILD)/tests/bpf/weir_clock.skel.h
$(BPFTEST_BIN): %: %.o $(RIG_OBJ) $(BUILD)/tests/bpf/frame.o $(PURE_OBJ) $(STATE_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ -lcmocka $(LIBS) -lpthread -lm -o $@
$(RIG_OBJ): $(BUILD)/tests/bpf/weir_clock.skel.h
$(BUILD)/tests/bpf/test_egress.o $(BUILD)/tests/bpf/test_egress_tls.o: $(BUILD)/tests/bpf/setup_clock.skel.h

-include tests/bench/rules.mk
-include tests/e2e/rules.mk
-include tests/fuzz/rules.mk
-include tests/sim/rules.mk
-include tests/storm/rules.mk

$(E2E_BIN): %: %.o
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(E2E_LIBS) -o $@

tools: all $(BENCH_BIN) $(E2E_BIN) ## what test-e2e and bench run, to run one test of them

test: $(UNIT_BIN) ## unit tests: no privileges, under a second
	$(Q)scripts/run-tests unit $^

test-bpf: $(BPFTEST_BIN) ## packet path by BPF_PROG_RUN: needs root
	$(Q)scripts/run-tests bpf $^

test-e2e: tools ## namespaces, real brokers and clients: needs root
	$(Q)scripts/run-tests e2e $(sort $(wildcard tests/e2e/test-*.sh))

check: test test-bpf test-e2e lint ## every test tier and lint

bench: tools ## the figures of docs/benchmarks.md, as ratios: needs root
	$(Q)tests/bench/run

bench-storm: tools ## reconnect storms on real brokers, an hour of them: needs root
	$(Q)tests/storm/run

bench-auto: tools ## what window = auto does when something is the matter, 20 minutes: needs root
	$(Q)tests/storm/auto

bench-delay: tools ## what holding excess does beside dropping it, 20 minutes: needs root
	$(Q)tests/storm/delay

lint: ## format, layers, static analysis
	$(Q)scripts/check-format
	$(Q)scripts/check-layers
	$(Q)scripts/check-static

format: ## clang-format over the whole tree
	$(Q)git ls-files -co --exclude-standard '*.[ch]' | xargs clang-format -i

sanitize: ## unit tests under ASan and UBSan
	$(Q)$(MAKE) BUILD=$(BUILD)/sanitize CFLAGS='-O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover' test

install: all ## into $(DESTDIR)$(PREFIX)
	install -D -m 0755 $(BUILD)/weir $(DESTDIR)$(SBINDIR)/weir
	install -D -m 0755 $(BUILD)/herd $(DESTDIR)$(SBINDIR)/herd
	install -D -m 0644 docs/herd.8 $(DESTDIR)$(MANDIR)/man8/herd.8
	install -D -m 0644 docs/herd.md $(DESTDIR)$(DOCDIR)/herd.md
	install -D -m 0644 docs/weir.8 $(DESTDIR)$(MANDIR)/man8/weir.8
	install -D -m 0644 docs/weir.conf.5 $(DESTDIR)$(MANDIR)/man5/weir.conf.5
	install -D -m 0644 docs/json.md $(DESTDIR)$(DOCDIR)/json.md
	install -D -m 0644 contrib/systemd/weir@.service $(DESTDIR)$(UNITDIR)/weir@.service
	sed -i 's|/usr/local/sbin/|$(SBINDIR)/|' $(DESTDIR)$(UNITDIR)/weir@.service
	install -D -m 0644 docs/signals.md $(DESTDIR)$(DOCDIR)/signals.md

clean: ## remove build/
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
