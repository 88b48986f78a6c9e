#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# rabbitmq's own TLS, which it answers with quickly, and with the CONNACK much later.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
source "$(dirname "$0")/track.sh"
# shellcheck source-path=SCRIPTDIR source=../storm/fronts.sh
source "$(dirname "$0")/../storm/fronts.sh"
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || skip "rabbitmq-server is not installed"
two_namespaces
front_start rabbitmq
for version in 1.2 1.3; do
	tracked "rabbitmq, TLS $version" "$storm_port" $B4 "$storm_port" devices 40 tls $version sources 10.64.0.0/16
done
