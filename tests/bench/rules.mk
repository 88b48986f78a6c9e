# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# tests/bench: one binary per .c file here; lib/ holds what they share.
BENCH := $(BUILD)/tests/bench
BENCH_LIB := $(BENCH)/lib

$(BENCH)/flood.o: $(BENCH)/flood.skel.h
$(BENCH)/flood: $(BENCH_LIB)/flood_job.o $(BENCH_LIB)/frame.o $(BENCH_LIB)/netdev.o $(BENCH_LIB)/words.o

$(BENCH_LIB)/contestant.o: $(BENCH)/drop_weir.skel.h $(BENCH)/random_weir.skel.h \
	$(BENCH)/random_egress.skel.h $(BENCH)/random_lru.skel.h $(BENCH)/plain.skel.h $(BUILD)/bpf/weir.skel.h
$(BENCH)/receive: $(BENCH_LIB)/contestant.o $(PURE_OBJ) $(BUILD)/user/tries.o
$(BENCH)/progrun: $(BENCH_LIB)/contestant.o $(BENCH_LIB)/frame.o $(PURE_OBJ) $(BUILD)/user/tries.o
$(BENCH)/queue: $(PURE_OBJ)

$(BENCH_BIN): %: %.o
	$(call msg,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $^ $(LIBS) -lm -o $@
