"""Measured energy: spans between readings, quarter-hours, the meter's clock, month files.

Imports only the library's leaves beside the parts. Knows no price and no contract.

Public modules: changes, gap_clock_and_power_limits, luxembourg_time, market_prices, month_columns,
month_file_lines, month_file_reader, quarter_hour, quarter_hour_meter, quarter_hour_values,
reading_json, register_amounts, spans.
"""
