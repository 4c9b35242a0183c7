import pytest

from serving.context import from_headers

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_ids_that_came_are_kept():
    context = from_headers(
        [
            (b"x-request-id", b"abc-1"),
            (b"traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode()),
            (b"tracestate", b"vendor=1"),
        ]
    )
    passed = context.headers()
    version, trace_id, span_id, flags = passed["traceparent"].split("-")
    assert (version, trace_id, flags) == ("00", TRACE, "01")
    assert span_id != "b7ad6b7169203331"
    assert passed["x-request-id"] == "abc-1"
    assert passed["tracestate"] == "vendor=1"


def test_a_state_in_several_headers_is_one_list():
    parent = f"00-{TRACE}-b7ad6b7169203331-01".encode()
    states = [(b"tracestate", s) for s in (b"one=1,two=2", b"", b"three=3")]
    context = from_headers([(b"traceparent", parent), *states])
    assert context.headers()["tracestate"] == "one=1,two=2,three=3"


@pytest.mark.parametrize("more", ["", "-", "-and-what-is-yet-to-come"])
def test_a_later_version_is_read_by_the_fields_of_this_one(more: str):
    context = from_headers([(b"traceparent", f"01-{TRACE}-b7ad6b7169203331-01{more}".encode())])
    assert context.headers()["traceparent"].startswith(f"00-{TRACE}-")


@pytest.mark.parametrize("given", [b"", b"a b", b"x" * 65, b"\xc3\xa9", b'"}'])
def test_a_malformed_request_id_is_replaced(given: bytes):
    context = from_headers([(b"x-request-id", given)])
    assert len(context.request_id) == 32


@pytest.mark.parametrize(
    "given",
    [
        "nonsense",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-b7ad6b7169203331-01",
        f"00-{TRACE}-b7ad6b7169203331-01-more",
        f"01-{TRACE}-b7ad6b7169203331-01more",
        f"ff-{TRACE}-b7ad6b7169203331-01",
    ],
)
def test_a_malformed_trace_is_replaced_and_its_state_dropped(given: str):
    context = from_headers([(b"traceparent", given.encode()), (b"tracestate", b"vendor=1")])
    assert context.trace_id not in given
    assert "tracestate" not in context.headers()


def test_two_parents_begin_a_new_trace():
    parents = [f"00-{TRACE}-b7ad6b716920333{n}-01".encode() for n in (1, 2)]
    context = from_headers([(b"traceparent", parent) for parent in parents])
    assert context.trace_id != TRACE


@pytest.mark.parametrize("state", [b"vendor=\xe9", b"vendor=\x01", b"v" * 513, b""])
def test_a_tracestate_that_is_none_goes_no_further(state):
    parent = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    context = from_headers([(b"traceparent", parent), (b"tracestate", state)])
    assert "tracestate" not in context.headers()
