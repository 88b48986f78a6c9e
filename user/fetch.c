// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "credentials.h"

#define NS_PER_MS 1000000ULL
#define LOOK_AGAIN_NS (50 * NS_PER_MS)
#define SOCKETS_MAX 8 /* one or two addresses tried at once, and the resolver's */

struct fetch {
	struct signal *signal;
	struct fetch_ends ends;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	struct signal_watch watches[SOCKETS_MAX];
	size_t size, size_max;
	char *body;
	size_t body_room;
	bool under_way;
	bool too_long;
	uint64_t began_ns;
	uint64_t now_ns; /* of the call that curl is in */
	char error[CURL_ERROR_SIZE];
};

/* -- what curl calls --------------------------------------------------------------------------- */

static void ready(struct signal_watch *watch, uint32_t events, uint64_t now_ns);

static bool keep(struct fetch *fetch, const char *bytes, size_t size)
{
	if (fetch->size + size > fetch->body_room) {
		size_t room = 2 * (fetch->size + size);
		char *grown = realloc(fetch->body, room);

		if (!grown)
			return false;
		fetch->body = grown;
		fetch->body_room = room;
	}
	memcpy(fetch->body + fetch->size, bytes, size);
	return true;
}

/* Anything but @size ends the fetch with CURLE_WRITE_ERROR. */
static size_t take_piece(char *bytes, size_t one, size_t size, void *arg)
{
	struct fetch *fetch = arg;

	(void)one;
	if (fetch->size + size > fetch->size_max) {
		fetch->too_long = true;
		return 0;
	}
	if (fetch->ends.piece)
		fetch->ends.piece(fetch->ends.arg, bytes, size);
	else if (!keep(fetch, bytes, size))
		return 0;
	fetch->size += size;
	return size;
}

static struct signal_watch *free_watch(struct fetch *fetch)
{
	for (int i = 0; i < SOCKETS_MAX; i++)
		if (!fetch->watches[i].watched)
			return &fetch->watches[i];
	return NULL;
}

static int follow_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket)
{
	struct fetch *fetch = arg;
	struct signal_watch *watch = socket;
	uint32_t events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watch)
			signal_unwatch(fetch->signal, watch);
		return 0;
	}
	if (!watch)
		watch = free_watch(fetch);
	if (!watch)
		return -1;
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	watch->ready = ready;
	watch->arg = fetch;
	if (signal_watch(fetch->signal, watch, fd, events))
		return -1;
	curl_multi_assign(fetch->multi, fd, watch);
	return 0;
}

static int follow_timer(CURLM *multi, long ms, void *arg)
{
	struct fetch *fetch = arg;

	(void)multi;
	fetch->signal->wake_ns = ms < 0 ? NEVER_NS : fetch->now_ns + (uint64_t)ms * NS_PER_MS;
	return 0;
}

/* -- the end of one ---------------------------------------------------------------------------- */

static void say_failure(struct fetch *fetch, CURLcode code)
{
	struct signal *signal = fetch->signal;
	const char *words = *fetch->error ? fetch->error : curl_easy_strerror(code);

	if (fetch->too_long)
		signal_failed(signal, "the answer is longer than %zu KiB", fetch->size_max / 1024);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		signal_timed_out(signal, "%s", words);
	else
		signal_failed(signal, "%s", words);
}

/* A Prometheus server says in its own words what is wrong with a query (400, 422). */
static bool is_answer(const struct fetch *fetch, long status)
{
	if (fetch->signal->wanted.type == SIGNAL_PROMQL && (status == 400 || status == 422))
		return true;
	return status >= 200 && status < 300;
}

static void look_for_end(struct fetch *fetch, uint64_t now_ns)
{
	CURLMsg *message;
	long status = 0;
	int left;

	while ((message = curl_multi_info_read(fetch->multi, &left))) {
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_multi_remove_handle(fetch->multi, fetch->easy);
		fetch->under_way = false;
		curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
		if (code != CURLE_OK)
			say_failure(fetch, code);
		else if (is_answer(fetch, status))
			fetch->ends.whole(fetch->ends.arg, now_ns);
		else
			signal_failed(fetch->signal, "the server answers with HTTP status %ld",
				      status);
	}
}

static void act(struct fetch *fetch, curl_socket_t fd, int events, uint64_t now_ns)
{
	int running;

	fetch->now_ns = now_ns;
	curl_multi_socket_action(fetch->multi, fd, events, &running);
	look_for_end(fetch, now_ns);
	/* curl names a time once: it would be lost if @now_ns is a little behind curl's own clock */
	if (fetch->under_way && fetch->signal->wake_ns > now_ns + LOOK_AGAIN_NS)
		fetch->signal->wake_ns = now_ns + LOOK_AGAIN_NS;
}

static void ready(struct signal_watch *watch, uint32_t events, uint64_t now_ns)
{
	int what = 0;

	if (events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	act(watch->arg, watch->fd, what, now_ns);
}

void fetch_wake(struct fetch *fetch, uint64_t now_ns)
{
	act(fetch, CURL_SOCKET_TIMEOUT, 0, now_ns);
}

/* -- making and beginning ---------------------------------------------------------------------- */

/* The system's certificates as a directory, from which curl takes the one that it needs. As one file they
 * are all read for each connection, 35 ms in which no SYN is let in. */
static bool has_directory_of_cas(CURL *easy)
{
	char *path = NULL;

	return curl_easy_getinfo(easy, CURLINFO_CAPATH, &path) == CURLE_OK && path &&
	       !access(path, R_OK | X_OK);
}

static bool set_options(struct fetch *fetch)
{
	const struct wanted_signal *wanted = &fetch->signal->wanted;
	CURL *easy = fetch->easy;
	bool right = true;

#define SET(option, value) right = right && curl_easy_setopt(easy, option, value) == CURLE_OK
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_NOSIGNAL, 1L);
	/* Or a timed-out fetch would wait for the thread that resolves the name. It ends by
	 * itself. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_NOPROXY, "*");
	/* one answer a connection needs no streams */
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* curl takes up to 100 of these at once: a ms of work or two */
	SET(CURLOPT_BUFFERSIZE, 1024L);
	SET(CURLOPT_MAXCONNECTS, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)(wanted->timeout_ns / NS_PER_MS));
	SET(CURLOPT_WRITEFUNCTION, take_piece);
	SET(CURLOPT_WRITEDATA, fetch);
	SET(CURLOPT_ERRORBUFFER, fetch->error);
	SET(CURLOPT_USERAGENT, "weir/" WEIR_VERSION);
	SET(CURLOPT_HTTPHEADER, fetch->headers);
	if (*wanted->ca_file) {
		SET(CURLOPT_CAINFO, wanted->ca_file);
		SET(CURLOPT_CAPATH, NULL);
	} else if (has_directory_of_cas(easy)) {
		SET(CURLOPT_CAINFO, NULL);
	}
#undef SET
	return right;
}

struct fetch *fetch_create(struct signal *signal, size_t size_max, const struct fetch_ends *ends)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));

	if (!fetch)
		return NULL;
	fetch->signal = signal;
	fetch->ends = *ends;
	fetch->size_max = size_max;
	fetch->multi = curl_multi_init();
	fetch->easy = curl_easy_init();
	fetch->headers = curl_slist_append(NULL, signal->wanted.type == SIGNAL_PROMETHEUS
							 ? "Accept: text/plain;version=0.0.4"
							 : "Accept: application/json");
	if (!fetch->multi || !fetch->easy || !fetch->headers || !set_options(fetch)) {
		fetch_destroy(fetch);
		return NULL;
	}
	curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETFUNCTION, follow_socket);
	curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETDATA, fetch);
	curl_multi_setopt(fetch->multi, CURLMOPT_TIMERFUNCTION, follow_timer);
	curl_multi_setopt(fetch->multi, CURLMOPT_TIMERDATA, fetch);
	return fetch;
}

void fetch_destroy(struct fetch *fetch)
{
	if (!fetch)
		return;
	if (fetch->under_way)
		curl_multi_remove_handle(fetch->multi, fetch->easy);
	if (fetch->easy)
		curl_easy_cleanup(fetch->easy);
	if (fetch->multi)
		curl_multi_cleanup(fetch->multi);
	curl_slist_free_all(fetch->headers);
	free(fetch->body);
	for (int i = 0; i < SOCKETS_MAX; i++)
		signal_unwatch(fetch->signal, &fetch->watches[i]);
	free(fetch);
}

/* Anew each time: secrets are changed while weir runs. */
static bool set_credentials(struct fetch *fetch)
{
	const char *path = fetch->signal->wanted.credentials_file, *why;
	struct credentials credentials;
	CURL *easy = fetch->easy;
	int err;

	if (!*path)
		return true;
	err = credentials_read(path, &credentials, &why);
	if (err) {
		signal_failed(fetch->signal, "credentials-file %s", why ? why : strerror(-err));
		return false;
	}
	if (*credentials.token) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, credentials.token);
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, credentials.user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, credentials.password);
	}
	credentials_forget(&credentials);
	return true;
}

bool fetch_begin(struct fetch *fetch, const char *url, uint64_t now_ns)
{
	if (fetch->under_way || !set_credentials(fetch))
		return false;
	fetch->size = 0;
	fetch->too_long = false;
	fetch->error[0] = '\0';
	fetch->began_ns = fetch->now_ns = now_ns;
	curl_easy_setopt(fetch->easy, CURLOPT_URL, url ? url : fetch->signal->wanted.url);
	if (curl_multi_add_handle(fetch->multi, fetch->easy)) {
		signal_failed(fetch->signal, "libcurl cannot begin");
		return false;
	}
	fetch->under_way = true;
	return true;
}

uint64_t fetch_began_ns(const struct fetch *fetch)
{
	return fetch->began_ns;
}

const char *fetch_body(const struct fetch *fetch, size_t *size)
{
	*size = fetch->size;
	return fetch->body ? fetch->body : "";
}
