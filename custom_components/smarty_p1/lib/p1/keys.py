"""Keys of a meter: reading of a typed or pasted key, and the fingerprint of a key."""

import hashlib
import hmac
import re


class P1Error(Exception):
    """Base class of all errors for telegrams, keys and ports. Their texts never contain a key."""


class KeyFormatError(P1Error):
    """Error for a key that does not have 16 bytes (32 hexadecimal digits)."""


DEFAULT_AUTHENTICATION_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
"""Authentication key that the specification publishes for all meters (section 3.4.1)."""

KEY_SIZE = 16
FINGERPRINT_SIZE = 8
_KEY_SEPARATORS = re.compile(r"[\s:;,\-]")
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
# Declaration of a key in a C program: `uint8_t key[] = {...};` or `#define KEY "..."`.
_DECLARATION = re.compile(
    r"""(?P<name>[^{}"'=]*=?\s*) (?:\{\s*)?
        (?: \{ (?P<array>[^{}"']*) \} | "(?P<text>[^{}"']*)" )
        (?:\s*,?\s*\})? [\s;]*""",
    re.VERBOSE,
)
_SEPARATED_BYTES = re.compile(r"(?:0x|\\x)?[0-9a-f]{1,3}(?:[\s:;,\-]+(?:0x|\\x)?[0-9a-f]{1,3}){15}")
_JOINED_BYTES = re.compile(r"(?:(?:0x|\\x)[0-9a-f]{2}){16}")
# Letters that are no hexadecimal digits, and look like one on paper
_MISREAD = str.maketrans("oil", "011")
# Brackets and quotes that people, and programming languages other than C, put around a key.
_ENCLOSING = {"[]", "()", "''"}
# Invisible characters that web pages and mails leave in a copied key.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# Maximum length of a text that is read as a key. A key is shorter, even if it was copied from
# source code with its declaration and comments.
_MAX_KEY_CHARS = 2000


def parse_key(text: str) -> bytes:
    """Return the 16 bytes of a typed or pasted key.

    `text` has 32 hexadecimal digits, or 16 separate bytes. Blanks, commas, colons and dashes are
    ignored; upper and lower case are equal. The letters O, I and L are read as 0 and 1. The bytes
    may also be copied from a program, as `{0x00, 0x11, ...}` with or without a declaration.

    Raises KeyFormatError for any other text. The error does not repeat the text.
    """
    key = _read_key(text.strip().lower()) if len(text) <= _MAX_KEY_CHARS else None
    if key is None:
        raise KeyFormatError("a key has 32 hexadecimal digits (0-9, A-F)")
    return key


def key_fingerprint(key: bytes) -> str:
    """Return 16 hexadecimal digits that identify `key` without revealing it."""
    return hmac.digest(key, b"smarty_p1", hashlib.sha256)[:FINGERPRINT_SIZE].hex()


def keys_fingerprint(key: bytes, authentication_key: bytes) -> str:
    """Return 16 hexadecimal digits that identify both keys of a meter without revealing them."""
    return key_fingerprint(key + authentication_key)


def _read_key(text: str) -> bytes | None:
    body = _COMMENTS.sub(" ", _INVISIBLE.sub("", text)).strip().rstrip(",; \t\r\n")
    is_array = body[:1] in {"[", "("}
    body = _unenclosed(body)
    if any(mark in body for mark in '{}"'):
        declaration = _DECLARATION.fullmatch(body)
        if declaration is None or "0x" in declaration["name"]:
            return None
        is_array = declaration["array"] is not None
        body = declaration["array"] if is_array else declaration["text"]
    body = body.strip().rstrip(",;").rstrip()
    if _JOINED_BYTES.fullmatch(body):
        return bytes.fromhex(re.sub(r"0x|\\x", "", body))
    if _SEPARATED_BYTES.fullmatch(body):
        return _read_bytes(_KEY_SEPARATORS.sub(" ", body).split(), is_array=is_array)
    digits = _KEY_SEPARATORS.sub("", body.removeprefix("0x")).translate(_MISREAD)
    return bytes.fromhex(digits) if re.fullmatch(r"[0-9a-f]{32}", digits) else None


def _unenclosed(body: str) -> str:
    if body[:1] + body[-1:] in _ENCLOSING:
        body = body[1:-1].strip()
    if body.count("{") + body.count("}") == 1:  # remove a brace whose counterpart was not copied
        body = body.removeprefix("{").removesuffix("}")
    return body


def _read_bytes(words: list[str], *, is_array: bool) -> bytes | None:
    """Return the key whose 16 bytes are written as separate numbers.

    Return None if a number is too large, or if it is unclear whether the numbers are decimal or
    hexadecimal.
    """
    numbers = [word.removeprefix("0x").removeprefix("\\x") for word in words]
    prefixed_count = sum(number != word for number, word in zip(numbers, words, strict=True))
    if prefixed_count == KEY_SIZE:
        return _of(numbers, 16)
    # A single prefix is right only before the whole key.
    is_only_first = prefixed_count == 1 and words[0] != numbers[0]
    if prefixed_count and not is_only_first:
        return None
    is_decimal = all(re.fullmatch(r"0|[1-9][0-9]*", number) for number in numbers)
    return _read_numbers(numbers, is_array=is_array, is_decimal=is_decimal and not prefixed_count)


def _read_numbers(numbers: list[str], *, is_array: bool, is_decimal: bool) -> bytes | None:
    """Return the key whose 16 bytes are `numbers`, texts without the prefix `0x`.

    Return None if a number is too large, or if it is unclear whether the numbers are decimal or
    hexadecimal.
    """
    if all(len(number) == 2 for number in numbers):  # noqa: PLR2004
        # Two digits such as 10 mean ten in a program, but are hexadecimal in the grid operator's
        # letter. If all numbers of an array look like this, the base is unclear. So reject the
        # array.
        return None if is_array and is_decimal else _of(numbers, 16)
    is_surely_decimal = is_array or max(map(len, numbers)) == len("255")
    return _of(numbers, 10) if is_decimal and is_surely_decimal else None


def _of(numbers: list[str], base: int) -> bytes | None:
    values = [int(number, base) for number in numbers]
    return bytes(values) if max(values) <= 0xFF else None  # noqa: PLR2004
