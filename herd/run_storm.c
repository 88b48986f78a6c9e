// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>

#include "herd/run.h"
#include "herd/say.h"

#define NS_PER_SEC 1000000000ULL
#define TICK_NS (NS_PER_SEC / 50)
#define SETTLE_NS (30 * NS_PER_SEC) /* at most, for bystanders to connect and subscribe in peace */
#define DRAIN_NS (5 * NS_PER_SEC)   /* for their last messages */

/* Bystanders are there before the storm. */
static int settle(struct engine *engine)
{
	uint64_t settle_ns, end_ns;

	if (!engine->bystanders_count)
		return 0;
	engine->now_ns = engine_clock_ns();
	settle_ns = engine->plan->duration_ns < SETTLE_NS ? engine->plan->duration_ns : SETTLE_NS;
	end_ns = engine->now_ns + settle_ns;
	for (uint32_t i = 0; i < engine->bystanders_count; i++)
		engine_step(engine, engine->devices_count + i, EVENT_START, 0);
	while (engine->bystanders_ready < engine->bystanders_count && engine->now_ns < end_ns &&
	       !engine_stopped())
		engine_run(engine, engine->now_ns + TICK_NS);
	if (engine->bystanders_ready == engine->bystanders_count)
		return 0;
	if (!engine_stopped())
		say_error("cannot connect '%u' bystanders: %u could subscribe within %.1f s; "
			  "is there a broker at '%s' port %u that lets them?",
			  engine->bystanders_count, engine->bystanders_ready,
			  (double)settle_ns / 1e9, engine->plan->host, engine->plan->port);
	return -ECONNREFUSED;
}

/* All are connected and have done their work, or try no more. */
static bool is_over(const struct engine *engine)
{
	const struct tally *tally = &engine->tally;

	return tally->connected + tally->count[TALLY_GIVEN_UP] >= engine->devices_count &&
	       !engine->working;
}

static void storm(struct engine *engine, const struct plan *plan)
{
	uint64_t end_ns = engine->start_ns + plan->duration_ns, over_ns = 0;

	while (engine->now_ns < end_ns && !engine_stopped()) {
		uint64_t tick_ns = engine->now_ns + TICK_NS;

		engine_run(engine, tick_ns < end_ns ? tick_ns : end_ns);
		run_progress(engine);
		tally_advance(&engine->tally, engine->now_ns);
		if (!is_over(engine)) {
			over_ns = 0;
			continue;
		}
		if (!over_ns)
			over_ns = engine->now_ns;
		if (engine->now_ns - over_ns >= plan->hold_ns)
			return;
	}
}

/* What bystanders have sent may still come back. */
static void drain(struct engine *engine)
{
	const struct tally *tally = &engine->tally;
	uint64_t end_ns = engine->now_ns + DRAIN_NS;

	engine->bystanders_send = false;
	while (tally->bystanders_received < tally->bystanders_sent && engine->now_ns < end_ns &&
	       !engine_stopped())
		engine_run(engine, engine->now_ns + TICK_NS);
	if (tally->bystanders_sent > tally->bystanders_received)
		engine->tally.bystanders_lost = tally->bystanders_sent - tally->bystanders_received;
}

enum herd_status run_storm(const struct plan *plan)
{
	static struct report report;
	struct json_file json;
	struct engine engine;
	struct run_clock clock;
	enum herd_status status = STATUS_FAILED;

	if (run_open(plan, &engine, &json))
		return STATUS_FAILED;
	if (settle(&engine))
		goto out;
	run_clock_start(&clock);
	engine.now_ns = clock.start_ns;
	engine.bystanders_send = true;
	if (engine_start(&engine, clock.start_ns))
		goto out;
	storm(&engine, plan);
	gone_expire(&engine, true);
	engine.frozen_ns = engine.now_ns;
	run_fill_report(&report, &engine, &clock);
	drain(&engine);
	engine_end(&engine);
	status = run_report(&report, &json);
out:
	run_close(&engine, &json);
	return status;
}
