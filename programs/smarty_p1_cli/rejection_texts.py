"""Explanations of rejected frames for people."""

from smartyp1.p1.frame_header import title_text
from smartyp1.p1.rejection_reasons import Reason, Rejection

EXPLANATIONS = {
    Reason.TAG: "wrong key, or its first bytes were altered on the way (the tag does not verify)",
    Reason.ALTERED: "the key is right, but the bytes were altered or cut on the way (telnet mode, "
    "software flow control, line-end conversion, a buffer too small, or a byte lost)",
    Reason.AUTHENTICATION_KEY: "the key is right, but the meter's authentication key is another",
    Reason.REPLAY: "the frame counter is not higher than the last one",
    Reason.CRC: "the checksum of the plain telegram is wrong or missing",
    Reason.DOWNGRADE: "a plain telegram although a key is set",
    Reason.KEY_MISSING: "encrypted, and no key is set",
    Reason.MALFORMED: "altered or cut on the way, or no telegram inside",
}


def explain(rejection: Rejection) -> str:
    """Return a line with the reason, frame counter and system title of a rejected frame."""
    text = f"rejected ({rejection.reason}): {EXPLANATIONS[rejection.reason]}"
    if rejection.system_title is None:
        return text
    title = title_text(rejection.system_title)
    return f"{text} [frame counter {rejection.frame_counter}, system title {title}]"
