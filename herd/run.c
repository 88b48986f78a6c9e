// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "herd/json_report.h"
#include "herd/limits.h"
#include "herd/route.h"
#include "herd/say.h"

#define NS_PER_SEC 1000000000ULL
#define PROGRESS_NS (NS_PER_SEC / 5)

/*
 * The address of the plan's target; refuses one behind a router, unless the plan says that it may be
 * anywhere. The only look-up of a run: another could give another address.
 */
static int find_target(const struct plan *plan, union net_address *to)
{
	enum route_reach reach;
	int err = net_resolve(plan->host, plan->port, to);

	if (err)
		return err;
	err = route_reach(&to->any, &reach);
	if (err) {
		say_error("cannot reach '%s': %s; is its network configured here?", plan->host,
			  strerror(-err));
		return err;
	}
	if (reach != ROUTE_ROUTED || plan->anywhere)
		return 0;
	say_error("will not storm '%s': it is behind a router, so perhaps somebody else's; if it "
		  "is yours to storm, say so with the word anywhere",
		  plan->host);
	return -EPERM;
}

int run_open(const struct plan *plan, struct engine *engine, struct json_file *json)
{
	union net_address to;

	if (find_target(plan, &to) || engine_open(engine, plan, &to))
		return -EINVAL;
	if (json_file_open(json, plan->json_file)) {
		engine_close(engine);
		return -EINVAL;
	}
	engine_catch_signals();
	return 0;
}

void run_close(struct engine *engine, struct json_file *json)
{
	json_file_drop(json);
	engine_close(engine);
}

void run_clock_start(struct run_clock *clock)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	clock->started = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
	clock->start_ns = engine_clock_ns();
	clock->cpu_seconds = limits_cpu_seconds();
}

void run_fill_report(struct report *report, const struct engine *engine,
		     const struct run_clock *clock)
{
	struct utsname name;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*report = (struct report){
		.plan = engine->plan,
		.tally = &engine->tally,
		.started = clock->started,
		.duration_seconds = (double)(engine->now_ns - clock->start_ns) / 1e9,
		.cpu_seconds = limits_cpu_seconds() - clock->cpu_seconds,
		.gone_evicted = engine->gone_evicted,
		.bystanders_unsent = engine->bystanders_unsent,
		.interrupted = engine_stopped(),
		.cpus = cpus > 0 ? (uint32_t)cpus : 1,
		.pid = (uint32_t)getpid(),
	};
	for (uint32_t i = 0; i < engine->devices_count; i++)
		hist_add(&report->attempts, engine->devices[i].attempts);
	if (!uname(&name)) {
		snprintf(report->node, sizeof(report->node), "%s", name.nodename);
		snprintf(report->kernel, sizeof(report->kernel), "%s %s", name.sysname,
			 name.release);
		snprintf(report->machine, sizeof(report->machine), "%s", name.machine);
	}
}

enum herd_status run_report(const struct report *report, struct json_file *json)
{
	const struct plan *plan = report->plan;

	say_progress(NULL);
	if (!plan->quiet && !json_file_is_stdout(json))
		report_text(stdout, report);
	if (report->tally->short_of_memory)
		say_warning("memory ran out: seconds are missing in the series");
	if (!json->file)
		return STATUS_DONE;
	return json_file_write(json, json_report(report), JSON_INDENT(1) | JSON_REAL_PRECISION(15))
		       ? STATUS_FAILED
		       : STATUS_DONE;
}

void run_progress(const struct engine *engine)
{
	static uint64_t last_ns;
	char line[160];

	if (engine->plan->quiet || !isatty(STDERR_FILENO) || engine->now_ns < last_ns + PROGRESS_NS)
		return;
	last_ns = engine->now_ns;
	report_progress(line, sizeof(line), &engine->tally, engine->now_ns);
	say_progress(line);
}
