// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One step: what is known, which law applies to that, and the limits it leads to. */
#include <string.h>

#include "law_turn.h"

#define TARGET_LEAST_NS (5 * NS_PER_MS)
#define TARGET_MOST_NS (60 * NS_PER_SEC)
#define WINDOW_MIN 4
#define FLOOR_PER_SEC 2.0
#define FLOOR_SHARE 0.01
#define X_HEALTHY 0.5

#define LOCAL_STALE_NS (500 * NS_PER_MS)
#define SUSPENDED_NS (5 * NS_PER_SEC)

/* Connections in flight of which none is done for so long, while no turn of the broker is open:
 * their ends are not seen, or their clients only hold them. */
#define LOST_NS (5 * NS_PER_SEC)
#define LOST_IN_FLIGHT 8
#define LOST_OLDEST_NS (500 * NS_PER_MS)

#define ROOM_SHARE 0.5

static uint32_t clamp_count(uint32_t value, uint32_t otherwise, uint32_t least, uint32_t most)
{
	if (!value)
		value = otherwise;
	if (value < least)
		return least;
	return value > most ? most : value;
}

static void put_right(struct law_config *config)
{
	if (!config->target_ns)
		config->target_ns = LAW_TARGET_NS;
	config->target_ns = (uint64_t)law_clamp((double)config->target_ns, TARGET_LEAST_NS,
						TARGET_MOST_NS);
	config->window_max = clamp_count(config->window_max, LAW_WINDOW_MAX, 1, LAW_WINDOW_MAX);
	config->window_min = clamp_count(config->window_min, WINDOW_MIN, 1, config->window_max);
	if (config->window_fixed != LAW_WINDOW_OFF && config->window_fixed > LAW_WINDOW_MAX)
		config->window_fixed = LAW_WINDOW_MAX;
	if (!(config->rate_per_sec > 0))
		config->rate_per_sec = LAW_PER_SEC_MAX;
	config->rate_per_sec = law_clamp(config->rate_per_sec, 1e-3, LAW_PER_SEC_MAX);
	if (!(config->floor_per_sec > 0))
		config->floor_per_sec = FLOOR_PER_SEC;
	config->floor_per_sec = law_clamp(config->floor_per_sec, 1e-3, config->rate_per_sec);
	if (!(config->fallback_per_sec > 0))
		config->fallback_per_sec = 0;
	else
		config->fallback_per_sec = law_clamp(config->fallback_per_sec,
						     config->floor_per_sec, config->rate_per_sec);
}

void law_init(struct law *law, const struct law_config *config, uint32_t seed, uint64_t now_ns)
{
	memset(law, 0, sizeof(*law));
	law->config = *config;
	put_right(&law->config);
	law->random = seed;
	law->young_share = 1;
	law_restart_window(law, now_ns);
}

void law_configure(struct law *law, const struct law_config *config)
{
	uint64_t target_ns = law->config.target_ns;

	law->config = *config;
	put_right(&law->config);
	if (law->config.target_ns != target_ns) {
		law->target_ns = law->config.target_ns;
		law->grown_latency_ns = 0;
	}
	law->window = law_clamp(law->window, law->config.window_min, law->config.window_max);
	law->rate = law_clamp(law->rate, law->config.floor_per_sec, law->config.rate_per_sec);
}

double law_floor_per_sec(const struct law *law, uint64_t now_ns)
{
	double share = FLOOR_SHARE * law_goodput_best(&law->goodput, now_ns);

	return law_clamp(share, law->config.floor_per_sec, law->config.rate_per_sec);
}

double law_fallback_per_sec(const struct law *law, uint64_t now_ns)
{
	if (law->config.fallback_per_sec > 0)
		return law->config.fallback_per_sec;
	return law_goodput_fallback(&law->goodput, law_floor_per_sec(law, now_ns),
				    law->config.rate_per_sec, now_ns);
}

void law_forget_signals(struct law *law)
{
	law->signal_good_ns = law->now_ns;
	law->signal_since_ns = 0;
	for (int i = 0; i < LAW_SIGNALS_MAX; i++)
		law->signal[i] = (struct law_signal_memory){ 0 };
}

/* The clock went back: no stamp means anything any more. */
static void forget_stamps(struct law *law, uint64_t now_ns)
{
	law_forget_signals(law);
	law->cut_ns = law->grown_ns = law->completed_ns = now_ns;
	law->blind_since_ns = law->signal_good_ns = law->owed_at_ns = now_ns;
	law->over_since_ns = law->low_since_ns = law->min_since_ns = 0;
	law->refused_ns = law->idle_ns = law->unowed_ns = 0;
	law->probe_until_ns = law->probe_next_ns = 0;
}

/* LAW_WHY_COUNT: nothing is the matter with the time. */
static enum law_why keep_time(struct law *law, struct turn *turn)
{
	uint64_t last_ns = law->now_ns;

	law->now_ns = turn->now_ns;
	if (!last_ns) {
		law->completed_ns = turn->now_ns;
		return LAW_WHY_FIRST;
	}
	if (turn->now_ns < last_ns) {
		forget_stamps(law, turn->now_ns);
		return LAW_WHY_CLOCK;
	}
	turn->dt_ns = turn->now_ns - last_ns;
	if (turn->dt_ns > SUSPENDED_NS) {
		turn->dt_ns = SUSPENDED_NS;
		law->completed_ns = turn->now_ns;
		law_restart_window(law, turn->now_ns);
		return LAW_WHY_SUSPENDED;
	}
	if (turn->dt_ns > LAW_LEASE_NS || turn->sample->lease_lapsed) {
		law->over_since_ns = law->low_since_ns = 0;
		return LAW_WHY_LEASE_LAPSED;
	}
	return LAW_WHY_COUNT;
}

static bool has_restarted(struct law *law, const struct turn *turn)
{
	bool restarted = turn->sample->restarted && !law->restarted;

	law->restarted = turn->sample->restarted;
	return restarted;
}

static bool is_stale(const struct turn *turn)
{
	uint64_t at_ns = turn->sample->tracked_at_ns;

	return turn->now_ns > at_ns && turn->now_ns - at_ns > LOCAL_STALE_NS;
}

static bool has_lost_count(struct law *law, const struct turn *turn)
{
	const struct law_sample *sample = turn->sample;

	if (sample->in_flight < LOST_IN_FLIGHT || sample->in_flight < law->window / 2)
		law->completed_ns = turn->now_ns;
	return sample->oldest_ns < LOST_OLDEST_NS &&
	       law_elapsed(law->completed_ns, LOST_NS, turn->now_ns);
}

static enum law_why fall_back(struct law *law, struct turn *turn, enum law_why why)
{
	if (law->state != LAW_FALLBACK && law->state != LAW_RATE)
		law->blind_since_ns = turn->now_ns;
	law->state = LAW_FALLBACK;
	turn->alarm = why == LAW_WHY_ACCOUNTING ||
		      law_fallback_per_sec(law, turn->now_ns) >= LAW_PER_SEC_MAX;
	return why;
}

/* Set-ups can be seen again. A short absence changes nothing of what was known. */
static void see_again(struct law *law, const struct turn *turn)
{
	if (law_elapsed(law->blind_since_ns, SUSPENDED_NS, turn->now_ns))
		law_restart_window(law, turn->now_ns);
	else
		law->state = LAW_STEADY;
	law->over_since_ns = 0;
}

static enum law_why decide(struct law *law, struct turn *turn, enum law_why time)
{
	bool restarted = has_restarted(law, turn);

	if (law->config.window_fixed && law->config.window_fixed != LAW_WINDOW_OFF &&
	    !turn->sample->tracked) {
		enum law_why why = fall_back(law, turn, LAW_WHY_BLIND);

		turn->alarm = true;
		return why;
	}
	if (law->config.window_fixed) {
		law->state = LAW_FIXED;
		return law->config.window_fixed == LAW_WINDOW_OFF ? LAW_WHY_OFF : LAW_WHY_FIXED;
	}
	if (law->state == LAW_FIXED)
		law_restart_window(law, turn->now_ns);
	if (!turn->sample->tracked)
		return law_rate(law, turn);
	if (is_stale(turn))
		return fall_back(law, turn, LAW_WHY_LOCAL_STALE);
	if (has_lost_count(law, turn))
		return fall_back(law, turn, LAW_WHY_ACCOUNTING);
	if (law->state == LAW_FALLBACK || law->state == LAW_RATE)
		see_again(law, turn);
	if (restarted) {
		law->completed_ns = turn->now_ns;
		law_restart_window(law, turn->now_ns);
		return LAW_WHY_RESTARTED;
	}
	return time == LAW_WHY_COUNT ? law_window(law, turn) : time;
}

/* The shaper itself must not overflow the accept queue: SYNs on their way will all be in it. */
static uint32_t room_window(const struct turn *turn, uint32_t window)
{
	const struct law_sample *sample = turn->sample;
	double room = ROOM_SHARE * ((double)sample->backlog_max - sample->backlog);

	if (!sample->backlog_max)
		return window;
	room = turn->n + law_clamp(room, 0, LAW_WINDOW_MAX);
	return room < window ? (uint32_t)room : window;
}

static void limit_window(const struct law *law, const struct turn *turn, struct law_limits *limits)
{
	uint32_t window;

	switch (law->state) {
	case LAW_FALLBACK:
		limits->ceiling_per_sec = law_fallback_per_sec(law, turn->now_ns);
		return;
	case LAW_RATE:
		limits->ceiling_per_sec = law->rate;
		return;
	case LAW_FIXED:
		limits->window = law->config.window_fixed;
		return;
	default:
		limits->window = (uint32_t)law->window;
		limits->pace_per_sec = law_clamp(law_pace_per_sec(law, turn), limits->floor_per_sec,
						 limits->ceiling_per_sec);
		window = room_window(turn, limits->window);
		if (window < limits->window) {
			limits->window = window;
			limits->why = LAW_WHY_ROOM;
		}
	}
}

static struct law_limits limit(const struct law *law, const struct turn *turn, enum law_why why)
{
	double floor_per_sec = law_floor_per_sec(law, turn->now_ns);
	struct law_limits limits = {
		.window = LAW_WINDOW_OFF,
		.ceiling_per_sec = law->config.rate_per_sec,
		.young_share = law_clamp(law->young_share, 0.02, 1),
		.reserve = law_clamp(law->reserve, 0, 1),
		.lease_until_ns = turn->now_ns + LAW_LEASE_NS,
		.state = law->state,
		.why = why,
		.alarm = turn->alarm,
		.signal = turn->signal,
		.x = turn->x,
		.x_local = turn->x_local,
		.x_signal = turn->external.x,
		.target_ns = law->target_ns,
	};

	if (limits.lease_until_ns < turn->now_ns)
		limits.lease_until_ns = UINT64_MAX;
	/* a listener without trouble of its own is never starved, whatever signals say */
	if (turn->sample->tracked && turn->x_local < X_HEALTHY &&
	    floor_per_sec < law->goodput_10s / 2)
		floor_per_sec = law->goodput_10s / 2;
	limits.floor_per_sec = floor_per_sec;
	limits.pace_per_sec = limits.ceiling_per_sec;
	limit_window(law, turn, &limits);
	if (limits.pace_per_sec > limits.ceiling_per_sec)
		limits.pace_per_sec = limits.ceiling_per_sec;
	limits.floor_per_sec = law_clamp(floor_per_sec, law->config.floor_per_sec,
					 limits.ceiling_per_sec);
	return limits;
}

struct law_limits law_step(struct law *law, const struct law_sample *sample, uint64_t now_ns)
{
	struct turn turn = { .sample = sample, .now_ns = now_ns, .signal = -1 };
	enum law_why why = keep_time(law, &turn);

	law_count(law, &turn);
	law_look(law, &turn);
	turn.external = law_signals_judge(law, sample, turn.dt_ns, now_ns);
	why = decide(law, &turn, why);
	return limit(law, &turn, why);
}
