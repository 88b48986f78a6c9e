/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The control law: how many connections of a listener may be in set-up at once. Pure; docs/law.md
 * says it in words, docs/decisions/022-the-law.md where its numbers come from.
 *
 *	struct law law;
 *	law_init(&law, &config, seed, now_ns);
 *	every 10 to 250 ms, best 100:
 *		limits = law_step(&law, &sample, now_ns);
 *		write limits to the maps, with limits.lease_until_ns
 *
 * A sample may hold anything: what is not a number, is too large or goes backwards is treated as
 * missing, and every limit that comes out lies within the bounds said here. The law fails open: the
 * less it knows the more it leaves to the configured and the fallback rate.
 */
#ifndef WEIR_LAW_H
#define WEIR_LAW_H

#include <stdbool.h>
#include <stdint.h>

#include "law_goodput.h"

/* A rate this high is no limit. */
#define LAW_PER_SEC_MAX 1e9
#define LAW_WINDOW_MAX 20000U
/* As law_config.window_fixed: there is no window, only rates. As law_limits.window: the same. */
#define LAW_WINDOW_OFF UINT32_MAX
#define LAW_SIGNALS_MAX 16
#define LAW_LEASE_NS 2000000000ULL
#define LAW_TARGET_NS 250000000ULL

enum law_kind {
	LAW_KIND_CUT,  /* may hold growth and, within bounds, cut */
	LAW_KIND_VETO, /* may hold growth only, as PSI: a healthy burst saturates a CPU, too */
};

/* One external signal, as it is now. Its place in the array is its identity. */
struct law_signal {
	double ratio;	    /* value / target; NaN: nothing was read yet */
	uint64_t age_ns;    /* of that value, since it was read */
	uint64_t period_ns; /* how often it is read */
	uint64_t lag_ns;   /* how old a value is at best when it is read: the source's own period */
	uint32_t timeouts; /* attempts to read it that timed out, in a row */
	enum law_kind kind;
};

/* What weir knows of a listener. Counters only grow, since whenever. */
struct law_sample {
	bool tracked;		 /* set-ups are tracked (section "no tracking" of docs/law.md) */
	uint64_t tracked_at_ns;	 /* when what follows was read from the kernel */
	uint32_t in_flight;	 /* request seen, set-up not done */
	uint32_t young;		 /* admitted, request not seen yet, within the horizon */
	uint64_t latency_p90_ns; /* set-up latency, the broker's turns only, over the last second */
	uint32_t latency_count;	 /* set-ups that p90 is of */
	uint64_t took_ns;   /* from SYN to answer, round trips and all, their mean; 0: unknown */
	uint64_t oldest_ns; /* age of the oldest open turn of the broker; 0: none is open */
	uint64_t round_trip_ns; /* from an admitted SYN to its request, p90; 0: unknown */
	uint64_t answered;	/* counter: connections whose first request was answered */
	uint64_t completed;	/* counter: set-ups that were done */
	uint64_t judged;	/* counter: admitted SYNs whose horizon is over */
	uint64_t requested;	/* counter: those of them that turned into a request */

	/* from elsewhere, and valid without tracking */
	uint64_t
		refused; /* counter: SYNs that window or rate held back: delayed, dropped, rejected */
	uint32_t waiting;     /* SYNs in the delay queue */
	uint64_t overflows;   /* counter: ListenOverflows of the network namespace */
	uint32_t backlog_max; /* accept queue of the listener's sockets; 0: unknown */
	uint32_t backlog;
	bool restarted;	   /* the broker is another process or socket than at the last step */
	bool lease_lapsed; /* the packet path found no valid lease since the last step */
	const struct law_signal *signal;
	uint32_t signals; /* at most LAW_SIGNALS_MAX are looked at */
};

/* The listener's configuration; law_init() puts what is absurd right. */
struct law_config {
	uint64_t target_ns;	 /* set-up latency to keep; 0: LAW_TARGET_NS */
	uint32_t window_min;	 /* 0: 4 */
	uint32_t window_max;	 /* 0: LAW_WINDOW_MAX */
	uint32_t window_fixed;	 /* 0: auto; a number; LAW_WINDOW_OFF */
	double rate_per_sec;	 /* the operator's ceiling; 0: unlimited */
	double floor_per_sec;	 /* 0: 2 */
	double fallback_per_sec; /* 0: half of the best goodput of 24 h, else the ceiling */
	bool first_byte;	 /* set-up = first-byte: latency is only a part of the truth */
	bool shared;		 /* several weirs share one back end: grow by absolute steps only */
};

enum law_state {
	LAW_STARTUP,  /* doubling quickly until set-ups take their time */
	LAW_STEADY,   /* steps up, held, or frozen */
	LAW_CUT,      /* in the period after a cut */
	LAW_PROBE,    /* trying whether the target can be reached at all */
	LAW_RATE,     /* set-ups are not tracked: the law on a rate */
	LAW_FALLBACK, /* blind: the fallback rate */
	LAW_FIXED,    /* the operator's window, or none */
	LAW_STATES,
};

/* Why the limits are what they are. A closed, append-only list; names are label values. */
enum law_why {
	LAW_WHY_FIRST,
	LAW_WHY_IDLE,
	LAW_WHY_STARTUP,
	LAW_WHY_GROW,
	LAW_WHY_GROW_FAST,
	LAW_WHY_NEAR,
	LAW_WHY_WAIT,
	LAW_WHY_CONFIRM,
	LAW_WHY_MAX,
	LAW_WHY_MIN,
	LAW_WHY_SLOW,
	LAW_WHY_STUCK,
	LAW_WHY_VERY_SLOW,
	LAW_WHY_OVERFLOW,
	LAW_WHY_SIGNAL,
	LAW_WHY_SIGNAL_HOLDS,
	LAW_WHY_SIGNAL_ONLY,
	LAW_WHY_SIGNAL_ONLY_CUT,
	LAW_WHY_SIGNAL_FLOOR,
	LAW_WHY_SIGNAL_DOUBTED,
	LAW_WHY_SIGNALS_STALE,
	LAW_WHY_SCRAPE_LOST,
	LAW_WHY_SCRAPE_LOST_CUT,
	LAW_WHY_PRESSURE,
	LAW_WHY_ROOM,
	LAW_WHY_PROBE,
	LAW_WHY_PROBE_FAILED,
	LAW_WHY_TARGET_RAISED,
	LAW_WHY_REBASED,
	LAW_WHY_RESTARTED,
	LAW_WHY_SUSPENDED,
	LAW_WHY_LEASE_LAPSED,
	LAW_WHY_CLOCK,
	LAW_WHY_LOCAL_STALE,
	LAW_WHY_ACCOUNTING,
	LAW_WHY_BLIND,
	LAW_WHY_RATE_STARTUP,
	LAW_WHY_RATE_GROW,
	LAW_WHY_RATE_HOLD,
	LAW_WHY_RATE_FROZEN,
	LAW_WHY_RATE_CUT,
	LAW_WHY_FIXED,
	LAW_WHY_OFF,
	LAW_WHY_PACED,
	LAW_WHY_ENDED,
	LAW_WHY_COUNT,
};

struct law_limits {
	uint32_t window;	/* in_flight + young x young_share at most; LAW_WINDOW_OFF: any */
	double ceiling_per_sec; /* never faster than this, floor_per_sec to LAW_PER_SEC_MAX */
	double floor_per_sec;	/* at least this fast, even if the window is full; > 0 */
	double pace_per_sec; /* once a quarter of the window is used: no faster than this in any 10 ms */
	double young_share; /* weight of a young SYN in the window, 0.02 to 1 */
	double reserve;	    /* 0 to 1; in force is the larger of this and the kernel's own */
	uint64_t lease_until_ns;
	enum law_state state;
	enum law_why why;
	bool alarm;	    /* nothing is known that could limit: an operator should look */
	int signal;	    /* whose fault: index of the signal, -1 if of none */
	double x;	    /* what decided, 1 is at the target */
	double x_local;	    /* set-up latency / target */
	double x_signal;    /* the worst fresh external signal */
	uint64_t target_ns; /* in force; larger than configured if that cannot be reached */
};

/* What the law remembers of a signal. */
struct law_signal_memory {
	double smoothed;
	double last_ratio;
	uint64_t changed_ns;	   /* when the ratio was another one; 0: always the same */
	uint64_t pressed_until_ns; /* a veto holds until then */
	bool known;
	bool doubted; /* over its target whatever the window: not about set-ups */
};

/* Everything the law remembers: plain data, for the owner to look at but not to change. */
struct law {
	struct law_config config;
	struct law_goodput goodput;
	enum law_state state;
	double window;
	double window_good; /* a window that was nearly too large; 0: none yet */
	double rate;	    /* of the law on a rate */
	double cut_x;	    /* x when that was cut last; 0: x was not over 1 since */
	bool rate_startup;
	uint64_t target_ns; /* in force */
	uint64_t now_ns;    /* of the last step; 0: none yet */
	uint32_t random;

	uint64_t cut_ns, cut_period_ns;
	uint64_t grown_ns, grown_period_ns;
	/* What set-ups took then, 0 if not known, and how many there were at once. */
	double grown_latency_ns, grown_in_flight;
	uint64_t grown_answered; /* first answers until then */
	uint64_t over_since_ns;	 /* x > 1 since then; 0: it is not */
	uint64_t idle_ns;	 /* when the window held nobody back last */
	uint64_t unowed_ns;	 /* when no answer was owed for long last */
	bool start_resumed;	 /* nobody was there for a while, during the start */
	uint64_t low_since_ns;	 /* x < 0.35, and wanting more, since then */
	uint64_t min_since_ns;	 /* too slow at the least window, since then */
	uint64_t probe_until_ns, probe_next_ns;
	double probe_latency_ns;
	double slowest_ns, slowest_window; /* the largest latency since x was 1, and its window */
	uint32_t futile_cuts;		   /* since then that have not helped */
	uint64_t blind_since_ns;	   /* in LAW_FALLBACK or LAW_RATE */

	uint64_t signal_since_ns; /* only signals are over their target, since then */
	uint64_t signal_good_ns;  /* no signal was over its target, since then */
	uint64_t signal_floor_ns; /* signals have had the most that they may cut, since then */
	double signal_base;	  /* window when a signal went over its target */

	bool counted; /* the counters below are of a sample */
	uint64_t answered, completed, judged, requested, refused, overflows;
	uint64_t refused_ns;   /* when demand was held back last */
	uint64_t completed_ns; /* when a set-up was done last, or few were in flight */
	bool restarted;
	double in_flight_peak;		/* of about the last second */
	double goodput_1s, goodput_10s; /* smoothed, per second */
	/* the same of set-ups and of first answers over 2 s, while demand is held back only, what a
	 * constant 1 would be so, and the most of each; that fades in half a minute of being busy */
	double goodput_storm, answers_storm, storm_share;
	double goodput_peak, answers_peak;
	double requested_10s; /* the same of requests, whatever became of them */
	/* the least p90 since then, and of the time before; 0: none */
	double least_latency_ns, least_before_ns;
	uint64_t least_since_ns;
	uint64_t owed_at_ns; /* when an answer was owed for long last, or nobody was held back */
	double judged_recent, requested_recent;
	double young_share, reserve;
	struct law_signal_memory signal[LAW_SIGNALS_MAX];
};

/* @seed: so that the periods of several instances differ. */
void law_init(struct law *law, const struct law_config *config, uint32_t seed, uint64_t now_ns);

/* A changed configuration; what was learned stays, within the new bounds. */
void law_configure(struct law *law, const struct law_config *config);

/* The signals are other ones from now on. */
void law_forget_signals(struct law *law);

struct law_limits law_step(struct law *law, const struct law_sample *sample, uint64_t now_ns);

/* What the packet path may use without a lease, in LAW_PER_SEC_MAX if nothing is known. */
double law_fallback_per_sec(const struct law *law, uint64_t now_ns);

const char *law_state_name(enum law_state state);
const char *law_why_name(enum law_why why);  /* a label: "very-slow" */
const char *law_why_words(enum law_why why); /* a sentence's part: "set-ups take ..." */
bool law_why_is_cut(enum law_why why);

#endif
