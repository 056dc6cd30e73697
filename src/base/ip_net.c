#include "base/ip_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static struct ip_address map_v4(const void *four)
{
    struct ip_address address;
    memcpy(address.bytes, mapped, sizeof mapped);
    memcpy(address.bytes + sizeof mapped, four, 4);
    return address;
}

/* Number of bits behind the slash, -1 when there is none such. */
static int parse_bits(const char *text, int most)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    long bits = strtol(text, &end, 10);
    return *end || bits > most ? -1 : (int)bits;
}

int ip_net_parse(struct ip_net *net, const char *text, size_t length, struct err *err)
{
    char word[64];
    struct in_addr v4;
    int shown = (int)(length < 60 ? length : 60);
    if (length < sizeof word) {
        memcpy(word, text, length);
        word[length] = '\0';
        char *slash = strchr(word, '/');
        if (slash)
            *slash = '\0';
        bool four = inet_pton(AF_INET, word, &v4) == 1;
        if (four)
            net->address = map_v4(&v4);
        if (four || inet_pton(AF_INET6, word, net->address.bytes) == 1) {
            int most = four ? 32 : 128;
            int bits = slash ? parse_bits(slash + 1, most) : most;
            net->bits = (uint8_t)(bits + (four ? 96 : 0));
            if (bits >= 0)
                return 0;
        }
    }
    return err_set(err, -EINVAL,
                   "\"%.*s\" is no address: write one as 192.0.2.7, or a network as 192.0.2.0/24 "
                   "or 2001:db8::/32",
                   shown, text);
}

bool ip_net_holds(const struct ip_net *net, const struct ip_address *address)
{
    size_t whole = net->bits / 8u;
    unsigned rest = net->bits % 8u;
    if (memcmp(net->address.bytes, address->bytes, whole) != 0)
        return false;
    unsigned differ = rest ? net->address.bytes[whole] ^ address->bytes[whole] : 0u;
    return differ >> (8 - rest) == 0;
}

struct ip_address ip_address_of(const struct sockaddr *any)
{
    struct ip_address address = {{0}};
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (any->sa_family == AF_INET) {
        memcpy(&v4, any, sizeof v4);
        return map_v4(&v4.sin_addr);
    }
    if (any->sa_family == AF_INET6) {
        memcpy(&v6, any, sizeof v6);
        memcpy(address.bytes, &v6.sin6_addr, sizeof address.bytes);
    }
    return address;
}

void ip_address_format(const struct ip_address *address, char *text, size_t size)
{
    bool four = memcmp(address->bytes, mapped, sizeof mapped) == 0;
    text[0] = '\0';
    inet_ntop(four ? AF_INET : AF_INET6, address->bytes + (four ? sizeof mapped : 0), text,
              (socklen_t)size);
}
