// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/run.h"
#include "herd/say.h"

#define NS_PER_SEC 1000000000ULL
#define TICK_NS (NS_PER_SEC / 100)
#define SETTLE_NS (NS_PER_SEC * 3 / 10) /* of a new width, not measured */
#define WINDOW_NS (NS_PER_SEC * 4 / 10)
#define WINDOW_MAX_NS (2 * NS_PER_SEC)
#define WINDOW_CONNECTS 50U /* less is noise, where time allows */

struct loop {
	struct engine *engine;
	struct knee *knee;
	uint64_t end_ns;
};

static uint64_t connects(const struct loop *loop)
{
	return loop->engine->tally.count[TALLY_CONNECTED];
}

static bool is_out_of_time(const struct loop *loop)
{
	return loop->engine->now_ns >= loop->end_ns || engine_stopped();
}

/* Devices from 0 to the knee's width go round; others finish what they are in, and rest. */
static void set_width(const struct loop *loop)
{
	struct engine *engine = loop->engine;
	uint32_t before = engine->active;

	engine->active = loop->knee->width;
	for (uint32_t i = before; i < engine->active; i++)
		engine_step(engine, i, EVENT_START, 0);
	engine_run(engine, engine->now_ns + SETTLE_NS);
}

/* Set-ups a second in one window, which lasts longer if there are few; below 0: it was cut short. */
static double measure(const struct loop *loop)
{
	struct engine *engine = loop->engine;
	uint64_t start_ns = engine->now_ns, before = connects(loop), elapsed_ns = 0;

	while (!is_out_of_time(loop) && elapsed_ns < WINDOW_MAX_NS &&
	       (elapsed_ns < WINDOW_NS || connects(loop) - before < WINDOW_CONNECTS)) {
		engine_run(engine, engine->now_ns + TICK_NS);
		run_progress(engine);
		elapsed_ns = engine->now_ns - start_ns;
	}
	if (elapsed_ns < WINDOW_NS / 2)
		return -1;
	return (double)(connects(loop) - before) * 1e9 / (double)elapsed_ns;
}

static void find_knee(struct loop *loop)
{
	set_width(loop);
	while (!loop->knee->done && !is_out_of_time(loop)) {
		double per_sec = measure(loop);

		if (per_sec >= 0 && knee_feed(loop->knee, per_sec) && !is_out_of_time(loop))
			set_width(loop);
	}
	knee_end(loop->knee);
}

static void warn_no_knee(const struct knee *knee, const struct plan *plan)
{
	if (knee->final)
		say_warning("no knee was found: '%u' at once, all there may be, still bring more; "
			    "give more devices",
			    plan->devices);
	else
		say_warning("no knee was found: the run ended while more at once might still bring "
			    "more; give it a longer duration");
}

enum herd_status run_capacity(const struct plan *plan)
{
	static struct report report;
	struct json_file json;
	struct engine engine;
	struct knee knee;
	struct run_clock clock;
	struct loop loop = { .engine = &engine, .knee = &knee };
	enum herd_status status;

	if (run_open(plan, &engine, &json))
		return STATUS_FAILED;
	knee_init(&knee, plan->devices);
	run_clock_start(&clock);
	engine.active = 0;
	engine.now_ns = engine.start_ns = engine.tally.start_ns = clock.start_ns;
	engine.storm = true;
	loop.end_ns = clock.start_ns + plan->duration_ns;
	find_knee(&loop);
	engine_end(&engine);
	run_fill_report(&report, &engine, &clock);
	report.knee = &knee;
	status = run_report(&report, &json);
	if (status == STATUS_DONE && knee.capacity_per_sec <= 0) {
		say_error("cannot measure the capacity of '%s': no set-up succeeded; see the "
			  "failures",
			  plan->host);
		status = STATUS_FAILED;
	}
	if (status == STATUS_DONE && !knee.found)
		warn_no_knee(&knee, plan);
	if (status == STATUS_DONE && knee.unsteady)
		say_warning("the capacity is unsteady: what was measured last is far from what was "
			    "seen before; is the machine busy with something else? measure again");
	run_close(&engine, &json);
	return status;
}
