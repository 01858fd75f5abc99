"""User metadata fits into S3's 2 KB of ASCII whatever a key holds, and what identifies a file stays whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.metadata import LIMIT_BYTES, decode, encode, size

CALL, ETAG = "f" * 32, "e" * 32


@pytest.mark.slow
@given(st.text(max_size=1024), st.text(max_size=1024), st.text(max_size=2000))
@settings(max_examples=60)
def test_metadata_of_any_text_is_ascii_within_the_limit_and_ids_stay(contact: str, source: str, spoken: str) -> None:
    encoded = encode({"call-id": CALL, "contact-id": contact, "source": source, "source-etag": ETAG, "spoken-text": spoken})
    assert size(encoded) <= LIMIT_BYTES
    assert all(value.isascii() and value.isprintable() for value in encoded.values())
    assert (encoded["call-id"], encoded["source-etag"]) == (CALL, ETAG)


def test_what_fits_comes_back_as_it_was() -> None:
    given = {"call-id": CALL, "source": "s3://b/connect/한빛 손해보험/a+b%20c.wav", "spoken-text": "문의하신 내용이 해지 요청"}
    assert decode(encode(given)) == given


def test_a_long_value_keeps_its_beginning_and_a_hash_and_no_more_values_are_shortened_than_must_be() -> None:
    source = "s3://aicc-all/connect/" + "가" * 330
    first, second = (decode(encode({"source": source + end, "contact-id": "나" * 20, "call-id": CALL})) for end in ("다", "라"))
    assert first["source"].startswith("s3://aicc-all/connect/가가")
    assert first["source"] != second["source"]
    assert "\ufffd" not in first["source"]
    assert (first["contact-id"], first["call-id"]) == ("나" * 20, CALL)
