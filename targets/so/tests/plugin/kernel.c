/*
 * A plug-in whose stack is the running kernel's: its sockets, behind a TUN device.
 *
 * It shows how little a plug-in has to be, and lets the tests see the same scripts pass through the interface of plug-ins that pass on
 * the kernel itself. It works in the network namespace that its process is in.
 *
 * Its flags ask for misbehaviour: `crash` and `hang` at the second packet, `block` while there is no packet to give, `no-read` for
 * a table without that entry.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "table.h"

/* What <linux/if_tun.h> and <linux/ipv6.h> have, which clash with the C library's headers. */
#define TUN_SET_INTERFACE _IOW('T', 202, int)
#define TUN_PACKETS_ONLY (0x0001 | 0x1000)
struct inet6_address {
	struct in6_addr address;
	unsigned prefix;
	int interface;
};

#define INTERFACE "tun0"
/* What scripts count on: 1460 octets of payload in a segment of either version. */
#define INTERFACE_MTU 1520

struct stack {
	int tun;
	int packets_in;
	char misbehaviour[16];
};

static struct stack the_stack;

static void give_up(const char *what)
{
	fprintf(stderr, "kernel plug-in: %s: %s\n", what, strerror(errno));
	exit(3);
}

static void must(int result, const char *what)
{
	if (result < 0)
		give_up(what);
}

static void write_setting(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		give_up(path);
	close(fd);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	if (!value) {
		fprintf(stderr, "kernel plug-in: no %s in the environment\n", name);
		exit(3);
	}
	return value;
}

static struct sockaddr_in ipv4(const char *text)
{
	struct sockaddr_in address = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
		give_up(text);
	return address;
}

static void set_up_ipv4(int control, struct ifreq *request)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = INTERFACE };
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct sockaddr_in gateway = ipv4(variable("GATEWAY_IP"));
	struct sockaddr_in mask = ipv4("255.255.0.0");
	struct sockaddr_in local = ipv4(variable("LOCAL_IP"));

	memcpy(&request->ifr_addr, &local, sizeof(local));
	must(ioctl(control, SIOCSIFADDR, request), "setting the address");
	memcpy(&request->ifr_netmask, &mask, sizeof(mask));
	must(ioctl(control, SIOCSIFNETMASK, request), "setting the mask");
	memcpy(&route.rt_dst, &any, sizeof(any));
	memcpy(&route.rt_genmask, &any, sizeof(any));
	memcpy(&route.rt_gateway, &gateway, sizeof(gateway));
	must(ioctl(control, SIOCADDRT, &route), "setting the route");
}

static void set_up_ipv6(int interface)
{
	struct inet6_address local = { .prefix = 48, .interface = interface };
	struct in6_rtmsg route = {
		.rtmsg_flags = RTF_UP, .rtmsg_ifindex = interface, .rtmsg_metric = 1,
	};
	int control = socket(AF_INET6, SOCK_DGRAM, 0);

	must(control, "a socket");
	if (inet_pton(AF_INET6, variable("LOCAL_IP"), &local.address) != 1)
		give_up("LOCAL_IP");
	must(ioctl(control, SIOCSIFADDR, &local), "setting the address");
	must(ioctl(control, SIOCADDRT, &route), "setting the route");
	close(control);
}

static void set_up_interface(struct stack *stack)
{
	struct ifreq request = { .ifr_name = INTERFACE, .ifr_flags = TUN_PACKETS_ONLY };
	int control = socket(AF_INET, SOCK_DGRAM, 0);

	must(control, "a socket");
	stack->tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	must(stack->tun, "/dev/net/tun");
	must(ioctl(stack->tun, TUN_SET_INTERFACE, &request), "making " INTERFACE);
	write_setting("/proc/sys/net/ipv6/conf/" INTERFACE "/accept_dad", "0");
	write_setting("/proc/sys/net/ipv6/conf/" INTERFACE "/router_solicitations", "0");
	write_setting("/proc/sys/net/ipv6/conf/" INTERFACE "/addr_gen_mode", "1");
	must(ioctl(control, SIOCGIFFLAGS, &request), "reading flags");
	request.ifr_flags |= IFF_UP | IFF_RUNNING;
	must(ioctl(control, SIOCSIFFLAGS, &request), "bringing " INTERFACE " up");
	must(ioctl(control, SIOCGIFINDEX, &request), "reading the index");
	if (strcmp(variable("TEST_IP_VERSION"), "ipv6") == 0) {
		set_up_ipv6(request.ifr_ifindex);
		request.ifr_mtu = INTERFACE_MTU;
		must(ioctl(control, SIOCSIFMTU, &request), "setting the MTU");
	} else {
		set_up_ipv4(control, &request);
	}
	close(control);
}

static int packet_in(void *own, const void *packet, size_t length)
{
	struct stack *stack = own;

	stack->packets_in++;
	if (stack->packets_in == 2 && strcmp(stack->misbehaviour, "crash") == 0)
		*(volatile int *)8 = 0;
	while (stack->packets_in == 2 && strcmp(stack->misbehaviour, "hang") == 0)
		pause();
	return write(stack->tun, packet, length) == (ssize_t)length ? 0 : -1;
}

static int packet_out(void *own, void *room, size_t *length, long long *at)
{
	struct stack *stack = own;
	struct timeval now;
	ssize_t got = read(stack->tun, room, *length);

	if (got < 0 && strcmp(stack->misbehaviour, "block") == 0) {
		struct pollfd ready = { .fd = stack->tun, .events = POLLIN };

		poll(&ready, 1, -1);
		got = read(stack->tun, room, *length);
	}
	*length = got < 0 ? 0 : (size_t)got;
	gettimeofday(&now, NULL);
	*at = now.tv_sec * 1000000LL + now.tv_usec;
	return 0;
}

static int call_fcntl(void *own, int fd, int command, ...)
{
	va_list rest;
	int argument;

	(void)own;
	va_start(rest, command);
	argument = va_arg(rest, int);
	va_end(rest);
	return fcntl(fd, command, argument);
}

static int call_ioctl(void *own, int fd, unsigned long request, ...)
{
	va_list rest;
	void *argument;

	(void)own;
	va_start(rest, request);
	argument = va_arg(rest, void *);
	va_end(rest);
	return ioctl(fd, request, argument);
}

/* The rest of the table hands its arguments on. */
#define HAND_ON(type, name, parameters, arguments) \
	static type call_##name parameters { (void)own; return name arguments; }

HAND_ON(int, socket, (void *own, int domain, int kind, int protocol), (domain, kind, protocol))
HAND_ON(int, bind, (void *own, int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
HAND_ON(int, listen, (void *own, int fd, int backlog), (fd, backlog))
HAND_ON(int, accept, (void *own, int fd, struct sockaddr *a, socklen_t *n), (fd, a, n))
HAND_ON(int, connect, (void *own, int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
HAND_ON(ssize_t, read, (void *own, int fd, void *b, size_t n), (fd, b, n))
HAND_ON(ssize_t, readv, (void *own, int fd, const struct iovec *v, int n), (fd, v, n))
HAND_ON(ssize_t, recv, (void *own, int fd, void *b, size_t n, int flags), (fd, b, n, flags))
HAND_ON(ssize_t, recvfrom, (void *own, int fd, void *b, size_t n, int flags, struct sockaddr *a,
			    socklen_t *an), (fd, b, n, flags, a, an))
HAND_ON(ssize_t, recvmsg, (void *own, int fd, struct msghdr *m, int flags), (fd, m, flags))
HAND_ON(ssize_t, write, (void *own, int fd, const void *b, size_t n), (fd, b, n))
HAND_ON(ssize_t, writev, (void *own, int fd, const struct iovec *v, int n), (fd, v, n))
HAND_ON(ssize_t, send, (void *own, int fd, const void *b, size_t n, int flags), (fd, b, n, flags))
HAND_ON(ssize_t, sendto, (void *own, int fd, const void *b, size_t n, int flags,
			  const struct sockaddr *a, socklen_t an), (fd, b, n, flags, a, an))
HAND_ON(ssize_t, sendmsg, (void *own, int fd, const struct msghdr *m, int flags), (fd, m, flags))
HAND_ON(int, close, (void *own, int fd), (fd))
HAND_ON(int, shutdown, (void *own, int fd, int how), (fd, how))
HAND_ON(int, getsockopt, (void *own, int fd, int level, int name, void *v, socklen_t *n),
	(fd, level, name, v, n))
HAND_ON(int, setsockopt, (void *own, int fd, int level, int name, const void *v, socklen_t n),
	(fd, level, name, v, n))
HAND_ON(int, poll, (void *own, struct pollfd *fds, nfds_t n, int timeout), (fds, n, timeout))
HAND_ON(int, usleep, (void *own, unsigned micros), (micros))
HAND_ON(int, gettimeofday, (void *own, struct timeval *now, void *zone), (now, zone))
HAND_ON(int, epoll_create, (void *own, int size), (size))
HAND_ON(int, epoll_ctl, (void *own, int epfd, int op, int fd, struct epoll_event *e), (epfd, op, fd, e))
HAND_ON(int, epoll_wait, (void *own, int epfd, struct epoll_event *e, int n, int timeout),
	(epfd, e, n, timeout))
HAND_ON(int, pipe, (void *own, int *ends), (ends))
HAND_ON(ssize_t, splice, (void *own, int in, off64_t *in_at, int out, off64_t *out_at, size_t n,
			  unsigned flags), (in, in_at, out, out_at, n, flags))

static void call_free(void *own)
{
	close(((struct stack *)own)->tun);
}

void packetdrill_interface_init(const char *flags, struct table *table)
{
	snprintf(the_stack.misbehaviour, sizeof(the_stack.misbehaviour), "%s", flags ? flags : "");
	set_up_interface(&the_stack);
	*table = (struct table){
		.own = &the_stack,
		.free = call_free,
		.socket = call_socket,
		.bind = call_bind,
		.listen = call_listen,
		.accept = call_accept,
		.connect = call_connect,
		.read = strcmp(the_stack.misbehaviour, "no-read") == 0 ? NULL : call_read,
		.readv = call_readv,
		.recv = call_recv,
		.recvfrom = call_recvfrom,
		.recvmsg = call_recvmsg,
		.write = call_write,
		.writev = call_writev,
		.send = call_send,
		.sendto = call_sendto,
		.sendmsg = call_sendmsg,
		.fcntl = call_fcntl,
		.ioctl = call_ioctl,
		.close = call_close,
		.shutdown = call_shutdown,
		.getsockopt = call_getsockopt,
		.setsockopt = call_setsockopt,
		.poll = call_poll,
		.packet_in = packet_in,
		.packet_out = packet_out,
		.pause = call_usleep,
		.now = call_gettimeofday,
		.epoll_create = call_epoll_create,
		.epoll_ctl = call_epoll_ctl,
		.epoll_wait = call_epoll_wait,
		.pipe = call_pipe,
		.splice = call_splice,
	};
}
