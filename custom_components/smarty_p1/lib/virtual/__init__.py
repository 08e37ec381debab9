"""Virtual meter that imitates a HomeWizard P1 or Shelly Pro 3EM for batteries. No I/O.

    meter = VirtualMeter(draw_serial())
    meter.on_reading(reading, time.monotonic())
    answer = meter.answer_question("192.168.1.20", Question.HOMEWIZARD, time.monotonic())
    homewizard_data(answer)

A client gets the values of the last telegram. After 30 seconds without a telegram, it gets no
values. In each answer, a battery reads only a part of the measured power (see virtual_meter.py).
While the load varies, a battery reads only the power that is expected to last (see
battery_shares.py).

Public modules: announcements, clients, device_identity, homewizard_api, meter_values,
shelly_json_rpc, shelly_methods, virtual_meter.
"""
