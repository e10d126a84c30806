// The judge: one process that sends the CRM's webhooks and is the ERP that they end in. It knows of every event when it
// was due, acknowledged and committed, so latency, loss, repetition and order per key are measured outside of what is
// tested. Build: cc -O2 -o rig rig.c     Says START, waits for a line on stdin, then prints RESULT and one JSON object.
#define _GNU_SOURCE
#include "connection.h"
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static struct {
    int n, warm, keys, connections, target_port, send_port, timeout_s, quiet_ms, retry_ms, target_only;
    double rate, delay_ms;
    const char *path, *prefix, *header;
} options = {.n = 5000, .keys = 500, .connections = 64, .timeout_s = 60, .retry_ms = 20, .path = "/in", .prefix = "e"};

typedef struct {
    int64_t due, acknowledged, committed;
    int commits;
} event_t;

static struct {
    const char *name;
    char prefix[64], occurred_at[32]; // all at one moment: the sequence says what came first
    int size, next, acknowledged, committed;
    long refused, doubled, unknown, requests, searched, misordered;
    int64_t began;
    event_t *events;
    int *newest; // of each key
    int *again, again_first, again_last; // events to send once more, in a ring
    int64_t *again_at;
} phase;

static connection listener, *senders;
static struct {
    int64_t *at;
    connection **to;
    int first, last;
} delayed; // answers of a target that thinks first; a ring

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// --- the target

#define RING (1 << 16)
#define RECORD "{\"id\":\"erp-1\",\"status\":\"ok\"}"

static void answer(connection *c, const char *status, const char *body) {
    char text[1024];
    int length = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          status, strlen(body), body);
    send_bytes(c, text, length);
}

// Which event a request speaks of: <prefix>-<7 digits> anywhere in it, as a word of its own.
static int event_in(const char *text, int length) {
    int size = strlen(phase.prefix);
    const char *end = text + length;
    for (const char *at = text; (at = memmem(at, end - at, phase.prefix, size)); at++) {
        int inside_word = at > text && ((at[-1] >= 'a' && at[-1] <= 'z') || (at[-1] >= '0' && at[-1] <= '9'));
        if (inside_word || at + size + 8 > end || at[size] != '-') continue;
        int number = 0, digits = 0;
        for (; digits < 7 && at[size + 1 + digits] >= '0' && at[size + 1 + digits] <= '9'; digits++)
            number = number * 10 + at[size + 1 + digits] - '0';
        if (digits == 7) return number;
    }
    return -1;
}

static void commit(int number) {
    event_t *event = &phase.events[number];
    if (event->commits++) {
        phase.doubled++;
        return;
    }
    int *newest = &phase.newest[number % options.keys];
    event->committed = now();
    phase.committed++;
    if (number < *newest) phase.misordered++;
    else *newest = number;
}

static void serve(connection *c, int length) {
    char text[256];
    phase.requests++;
    if (!memcmp(c->in, "GET /__stats", 12)) {
        snprintf(text, sizeof text, "{\"requests\":%ld,\"unique\":%d,\"dup_seen\":%ld,\"order_violations\":%ld}",
                 phase.requests, phase.committed, phase.doubled, phase.misordered);
        return answer(c, "200 OK", text);
    }
    int number = event_in(c->in, length), known = number >= 0 && number < phase.size;
    if (!memcmp(c->in, "GET /__has", 10)) {
        phase.searched++;
        return answer(c, known && phase.events[number].commits ? "200 OK" : "404 Not Found", RECORD);
    }
    if (known) commit(number);
    else phase.unknown++;
    if (!known || options.delay_ms <= 0) return answer(c, known ? "201 Created" : "200 OK", RECORD);
    delayed.at[delayed.last % RING] = now() + (int64_t)(options.delay_ms * 1e6);
    delayed.to[delayed.last++ % RING] = c;
}

static void answer_delayed(int64_t at) {
    for (; delayed.first < delayed.last && delayed.at[delayed.first % RING] <= at; delayed.first++) {
        connection *c = delayed.to[delayed.first % RING];
        if (c->fd >= 0) answer(c, "201 Created", RECORD);
    }
}

// --- the sender

static int write_body(int number, char *text, int size) {
    int key = number % options.keys;
    return snprintf(
        text, size,
        "{\"event_id\":\"%s-%07d\",\"event_type\":\"customer.updated\",\"contract\":\"crm.customer\",\"contract_version\":3,"
        "\"occurred_at\":\"%s\",\"source\":\"crm\",\"seq\":%d,\"key\":\"cust-%06d\",\"data\":{\"id\":\"cust-%06d\","
        "\"name\":\"Muster Maschinenbau GmbH %d\",\"email\":\"einkauf%d@example.com\",\"phone\":\"+49 30 1234567\","
        "\"vat_id\":\"DE123456789\",\"currency\":\"EUR\",\"payment_terms_days\":30,\"credit_limit\":\"25000.00\",\"active\":true,"
        "\"segment\":\"enterprise\",\"billing\":{\"street\":\"Hauptstrasse 12\",\"city\":\"Berlin\",\"zip\":\"10115\",\"country\":\"DE\"},"
        "\"shipping\":{\"street\":\"Werkstrasse 7\",\"city\":\"Potsdam\",\"zip\":\"14467\",\"country\":\"DE\"},"
        "\"contacts\":[{\"name\":\"Erika Muster\",\"email\":\"erika@example.com\",\"role\":\"buyer\"},"
        "{\"name\":\"Max Beispiel\",\"email\":\"max@example.com\",\"role\":\"finance\"}],\"tags\":[\"kuka\",\"vip\",\"2026\"]}}",
        phase.prefix, number, phase.occurred_at, number, key, key, key, key);
}

static void send_event(connection *c, int number) {
    char body[2048], request[4096];
    int size = write_body(number, body, sizeof body);
    int length = snprintf(request, sizeof request,
                          "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n%s%sContent-Length: %d\r\n\r\n%s",
                          options.path, options.header ? options.header : "", options.header ? "\r\n" : "", size, body);
    c->busy = 1, c->event = number;
    send_bytes(c, request, length);
}

static void send_again(int number) {
    phase.refused++;
    phase.again_at[phase.again_last % phase.size] = now() + options.retry_ms * 1000000LL;
    phase.again[phase.again_last++ % phase.size] = number; // at most one per event is under way
}

static void read_answer(connection *c) {
    int status = atoi(c->in + 9);
    c->busy = 0;
    if (status < 200 || status >= 300) return send_again(c->event);
    phase.events[c->event].acknowledged = now();
    phase.acknowledged++;
}

static connection *free_sender(int64_t at) {
    static int turn;
    for (int i = 0; i < options.connections; i++) {
        connection *c = &senders[(turn + i) % options.connections];
        if (c->busy || c->rest_till > at) continue;
        turn = (turn + i + 1) % options.connections;
        return c;
    }
    return NULL;
}

static int64_t due_at(int number) {
    return options.rate > 0 ? phase.began + (int64_t)(number * 1e9 / options.rate) : phase.began;
}

static void send_due(int64_t at) {
    for (;;) {
        int again = phase.again_first < phase.again_last && phase.again_at[phase.again_first % phase.size] <= at;
        if (!again && (phase.next >= phase.size || due_at(phase.next) > at)) return;
        connection *c = free_sender(at);
        if (!c) return;
        int number = again ? phase.again[phase.again_first++ % phase.size] : phase.next++;
        event_t *event = &phase.events[number];
        if (!event->due) event->due = options.rate > 0 ? due_at(number) : at; // open loop: late is late
        if (c->fd < 0) connect_to(c, options.send_port);
        send_event(c, number);
    }
}

// --- both together

static void handle(connection *c, uint32_t what) {
    if (c->role == LISTENER) return accept_all(c);
    if (c->fd < 0) return;
    if (what & EPOLLOUT) {
        flush(c);
        if (!c->out_len) watch(c, EPOLL_CTL_MOD, EPOLLIN);
    }
    int alive = read_more(c), closes, length;
    while (c->in_len && (length = message_length(c, &closes)) > 0) {
        if (c->role == TARGET_SIDE) serve(c, length);
        else read_answer(c), alive = alive && !closes;
        forget_message(c, length);
    }
    if (alive) return;
    if (c->busy) {
        c->busy = 0, c->rest_till = now() + 20000000LL;
        send_again(c->event);
    }
    hang_up(c);
}

// With a rate the rig looks often, and never sleeps past the next event.
static int patience(int64_t at) {
    if (options.rate <= 0 && delayed.first == delayed.last) return 5;
    int64_t next = at + 1000000;
    if (delayed.first < delayed.last && delayed.at[delayed.first % RING] < next) next = delayed.at[delayed.first % RING];
    if (options.rate > 0 && phase.next < phase.size && due_at(phase.next) < next) next = due_at(phase.next);
    int64_t left = next - now();
    struct timespec nap = {0, 50000};
    if (left > 100000 && left <= 900000) nanosleep(&nap, NULL);
    return left > 900000;
}

static void run_until_done(void) {
    struct epoll_event ready[256];
    int64_t end = phase.began + options.timeout_s * 1000000000LL, done_at = 0;
    for (int64_t at; (at = now()) < end;) {
        if (phase.committed >= phase.size && (options.target_only || phase.acknowledged >= phase.size)) {
            if (!done_at) done_at = at;
            if (at - done_at >= options.quiet_ms * 1000000LL) return;
        }
        if (!options.target_only) send_due(at);
        answer_delayed(at);
        int count = epoll_wait(poller, ready, 256, patience(at));
        for (int i = 0; i < count; i++) handle(ready[i].data.ptr, ready[i].events);
    }
}

// --- what came of it

static int by_size(const void *one, const void *other) {
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static double part(int64_t *sorted, int count, double share) {
    return count ? sorted[(int)(share * (count - 1))] / 1e6 : -1;
}

static double per_second(int count, int64_t nanoseconds) { return nanoseconds > 0 ? count / (nanoseconds / 1e9) : 0; }

static double seconds_of(struct rusage u) {
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void report(double cpu) {
    int64_t *acks = calloc(phase.size, 8), *ends = calloc(phase.size, 8), *times = calloc(phase.size, 8);
    int acked = 0, ended = 0;
    int64_t last_ack = phase.began;
    for (event_t *e = phase.events; e < phase.events + phase.size; e++) {
        if (e->acknowledged) acks[acked++] = e->acknowledged - e->due;
        if (e->acknowledged > last_ack) last_ack = e->acknowledged;
        if (e->committed) times[ended] = e->committed, ends[ended++] = e->committed - (e->due ? e->due : phase.began);
    }
    qsort(acks, acked, 8, by_size), qsort(ends, ended, 8, by_size), qsort(times, ended, 8, by_size);
    int from = ended / 10, to = ended - 1 - ended / 10; // the middle: neither the start nor the last few
    printf("%s {\"n\":%d,\"acked\":%d,\"ack_err\":%ld,\"target_unique\":%d,\"target_requests\":%ld,\"dup_seen\":%ld,"
           "\"order_violations\":%ld,\"unknown\":%ld,\"searched\":%ld,\"ingest_per_s\":%.1f,\"events_per_s\":%.1f,"
           "\"steady_per_s\":%.1f,\"ack_ms\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},"
           "\"e2e_ms\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},\"rig_cpu_s\":%.4f}\n",
           phase.name, phase.size, acked, phase.refused, ended, phase.requests, phase.doubled, phase.misordered,
           phase.unknown, phase.searched, per_second(acked, last_ack - phase.began),
           ended ? per_second(ended, times[ended - 1] - phase.began) : 0,
           to > from ? per_second(to - from, times[to] - times[from]) : 0, part(acks, acked, .5), part(acks, acked, .99),
           part(acks, acked, 1), part(ends, ended, .5), part(ends, ended, .99), part(ends, ended, 1), cpu);
    fflush(stdout);
}

static void run_phase(const char *name, const char *letter, int size) {
    if (!size) return;
    struct rusage before, after;
    memset(&phase, 0, sizeof phase);
    phase.name = name, phase.size = size;
    phase.events = calloc(size, sizeof *phase.events);
    phase.newest = malloc(options.keys * sizeof *phase.newest);
    phase.again = malloc(size * sizeof *phase.again), phase.again_at = malloc(size * sizeof *phase.again_at);
    for (int i = 0; i < options.keys; i++) phase.newest[i] = -1;
    snprintf(phase.prefix, sizeof phase.prefix, "%s%s", letter, options.prefix);
    if (*letter == 'm') {
        char line[8];
        printf("START\n"), fflush(stdout);
        if (!fgets(line, sizeof line, stdin)) return;
    }
    time_t moment = time(NULL);
    strftime(phase.occurred_at, sizeof phase.occurred_at, "%Y-%m-%dT%H:%M:%S.345Z", gmtime(&moment));
    getrusage(RUSAGE_SELF, &before);
    phase.began = now();
    run_until_done();
    getrusage(RUSAGE_SELF, &after);
    report(seconds_of(after) - seconds_of(before));
}

static int read_options(int count, char **words) {
    struct { const char *name; int *number; double *real; const char **text; } known[] = {
        {"--n", &options.n, 0, 0}, {"--warm", &options.warm, 0, 0}, {"--keys", &options.keys, 0, 0},
        {"--conns", &options.connections, 0, 0}, {"--stub-port", &options.target_port, 0, 0},
        {"--ingest-port", &options.send_port, 0, 0}, {"--timeout", &options.timeout_s, 0, 0},
        {"--quiet-ms", &options.quiet_ms, 0, 0}, {"--retry-ms", &options.retry_ms, 0, 0},
        {"--stub-only", &options.target_only, 0, 0}, {"--rate", 0, &options.rate, 0},
        {"--stub-delay-ms", 0, &options.delay_ms, 0}, {"--path", 0, 0, &options.path},
        {"--prefix", 0, 0, &options.prefix}, {"--header", 0, 0, &options.header}};
    int kinds = sizeof known / sizeof *known;
    for (int i = 1; i < count; i += 2) {
        int k = 0;
        while (k < kinds && strcmp(known[k].name, words[i])) k++;
        if (k == kinds || i + 1 == count) return fprintf(stderr, "rig: %s is unknown or lacks a value\n", words[i]), 0;
        if (known[k].number) *known[k].number = atoi(words[i + 1]);
        else if (known[k].real) *known[k].real = atof(words[i + 1]);
        else *known[k].text = words[i + 1];
    }
    return options.n > 0 && options.keys > 0 && options.connections > 0;
}

int main(int count, char **words) {
    signal(SIGPIPE, SIG_IGN);
    if (!read_options(count, words)) return 2;
    poller = epoll_create1(0);
    delayed.at = calloc(RING, sizeof *delayed.at), delayed.to = calloc(RING, sizeof *delayed.to);
    if (options.target_port && !listen_on(&listener, options.target_port)) return perror("rig"), 1;
    senders = calloc(options.connections, sizeof *senders);
    for (int i = 0; i < options.connections; i++) senders[i].fd = -1, senders[i].role = SENDER_SIDE;
    run_phase("WARM", "w", options.warm);
    run_phase("RESULT", "m", options.n);
    return 0;
}
