"""For how long the keys of a meter are not doubted."""

from datetime import timedelta

from dev.encoder import KEY, TITLE, frame
from dev.testing.times import utc
from smartyp1.meter.key_proof import KeyProof, Moment
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.rejection_reasons import Reason, Rejection
from smartyp1.p1.telegram import Telegram
from smartyp1.stored_json import dump, load

NOON = utc("2025-07-03 12:00")
OTHER_TITLE = bytes(8)
TAG, ALTERED, AUTHENTICATION = (
    Rejection(reason, 9, TITLE)
    for reason in (Reason.TAG, Reason.ALTERED, Reason.AUTHENTICATION_KEY)
)


def after(hours: float, clock: float | None = None) -> Moment:
    return Moment(NOON + timedelta(hours=hours), 3600 * hours if clock is None else clock)


def accepted(decryptor: FrameDecryptor) -> KeyProof:
    telegram = decryptor.decrypt(frame(1))
    assert isinstance(telegram, Telegram)
    proof = KeyProof()
    proof.accept(telegram, decryptor, after(0))
    return proof


def test_a_proof_is_of_a_title_and_of_both_keys_for_a_day() -> None:
    own = FrameDecryptor(KEY)
    proof = accepted(own)
    for hours, is_covered in ((0, True), (24, True), (24.01, False)):
        assert proof.covers(TAG, own, after(hours)) is is_covered
        assert proof.covers(AUTHENTICATION, own, after(hours)) is is_covered
    assert not proof.covers(Rejection(Reason.TAG, 9, OTHER_TITLE), own, after(1))
    for other in (FrameDecryptor(bytes(16)), FrameDecryptor(KEY, bytes(16))):
        assert not proof.covers(TAG, other, after(1))


def test_a_readable_frame_proves_the_encryption_key_alone() -> None:
    own = FrameDecryptor(KEY)
    proof = accepted(own)
    proof.note_rejection(ALTERED, own, after(20))
    assert proof.covers(TAG, own, after(44))
    assert not proof.covers(AUTHENTICATION, own, after(44))
    # Without a proof before it, too.
    proof = KeyProof()
    proof.note_rejection(ALTERED, own, after(0))
    assert proof.covers(TAG, own, after(1))


def test_a_frame_that_reads_by_chance_under_another_key_is_no_proof() -> None:
    own = FrameDecryptor(KEY)
    proof = accepted(own)
    for number in range(8640):
        proof.note_rejection(TAG if number != 5000 else ALTERED, own, after(number / 360))
    assert not proof.covers(TAG, own, after(24.01))


def test_only_after_a_restart_the_clock_of_the_host_decides() -> None:
    own = FrameDecryptor(KEY)
    proof = accepted(own)
    for now in (after(9_600, 60.0), after(-9_600, 60.0)):
        assert proof.covers(TAG, own, now)
    restored = load(KeyProof, dump(proof))
    for hours, is_covered in ((-25, False), (-1, True), (23, True), (25, False)):
        assert restored.covers(TAG, own, after(hours, 5.0)) is is_covered
    assert KEY.hex() not in str(dump(proof))
