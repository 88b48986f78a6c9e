# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# tests/sim: storms without a network, for the law. The short ones are a unit test.
SIM_OBJ := $(patsubst %,$(BUILD)/tests/sim/%.o,broker devices judge scenarios scenarios_clients shaper tracker world)
SIM_OUT := $(BUILD)/sim

$(BUILD)/tests/unit/test_law_sim: $(SIM_OBJ)

$(BUILD)/tests/sim/sim: $(BUILD)/tests/sim/main.o $(SIM_OBJ) $(PURE_OBJ)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ -linih -ljansson -lm -o $@

.PHONY: sim
sim: $(BUILD)/tests/sim/sim ## the law among simulated herds: a table, build/sim/*.csv, .json and .svg
	@mkdir -p $(SIM_OUT)
	$(Q)status=0; $< $(SIM_OUT) $(SIM_ONLY) || status=1; \
	if [ -n "$(SIM_ONLY)" ]; then :; elif command -v gnuplot >/dev/null; then \
		cd $(SIM_OUT) && gnuplot $(CURDIR)/tests/sim/plot.gp || status=1; \
	else echo "sim: no gnuplot, no plots: apt-get install gnuplot-nox" >&2; fi; exit $$status
