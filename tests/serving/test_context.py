import pytest

from serving.context import begin

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01".encode()


def test_without_ids_a_trace_begins_that_nobody_records():
    one, other = begin([]), begin([])
    assert one.request_id == one.trace_id != other.trace_id
    assert one.headers(one.span)["traceparent"].startswith(f"00-{one.trace_id}-")
    assert one.headers(one.span)["traceparent"].endswith("-00")


@pytest.mark.parametrize("given", [b"", b"a b", b"x" * 65, b"\xc3\xa9", b'"}'])
def test_a_malformed_request_id_is_replaced(given: bytes):
    assert len(begin([(b"x-request-id", given)]).request_id) == 32


@pytest.mark.parametrize(
    "parents",
    [[b"nonsense"], [PARENT.upper()], [b"\xff"], [PARENT, PARENT.replace(b"3331", b"3332")]],
)
def test_a_malformed_or_second_parent_begins_a_new_trace_without_its_state(parents: list[bytes]):
    headers = [(b"traceparent", parent) for parent in parents]
    context = begin([*headers, (b"tracestate", b"vendor=1")])
    assert context.trace_id != TRACE
    assert "tracestate" not in context.headers(context.span)


@pytest.mark.parametrize("state", [b"vendor=\xe9", b"vendor=\x01", b"v" * 513, b""])
def test_a_tracestate_that_is_none_goes_no_further(state: bytes):
    context = begin([(b"traceparent", PARENT), (b"tracestate", state)])
    assert "tracestate" not in context.headers(context.span)
