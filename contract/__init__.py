"""The contract of both services: requests, options and answers, each defined once.

The gateway validates and forwards, the core computes and answers, and both describe themselves in
OpenAPI by these types. Answers are typed dictionaries: the kernel builds them as plain dicts, and
pydantic reads their bounds from the annotations.
"""
