#include "base/nearest.h"

#include <string.h>

#define WORD_MAX 63

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein distance, optimal string alignment form. */
int nearest_distance(const char *a, const char *b)
{
    int rows[3][WORD_MAX + 1];
    int a_length = (int)strnlen(a, WORD_MAX), b_length = (int)strnlen(b, WORD_MAX);
    int *before = rows[0], *last = rows[1], *row = rows[2];
    for (int j = 0; j <= b_length; j++)
        last[j] = j;
    memset(before, 0, sizeof rows[0]);
    for (int i = 1; i <= a_length; i++) {
        row[0] = i;
        for (int j = 1; j <= b_length; j++) {
            int differs = a[i - 1] != b[j - 1];
            row[j] = min_int(min_int(last[j] + 1, row[j - 1] + 1), last[j - 1] + differs);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min_int(row[j], before[j - 2] + 1);
        }
        int *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b_length];
}

const char *nearest_word(const char *word, const void *words, size_t count, size_t stride)
{
    const char *best = NULL;
    int best_distance = (int)strnlen(word, WORD_MAX) / 2 + 1;
    for (size_t i = 0; i < count; i++) {
        const char *candidate;
        memcpy(&candidate, (const char *)words + i * stride, sizeof candidate);
        int distance = candidate ? nearest_distance(word, candidate) : best_distance;
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}
