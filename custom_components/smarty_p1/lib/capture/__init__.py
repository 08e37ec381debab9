"""Anonymous captures: recordings of a meter's port, without what identifies anybody.

    recording = Recording()
    recording.add_chunk(time.monotonic(), data)  # received bytes, in chunks of any size
    capture = anonymise(recording.chunks, FrameDecryptor(key), SystemRandom())
    summarise(capture)  # contents, for the user's review
    text = capture_text(capture)
    chunks, key = read_capture(text)

The package does no I/O.

Public modules: anonymiser, capture_file, summary.
"""
