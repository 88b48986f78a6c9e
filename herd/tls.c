// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "herd/say.h"

struct tls {
	SSL_CTX *context;
	char sni[PLAN_TEXT_MAX]; /* empty: not sent */
	bool resume;
	bool is_encrypted; /* the key */
};

/* tls_session is OpenSSL's SSL_SESSION, tls_link its SSL: no fields of ours. */
static SSL *ssl_of(struct tls_link *link)
{
	return (SSL *)link;
}

static char reason_text[256];

const char *tls_reason(void)
{
	return reason_text;
}

static void keep_reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = ERR_reason_error_string(code);

	snprintf(reason_text, sizeof(reason_text), "%s", text ? text : "no reason given");
}

/* -- of a group -------------------------------------------------------------------------------- */

/* A session that can be resumed: TLS 1.3 gives it after the handshake, more than once. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_session **slot = SSL_get_app_data(ssl);

	if (!slot)
		return 0;
	tls_session_free(*slot);
	*slot = (struct tls_session *)session;
	return 1;
}

static int set_versions(SSL_CTX *context, enum plan_tls version)
{
	int min = version == TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
	int max = version == TLS_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;

	return SSL_CTX_set_min_proto_version(context, min) &&
	       SSL_CTX_set_max_proto_version(context, max);
}

/* With a CA the chain is verified, and that the certificate is of the name or address asked for. */
static int set_verification(SSL_CTX *context, const struct plan_group *group, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
	const char *name = *group->sni ? group->sni : host;
	unsigned char bytes[16];

	if (!*group->ca_file)
		return 1;
	if (!SSL_CTX_load_verify_file(context, group->ca_file)) {
		keep_reason();
		say_error("cannot use ca '%s': %s; write a file of certificates in PEM",
			  group->ca_file, reason_text);
		return 0;
	}
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, name);
	return X509_VERIFY_PARAM_set1_host(param, name, 0);
}

/* OpenSSL would ask on the terminal, where nobody may be. */
static int refuse_passphrase(char *buf, int size, int writing, void *tls)
{
	(void)buf, (void)size, (void)writing;
	((struct tls *)tls)->is_encrypted = true;
	return -1;
}

static int set_certificate(struct tls *tls, const struct plan_group *group)
{
	SSL_CTX *context = tls->context;

	if (!*group->cert_file)
		return 1;
	SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(context, tls);
	if (SSL_CTX_use_certificate_chain_file(context, group->cert_file) != 1) {
		keep_reason();
		say_error("cannot use cert '%s': %s; write a certificate in PEM", group->cert_file,
			  reason_text);
		return 0;
	}
	if (SSL_CTX_use_PrivateKey_file(context, group->key_file, SSL_FILETYPE_PEM) != 1) {
		keep_reason();
		if (tls->is_encrypted) {
			say_error("cannot use key '%s': it is encrypted, and herd takes no "
				  "passphrase; write a copy without, by `openssl pkey -in %s -out "
				  "FILE`",
				  group->key_file, group->key_file);
			return 0;
		}
		say_error("cannot use key '%s': %s; write the certificate's private key in PEM",
			  group->key_file, reason_text);
		return 0;
	}
	return 1;
}

struct tls *tls_new(const struct plan_group *group, const char *host)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	unsigned char bytes[16];

	if (!tls)
		return NULL;
	tls->context = SSL_CTX_new(TLS_client_method());
	tls->resume = group->tls_resume;
	if (*group->sni)
		snprintf(tls->sni, sizeof(tls->sni), "%s", group->sni);
	else if (inet_pton(AF_INET, host, bytes) != 1 && inet_pton(AF_INET6, host, bytes) != 1)
		snprintf(tls->sni, sizeof(tls->sni), "%s", host);
	if (!tls->context || !set_versions(tls->context, group->tls) ||
	    !set_verification(tls->context, group, host) || !set_certificate(tls, group)) {
		tls_free(tls);
		return NULL;
	}
	/* devices wait: buffers of 34 KiB each only while they are used */
	SSL_CTX_set_mode(tls->context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (tls->resume) {
		SSL_CTX_set_session_cache_mode(tls->context,
					       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(tls->context, keep_session);
	} else {
		SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
	}
	return tls;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

/* -- of a connection --------------------------------------------------------------------------- */

struct tls_link *tls_open(struct tls *tls, int fd, struct tls_session **session)
{
	SSL *ssl = SSL_new(tls->context);

	if (!ssl)
		return NULL;
	if (!SSL_set_fd(ssl, fd) || (*tls->sni && !SSL_set_tlsext_host_name(ssl, tls->sni))) {
		SSL_free(ssl);
		return NULL;
	}
	if (tls->resume) {
		SSL_set_app_data(ssl, session);
		if (*session)
			SSL_set_session(ssl, (SSL_SESSION *)*session);
	}
	SSL_set_connect_state(ssl);
	return (struct tls_link *)ssl;
}

void tls_drop(struct tls_link *link)
{
	if (!link)
		return;
	/* else the session would be taken for a bad one, and not be resumed */
	SSL_set_quiet_shutdown(ssl_of(link), 1);
	SSL_shutdown(ssl_of(link));
	SSL_free(ssl_of(link));
}

void tls_session_free(struct tls_session *session)
{
	SSL_SESSION_free((SSL_SESSION *)session);
}

static enum tls_result judge(SSL *ssl, int result, int saved_errno)
{
	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_NONE:
		return TLS_OK;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return TLS_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	case SSL_ERROR_SYSCALL:
		return saved_errno == ECONNRESET || saved_errno == EPIPE ? TLS_RESET : TLS_CLOSED;
	default:
		if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
			return TLS_CLOSED;
		keep_reason();
		return TLS_FAILED;
	}
}

enum tls_result tls_handshake(struct tls_link *link)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(ssl_of(link));
	return judge(ssl_of(link), result, errno);
}

bool tls_answered(const struct tls_link *link)
{
	return BIO_number_read(SSL_get_rbio((const SSL *)link)) > 0;
}

bool tls_resumed(const struct tls_link *link)
{
	return SSL_session_reused((const SSL *)link);
}

enum tls_result tls_read(struct tls_link *link, void *buf, size_t size, size_t *len)
{
	int result;

	ERR_clear_error();
	errno = 0;
	*len = 0;
	result = SSL_read_ex(ssl_of(link), buf, size, len);
	return judge(ssl_of(link), result, errno);
}

enum tls_result tls_write(struct tls_link *link, const void *buf, size_t size, size_t *len)
{
	int result;

	ERR_clear_error();
	errno = 0;
	*len = 0;
	result = SSL_write_ex(ssl_of(link), buf, size, len);
	return judge(ssl_of(link), result, errno);
}
