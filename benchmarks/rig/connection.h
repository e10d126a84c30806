// Non-blocking connections with growing buffers on one epoll, and as much of HTTP/1.1 as both sides of the rig need.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum role { LISTENER, TARGET_SIDE, SENDER_SIDE };

typedef struct {
    int fd;
    enum role role;
    int busy;          // a request of ours is under way
    int event;         // which one
    int64_t rest_till; // a sender that lost its connection rests
    char *in, *out;
    int in_len, in_cap, out_len, out_cap, out_done;
} connection;

static int poller;

static void watch(connection *c, int operation, uint32_t what) {
    struct epoll_event e = {.events = what, .data.ptr = c};
    epoll_ctl(poller, operation, c->fd, &e);
}

static void make_quick(int fd) {
    int one = 1;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_on(connection *c, int port) {
    int one = 1;
    struct sockaddr_in address = loopback(port);
    *c = (connection){.fd = socket(AF_INET, SOCK_STREAM, 0), .role = LISTENER};
    setsockopt(c->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(c->fd, (void *)&address, sizeof address) || listen(c->fd, 1024)) return 0;
    make_quick(c->fd);
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
    return 1;
}

static void accept_all(connection *listener) {
    for (;;) {
        int fd = accept(listener->fd, NULL, NULL);
        if (fd < 0) return;
        connection *c = calloc(1, sizeof *c);
        make_quick(fd);
        c->fd = fd, c->role = TARGET_SIDE;
        watch(c, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void connect_to(connection *c, int port) {
    struct sockaddr_in address = loopback(port);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    c->in_len = c->out_len = c->out_done = 0;
    make_quick(c->fd);
    connect(c->fd, (void *)&address, sizeof address);
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

static void hang_up(connection *c) {
    epoll_ctl(poller, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
    c->fd = -1, c->in_len = 0;
}

static void flush(connection *c) {
    while (c->out_done < c->out_len) {
        ssize_t sent = write(c->fd, c->out + c->out_done, c->out_len - c->out_done);
        if (sent < 0) {
            if (errno == EAGAIN || errno == ENOTCONN) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return;
        }
        c->out_done += sent;
    }
    c->out_len = c->out_done = 0;
}

static void send_bytes(connection *c, const char *bytes, int length) {
    if (c->out_len + length > c->out_cap) {
        c->out_cap = (c->out_len + length) * 2;
        c->out = realloc(c->out, c->out_cap);
    }
    memcpy(c->out + c->out_len, bytes, length);
    c->out_len += length;
    flush(c);
}

// Reads what is there. 0 when the other side has gone.
static int read_more(connection *c) {
    for (;;) {
        if (c->in_cap - c->in_len < 4096) {
            c->in_cap = c->in_cap ? c->in_cap * 2 : 8192;
            c->in = realloc(c->in, c->in_cap);
        }
        ssize_t got = read(c->fd, c->in + c->in_len, c->in_cap - c->in_len);
        if (got == 0) return 0;
        if (got < 0) return errno == EAGAIN;
        c->in_len += got;
        if (got < 4096) return 1;
    }
}

// The length of the first whole message in the buffer; 0 while it is not whole. `closes` says that it is the last one.
static int message_length(connection *c, int *closes) {
    char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    if (!end) return 0;
    int head = end - c->in + 4, body = 0, chunked = 0;
    *closes = 0;
    for (char *line = c->in; line < end;) {
        char *next = memmem(line, end - line + 2, "\r\n", 2);
        if (!strncasecmp(line, "content-length:", 15)) body = atoi(line + 15);
        if (!strncasecmp(line, "transfer-encoding:", 18)) chunked = 1;
        if (!strncasecmp(line, "connection:", 11)) *closes = memmem(line, next - line, "close", 5) != NULL;
        line = next + 2;
    }
    if (chunked) {
        char *last = memmem(c->in + head, c->in_len - head, "0\r\n\r\n", 5);
        return last ? last - c->in + 5 : 0;
    }
    if (c->in_len == head && body && memmem(c->in, head, "100-continue", 12))
        send_bytes(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    return c->in_len < head + body ? 0 : head + body;
}

static void forget_message(connection *c, int length) {
    memmove(c->in, c->in + length, c->in_len - length);
    c->in_len -= length;
}
