/* places - where the shipped files are: beside the program in a source tree, else where the package
 * put them. */
#pragma once

#define PLACES_PATH_MAX 4096

/* The folder of the shipped profiles, written into `path` (PLACES_PATH_MAX bytes); returns `path`.
 */
const char *places_profiles(char *path);
