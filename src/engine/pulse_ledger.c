#include "engine/pulse.h"

double pulse_ledger_total(const struct pulse_ledger *ledger, double count)
{
    return ledger->total + (count - ledger->count) * ledger->worth * ledger->multiplier;
}

double pulse_ledger_reading(const struct pulse_ledger *ledger, double count)
{
    return ledger->reading + (count - ledger->count) * ledger->worth;
}

bool pulse_ledger_rebase(struct pulse_ledger *ledger, double count, double worth, double multiplier)
{
    if (!ledger->known) {
        *ledger = (struct pulse_ledger){.known = true, .worth = worth, .multiplier = multiplier};
        return true;
    }
    bool anew = count < ledger->count;
    if (!anew && ledger->worth == worth && ledger->multiplier == multiplier)
        return false;
    double from = anew ? ledger->count : count; /* what was counted since cannot be known */
    ledger->total = pulse_ledger_total(ledger, from);
    ledger->reading = pulse_ledger_reading(ledger, from);
    ledger->count = count;
    ledger->worth = worth;
    ledger->multiplier = multiplier;
    return true;
}
