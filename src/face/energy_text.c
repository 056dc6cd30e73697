#include "face/energy_text.h"

#include <stdio.h>

/* Prices are millionths. */
#define PRICE_SCALE 6

void energy_text(int64_t value, int scale, int decimals, char text[ENERGY_TEXT_SIZE])
{
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, unit = 1, cut = 1;
    for (int i = decimals; i < scale; i++)
        cut *= 10;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    size = size / cut + (size % cut >= (cut + 1) / 2 && cut > 1);
    int length = snprintf(text, ENERGY_TEXT_SIZE, "%s%llu", value < 0 && size ? "-" : "",
                          (unsigned long long)(size / unit));
    if (decimals > 0)
        snprintf(text + length, (size_t)(ENERGY_TEXT_SIZE - length), ".%0*llu", decimals,
                 (unsigned long long)(size % unit));
}

void energy_text_used(const struct energy_row *row, const struct energy_figure *figure,
                      char text[ENERGY_TEXT_SIZE])
{
    text[0] = '\0';
    if (figure->known)
        energy_text(figure->used, row->decimals, row->decimals, text);
}

void energy_text_cost(const struct energy_row *row, const struct energy_figure *figure,
                      int decimals, char text[ENERGY_TEXT_SIZE])
{
    text[0] = '\0';
    if (figure->costed)
        energy_text(figure->cost, row->decimals + PRICE_SCALE, decimals, text);
}

void energy_text_co2(const struct energy_row *row, const struct energy_figure *figure, int decimals,
                     char text[ENERGY_TEXT_SIZE])
{
    text[0] = '\0';
    if (figure->emits)
        energy_text(figure->co2, row->decimals + PRICE_SCALE, decimals, text);
}

double energy_text_covered(const struct energy_row *row, const struct energy_figure *figure,
                           clock_us from, clock_us to)
{
    if (to <= from || row->meters == 0)
        return 0;
    double share = (double)figure->covered / ((double)(to - from) * (double)row->meters);
    return share < 1 ? share : 1;
}
