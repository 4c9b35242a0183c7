# kaldra-core. Context: the repository, of which core.Dockerfile.dockerignore lets through only what
# is copied below. BASE_IMAGE has Python and nothing else; BUILDER_IMAGE the same Python with pip.
ARG BASE_IMAGE
ARG BUILDER_IMAGE

FROM ${BUILDER_IMAGE} AS dependencies
COPY requirements.lock /tmp/
# The lock's sections of gateway and core. Wheels only, each with its hash: nothing is compiled.
RUN sed '/^# --- platform/,$d' /tmp/requirements.lock > /tmp/core.lock \
    && python3 -m pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --only-binary=:all: --require-hashes --target=/opt/site --requirement=/tmp/core.lock \
    && rm -rf /opt/site/bin \
    && find /opt/site -name tests -type d -prune -exec rm -rf {} +

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="kaldra-core" \
      org.opencontainers.image.description="KALDRA kernel service" \
      org.opencontainers.image.version="0.1.0"
COPY --from=dependencies /opt/site /opt/site
# The root file system is read-only where this runs, so no bytecode could be written anyway.
ENV PYTHONPATH=/srv:/opt/site \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    KALDRA_HOST=0.0.0.0
WORKDIR /srv
USER 10001:10001
EXPOSE 9000
STOPSIGNAL SIGTERM
CMD ["python3", "-m", "core"]
COPY --chmod=0755 serving serving
COPY --chmod=0755 data data
COPY --chmod=0755 core core
