"""Costs: months, their bill, its days and hours, Leneda's days, shared energy.

meter = Household(Contract(reference_kw=7))
meter.count_telegram(time, Energies(imported_kwh), power_kw, serial_number)  # with every telegram
household = meter.snapshot
household.month.bill(household.until).total

Imports `history` and `prices`. Gives no advice.

Public modules: bill, bill_part_sums, daily_bills, energy_sharing, hourly_amounts, household,
household_state, ledger, ledger_row_prices, leneda_days, month, quarter_hour_series.
"""
