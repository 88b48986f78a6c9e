# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# tests/fuzz: one target per fuzz_*.c. Built for libFuzzer where clang has its runtime, and anywhere
# with a driver that feeds them files or random bytes.
FUZZ_SECONDS ?= 10
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_DRIVER ?= $(BUILD)/tests/fuzz/driver.o
FUZZ_SANITIZE := -O1 -g -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover
HAVE_LIBFUZZER = echo 'int LLVMFuzzerTestOneInput(const char *p, long n) { return !p + !n; }' | \
	$(CLANG) -x c -fsanitize=fuzzer - -o /dev/null 2>/dev/null

$(FUZZ_BIN): %: %.o $(FUZZ_DRIVER) $(PURE_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ -linih -ljansson -lm -o $@

.PHONY: fuzz fuzz-programs fuzz-random fuzz-libfuzzer
fuzz-programs: $(FUZZ_BIN)

fuzz-random:
	$(Q)$(MAKE) BUILD=$(BUILD)/fuzz CFLAGS='$(FUZZ_SANITIZE)' fuzz-programs
	$(Q)cd $(BUILD)/fuzz && for name in $(notdir $(FUZZ_BIN)); do \
		FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/$$name || exit 1; done

# What was found to reach new code is kept in build/libfuzzer/corpus, for the next time.
fuzz-libfuzzer:
	$(Q)$(MAKE) BUILD=$(BUILD)/libfuzzer CC=$(CLANG) FUZZ_DRIVER= \
		CFLAGS='$(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link' LDFLAGS=-fsanitize=fuzzer fuzz-programs
	$(Q)cd $(BUILD)/libfuzzer && for name in $(notdir $(FUZZ_BIN)); do mkdir -p corpus/$$name; \
		tests/fuzz/$$name -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_funcs=0 -print_final_stats=1 \
			corpus/$$name || exit 1; done

fuzz: ## each fuzz target for FUZZ_SECONDS=10, by libFuzzer if clang has it
	$(Q)if $(HAVE_LIBFUZZER); then $(MAKE) fuzz-libfuzzer; else $(MAKE) fuzz-random; fi
