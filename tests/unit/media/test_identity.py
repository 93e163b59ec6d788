from __future__ import annotations

import hashlib
import io

from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.media.identity import byte_id


@given(st.binary(max_size=2000))
def test_the_byte_id_is_the_sha_256_of_the_file(content: bytes) -> None:
    assert byte_id(io.BytesIO(content)) == hashlib.sha256(content).hexdigest()


def test_a_file_larger_than_the_buffer_is_read_to_its_end() -> None:
    content = bytes(range(256)) * 3000

    assert byte_id(io.BytesIO(content)) == hashlib.sha256(content).hexdigest()
