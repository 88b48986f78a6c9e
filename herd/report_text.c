// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>

#include "herd/report.h"

#define MS(ns) ((double)(ns) / 1e6)
#define SEC(ns) ((double)(ns) / 1e9)

double report_capacity(const struct report *report)
{
	if (report->knee)
		return report->knee->capacity_per_sec;
	return report->plan->ideal_per_sec;
}

void report_progress(char *buf, size_t size, const struct tally *tally, uint64_t now_ns)
{
	double seconds = now_ns > tally->start_ns ? SEC(now_ns - tally->start_ns) : 0;

	snprintf(buf, size,
		 "%5.1f s  connected %u/%u  attempts %" PRIu64 "  failures %" PRIu64
		 "  wasted %" PRIu64,
		 seconds, tally->connected, tally->devices, tally->count[TALLY_ATTEMPT],
		 tally_failures(tally), tally->count[TALLY_WASTED]);
}

static void print_times(FILE *out, const struct tally *tally)
{
	static const struct {
		const char *name;
		unsigned int permille;
	} shares[] = { { "50 %", 500 }, { "90 %", 900 }, { "99 %", 990 }, { "all", 1000 } };
	uint64_t ns;

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		fprintf(out, "%s%s ", i ? ", " : "reached       ", shares[i].name);
		if (tally_reached(tally, shares[i].permille, &ns))
			fprintf(out, "after %.3f s", SEC(ns));
		else
			fputs("never", out);
	}
	fputc('\n', out);
}

static void print_percentiles(FILE *out, const char *name, const struct hist *hist)
{
	if (hist->count)
		fprintf(out, "%-13s p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, max %.1f ms\n", name,
			MS(hist_quantile(hist, 500)), MS(hist_quantile(hist, 900)),
			MS(hist_quantile(hist, 990)), MS(hist->max));
}

static void print_failures(FILE *out, const struct tally *tally)
{
	const char *separator = "failures      ";

	for (enum tally_event event = TALLY_REJECTED; event <= TALLY_UNFINISHED; event++) {
		if (!tally->count[event])
			continue;
		fprintf(out, "%s%s %" PRIu64, separator, tally_names[event], tally->count[event]);
		separator = ", ";
	}
	if (*separator == ',')
		fputc('\n', out);
	separator = "CONNACK codes ";
	for (unsigned int code = 0; code < 256; code++) {
		if (!tally->rejected[code])
			continue;
		fprintf(out, "%s%u: %" PRIu64, separator, code, tally->rejected[code]);
		separator = ", ";
	}
	if (*separator == ',')
		fputc('\n', out);
}

static void print_bystanders(FILE *out, const struct report *report)
{
	const struct tally *tally = report->tally;

	if (!report->plan->bystanders)
		return;
	fprintf(out,
		"bystanders    %u: %" PRIu64 " messages sent, %" PRIu64 " lost, %" PRIu64
		" not sent for want of a connection, %" PRIu64 " reconnects\n",
		report->plan->bystanders, tally->bystanders_sent, tally->bystanders_lost,
		report->bystanders_unsent, tally->bystanders_reconnects);
	print_percentiles(out, "round trip", &tally->rtt_ns);
}

static void print_capacity(FILE *out, const struct report *report)
{
	const struct knee *knee = report->knee;
	double capacity = report_capacity(report);
	uint64_t ns;

	if (knee) {
		for (unsigned int i = 0; i < knee->steps_count; i++)
			fprintf(out, "%u at once     %.1f set-ups/s\n", knee->steps[i].width,
				knee->steps[i].per_sec);
		fprintf(out,
			knee->found ? "capacity      %.1f set-ups/s, from %u at once on\n"
				    : "capacity      %.1f set-ups/s at least, with %u at once: no "
				      "knee was found\n",
			capacity, knee->knee_width);
	} else if (capacity > 0) {
		double ideal = report->tally->devices / capacity;

		fprintf(out, "ideal         %.3f s at %.1f set-ups/s", ideal, capacity);
		if (tally_reached(report->tally, 1000, &ns) && ns)
			fprintf(out, "; drain efficiency %.2f", ideal / SEC(ns));
		fputc('\n', out);
	}
}

void report_text(FILE *out, const struct report *report)
{
	const struct tally *tally = report->tally;

	if (!report->knee) {
		fprintf(out, "connected     %u of %u devices (%u at some time) after %.1f s%s\n",
			tally->connected, tally->devices, tally->ever_connected,
			report->duration_seconds, report->interrupted ? ", interrupted" : "");
		print_times(out, tally);
	}
	fprintf(out,
		"attempts      %" PRIu64 " (%" PRIu64 " of one device at most), %" PRIu64
		" wasted, %" PRIu64 " SYNs sent again\n",
		tally->count[TALLY_ATTEMPT], report->attempts.max, tally->count[TALLY_WASTED],
		tally->syn_retransmits);
	print_failures(out, tally);
	if (tally->count[TALLY_LOST])
		fprintf(out, "lost          %" PRIu64 " that were connected\n",
			tally->count[TALLY_LOST]);
	print_percentiles(out, "set-up", &tally->setup_ns);
	print_percentiles(out, "work", &tally->work_ns);
	print_bystanders(out, report);
	print_capacity(out, report);
	fprintf(out, "herd itself   %.2f s of CPU, timers late by p99 %.2f ms, max %.2f ms\n",
		report->cpu_seconds, MS(hist_quantile(&tally->late_ns, 990)),
		MS(tally->late_ns.max));
}
