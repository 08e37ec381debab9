"""What was measured: spans between readings, quarter-hours, the meter's clock, month files.

Imports only the library's leaves beside the parts. Knows no price and no contract.

Public modules: calendar, doubtful_clock, gap_clock_and_power_limits, market_prices,
meter_clock_jumps, month_columns, month_file_lines, month_file_reader, quarter_hour,
readings_to_spans, register_amounts, shown_month, spans.
"""
