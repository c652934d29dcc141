/* load: many DHCP clients behind one relay, from one core. Cheaper than perfdhcp, whose own limit is near 12,000 DORA/s.
 *
 *   load dora  RATE SECONDS SEED TO              new clients: DISCOVER, the first OFFER, REQUEST, ACK
 *   load renew RATE SECONDS SEED TO,TO CLIENTS   clients 0..CLIENTS-1, which hold FIRST_LEASE + number: REQUEST, ACK
 *
 * Open loop: an exchange begins when its time has come, however late the others are. Nothing is sent twice. A renewal
 * goes to the TO of the client's number, so each client stays with one server. Prints one JSON object: counts and
 * milliseconds. The relay is 10.64.0.1, port 67: answers come there.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6 };
enum { BATCH = 64, PACKET_BYTES = 320, ANSWER_BYTES = 1536, BUFFER_BYTES = 4 << 20, PORT = 67, SERVERS_MAX = 2 };
enum { RELAY = 0x0A400001, FIRST_LEASE = 0x0A400100 };
static const double LAST_WORD_S = 0.7; /* after the last exchange began: what comes later is lost */

struct exchange {
    double discovered_s, requested_s, offer_s, ack_s; /* the last two: how long it took, 0 = did not come */
};

static struct exchange *exchanges;
static struct sockaddr_in servers[SERVERS_MAX];
static unsigned char out[BATCH][PACKET_BYTES], in[BATCH][ANSWER_BYTES];
static struct iovec out_parts[BATCH], in_parts[BATCH];
static struct mmsghdr out_messages[BATCH], in_messages[BATCH];
static unsigned waiting; /* packets in `out` */

static double now_s(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static unsigned char *put_option(unsigned char *at, unsigned char code, unsigned char length, const void *value) {
    *at++ = code;
    *at++ = length;
    memcpy(at, value, length);
    return at + length;
}

static void put_number(unsigned char *at, unsigned number) {
    unsigned ordered = htonl(number);
    memcpy(at, &ordered, 4);
}

/* A request of the client with this number; a new one when `seed` is not 0, else one of those with leases. */
static unsigned char *begin(unsigned number, unsigned seed, unsigned char type) {
    unsigned char *packet = out[waiting];
    memset(packet, 0, PACKET_BYTES);
    packet[0] = packet[1] = 1;
    packet[2] = 6;
    packet[3] = 1;
    put_number(packet + 4, number);
    put_number(packet + 24, RELAY);
    packet[28] = 0x02;
    packet[29] = seed ? (unsigned char)seed : 0xAA;
    put_number(packet + 30, number);
    memcpy(packet + 236, "\x63\x82\x53\x63", 4);
    put_option(packet + 240, 53, 1, &type);
    return packet;
}

static void finish(unsigned char *packet, unsigned char *at, unsigned server) {
    at = put_option(at, 55, 7, "\x01\x1c\x02\x03\x0f\x06\x0c");
    *at++ = 255;
    size_t length = (size_t)(at - packet);
    out_parts[waiting].iov_len = length < 300 ? 300 : length;
    out_messages[waiting].msg_hdr.msg_name = &servers[server];
    waiting++;
}

static void flush(int handle) {
    for (unsigned sent = 0; sent < waiting;) {
        int done = sendmmsg(handle, out_messages + sent, waiting - sent, 0);
        sent += done > 0 ? (unsigned)done : 1; /* one that cannot go counts as lost */
    }
    waiting = 0;
}

static void hear(const unsigned char *packet, unsigned length, unsigned count, unsigned seed, unsigned *naks) {
    unsigned number, type = 0;
    const unsigned char *server = NULL;
    memcpy(&number, packet + 4, 4);
    number = ntohl(number);
    if (length < 244 || number >= count) return;
    for (unsigned at = 240; at + 1 < length && packet[at] != 255; at += packet[at] ? 2u + packet[at + 1] : 1u) {
        if (packet[at] == 53) type = packet[at + 2];
        if (packet[at] == 54) server = packet + at + 2;
    }
    struct exchange *exchange = exchanges + number;
    if (type == OFFER && !exchange->offer_s && server) {
        exchange->requested_s = now_s();
        exchange->offer_s = exchange->requested_s - exchange->discovered_s;
        unsigned char *request = begin(number, seed, REQUEST), *at = request + 243;
        at = put_option(at, 54, 4, server);
        at = put_option(at, 50, 4, packet + 16);
        finish(request, at, 0);
    } else if (type == ACK && exchange->requested_s && !exchange->ack_s) {
        exchange->ack_s = now_s() - exchange->requested_s;
    } else if (type == NAK) {
        ++*naks;
    }
}

static int by_size(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static void print_times(const char *name, unsigned count, size_t offset) {
    double *times = calloc(count, sizeof *times);
    unsigned heard = 0;
    for (unsigned number = 0; number < count; number++) {
        double took_s = *(double *)((char *)(exchanges + number) + offset);
        if (took_s) times[heard++] = took_s * 1e3;
    }
    qsort(times, heard, sizeof *times, by_size);
    printf(", \"%ss\": %u", name, heard);
    if (heard)
        printf(", \"%s_ms\": {\"p50\": %.3f, \"p99\": %.3f, \"most\": %.3f}", name, times[heard / 2],
               times[(size_t)heard * 99 / 100], times[heard - 1]);
    free(times);
}

static int open_relay(void) {
    int handle = socket(AF_INET, SOCK_DGRAM, 0), yes = 1, bytes = BUFFER_BYTES;
    struct sockaddr_in relay = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(RELAY)};
    setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(handle, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    setsockopt(handle, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
    if (bind(handle, (struct sockaddr *)&relay, sizeof relay)) {
        perror("load: 10.64.0.1:67");
        exit(1);
    }
    for (unsigned each = 0; each < BATCH; each++) {
        out_parts[each].iov_base = out[each];
        in_parts[each] = (struct iovec){in[each], ANSWER_BYTES};
        out_messages[each].msg_hdr =
            (struct msghdr){.msg_namelen = sizeof *servers, .msg_iov = out_parts + each, .msg_iovlen = 1};
        in_messages[each].msg_hdr = (struct msghdr){.msg_iov = in_parts + each, .msg_iovlen = 1};
    }
    return handle;
}

static unsigned read_servers(char *text) {
    unsigned count = 0;
    for (char *name = strtok(text, ","); name && count < SERVERS_MAX; name = strtok(NULL, ","))
        servers[count++] =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = inet_addr(name)};
    return count;
}

int main(int words, char **word) {
    int renews = words == 7 && !strcmp(word[1], "renew");
    if (!renews && !(words == 6 && !strcmp(word[1], "dora"))) {
        fprintf(stderr, "usage: load dora RATE SECONDS SEED TO | load renew RATE SECONDS SEED TO,TO CLIENTS\n");
        return 2;
    }
    double rate = atof(word[2]), seconds = atof(word[3]);
    unsigned seed = (unsigned)atoi(word[4]), server_count = read_servers(word[5]);
    unsigned count = (unsigned)(rate * seconds), clients = renews ? (unsigned)atoi(word[6]) : 0;
    if (!count || !server_count || (renews && count > clients)) {
        fprintf(stderr, "load: nothing to do, or a client would renew twice\n");
        return 2;
    }
    exchanges = calloc(count, sizeof *exchanges);
    int handle = open_relay();
    struct pollfd readable = {handle, POLLIN, 0};
    unsigned begun = 0, naks = 0, offset = renews ? seed % (clients - count + 1) : 0;
    double start_s = now_s(), end_s = start_s + seconds + LAST_WORD_S, time_s;
    while ((time_s = now_s()) < end_s) {
        unsigned due = (unsigned)((time_s - start_s) * rate);
        if (due > count) due = count;
        for (; begun < due && waiting < BATCH; begun++) {
            struct exchange *exchange = exchanges + begun;
            exchange->discovered_s = exchange->requested_s = time_s;
            if (!renews) {
                exchange->requested_s = 0;
                unsigned char *packet = begin(begun, seed, DISCOVER);
                finish(packet, packet + 243, 0);
            } else {
                unsigned client = offset + begun;
                unsigned char *packet = begin(client, 0, REQUEST);
                put_number(packet + 4, begun); /* the transaction is the exchange's, the client its own */
                put_number(packet + 12, FIRST_LEASE + client);
                finish(packet, packet + 243, client % server_count);
            }
        }
        flush(handle);
        int heard = recvmmsg(handle, in_messages, BATCH, MSG_DONTWAIT, NULL);
        for (int each = 0; each < heard; each++) hear(in[each], in_messages[each].msg_len, count, seed, &naks);
        flush(handle);
        if (heard <= 0 && begun >= due) {
            double pause_s = begun < count ? start_s + (begun + 1) / rate - now_s() : 0.02;
            struct timespec pause = {0, pause_s > 0 ? (long)((pause_s < 0.02 ? pause_s : 0.02) * 1e9) : 0};
            ppoll(&readable, 1, &pause, NULL);
        }
    }
    printf("{\"begun\": %u, \"naks\": %u", begun, naks);
    if (!renews) print_times("offer", count, offsetof(struct exchange, offer_s));
    print_times("ack", count, offsetof(struct exchange, ack_s));
    puts("}");
    return 0;
}
