// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/device.h"

#define LEAVE_NS 1000000000ULL /* a broker that does not close after DISCONNECT */

void device_init(struct device *device, uint32_t number, uint16_t group, uint64_t seed)
{
	*device = (struct device){
		.number = number,
		.group = group,
		.chance = chance_seed(seed, number),
	};
}

/* What is counted of one device, now. */
struct step {
	struct device *device;
	const struct plan_group *group;
	struct tally *tally;
	uint64_t now_ns;
};

static void count(const struct step *step, enum tally_event event)
{
	if (!step->device->bystander)
		tally_count(step->tally, event, step->now_ns);
}

static void earliest(uint64_t *timer_ns, uint64_t since_ns, uint64_t after_ns)
{
	if (after_ns && (!*timer_ns || since_ns + after_ns < *timer_ns))
		*timer_ns = since_ns + after_ns;
}

/* Sets timer_ns for the state the device is in; that of DEVICE_WAITING is set when it begins. */
static void arm(const struct step *step)
{
	struct device *device = step->device;
	const struct plan_group *group = step->group;
	uint64_t timer_ns = 0;

	switch ((enum device_state)device->state) {
	case DEVICE_WAITING:
		return;
	case DEVICE_CONNECTING:
		earliest(&timer_ns, device->phase_ns, group->connect_timeout_ns);
		earliest(&timer_ns, device->began_ns, group->timeout_ns);
		break;
	case DEVICE_TLS:
		earliest(&timer_ns, device->phase_ns, group->tls_timeout_ns);
		earliest(&timer_ns, device->began_ns, group->timeout_ns);
		break;
	case DEVICE_CONNACK:
		earliest(&timer_ns, device->phase_ns, group->connack_timeout_ns);
		earliest(&timer_ns, device->began_ns, group->timeout_ns);
		break;
	case DEVICE_UP:
		earliest(&timer_ns, device->sent_ns, group->keepalive_ns);
		break;
	case DEVICE_LEAVING:
		earliest(&timer_ns, device->phase_ns, LEAVE_NS);
		break;
	case DEVICE_DONE:
		break;
	}
	device->timer_ns = timer_ns;
}

static void enter(const struct step *step, enum device_state state)
{
	step->device->state = (uint8_t)state;
	step->device->phase_ns = step->now_ns;
	arm(step);
}

/* Tries again after its back-off, or never. */
static void back_off(const struct step *step)
{
	struct device *device = step->device;

	if (step->group->attempts && device->attempts >= step->group->attempts &&
	    !device->bystander) {
		count(step, TALLY_GIVEN_UP);
		enter(step, DEVICE_DONE);
		return;
	}
	enter(step, DEVICE_WAITING);
	device->timer_ns = step->now_ns +
			   backoff_next(&step->group->backoff, &device->backoff, &device->chance);
}

static enum device_action begin(const struct step *step)
{
	struct device *device = step->device;

	device->attempts++;
	device->answered = false;
	device->began_ns = step->now_ns;
	count(step, TALLY_ATTEMPT);
	enter(step, DEVICE_CONNECTING);
	return ACTION_CONNECT;
}

static enum device_action fail(const struct step *step, enum tally_event event)
{
	count(step, event);
	back_off(step);
	return ACTION_CLOSE;
}

static enum tally_event timeout_of(const struct device *device)
{
	switch ((enum device_state)device->state) {
	case DEVICE_CONNECTING:
		return TALLY_TIMEOUT_CONNECT;
	case DEVICE_TLS:
		return TALLY_TIMEOUT_TLS;
	default:
		return TALLY_TIMEOUT_CONNACK;
	}
}

static enum device_action give_up(const struct step *step)
{
	bool answered = step->device->answered;

	if (answered)
		count(step, TALLY_WASTED);
	fail(step, timeout_of(step->device));
	/* an answer that is yet to come makes it wasted too */
	return answered || step->device->bystander ? ACTION_CLOSE : ACTION_GIVE_UP;
}

static enum device_action lose(const struct step *step)
{
	struct device *device = step->device;

	backoff_connected(&step->group->backoff, &device->backoff, step->now_ns - device->up_ns);
	if (!device->bystander)
		tally_lost(step->tally, step->now_ns);
	back_off(step);
	return ACTION_CLOSE;
}

static enum device_action come_up(const struct step *step)
{
	struct device *device = step->device;

	if (!device->bystander)
		tally_connected(step->tally, !device->ever_up, device->began_ns,
				device->accepted_ns, step->now_ns);
	else if (device->ever_up)
		step->tally->bystanders_reconnects++;
	device->ever_up = true;
	device->ping_out = false;
	device->up_ns = device->sent_ns = step->now_ns;
	if (device->loop) {
		/* its place in the count is free again, without having been lost */
		step->tally->connected--;
		backoff_connected(&step->group->backoff, &device->backoff, UINT64_MAX);
		enter(step, DEVICE_LEAVING);
		return ACTION_LEAVE;
	}
	enter(step, DEVICE_UP);
	return ACTION_WORK;
}

static enum device_action keep_alive(const struct step *step)
{
	struct device *device = step->device;

	if (step->now_ns < device->sent_ns + step->group->keepalive_ns) {
		arm(step);
		return ACTION_NONE;
	}
	if (device->ping_out)
		return lose(step);
	device->ping_out = true;
	device->sent_ns = step->now_ns;
	arm(step);
	return ACTION_PING;
}

static enum device_action on_timer(const struct step *step)
{
	switch ((enum device_state)step->device->state) {
	case DEVICE_WAITING:
		return begin(step);
	case DEVICE_CONNECTING:
	case DEVICE_TLS:
	case DEVICE_CONNACK:
		return give_up(step);
	case DEVICE_UP:
		return keep_alive(step);
	case DEVICE_LEAVING:
		/* the event that follows the action starts it again */
		enter(step, DEVICE_WAITING);
		step->device->timer_ns = step->now_ns;
		return ACTION_CLOSE;
	case DEVICE_DONE:
		break;
	}
	return ACTION_NONE;
}

/* The connection has ended: before CONNACK for the reason @event, after it as lost. */
static enum device_action on_end(const struct step *step, enum tally_event event)
{
	switch ((enum device_state)step->device->state) {
	case DEVICE_CONNECTING:
	case DEVICE_TLS:
	case DEVICE_CONNACK:
		return fail(step, event);
	case DEVICE_UP:
		return lose(step);
	case DEVICE_LEAVING:
		enter(step, DEVICE_WAITING);
		step->device->timer_ns = step->now_ns;
		return ACTION_CLOSE;
	default:
		return ACTION_NONE;
	}
}

static enum device_action on_connack(const struct step *step, uint8_t code)
{
	if (step->device->state != DEVICE_CONNACK)
		return on_end(step, TALLY_PROTOCOL_ERROR);
	if (!code)
		return come_up(step);
	if (!step->device->bystander)
		tally_rejected(step->tally, code, step->now_ns);
	back_off(step);
	return ACTION_CLOSE;
}

static enum device_action on_run_end(const struct step *step)
{
	enum device_state state = step->device->state;

	if (state == DEVICE_CONNECTING || state == DEVICE_TLS || state == DEVICE_CONNACK)
		count(step, TALLY_UNFINISHED);
	enter(step, DEVICE_DONE);
	return ACTION_CLOSE;
}

static enum device_action on_tcp_up(const struct step *step)
{
	step->device->accepted_ns = step->now_ns;
	if (step->group->tls == TLS_OFF) {
		enter(step, DEVICE_CONNACK);
		return ACTION_MQTT;
	}
	enter(step, DEVICE_TLS);
	return ACTION_TLS;
}

static enum device_action on_tls_up(const struct step *step)
{
	enter(step, DEVICE_CONNACK);
	return ACTION_MQTT;
}

static enum device_action on_work_done(const struct step *step)
{
	if (!step->device->bystander) {
		count(step, TALLY_WORK_DONE);
		hist_add(&step->tally->work_ns, step->now_ns - step->device->up_ns);
	}
	return ACTION_NONE;
}

enum device_action device_event(struct device *device, const struct plan_group *group,
				struct tally *tally, enum device_event event, uint8_t code,
				uint64_t now_ns)
{
	const struct step step = { device, group, tally, now_ns };

	switch (event) {
	case EVENT_START:
		return device->state == DEVICE_WAITING ? begin(&step) : ACTION_NONE;
	case EVENT_TIMER:
		return on_timer(&step);
	case EVENT_TCP_UP:
		return on_tcp_up(&step);
	case EVENT_REFUSED:
		return on_end(&step, TALLY_REFUSED);
	case EVENT_UNREACHABLE:
		return on_end(&step, TALLY_UNREACHABLE);
	case EVENT_TCP_TIMEOUT:
		return on_end(&step, timeout_of(device));
	case EVENT_LOCAL_ERROR:
		return on_end(&step, TALLY_LOCAL_ERROR);
	case EVENT_ANSWER:
		device->answered = true;
		return ACTION_NONE;
	case EVENT_TLS_UP:
		return on_tls_up(&step);
	case EVENT_TLS_FAILED:
		return on_end(&step, TALLY_TLS_FAILED);
	case EVENT_CONNACK:
		return on_connack(&step, code);
	case EVENT_RESET:
		return on_end(&step, TALLY_RESET);
	case EVENT_CLOSED:
		return on_end(&step, TALLY_CLOSED);
	case EVENT_GARBAGE:
		return on_end(&step, TALLY_PROTOCOL_ERROR);
	case EVENT_SENT:
		device->sent_ns = now_ns;
		return ACTION_NONE;
	case EVENT_PINGRESP:
		device->ping_out = false;
		return ACTION_NONE;
	case EVENT_WORK_DONE:
		return on_work_done(&step);
	case EVENT_END:
		return on_run_end(&step);
	}
	return ACTION_NONE;
}
