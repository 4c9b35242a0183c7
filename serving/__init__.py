"""What both services have in common as HTTP servers; knows neither of them.

Settings from the environment, JSON logs with request and trace ids, one error envelope, health
and readiness, metrics, and a shutdown that loses no request.
"""
