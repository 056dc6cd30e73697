/* The site as a whole: its name, and how many of everything there are. */

#include "engine/alarm.h"
#include "engine/switcher.h"
#include "face/snmp_busbar.h"
#include "model/config.h"
#include "model/site.h"
#include "model/site_settings.h"

#define TEXT "SnmpAdminString (SIZE (0..255))"

/* ---- the site -------------------------------------------------------------------------------- */

static const struct site_settings *settings_of(void *user)
{
    return config_record(snmp_busbar_model(user)->config, &site_settings_table);
}

static bool get_name(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                     struct snmp_value *value)
{
    (void)row;
    (void)ask;
    return snmp_text(value, settings_of(user)->name);
}

static bool get_location(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                         struct snmp_value *value)
{
    (void)row;
    (void)ask;
    return snmp_text(value, settings_of(user)->location);
}

static bool get_version(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                        struct snmp_value *value)
{
    (void)user;
    (void)row;
    (void)ask;
    return snmp_text(value, BUSBAR_VERSION);
}

static bool get_time(void *user, const struct snmp_row *row, const struct snmp_ask *ask,
                     struct snmp_value *value)
{
    (void)user;
    (void)row;
    return snmp_date(value, ask->wall);
}

static const struct snmp_column site_columns[] = {
    {1, get_name, false, "busbarSiteName", TEXT, "What the installation is called."},
    {2, get_location, false, "busbarSiteLocation", TEXT, "Where the equipment stands."},
    {3, get_version, false, "busbarSiteVersion", TEXT, "Version of the program."},
    {4, get_time, false, "busbarSiteTime", "DateAndTime",
     "The time of day here, in UTC; empty while it is not known."},
};

const struct snmp_group snmp_busbar_site_group = {
    .number = SNMP_BUSBAR_SITE,
    .name = "busbarSite",
    .help = "The installation.",
    .columns = site_columns,
    .column_count = sizeof site_columns / sizeof *site_columns,
};

/* ---- totals ---------------------------------------------------------------------------------- */

static size_t count_devices(const struct site *site, int state)
{
    size_t count = 0;
    for (const struct device *device = site_devices(site); device; device = device->next)
        count += state < 0 || (int)device->state == state;
    return count;
}

/* Walks the whole site; a site of 100,000 points takes half a millisecond. */
static size_t count_points(const struct site *site, enum quality quality)
{
    size_t count = 0;
    for (const struct device *device = site_devices(site); device; device = device->next) {
        for (const struct component *one = device->components; one; one = one->next) {
            for (const struct point *point = one->points; point; point = point->next)
                count += point->value.quality == quality;
        }
    }
    return count;
}

/* Outlets and outputs that are known to be on, or (`on` false) all that there are. */
static size_t count_outlets(const struct switcher *switcher, bool on)
{
    size_t all = switcher ? switcher_outlet_count(switcher) : 0, count = 0;
    for (size_t i = 0; on && i < all; i++) {
        struct switcher_outlet outlet;
        switcher_outlet_at(switcher, i, &outlet);
        count += outlet.known && outlet.on;
    }
    return on ? count : all;
}

#define TOTAL(function, number)                                                                    \
    static bool function(void *user, const struct snmp_row *row, const struct snmp_ask *ask,       \
                         struct snmp_value *value)                                                 \
    {                                                                                              \
        const struct snmp_model *model = snmp_busbar_model(user);                                  \
        (void)row;                                                                                 \
        (void)ask;                                                                                 \
        return snmp_unsigned(value, number);                                                       \
    }

TOTAL(get_devices, count_devices(model->site, -1))
TOTAL(get_online, count_devices(model->site, DEVICE_ONLINE))
TOTAL(get_silent, count_devices(model->site, DEVICE_SILENT))
TOTAL(get_points, site_point_count(model->site))
TOTAL(get_good, count_points(model->site, QUALITY_GOOD))
TOTAL(get_stale, count_points(model->site, QUALITY_STALE))
TOTAL(get_bad, count_points(model->site, QUALITY_BAD))
TOTAL(get_outlets, count_outlets(model->switcher, false))
TOTAL(get_outlets_on, count_outlets(model->switcher, true))

static struct alarm_counts count_alarms(const struct alarms *alarms)
{
    return alarms ? alarms_counts(alarms) : (struct alarm_counts){0};
}

TOTAL(get_critical, count_alarms(model->alarms).tripped[ALARM_CRITICAL])
TOTAL(get_warnings, count_alarms(model->alarms).tripped[ALARM_WARNING])
TOTAL(get_infos, count_alarms(model->alarms).tripped[ALARM_INFO])
TOTAL(get_acknowledged, count_alarms(model->alarms).acknowledged)
TOTAL(get_lost, count_alarms(model->alarms).lost)
TOTAL(get_silenced, count_alarms(model->alarms).silent)

static const struct snmp_column total_columns[] = {
    {1, get_devices, false, "busbarTotalDevices", "Gauge32", "Devices."},
    {2, get_online, false, "busbarTotalDevicesOnline", "Gauge32", "Devices that answer."},
    {3, get_silent, false, "busbarTotalDevicesSilent", "Gauge32",
     "Devices that should answer and do not."},
    {4, get_points, false, "busbarTotalPoints", "Gauge32", "Points."},
    {5, get_good, false, "busbarTotalPointsGood", "Gauge32", "Points whose reading is good."},
    {6, get_stale, false, "busbarTotalPointsStale", "Gauge32",
     "Points whose last reading is too old to act on."},
    {7, get_bad, false, "busbarTotalPointsBad", "Gauge32",
     "Points about which their device says nonsense."},
    {8, get_outlets, false, "busbarTotalOutlets", "Gauge32", "Outlets and digital outputs."},
    {9, get_outlets_on, false, "busbarTotalOutletsOn", "Gauge32",
     "Outlets and digital outputs that are known to be on."},
    {10, get_critical, false, "busbarTotalAlarmsCritical", "Gauge32",
     "Critical alarms that have tripped and that nobody has acknowledged, shelved or explained."},
    {11, get_warnings, false, "busbarTotalAlarmsWarning", "Gauge32", "Warnings of that kind."},
    {12, get_infos, false, "busbarTotalAlarmsInfo", "Gauge32", "Notes of that kind."},
    {13, get_acknowledged, false, "busbarTotalAlarmsAcknowledged", "Gauge32",
     "Alarms that hold and that somebody has seen."},
    {14, get_lost, false, "busbarTotalAlarmsLost", "Gauge32",
     "Alarms that cannot be told, for want of a good reading."},
    {15, get_silenced, false, "busbarTotalAlarmsSilent", "Gauge32",
     "Alarms for which nobody is told: shelved, or explained by another."},
};

const struct snmp_group snmp_busbar_total_group = {
    .number = SNMP_BUSBAR_TOTALS,
    .name = "busbarTotal",
    .help = "How many of everything there are.",
    .columns = total_columns,
    .column_count = sizeof total_columns / sizeof *total_columns,
};
