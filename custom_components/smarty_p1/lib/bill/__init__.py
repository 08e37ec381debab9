"""What it costs: months, their bill, its days and hours, Leneda's days, shared energy.

meter = Household(Contract(reference_kw=7))
meter.update(time, Energies(imported_kwh), power_kw, serial_number)  # with every telegram
demand = meter.snapshot
demand.month.bill(demand.until).total

Imports `history` and `prices`. Gives no advice.

Public modules: bill, daily_bills, hourly_amounts, household, household_state, household_table,
kwh_rows, ledger, leneda_days, month, period_sums, quarter_hour_views, sharing.
"""
