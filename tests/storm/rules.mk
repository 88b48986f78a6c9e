# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# tests/storm: what stands behind its brokers.
STORM := $(BUILD)/tests/storm

$(STORM)/auth_service: $(STORM)/auth_service.o
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ -o $@

$(STORM)/slow_auth.so: tests/storm/slow_auth.c Makefile
	@mkdir -p $(@D)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -fPIC -shared $< -o $@

tools: $(STORM)/auth_service $(STORM)/slow_auth.so
