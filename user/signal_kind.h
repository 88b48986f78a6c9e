/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a kind of signal is made of: one signal_*.c each, driven by signals.c. */
#ifndef WEIR_SIGNAL_KIND_H
#define WEIR_SIGNAL_KIND_H

#include <sys/epoll.h>

#include "signals.h"

#define NEVER_NS UINT64_MAX

struct signal;

/* No function of a kind may block. */
struct signal_kind {
	/* Makes signal->own. Returns -errno; then close() is not called. */
	int (*open)(struct signal *signal);
	/* A period has begun: read, or begin to. A reading under way is the kind's to keep or end. */
	void (*begin)(struct signal *signal, uint64_t now_ns);
	/* signal->wake_ns has come; it has been set to NEVER_NS. May be NULL. */
	void (*wake)(struct signal *signal, uint64_t now_ns);
	/* Corrects a reading by what is under way. May be NULL. */
	void (*look)(const struct signal *signal, uint64_t now_ns, struct signal_reading *reading);
	void (*close)(struct signal *signal);
	uint64_t period_ns; /* of begin(), if it is not wanted.every_ns */
};

extern const struct signal_kind signal_prometheus;
extern const struct signal_kind signal_promql;
extern const struct signal_kind signal_mosquitto;
extern const struct signal_kind signal_amlen;
extern const struct signal_kind signal_accept_queue;
extern const struct signal_kind signal_psi;
extern const struct signal_kind signal_canary;

struct signal {
	struct wanted_signal wanted; /* complete */
	const struct signal_kind *kind;
	void *own;		       /* of the kind */
	int epoll_fd;		       /* of all signals */
	uint64_t ports[PORTS / 64];    /* of its listener, or of all */
	uint64_t next_ns;	       /* begin() is due */
	uint64_t wake_ns;	       /* wake() is due */
	struct signal_reading reading; /* ages are filled in when it is asked for */
	char what[SIGNAL_TEXT_MAX];
	uint64_t taken_ns, changed_ns;
};

/* A value that was asked for at @taken_ns. */
void signal_took(struct signal *signal, uint64_t taken_ns, double value, double target,
		 const char *what);
/* Nothing came of a reading. */
void signal_failed(struct signal *signal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same because it took too long. */
void signal_timed_out(struct signal *signal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Nothing went wrong, but there is no value yet. */
void signal_waits(struct signal *signal, const char *words);

/* A file descriptor to be told of; its place must not move. */
struct signal_watch {
	void (*ready)(struct signal_watch *watch, uint32_t events, uint64_t now_ns);
	void *arg;
	int fd;
	bool watched;
};

/* Watches @fd for EPOLL* @events; 0: no longer. Returns -errno. */
int signal_watch(const struct signal *signal, struct signal_watch *watch, int fd, uint32_t events);
/* Before its fd is closed. */
void signal_unwatch(const struct signal *signal, struct signal_watch *watch);

#endif
