// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "law.h"

static const char *const states[LAW_STATES] = {
	[LAW_STARTUP] = "startup", [LAW_STEADY] = "steady", [LAW_CUT] = "cut",
	[LAW_PROBE] = "probe",	   [LAW_RATE] = "rate",	    [LAW_FALLBACK] = "fallback",
	[LAW_FIXED] = "fixed",
};

static const struct {
	const char *name;
	const char *words;
} whys[LAW_WHY_COUNT] = {
	[LAW_WHY_FIRST] = { "first", "nothing was judged yet" },
	[LAW_WHY_IDLE] = { "idle", "the window holds nobody back, so it is left alone" },
	[LAW_WHY_STARTUP] = { "startup",
			      "starting up: set-ups are quick, so the window grows fast" },
	[LAW_WHY_GROW] = { "grow", "set-ups are quicker than the target, so the window grows" },
	[LAW_WHY_GROW_FAST] = { "grow-fast", "set-ups have been far quicker than the target, so "
					     "the window grows "
					     "fast" },
	[LAW_WHY_NEAR] = { "near", "set-ups take about as long as the target allows" },
	[LAW_WHY_WAIT] = { "wait", "the last change has not shown its effect yet" },
	[LAW_WHY_CONFIRM] = { "confirm", "over the target, but not for long enough to be sure" },
	[LAW_WHY_MAX] = { "max", "the window is as large as is allowed" },
	[LAW_WHY_MIN] = { "min",
			  "set-ups take too long, but the window is as small as is allowed" },
	[LAW_WHY_SLOW] = { "slow", "set-ups take longer than the target: the window is cut" },
	[LAW_WHY_STUCK] = { "stuck",
			    "the broker has owed answers for too long: the window is cut" },
	[LAW_WHY_VERY_SLOW] = { "very-slow",
				"set-ups take four times the target: the window is halved" },
	[LAW_WHY_OVERFLOW] = { "overflow", "the accept queue overflowed: the window is halved" },
	[LAW_WHY_SIGNAL] = { "signal", "a signal is over its target: the window is cut" },
	[LAW_WHY_SIGNAL_HOLDS] = { "signal-holds", "a signal is near its target: no growth" },
	[LAW_WHY_SIGNAL_ONLY] = { "signal-only",
				  "a signal is over its target, but set-ups are quick: no growth" },
	[LAW_WHY_SIGNAL_ONLY_CUT] = { "signal-only-cut",
				      "a signal stays over its target, though set-ups are quick: "
				      "the window is cut by a tenth" },
	[LAW_WHY_SIGNAL_FLOOR] = { "signal-floor",
				   "a signal is over its target, but no signal may cut further" },
	[LAW_WHY_SIGNAL_DOUBTED] = { "signal-doubted",
				     "a signal stays over its target whatever the window is: it "
				     "does not count until it is low again" },
	[LAW_WHY_SIGNALS_STALE] = { "signals-stale",
				    "all signals are stale: no growth over what went well before" },
	[LAW_WHY_SCRAPE_LOST] = { "scrape-lost", "a signal cannot be read any more: no growth" },
	[LAW_WHY_SCRAPE_LOST_CUT] = { "scrape-lost-cut",
				      "a signal cannot be read any more and set-ups are not quick: "
				      "the window is cut" },
	[LAW_WHY_PRESSURE] = { "pressure", "the host is under pressure: no growth" },
	[LAW_WHY_ROOM] = { "room", "the accept queue has no room for more" },
	[LAW_WHY_PROBE] = { "probe", "trying whether set-ups take as long in a larger window" },
	[LAW_WHY_PROBE_FAILED] = { "probe-failed", "set-ups took longer in a larger window, so it "
						   "is the least again" },
	[LAW_WHY_TARGET_RAISED] = { "target-raised", "set-ups take longer than the target in any "
						     "window: it is raised" },
	[LAW_WHY_REBASED] = { "rebased", "a counter went back: this interval does not count" },
	[LAW_WHY_RESTARTED] = { "restarted", "the broker was restarted: starting up again" },
	[LAW_WHY_SUSPENDED] = { "suspended",
				"the controller stood still for over 5 s: starting up again" },
	[LAW_WHY_LEASE_LAPSED] = { "lease-lapsed",
				   "the lease had lapsed: this interval does not count" },
	[LAW_WHY_CLOCK] = { "clock", "the clock went back: this interval does not count" },
	[LAW_WHY_LOCAL_STALE] = { "local-stale", "tracking has no fresh data: the fallback rate" },
	[LAW_WHY_ACCOUNTING] = { "accounting",
				 "connections are in flight, none finishes and none waits for the "
				 "broker: the fallback rate" },
	[LAW_WHY_BLIND] = { "blind", "neither tracking nor any fresh signal: the fallback rate" },
	[LAW_WHY_RATE_STARTUP] = { "rate-startup",
				   "no tracking; signals are low, so the rate grows "
				   "fast" },
	[LAW_WHY_RATE_GROW] = { "rate-grow", "no tracking; signals are low, so the rate grows" },
	[LAW_WHY_RATE_HOLD] = { "rate-hold", "no tracking; a signal is near its target" },
	[LAW_WHY_RATE_FROZEN] = { "rate-frozen", "no tracking; no signal has moved, so the rate "
						 "does not grow further" },
	[LAW_WHY_RATE_CUT] = { "rate-cut",
			       "no tracking; a signal is over its target: the rate is cut" },
	[LAW_WHY_FIXED] = { "fixed", "the window is the operator's" },
	[LAW_WHY_OFF] = { "off", "the window is off" },
	[LAW_WHY_PACED] = { "paced", "the pace holds back, not the window, so it is left alone" },
	[LAW_WHY_ENDED] = { "ended", "set-ups were slow, but nobody waits for long any more" },
};

const char *law_state_name(enum law_state state)
{
	return (unsigned int)state < LAW_STATES ? states[state] : "unknown";
}

const char *law_why_name(enum law_why why)
{
	return (unsigned int)why < LAW_WHY_COUNT ? whys[why].name : "unknown";
}

const char *law_why_words(enum law_why why)
{
	return (unsigned int)why < LAW_WHY_COUNT ? whys[why].words : "unknown";
}

bool law_why_is_cut(enum law_why why)
{
	switch (why) {
	case LAW_WHY_SLOW:
	case LAW_WHY_STUCK:
	case LAW_WHY_VERY_SLOW:
	case LAW_WHY_OVERFLOW:
	case LAW_WHY_SIGNAL:
	case LAW_WHY_SIGNAL_ONLY_CUT:
	case LAW_WHY_SCRAPE_LOST_CUT:
	case LAW_WHY_PROBE_FAILED:
	case LAW_WHY_RATE_CUT:
		return true;
	default:
		return false;
	}
}
