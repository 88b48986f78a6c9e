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

int run_find_target(const struct plan *plan, union net_address *to)
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
	};
	for (uint32_t i = 0; i < engine->devices_count; i++)
		hist_add(&report->attempts, engine->devices[i].attempts);
	if (!uname(&name)) {
		snprintf(report->kernel, sizeof(report->kernel), "%s %s", name.sysname,
			 name.release);
		snprintf(report->machine, sizeof(report->machine), "%s", name.machine);
	}
}

static int write_json(const struct report *report)
{
	const char *name = report->plan->json_file;
	bool to_stdout = !strcmp(name, "-");
	FILE *file = to_stdout ? stdout : fopen(name, "we");
	json_t *json;
	int err = 0;

	if (!file) {
		say_error("cannot write json '%s': %s", name, strerror(errno));
		return -errno;
	}
	json = json_report(report);
	errno = 0;
	if (!json || json_dumpf(json, file, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) ||
	    fputc('\n', file) == EOF || fflush(file))
		err = errno ? -errno : -ENOMEM;
	json_decref(json);
	if (!to_stdout && fclose(file) && !err)
		err = -errno;
	if (err)
		say_error("cannot write json '%s': %s", name, strerror(-err));
	return err;
}

enum herd_status run_report(const struct report *report)
{
	const struct plan *plan = report->plan;

	say_progress(NULL);
	if (!plan->quiet && strcmp(plan->json_file, "-"))
		report_text(stdout, report);
	if (report->tally->short_of_memory)
		say_warning("memory ran out: seconds are missing in the series");
	if (*plan->json_file && write_json(report))
		return STATUS_FAILED;
	return STATUS_DONE;
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
