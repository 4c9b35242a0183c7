# kaldra-api. Context: the repository, of which api.Dockerfile.dockerignore lets through only what
# is copied below. BASE_IMAGE has Python and nothing else; BUILDER_IMAGE the same Python with pip.
ARG BASE_IMAGE
ARG BUILDER_IMAGE

FROM ${BUILDER_IMAGE} AS dependencies
COPY requirements.lock /tmp/
# The lock's section of the gateway. Wheels only, each with its hash: nothing is compiled.
RUN sed '/^# --- core/,$d' /tmp/requirements.lock > /tmp/gateway.lock \
    && python3 -m pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --only-binary=:all: --require-hashes --target=/opt/site --requirement=/tmp/gateway.lock \
    && rm -rf /opt/site/bin \
    && find /opt/site -name tests -type d -prune -exec rm -rf {} +

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="kaldra-api" \
      org.opencontainers.image.description="KALDRA API gateway" \
      org.opencontainers.image.version="0.1.0"
COPY --from=dependencies /opt/site /opt/site
# The root file system is read-only where this runs, so no bytecode could be written anyway.
ENV PYTHONPATH=/srv:/opt/site \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    KALDRA_HOST=0.0.0.0
WORKDIR /srv
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python3", "-m", "app"]
COPY --chmod=0755 serving serving
COPY --chmod=0755 app app
