/* gateway_rule - who may ask which unit for what through the gateway, and how old an answer may be.
 *
 * One record of `gateway_rules:` is one rule. They are looked at in the order of the settings; the
 * first that fits client, gateway, unit, function and registers decides. Where none fits, readings
 * are allowed and all else is refused. Pure; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/ip_net.h"
#include "base/mem.h"
#include "model/config.h"
#include "wire/modbus_pdu.h"

#define GATEWAY_RULES_MOST 256

struct gateway_rule_settings {
    const char *label, *gateway, *clients, *units, *functions, *registers;
    bool allow;
    int64_t max_age; /* us */
};

extern const struct setting_table gateway_rules_table;

/* A span of numbers, ends included. */
struct gateway_span {
    uint16_t first, last;
};

struct gateway_rule {
    const char *gateway; /* "" all */
    bool allow;
    clock_us max_age;
    struct ip_net *clients;     /* none: all */
    struct gateway_span *units; /* none: all */
    struct gateway_span *spans; /* of registers or coils; none: all */
    size_t client_count, unit_count, span_count;
    uint32_t functions[4]; /* a bit each; all 0: all */
};

struct gateway_rules {
    struct arena *arena;
    struct gateway_rule *list;
    size_t count;
};

/* The rules of these settings, which have been checked. Freed by gateway_rules_deinit. */
void gateway_rules_read(struct gateway_rules *rules, const struct config *config);
void gateway_rules_deinit(struct gateway_rules *rules);

struct gateway_question {
    const char *gateway;
    const struct ip_address *client;
    uint8_t unit;
    const struct modbus_pdu_request *request;
};

struct gateway_verdict {
    uint8_t
        exception; /* 0: go on; 0x0A unit, 0x01 function, 0x02 registers are not for this client */
    clock_us max_age;
};

struct gateway_verdict gateway_rules_judge(const struct gateway_rules *rules,
                                           const struct gateway_question *question);

/* Whether the request changes something. Functions that the standard lacks count as if they did. */
bool gateway_is_write(const struct modbus_pdu_request *request);

/* "1-31, 40" -> spans in `arena`, at most `most`; numbers from `least` to `largest`. 0 or -EINVAL
 * and a sentence that calls them `what`. */
int gateway_spans_parse(struct gateway_span **spans, size_t *count, struct arena *arena,
                        const char *text, unsigned least, unsigned largest, const char *what,
                        struct err *err);
