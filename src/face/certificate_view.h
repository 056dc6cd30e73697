/* certificate_view - what people are told about a certificate. Never anything of its key but kind
 * and length.
 */
#pragma once

#include "base/json.h"
#include "face/certificate.h"
#include "face/time_form.h"

/* Write the members subject, issuer, self_signed, names, valid_from, valid_until, serial,
 * fingerprint, key and chain into an open object; all null or empty when `certificate` is NULL. */
void certificate_view(struct json *json, const struct certificate *certificate,
                      enum time_form form);
