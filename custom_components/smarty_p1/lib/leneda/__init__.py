"""Quarter-hours of Leneda, Luxembourg's national energy data platform. No I/O.

export = read_export(data, now)  # a file of its portal; otherwise raises ExportError
series = read_time_series(json.loads(answer), code, start, end)  # an answer of its API
platform = {export.code: export.rows}
meter.set_leneda_days(PlatformDays(quarter_hours_of(platform), sharing_of(platform)))

Public modules: api_response, day_differences, days_of_rows, gas_response, implausible_rows,
measured_and_estimated_rows, portal_file, portal_file_refusals, series_codes.
"""
