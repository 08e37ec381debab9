"""Decoder of the bytes from the P1 port of Luxembourg's "Smarty" meter to verified telegrams.

    decoder = Decoder(parse_key("..."))
    for event in decoder.feed(data):  # any chunks, as they come
        match event:
            case Telegram():
                print(event.time, event.objects["1-0:1.8.0"], "kWh")
            case Rejection():
                print("rejected:", event.reason)

The package does no I/O and needs only `cryptography`. The package `port` opens and reads ports.

Public modules: checksum, decoder, frame_decryptor, frame_finder, frame_header, keys, line_report,
local_time, obis, rejection_reasons, telegram, telegram_lines, value_converters.
"""
