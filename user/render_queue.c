// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `weir show queue`, and what other pages say of a queue. */
#include <inttypes.h>

#include "queue_figures.h"
#include "render.h"
#include "text.h"

#define TIME_TEXT_MAX 32

/* "0.85 ms", "1.5 s" */
static const char *time_text(char buf[TIME_TEXT_MAX], uint64_t ns)
{
	if (ns < 1000000000)
		snprintf(buf, TIME_TEXT_MAX, "%.3g ms", (double)ns / 1e6);
	else
		snprintf(buf, TIME_TEXT_MAX, "%.3g s", (double)ns / 1e9);
	return buf;
}

const char *render_delay_note(const struct snapshot *snapshot, unsigned int id)
{
	if (snapshot->control.vlan_hidden)
		return RENDER_HIDDEN_NOTE;
	if (queue_is_unserved(snapshot, id))
		return "ACTS AS DROP: no `weir run` serves it";
	return "";
}

void render_delay(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	uint64_t delay_max_ns = snapshot->policy->listeners[id].delay_max_ns;
	const char *note = render_delay_note(snapshot, id);
	char text[TIME_TEXT_MAX];

	fprintf(out, ", delay-max %s", text_delay_max(text, sizeof(text), delay_max_ns));
	if (snapshot->control.vlan_hidden)
		fprintf(out, " (%s)", note);
	else if (*note)
		fprintf(out, " (%s; start `weir run %s`)", note, snapshot->control.name);
}

static void put_delay_max(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	bool is_auto = snapshot->policy->listeners[id].delay_max_ns == DELAY_MAX_AUTO;
	char text[TIME_TEXT_MAX];

	fprintf(out, "delay-max %s%s",
		text_delay_max(text, sizeof(text), queue_delay_max_ns(snapshot, id)),
		is_auto && queue_is_served(snapshot, id) ? " (auto)" : "");
}

void render_queue_line(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	if (!queue_held(snapshot, id))
		return;
	fprintf(out, "    queue      %u held of at most %u, ", queue_held(snapshot, id),
		queue_places(snapshot, id));
	put_delay_max(out, snapshot, id);
	fputc('\n', out);
}

static void put_held(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	fprintf(out, "  held         ");
	for (int class = 0; class < QUEUE_CLASSES; class ++)
		fprintf(out, "%s%u %s of %u sites", class ? ", " : "",
			queue_held_of(snapshot, id, class), queue_class_names[class],
			queue_sites_of(snapshot, id, class));
	fprintf(out, "; %u places, ", queue_places(snapshot, id));
	put_delay_max(out, snapshot, id);
	fputc('\n', out);
}

/* "  LABEL  queued 5, replaced 0", of @count numbers from the @first name on. */
static void put_numbers(FILE *out, const char *label, const __u64 *numbers,
			const char *const *names, unsigned int first, unsigned int count)
{
	fprintf(out, "  %-11s  ", label);
	for (unsigned int i = first; i < count; i++)
		fprintf(out, "%s%s %" PRIu64, i > first ? ", " : "", names[i],
			(uint64_t)numbers[i]);
}

static void put_quantiles(FILE *out, const char *label, const struct histogram *histogram)
{
	uint64_t count = histogram_count(histogram);
	char p50[TIME_TEXT_MAX], p99[TIME_TEXT_MAX];

	if (count)
		fprintf(out, "  %-11s  p50 %s, p99 %s, of %" PRIu64 "\n", label,
			time_text(p50, histogram_quantile_ns(histogram, 500)),
			time_text(p99, histogram_quantile_ns(histogram, 990)), count);
	else
		fprintf(out, "  %-11s  none released\n", label);
}

static void put_queue(FILE *out, const struct snapshot *snapshot, unsigned int id)
{
	const struct queue_state *queue = &snapshot->queues[id];
	const struct histogram held = queue_held_times(queue), late = queue_lateness(queue);
	const char *note = render_delay_note(snapshot, id);

	fprintf(out, "%s: listener %s\n", snapshot->control.name,
		snapshot->policy->listeners[id].name);
	fprintf(out, "  served       %s", queue_is_served(snapshot, id) ? "yes" : "no");
	if (snapshot->policy->mode == MODE_OBSERVE)
		fputs("; OBSERVE: nothing is held, only counted", out);
	fprintf(out, "%s%s\n", *note ? "; " : "", note);
	put_held(out, snapshot, id);
	put_numbers(out, "SYNs", queue->results, queue_result_names, 0, QUEUE_RESULTS);
	fprintf(out, ", outdated %" PRIu64 "\n", (uint64_t)queue->outdated);
	for (int class = 0; class < QUEUE_CLASSES; class ++) {
		put_numbers(out, queue_class_names[class], queue->ends[class], queue_end_names, 0,
			    QUEUE_ENDS);
		fputc('\n', out);
	}
	put_quantiles(out, "time held", &held);
	put_quantiles(out, "lateness", &late);
	fprintf(out, "  failed       %" PRIu64 "\n", (uint64_t)queue->failed);
	put_numbers(out, "not held", snapshot->unheld[id].n, unheld_names, UNHELD_NOT + 1,
		    UNHELD_COUNT);
	fputc('\n', out);
}

void render_queue(FILE *out, const struct snapshot *snapshot)
{
	bool any = false;

	for (unsigned int id = 0; id < LISTENERS_MAX; id++) {
		if (!queue_is_there(snapshot, id))
			continue;
		put_queue(out, snapshot, id);
		any = true;
	}
	if (!any)
		fprintf(out, "%s: no listener has excess = delay\n", snapshot->control.name);
}
