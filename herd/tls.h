/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TLS of a group's devices, by OpenSSL, on sockets that do not block. */
#ifndef HERD_TLS_H
#define HERD_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "herd/plan.h"

struct tls;	    /* of a group */
struct tls_link;    /* of a connection */
struct tls_session; /* of a device, from one connection to the next */

/* NULL after saying why not. */
struct tls *tls_new(const struct plan_group *group, const char *host);
void tls_free(struct tls *tls);

/* @session: NULL, or one to take up again; *session is set to the newest that the server gives. */
struct tls_link *tls_open(struct tls *tls, int fd, struct tls_session **session);
/* Without a word to the other side. */
void tls_drop(struct tls_link *link);
void tls_session_free(struct tls_session *session);

enum tls_result {
	TLS_OK,
	TLS_AGAIN,  /* when the socket is ready */
	TLS_CLOSED, /* by the broker: FIN or close_notify */
	TLS_RESET,
	TLS_FAILED,
};

enum tls_result tls_handshake(struct tls_link *link);
/* Has the broker said anything at all? */
bool tls_answered(const struct tls_link *link);
bool tls_resumed(const struct tls_link *link);
enum tls_result tls_read(struct tls_link *link, void *buf, size_t size, size_t *len);
enum tls_result tls_write(struct tls_link *link, const void *buf, size_t size, size_t *len);
/* Why the last TLS_FAILED, for people; good until the next call. */
const char *tls_reason(void);

#endif
