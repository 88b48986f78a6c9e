/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Secrets, out of a file that not everyone may read. */
#ifndef WEIR_CREDENTIALS_H
#define WEIR_CREDENTIALS_H

#define CREDENTIAL_MAX 2048

struct credentials {
	char user[256];
	char password[256];
	char token[CREDENTIAL_MAX]; /* of a bearer */
};

/*
 * Reads the keys user and password, or token, one a line as KEY = VALUE; what begins with '#' or
 * ';' is passed over. The file must be a plain one, owned by root or the caller, that others can
 * neither read nor write. 0; or -EINVAL, and *why says what is wrong with it, or -errno.
 */
int credentials_read(const char *path, struct credentials *credentials, const char **why);

/* Overwrites them. */
void credentials_forget(struct credentials *credentials);

#endif
