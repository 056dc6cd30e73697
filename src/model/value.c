#include "model/value.h"

const char *quality_name(enum quality quality)
{
    static const char *const names[] = {
        [QUALITY_ABSENT] = "absent",
        [QUALITY_GOOD] = "good",
        [QUALITY_STALE] = "stale",
        [QUALITY_BAD] = "bad",
    };
    return names[quality];
}

const char *value_reason_text(enum value_reason reason)
{
    static const char *const texts[] = {
        [REASON_NONE] = "",
        [REASON_NOT_ASKED] = "has not been read yet",
        [REASON_NOT_MEASURED] = "is not measured by this device",
        [REASON_REFUSED] = "is refused by this device: it has no such register",
        [REASON_OUT_OF_RANGE] = "is outside the range that is possible for this quantity",
        [REASON_MALFORMED] = "is not a number in the format that the profile promises",
        [REASON_TOO_OLD] = "has not been read in time",
        [REASON_SILENT] = "is old: the device does not answer",
        [REASON_LINE_DOWN] = "is old: the line to the device is down",
        [REASON_NO_SOURCE] = "cannot be computed: a value it is made from is missing",
        [REASON_REMOVED] = "is gone: the sensor was unplugged",
        [REASON_UNANSWERED] = "is not answered by this device, which answers everything else",
    };
    return texts[reason];
}
