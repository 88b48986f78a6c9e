# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the end-to-end tests need besides their C programs.
export WEIR_BUILD := $(BUILD)

E2E_BPF := $(patsubst tests/e2e/%.c,$(BUILD)/tests/e2e/%.o,$(sort $(wildcard tests/e2e/*.bpf.c)))
E2E_BIN := $(filter-out %.bpf,$(E2E_BIN))

tools: $(E2E_BPF)

# Put before a program by LD_PRELOAD.
E2E_PRELOAD := $(BUILD)/tests/e2e/two_answers.so
E2E_BIN := $(filter-out %/two_answers,$(E2E_BIN))
$(E2E_PRELOAD): tests/e2e/two_answers.c Makefile
	@mkdir -p $(@D)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fPIC -shared $< -ldl -o $@

tools: $(E2E_PRELOAD)

# Another build of the same sources, for tests that swap the binary.
.PHONY: $(BUILD)/next/weir
$(BUILD)/next/weir: $(BUILD)/weir
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/next VERSION=$(VERSION)-next all

tools: $(BUILD)/next/weir

# The packet path of ABI 1 with the headers of its time.
ABI1_BPF := $(BUILD)/tests/e2e/abi1/bpf/weir.bpf.o
$(ABI1_BPF): BPF_CFLAGS := -Itests/e2e/abi1/include $(BPF_CFLAGS)
$(BUILD)/tests/e2e/attach_abi1: E2E_LIBS := $(BPF_LIBS)

tools: $(ABI1_BPF)

# The signals without the program that uses them.
SIGNAL_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard user/signal_*.c)) user/signals.c \
	user/fetch.c user/mqtt_client.c user/accept_queue.c user/credentials.c)
$(BUILD)/tests/e2e/signal_probe: $(sort $(SIGNAL_OBJ) $(PURE_OBJ))
$(BUILD)/tests/e2e/signal_probe: E2E_LIBS := $(LIBS)

# The edge without commands.
TRACK_PROBE_OBJ := $(filter-out $(BUILD)/user/main.o $(BUILD)/user/cmd_%.o,$(USER_OBJ))
$(BUILD)/tests/e2e/track_probe: $(TRACK_PROBE_OBJ)
$(BUILD)/tests/e2e/track_probe: E2E_LIBS := $(LIBS)
