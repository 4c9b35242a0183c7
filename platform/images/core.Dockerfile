# kaldra-core. Context: the repository, of which core.Dockerfile.dockerignore lets through only what
# is copied below. BASE_IMAGE has Python and nothing else; BUILDER_IMAGE the same Python with pip.
# Each layer is prepared in a stage of its own, where every time stamp can be set to zero: the same
# sources then give the same layers, whenever and wherever they were checked out.
ARG BASE_IMAGE
ARG BUILDER_IMAGE

FROM ${BUILDER_IMAGE} AS dependencies
COPY requirements.lock /tmp/
# The lock's sections of gateway and core. Wheels only, each with its hash: nothing is compiled but
# Python, whose bytecode goes by the source's digest, not by its time.
RUN sed '/^# --- platform/,$d' /tmp/requirements.lock > /tmp/core.lock \
    && python3 -m pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --no-compile --only-binary=:all: --require-hashes --target=/layer/opt/site \
        --requirement=/tmp/core.lock \
    && rm -rf /layer/opt/site/bin \
    && find /layer/opt/site -name tests -type d -prune -exec rm -rf {} + \
    && PYTHONHASHSEED=0 python3 -m compileall -q --invalidation-mode=unchecked-hash \
        -s /layer /layer/opt/site \
    && find /layer -exec touch --no-dereference --date=@0 {} +

FROM ${BUILDER_IMAGE} AS source
COPY --chmod=0755 serving /layer/srv/serving
COPY --chmod=0755 contract /layer/srv/contract
COPY --chmod=0755 data /layer/srv/data
COPY --chmod=0755 core /layer/srv/core
# Read-only too: BuildKit's cache takes copies that differ in their times alone for the same one.
RUN chmod -R a-w /layer/srv \
    && find /layer -exec touch --no-dereference --date=@0 {} +

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="kaldra-core" \
      org.opencontainers.image.description="KALDRA kernel service" \
      org.opencontainers.image.version="0.1.0"
COPY --from=dependencies /layer /
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
COPY --from=source /layer /
