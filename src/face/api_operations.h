/* api_operations - the functions behind the rows of api.c. Each answers its request exactly once.
 */
#pragma once

struct request;

/* api_state.c */
void api_state_health(struct request *request);
void api_state_openapi(struct request *request);
void api_mib_show(struct request *request);
void api_state_lines(struct request *request);
void api_state_profiles(struct request *request);
void api_state_logging(struct request *request);

/* api_session.c */
void api_session_show(struct request *request);
void api_session_open(struct request *request);
void api_session_close(struct request *request);

/* api_site.c */
void api_site_show(struct request *request);

/* api_points.c */
void api_points_list(struct request *request);
void api_points_show(struct request *request);
void api_points_live(struct request *request);

/* api_export.c */
void api_export_show(struct request *request);

/* api_import.c */
void api_history_import(struct request *request);

/* api_export.c */
void api_export_show(struct request *request);

/* api_import.c */
void api_history_import(struct request *request);

/* api_energy.c */
void api_energy_show(struct request *request);
void api_energy_calendar(struct request *request);
void api_energy_csv(struct request *request);

/* api_demand.c */
void api_demand_list(struct request *request);
void api_demand_reset(struct request *request);

/* api_history.c */
void api_history_show(struct request *request);
void api_history_csv(struct request *request);

/* api_history_policy.c */
void api_history_append(struct request *request);
void api_history_clear(struct request *request);
void api_history_forecast(struct request *request);

/* api_events.c */
void api_events_list(struct request *request);
void api_events_csv(struct request *request);
void api_events_kinds(struct request *request);
void api_events_verify(struct request *request);

/* api_settings.c */
void api_settings_list(struct request *request);
void api_settings_schema(struct request *request);
void api_settings_show(struct request *request);
void api_settings_put(struct request *request);
void api_settings_reset(struct request *request);
void api_settings_put_all(struct request *request);

/* api_users.c */
void api_users_list(struct request *request);
void api_users_add(struct request *request);
void api_users_change(struct request *request);
void api_users_remove(struct request *request);
void api_users_set_pin(struct request *request);
void api_users_remove_pin(struct request *request);
void api_users_make_puk(struct request *request);

/* api_tokens.c */
void api_tokens_list(struct request *request);
void api_tokens_add(struct request *request);
void api_tokens_remove(struct request *request);

/* api_certificate.c */
void api_certificate_show(struct request *request);
void api_certificate_put(struct request *request);
void api_certificate_make(struct request *request);

/* api_scan.c */
void api_scan_show(struct request *request);
void api_scan_start(struct request *request);
void api_scan_stop(struct request *request);
void api_scan_ports(struct request *request);

/* api_reach.c */
void api_reach_test(struct request *request);
void api_reach_clock(struct request *request);

/* api_doctor.c */
void api_doctor_show(struct request *request);
void api_doctor_trial_show(struct request *request);
void api_doctor_trial_start(struct request *request);
void api_doctor_trial_stop(struct request *request);
void api_trace_show(struct request *request);
void api_trace_start(struct request *request);
void api_trace_stop(struct request *request);

/* api_commands.c */
void api_commands_list(struct request *request);
void api_commands_show(struct request *request);
void api_commands_post(struct request *request);
void api_commands_cancel(struct request *request);

/* api_outlets.c */
void api_outlets_list(struct request *request);
void api_outlets_show(struct request *request);
void api_outlets_put(struct request *request);

/* api_alarms.c */
void api_alarms_list(struct request *request);
void api_alarms_show(struct request *request);
void api_alarms_acknowledge(struct request *request);
void api_alarms_shelve(struct request *request);
void api_alarms_unshelve(struct request *request);
void api_alarms_mute(struct request *request);
void api_alarms_clear(struct request *request);

/* api_alarm_preview.c */
void api_alarm_rules_preview(struct request *request);

/* api_notices.c */
void api_notices_list(struct request *request);
void api_recipients_test(struct request *request);

/* api_records.c */
void api_alarm_rules_list(struct request *request);
void api_alarm_rules_put(struct request *request);
void api_alarm_rules_remove(struct request *request);
void api_recipients_list(struct request *request);
void api_recipients_put(struct request *request);
void api_recipients_remove(struct request *request);
void api_reports_list(struct request *request);
void api_reports_put(struct request *request);
void api_reports_remove(struct request *request);
void api_reports_send(struct request *request);
void api_tariffs_list(struct request *request);
void api_tariffs_put(struct request *request);
void api_tariffs_remove(struct request *request);
void api_energy_groups_list(struct request *request);
void api_energy_groups_put(struct request *request);
void api_energy_groups_remove(struct request *request);
void api_groups_list(struct request *request);
void api_groups_put(struct request *request);
void api_groups_remove(struct request *request);
void api_interlocks_list(struct request *request);
void api_interlocks_put(struct request *request);
void api_interlocks_remove(struct request *request);
void api_schedules_put(struct request *request);
void api_schedules_remove(struct request *request);

/* api_nut.c */
void api_nut_show(struct request *request);
void api_nut_force(struct request *request);
void api_nut_end(struct request *request);

/* api_gateways.c */
void api_gateways_list(struct request *request);
void api_gateways_registers(struct request *request);

/* api_pulses.c */
void api_pulses_set(struct request *request);

/* api_budgets.c */
void api_budgets_list(struct request *request);

/* api_schedules.c */
void api_schedules_list(struct request *request);
